//! How the cost of something grows with how much of it there is: tables, and a plot of each.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::plot::{Line, Panel, svg};
use crate::report::{Table, figure, median};
use crate::scenario::{echo, fan_out, idle};
use crate::server::{How, Server};

const ROUNDS: usize = 2;
const ROUND: Duration = Duration::from_secs(1);

const CONNECTIONS: [usize; 4] = [100, 1000, 5000, 15_000];
const ROOMS: [usize; 3] = [10, 1000, 10_000];
const SIZES: [usize; 3] = [64, 4 << 10, 256 << 10];
/// Clients, where it is not their number that grows; and how many of them wait for an answer at the same time.
const CLIENTS: usize = 100;

/// What is measured of a server with so much of something.
struct Series {
    what: &'static str,
    servers: &'static [&'static str],
    at: Vec<(f64, String)>,
    /// By measurement, by server, by `at`: one for each pass.
    figures: Vec<Vec<Vec<Vec<f64>>>>,
    measurements: &'static [&'static str],
}

impl Series {
    fn new(
        what: &'static str,
        measurements: &'static [&'static str],
        servers: &'static [&'static str],
        at: Vec<(f64, String)>,
    ) -> Self {
        let figures = vec![vec![vec![Vec::new(); at.len()]; servers.len()]; measurements.len()];
        Self {
            what,
            servers,
            at,
            figures,
            measurements,
        }
    }

    fn add(&mut self, server: usize, at: usize, figures: &[f64]) {
        let shown: Vec<String> = self
            .measurements
            .iter()
            .zip(figures)
            .map(|(what, value)| format!("{what} {}", figure(*value)))
            .collect();
        println!(
            "{} with {} {}: {}",
            self.servers[server],
            self.at[at].1,
            self.what,
            shown.join(", ")
        );
        for (measurement, value) in figures.iter().enumerate() {
            self.figures[measurement][server][at].push(*value);
        }
    }

    fn median(&self, measurement: usize, server: usize, at: usize) -> f64 {
        median(self.figures[measurement][server][at].clone())
    }

    /// Prints the table, and writes the plot.
    fn finish(&self, folder: &Path, name: &str) -> Result<()> {
        let mut heads = vec![self.what];
        let columns: Vec<String> = self
            .measurements
            .iter()
            .flat_map(|what| {
                self.servers
                    .iter()
                    .map(move |server| format!("{server}: {what}"))
            })
            .collect();
        heads.extend(columns.iter().map(String::as_str));
        let mut table = Table::new(&heads);
        for (at, (_, label)) in self.at.iter().enumerate() {
            let mut cells = vec![label.clone()];
            for measurement in 0..self.measurements.len() {
                for server in 0..self.servers.len() {
                    cells.push(figure(self.median(measurement, server, at)));
                }
            }
            table.row(cells);
        }
        println!("\n{table}");
        let panels: Vec<Panel> = self
            .measurements
            .iter()
            .enumerate()
            .map(|(measurement, what)| Panel {
                title: format!("{what}, by {}", self.what),
                ticks: self.at.clone(),
                lines: self
                    .servers
                    .iter()
                    .enumerate()
                    .map(|(server, name)| Line {
                        name: (*name).to_owned(),
                        values: (0..self.at.len())
                            .map(|at| self.median(measurement, server, at))
                            .collect(),
                    })
                    .collect(),
            })
            .collect();
        let file = folder.join(format!("costs_{name}.svg"));
        let description = format!("How cost grows with {}", self.what);
        std::fs::write(&file, svg(&description, &panels))
            .with_context(|| format!("cannot write {}", file.display()))
    }
}

fn counted(numbers: &[usize]) -> Vec<(f64, String)> {
    let thousands = |number: usize| match number {
        few @ 0..1000 => few.to_string(),
        many => format!("{},{:03}", many / 1000, many % 1000),
    };
    numbers
        .iter()
        .map(|number| (*number as f64, thousands(*number)))
        .collect()
}

/// What may grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum What {
    Connections,
    Rooms,
    Sizes,
}

/// All is measured `passes` times; medians count.
pub(crate) async fn run(what: &[What], folder: &Path, passes: usize) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    for what in what {
        match what {
            What::Connections => connections(passes).await?.finish(folder, "connections")?,
            What::Rooms => rooms(passes).await?.finish(folder, "rooms")?,
            What::Sizes => sizes(passes).await?.finish(folder, "sizes")?,
        }
    }
    Ok(())
}

async fn start(kind: &str, clients: usize) -> Result<Server> {
    let how = How {
        clients,
        ..How::default()
    };
    Server::start(kind, &how).await
}

/// All of them talk, in turns.
async fn connections(passes: usize) -> Result<Series> {
    let mut series = Series::new(
        "connections",
        &["CPU µs a message", "private bytes for each, idle"],
        &["bare", "in-process", "http-reply"],
        counted(&CONNECTIONS),
    );
    for _ in 0..passes {
        for (at, clients) in CONNECTIONS.into_iter().enumerate() {
            for (number, kind) in series.servers.iter().enumerate() {
                // Another process for each: with all, this one would need more files than it may have.
                // Of 20,000 files a gateway leaves a quarter to functions and pushes.
                let clients = match *kind {
                    "http-reply" => clients.min(14_900),
                    _ => clients,
                };
                let server = start(kind, clients).await?;
                let plan = idle::Plan {
                    clients,
                    hold: Duration::ZERO,
                    deflate: true,
                };
                let bytes = idle::run(&server, plan).await?.bytes;
                drop(server);
                let servers = [start(kind, clients).await?];
                let plan = echo::Plan {
                    clients,
                    together: CLIENTS,
                    size: 64,
                    rounds: ROUNDS,
                    round: ROUND,
                    rate: None,
                };
                let micros = echo::run(&servers, plan).await?[0].gateway_micros();
                series.add(number, at, &[micros, bytes]);
            }
        }
    }
    Ok(series)
}

async fn rooms(passes: usize) -> Result<Series> {
    let mut series = Series::new(
        "members of a room",
        &["CPU µs a delivery", "ms until all but 1 in 100 have it"],
        &["bare-fan-out", "http-reply"],
        counted(&ROOMS),
    );
    for _ in 0..passes {
        for (at, members) in ROOMS.into_iter().enumerate() {
            for (number, kind) in series.servers.iter().enumerate() {
                let servers = [start(kind, members).await?];
                let plan = fan_out::Plan {
                    members,
                    size: 64,
                    rounds: ROUNDS,
                    round: ROUND,
                };
                let outcome = &fan_out::run(&servers, plan).await?[0];
                series.add(
                    number,
                    at,
                    &[outcome.gateway_micros(), outcome.percentiles()[2]],
                );
            }
        }
    }
    Ok(series)
}

async fn sizes(passes: usize) -> Result<Series> {
    let labels = ["64 B", "4 KB", "256 KB"].map(str::to_owned);
    let at = SIZES
        .into_iter()
        .map(|size| size as f64)
        .zip(labels)
        .collect();
    let mut series = Series::new(
        "size of a message",
        &["CPU µs a message"],
        &["bare", "in-process", "http-reply", "exec"],
        at,
    );
    for _ in 0..passes {
        for (at, size) in SIZES.into_iter().enumerate() {
            let mut servers = Vec::new();
            for kind in series.servers {
                servers.push(start(kind, CLIENTS).await?);
            }
            let plan = echo::Plan {
                clients: CLIENTS,
                together: CLIENTS,
                size,
                rounds: ROUNDS,
                round: ROUND,
                rate: None,
            };
            let outcomes = echo::run(&servers, plan).await?;
            for (number, outcome) in outcomes.iter().enumerate() {
                series.add(number, at, &[outcome.gateway_micros()]);
            }
        }
    }
    Ok(series)
}

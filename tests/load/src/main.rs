//! Load on a running gateway, ours or another, and what it costs. README.md says how to read the figures.

mod client;
mod growth;
mod meter;
mod plot;
mod report;
mod scenario;
mod server;
mod soak;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use tokio::task::LocalSet;

use scenario::{churn, echo, fan_out, idle, slow, storm};
use server::{How, Server};

#[derive(Debug, Parser)]
#[command(
    version,
    about = "Load on a running gateway, ours or another, and what it costs"
)]
struct Command {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Texts that come back: CPU for each, and how long each takes
    Echo {
        #[command(flatten)]
        servers: Servers,
        #[arg(long, default_value_t = 100)]
        clients: usize,
        /// How many wait for their answers at the same time; a gateway has bounds for those that wait for a function
        #[arg(long, default_value_t = 100)]
        together: usize,
        #[command(flatten)]
        rounds: Rounds,
        /// Bytes of a text
        #[arg(long, default_value_t = 64)]
        size: usize,
        /// Texts a second over all clients, sent when they are due; without it each client sends as soon as it can
        #[arg(long)]
        rate: Option<f64>,
    },
    /// Texts that go to everyone in a room: CPU for each delivery
    FanOut {
        #[command(flatten)]
        servers: Servers,
        #[arg(long, default_value_t = 1000)]
        members: usize,
        #[command(flatten)]
        rounds: Rounds,
        /// Bytes of a text
        #[arg(long, default_value_t = 64)]
        size: usize,
    },
    /// Clients that come all at once, and leave all at once
    Storm {
        #[command(flatten)]
        servers: Servers,
        #[arg(long, default_value_t = 1000)]
        clients: usize,
        /// How many wait for their answers at the same time
        #[arg(long, default_value_t = 200)]
        together: usize,
        #[arg(long, default_value_t = 5)]
        rounds: usize,
    },
    /// Clients that come and go while others stay
    Churn {
        #[command(flatten)]
        servers: Servers,
        /// Clients that stay
        #[arg(long, default_value_t = 500)]
        stay: usize,
        /// Clients that connect, say something, and go, again and again
        #[arg(long, default_value_t = 20)]
        come_and_go: usize,
        #[arg(long, default_value_t = 20)]
        seconds: u64,
    },
    /// A room where some members do not read
    Slow {
        #[command(flatten)]
        servers: Servers,
        #[arg(long, default_value_t = 100)]
        members: usize,
        /// Members that do not read
        #[arg(long, default_value_t = 20)]
        slow: usize,
        /// Bytes of a text
        #[arg(long, default_value_t = 16 << 10)]
        size: usize,
        /// How many are published without them, and beside them
        #[arg(long, default_value_t = 500)]
        texts: usize,
    },
    /// Clients that do nothing: private memory for each
    Idle {
        #[command(flatten)]
        servers: Servers,
        #[arg(long, default_value_t = 15_000)]
        clients: usize,
        /// Seconds for which they stay; pings come every 25
        #[arg(long, default_value_t = 60)]
        hold: u64,
        /// Offer no compression
        #[arg(long)]
        no_deflate: bool,
    },
    /// How costs grow with connections, members of a room and the size of messages: tables, and a plot of each
    Growth {
        /// All, unless some are named
        #[arg(value_enum, default_values_t = [growth::What::Connections, growth::What::Rooms, growth::What::Sizes])]
        what: Vec<growth::What>,
        /// The folder for the plots
        #[arg(long)]
        plots: PathBuf,
        /// All is measured so often; medians count
        #[arg(long, default_value_t = 3)]
        passes: usize,
    },
    /// Clients that come and go, functions that are killed, settings that are read again: is everything back in the end?
    Soak(Soak),
}

/// What `load soak` is told.
#[derive(Debug, Args)]
struct Soak {
    #[arg(long, default_value_t = 30.0)]
    minutes: f64,
    /// Clients that stay
    #[arg(long, default_value_t = 300)]
    stay: usize,
    /// Clients that come, say something, and go
    #[arg(long, default_value_t = 10)]
    come_and_go: usize,
    /// Speak TLS
    #[arg(long)]
    tls: bool,
    /// Where the gateway has its journal
    #[arg(long)]
    data: PathBuf,
}

#[derive(Debug, Args)]
struct Servers {
    /// `bare`, `in-process`, …: started here; or what runs already: ws://HOST:PORT/PATH#PID
    #[arg(required = true)]
    servers: Vec<String>,
    /// Speak TLS to those that are started here
    #[arg(long)]
    tls: bool,
    /// Who vouches for a server at a `wss` address
    #[arg(long)]
    ca: Option<PathBuf>,
    /// Where gateways have their journal; without it they have none
    #[arg(long)]
    data: Option<PathBuf>,
}

impl Servers {
    fn how(&self, clients: usize) -> Result<How> {
        meter::raise_file_limit(clients)?;
        Ok(How {
            tls: self.tls,
            authority: self.ca.clone(),
            data: self.data.clone(),
            clients,
            ..How::default()
        })
    }

    async fn start(&self, clients: usize) -> Result<Vec<Server>> {
        let how = self.how(clients)?;
        let mut servers = Vec::new();
        for kind in &self.servers {
            servers.push(Server::start(kind, &how).await?);
        }
        Ok(servers)
    }
}

#[derive(Debug, Args)]
struct Rounds {
    /// Servers take turns so often; medians over the rounds count
    #[arg(long, default_value_t = 10)]
    rounds: usize,
    /// Seconds of a round
    #[arg(long, default_value_t = 1.0)]
    round: f64,
}

impl Rounds {
    fn each(&self) -> Duration {
        Duration::from_secs_f64(self.round)
    }
}

fn main() -> Result<()> {
    let command = Command::parse();
    println!("{}", report::heading());
    // One thread: what clients cost is not what is measured, and must not be in the way.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    LocalSet::new().block_on(&runtime, run(command.what))
}

async fn run(what: What) -> Result<()> {
    match what {
        What::Echo {
            servers,
            clients,
            together,
            rounds,
            size,
            rate,
        } => {
            let plan = echo::Plan {
                clients,
                together,
                size,
                rate,
                rounds: rounds.rounds,
                round: rounds.each(),
            };
            let servers = servers.start(clients).await?;
            let outcomes = echo::run(&servers, plan).await?;
            print!("{}", echo::table(&servers, &outcomes));
        }
        What::FanOut {
            servers,
            members,
            rounds,
            size,
        } => {
            let plan = fan_out::Plan {
                members,
                size,
                rounds: rounds.rounds,
                round: rounds.each(),
            };
            let servers = servers.start(members).await?;
            let outcomes = fan_out::run(&servers, plan).await?;
            print!("{}", fan_out::table(&servers, &outcomes));
        }
        What::Storm {
            servers,
            clients,
            together,
            rounds,
        } => {
            let servers = servers.start(clients).await?;
            let outcomes = storm::run(
                &servers,
                storm::Plan {
                    clients,
                    together,
                    rounds,
                },
            )
            .await?;
            print!("{}", storm::table(&servers, &outcomes));
        }
        What::Churn {
            servers,
            stay,
            come_and_go,
            seconds,
        } => {
            let plan = churn::Plan {
                stay,
                come_and_go,
                time: Duration::from_secs(seconds),
            };
            let how = servers.how(stay + come_and_go)?;
            let mut outcomes = Vec::new();
            for kind in &servers.servers {
                let server = Server::start(kind, &how).await?;
                outcomes.push((kind.as_str(), churn::run(&server, plan).await?));
            }
            print!("{}", churn::table(outcomes));
        }
        What::Slow {
            servers,
            members,
            slow,
            size,
            texts,
        } => {
            let plan = slow::Plan {
                members,
                slow,
                size,
                texts,
            };
            let mut how = servers.how(members + slow)?;
            how.settings
                .push(("WSFN_WRITE_TIMEOUT", slow::WRITE_TIMEOUT.to_owned()));
            let mut outcomes = Vec::new();
            for kind in &servers.servers {
                let server = Server::start(kind, &how).await?;
                outcomes.push((kind.as_str(), slow::run(&server, plan).await?));
            }
            print!("{}", slow::table(outcomes));
        }
        What::Idle {
            servers,
            clients,
            hold,
            no_deflate,
        } => {
            let plan = idle::Plan {
                clients,
                hold: Duration::from_secs(hold),
                deflate: !no_deflate,
            };
            let how = servers.how(clients)?;
            let mut outcomes = Vec::new();
            // One after another: all at once would be more files than a process may have.
            for kind in &servers.servers {
                let server = Server::start(kind, &how).await?;
                outcomes.push((kind.as_str(), clients, idle::run(&server, plan).await?));
            }
            print!("{}", idle::table(outcomes));
        }
        What::Growth {
            what,
            plots,
            passes,
        } => {
            meter::raise_file_limit(15_000)?;
            growth::run(&what, &plots, passes).await?;
        }
        What::Soak(Soak {
            minutes,
            stay,
            come_and_go,
            tls,
            data,
        }) => {
            meter::raise_file_limit(stay + come_and_go)?;
            let time = Duration::from_secs_f64(minutes * 60.0);
            let how = How {
                tls,
                data: Some(data),
                ..How::default()
            };
            soak::run(
                how,
                soak::Plan {
                    time,
                    stay,
                    come_and_go,
                },
            )
            .await?;
        }
    }
    Ok(())
}

//! Functions behind one runtime API, as processes: what an event costs each, and how long each takes to start.
//!
//! `runtime_loop events FUNCTION…` gives events to the functions in turn and prints the CPU time that each used per
//! event. `runtime_loop start FUNCTION…` starts them in turn and prints how long each took until it was ready. The
//! first is what the others are compared to.

use std::process::{Child, Command, Stdio};
use std::time::Instant;

use wsfn_bench::runtime_api::{News, RuntimeApi};
use wsfn_bench::{events, scheduled_time_of};

const ROUNDS: usize = 15;
const EVENTS: u32 = 10_000;
const STARTS: usize = 101;

struct Function {
    name: String,
    api: RuntimeApi,
    child: Child,
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Function {
    /// Starts it and waits until it is ready.
    fn start(program: &str) -> Self {
        let api = RuntimeApi::start(events::message());
        let mut command = Command::new(program);
        command.envs(api.environment()).stdout(Stdio::null());
        let child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {error}"));
        assert_eq!(api.wait(), News::Ready, "{program}");
        let name = program.rsplit('/').next().unwrap_or(program).to_owned();
        Self { name, api, child }
    }

    /// Nanoseconds of CPU per event.
    fn round(&self) -> f64 {
        let before = scheduled_time_of(self.child.id());
        self.api.give(EVENTS);
        assert_eq!(self.api.wait(), News::Done, "{}", self.name);
        let used = scheduled_time_of(self.child.id()) - before;
        used.as_nanos() as f64 / f64::from(EVENTS)
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (what, programs) = arguments.split_first().expect("events or start");
    match what.as_str() {
        "events" => measure_events(programs),
        "start" => measure_start(programs),
        other => panic!("{other}: expected events or start"),
    }
}

fn measure_events(programs: &[String]) {
    let functions: Vec<Function> = programs.iter().map(|path| Function::start(path)).collect();
    let mut figures = vec![Vec::new(); functions.len()];
    for round in 0..=ROUNDS {
        for (function, figures) in functions.iter().zip(&mut figures) {
            let figure = function.round();
            // The first round fills caches.
            if round > 0 {
                figures.push(figure / 1000.0);
            }
        }
    }
    let names = functions.iter().map(|function| function.name.clone());
    print("CPU µs an event", names.collect(), figures);
}

fn measure_start(programs: &[String]) {
    let mut figures = vec![Vec::new(); programs.len()];
    let mut names = vec![String::new(); programs.len()];
    for round in 0..=STARTS {
        for (index, program) in programs.iter().enumerate() {
            let begun = Instant::now();
            let function = Function::start(program);
            let took = begun.elapsed();
            if round > 0 {
                figures[index].push(took.as_nanos() as f64 / 1e6);
            }
            names[index].clone_from(&function.name);
        }
    }
    print("ms to ready", names, figures);
}

fn print(unit: &str, names: Vec<String>, figures: Vec<Vec<f64>>) {
    let mut first = None;
    println!(
        "{:<26} {unit:>16} {:>8} {:>18}",
        "function", "ratio", "middle half"
    );
    for (name, mut figures) in names.into_iter().zip(figures) {
        figures.sort_by(f64::total_cmp);
        let at = |share: usize| figures[(figures.len() - 1) * share / 4];
        let ratio = at(2) / *first.get_or_insert(at(2));
        println!(
            "{name:<26} {:>16.2} {ratio:>8.2} {:>18}",
            at(2),
            format!("{:.2} – {:.2}", at(1), at(3))
        );
    }
}

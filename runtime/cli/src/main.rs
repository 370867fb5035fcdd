//! The command `wsfn`.

mod client;
mod command;
mod connections;
mod gateway;
mod http;
mod invoke;
mod push;
mod rooms;

use std::process::ExitCode;

/// What went wrong, for people.
type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let matches = command::command().get_matches();
    let done = match matches.subcommand() {
        Some(("gateway", matches)) => gateway::run(matches),
        Some(("push", matches)) => push::push(matches),
        Some(("close", matches)) => push::close(matches),
        Some(("rooms", matches)) => rooms::run(matches),
        Some(("connections", matches)) => connections::run(matches),
        Some(("invoke", matches)) => invoke::run(matches),
        Some(("completions", matches)) => command::completions(matches),
        // clap asks for one of the above before it comes to this.
        _ => Err("no such command; see wsfn --help".into()),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A runtime for a command that does one thing.
fn block_on<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    Ok(runtime.block_on(work))
}

/// A file's text; `-` is standard input.
fn read(path: &str) -> Result<String, Failure> {
    let text = if path == "-" {
        std::io::read_to_string(std::io::stdin())
    } else {
        std::fs::read_to_string(path)
    };
    text.map_err(|error| format!("{path}: cannot be read: {error}").into())
}

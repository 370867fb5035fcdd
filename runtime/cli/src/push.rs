//! `wsfn push` and `wsfn close`.

use std::process::ExitCode;

use clap::ArgMatches;
use wsfn::{ConnectionId, Push, Report};
use wsfn_settings::{Settings, Sources};

use crate::{Failure, block_on, read};

/// Where `wsfn gateway` takes pushes unless told otherwise.
const DEFAULT_ORIGIN: &str = "http://127.0.0.1:9002";

/// Sends a text.
pub(crate) fn push(matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let push = client(matches)?;
    let text = match argument(matches, "text") {
        "-" => read("-")?,
        text => text.to_owned(),
    };
    block_on(async {
        if let Some(id) = matches.get_one::<String>("to") {
            push.text(&ConnectionId::new(id.as_str()), &text).await?;
            return Ok(ExitCode::SUCCESS);
        }
        let rooms = push.rooms();
        let report = match matches.get_one::<String>("room") {
            Some(room) => rooms.broadcast(room, &*text).await?,
            None => rooms.everyone(&*text).await?,
        };
        Ok(reported(&report))
    })?
}

/// Closes a connection.
pub(crate) fn close(matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let push = client(matches)?;
    let id = ConnectionId::new(argument(matches, "id"));
    block_on(async {
        match matches.get_one::<u16>("code") {
            None => push.close(&id).await?,
            Some(code) => {
                let reason = matches.get_one::<String>("reason");
                push.close_with(&id, *code, reason.map_or("", String::as_str))
                    .await?;
            }
        }
        Ok(ExitCode::SUCCESS)
    })?
}

/// Some clients being gone or slow is what happens, and no failure; it is said.
fn reported(report: &Report) -> ExitCode {
    println!("delivered to {}", report.delivered());
    let failed = report.failed().len();
    if failed > 0 {
        eprintln!("not delivered to {failed}: gone, or their queues are full");
    }
    ExitCode::SUCCESS
}

fn client(matches: &ArgMatches) -> Result<Push, Failure> {
    // The mode whose settings are those of a client: it listens nowhere.
    let mut sources = Sources::from_process().flag("mode", "runtime-api");
    if let Some(url) = matches.get_one::<String>("push-url") {
        sources = sources.flag("push-url", url);
    }
    let settings = Settings::load(&sources)?;
    let url = match &settings.push_url {
        Some(url) => url.expose().to_owned(),
        None => format!("{DEFAULT_ORIGIN}{}", settings.push_path),
    };
    Ok(Push::to_url(&url)?)
}

/// An argument that clap has asked for.
fn argument<'m>(matches: &'m ArgMatches, name: &str) -> &'m str {
    matches.get_one::<String>(name).map_or("", String::as_str)
}

//! `wsfn push` and `wsfn close`.

use std::process::ExitCode;

use clap::ArgMatches;
use wsfn::{ConnectionId, Report};

use crate::client::{argument, client};
use crate::{Failure, block_on, read};

/// Sends a text.
pub(crate) fn push(matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let client = client(matches)?;
    let text = match argument(matches, "text") {
        "-" => read("-")?,
        text => text.to_owned(),
    };
    block_on(async {
        if let Some(id) = matches.get_one::<String>("to") {
            client
                .push()
                .text(&ConnectionId::new(id.as_str()), &text)
                .await?;
            return Ok(ExitCode::SUCCESS);
        }
        let rooms = client.rooms();
        let report = match matches.get_one::<String>("room") {
            Some(room) => rooms.broadcast(room, &*text).await?,
            None => rooms.everyone(&*text).await?,
        };
        Ok(reported(&report))
    })?
}

/// Closes a connection.
pub(crate) fn close(matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let client = client(matches)?;
    let id = ConnectionId::new(argument(matches, "id"));
    block_on(async {
        match matches.get_one::<u16>("code") {
            None => client.push().close(&id).await?,
            Some(code) => {
                let reason = matches.get_one::<String>("reason");
                client
                    .push()
                    .close_with(&id, *code, reason.map_or("", String::as_str))
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

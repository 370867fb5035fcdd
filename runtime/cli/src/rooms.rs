//! `wsfn rooms`.

use std::io::Write as _;
use std::process::ExitCode;

use clap::ArgMatches;
use wsfn::{ConnectionId, Rooms};

use crate::client::{argument, client};
use crate::{Failure, block_on};

/// Looks at rooms, or changes who is in one.
pub(crate) fn run(matches: &ArgMatches) -> Result<ExitCode, Failure> {
    // clap asks for one of them.
    let (what, matches) = matches.subcommand().unwrap_or(("", matches));
    let client = client(matches)?;
    let rooms = client.rooms();
    let room = || argument(matches, "room");
    let id = || ConnectionId::new(argument(matches, "id"));
    block_on(async {
        match what {
            "of" => {
                for room in rooms.of(&id()).await? {
                    println!("{room}");
                }
            }
            "members" if matches.get_flag("sessions") => sessions(rooms, room()).await?,
            "members" => members(rooms, room()).await?,
            "count" => println!("{}", rooms.count(room()).await?),
            "join" => rooms.join(room(), &id()).await?,
            "leave" => rooms.leave(room(), &id()).await?,
            _ => return Err("no such command; see wsfn rooms --help".into()),
        }
        Ok(ExitCode::SUCCESS)
    })?
}

/// A line for each connection, as the pages come.
async fn members(rooms: &Rooms, room: &str) -> Result<(), Failure> {
    let mut members = rooms.members(room);
    while let Some(page) = members.next().await? {
        let mut out = std::io::stdout().lock();
        for id in page.ids {
            writeln!(out, "{}", id.as_str())?;
        }
    }
    Ok(())
}

/// The same with the session behind each.
async fn sessions(rooms: &Rooms, room: &str) -> Result<(), Failure> {
    let mut members = rooms.members_with::<serde_json::Value>(room);
    while let Some(page) = members.next().await? {
        let mut out = std::io::stdout().lock();
        for member in page.members {
            let session = member.session.unwrap_or_default();
            writeln!(out, "{}\t{session}", member.id.as_str())?;
        }
    }
    Ok(())
}

//! `wsfn invoke`.

use std::process::ExitCode;

use clap::ArgMatches;
use wsfn_protocol::{ErrNo, Reply};
use wsfn_settings::HttpUrl;

use crate::{Failure, http, read};

/// Sends one event and shows the reply.
pub(crate) fn run(matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let argument = |name| matches.get_one::<String>(name).map_or("", String::as_str);
    let url = HttpUrl::parse(argument("url")).map_err(|why| format!("URL: {why}"))?;
    let event = read(argument("event"))?;
    let (status, reply) = http::ask(&url, |client| {
        client
            .post(url.expose())
            .header("content-type", "application/json")
            .body(event)
    })?;
    println!("{reply}");
    if status != 200 {
        return Err(format!("{url} answered with status {status}").into());
    }
    Ok(match Reply::parse(&reply) {
        Ok(reply) if reply.err_no == ErrNo::OK => ExitCode::SUCCESS,
        // Functions answer messages and closes with what they like: the event itself, in the samples.
        Err(_) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
    })
}

//! `wsfn invoke`.

use std::process::ExitCode;
use std::time::Duration;

use clap::ArgMatches;
use wsfn_settings::HttpUrl;

use crate::{Failure, block_on, read};

/// As long as a function in SCF may run (583/11637).
const TIMEOUT: Duration = Duration::from_secs(900);

/// Sends one event and shows the reply.
pub(crate) fn run(matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let argument = |name| matches.get_one::<String>(name).map_or("", String::as_str);
    let url = HttpUrl::parse(argument("url")).map_err(|why| format!("URL: {why}"))?;
    let event = read(argument("event"))?;
    block_on(async {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            .build()?;
        let response = client
            .post(url.expose())
            .header("content-type", "application/json")
            .body(event)
            .send()
            .await
            .map_err(|error| format!("{url}: {}", cause(&error)))?;
        let status = response.status();
        let reply = response
            .text()
            .await
            .map_err(|error| format!("{url}: {}", cause(&error)))?;
        println!("{reply}");
        if !status.is_success() {
            return Err(format!("{url} answered with status {status}").into());
        }
        Ok(match wsfn_protocol::Reply::parse(&reply) {
            Ok(reply) if reply.err_no == wsfn_protocol::ErrNo::OK => ExitCode::SUCCESS,
            // Functions answer messages and closes with what they like: the event itself, in the samples.
            Err(_) => ExitCode::SUCCESS,
            Ok(_) => ExitCode::FAILURE,
        })
    })?
}

/// The innermost cause: the outer texts hold the address.
fn cause(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(next) = innermost.source() {
        innermost = next;
    }
    innermost.to_string()
}

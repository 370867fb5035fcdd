//! `wsfn connections`.

use std::process::ExitCode;

use clap::ArgMatches;
use wsfn_settings::{HttpUrl, percent_encoded};

use crate::{Failure, http};

/// Shows connections.
pub(crate) fn run(matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let argument = |name| matches.get_one::<String>(name);
    let admin = argument("admin").map_or("", String::as_str);
    let admin = HttpUrl::parse(admin).map_err(|why| format!("--admin: {why}"))?;
    let mut url = format!("{}/connections", admin.expose().trim_end_matches('/'));
    if let Some(id) = argument("id") {
        url += &format!("/{}", percent_encoded(id));
    } else if let Some(after) = argument("after") {
        url += &format!("?after={}", percent_encoded(after));
    }
    let url = HttpUrl::parse(&url).map_err(|why| format!("--admin: {why}"))?;
    let (status, answer) = http::ask(&url, |client| client.get(url.expose()))?;
    if status != 200 {
        return Err(format!("{url} answered with status {status}: {}", answer.trim()).into());
    }
    print!("{answer}");
    Ok(ExitCode::SUCCESS)
}

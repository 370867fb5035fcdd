//! The gateway that `wsfn push`, `close` and `rooms` ask.

use clap::ArgMatches;
use wsfn::Client;
use wsfn_settings::{Settings, Sources};

use crate::Failure;

/// Where `wsfn gateway` takes pushes unless told otherwise.
const DEFAULT_ORIGIN: &str = "http://127.0.0.1:9002";

/// The gateway that `--push-url` names, else the settings, else the one that is usual on this machine.
pub(crate) fn client(matches: &ArgMatches) -> Result<Client, Failure> {
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
    Client::new(&url).map_err(|error| format!("{error}").into())
}

/// An argument that clap has asked for.
pub(crate) fn argument<'m>(matches: &'m ArgMatches, name: &str) -> &'m str {
    matches.get_one::<String>(name).map_or("", String::as_str)
}

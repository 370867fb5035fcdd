//! What waits in the journal, in words.

use wsfn_gateway::{Services, WaitingCloses};
use wsfn_settings::{HttpUrl, Settings};

use super::check::NO_JOURNAL;
use crate::{Failure, http};

/// What waits, a line each: read from the file, or told by the gateway that uses it.
///
/// # Errors
/// When a start with these settings could not use the journal.
pub(super) fn in_words(settings: &Settings, services: &Services) -> Result<Vec<String>, Failure> {
    let Some(folder) = &settings.data else {
        return Ok(vec![format!("warning: {NO_JOURNAL}")]);
    };
    let shown = folder.display();
    match WaitingCloses::read(folder, services) {
        Ok(None) => Ok(vec![format!("the journal will be in {shown}")]),
        Ok(Some(waiting)) => Ok(lines(
            &waiting,
            &format!("the journal in {shown} is used by no gateway"),
        )),
        Err(error) if error.is_taken() => Ok(match ask(settings) {
            Ok(waiting) => lines(
                &waiting,
                &format!("the journal in {shown} belongs to a gateway that runs"),
            ),
            Err(why) => vec![format!(
                "note: the journal in {shown} belongs to a gateway that runs, and what waits in it is not known: {why}"
            )],
        }),
        Err(error) => Err(error.into()),
    }
}

/// Asks the gateway that runs.
fn ask(settings: &Settings) -> Result<WaitingCloses, Failure> {
    let Some([address, ..]) = settings.admin_listen.as_deref() else {
        return Err("admin-listen is off".into());
    };
    let url = HttpUrl::parse(&format!("http://{address}/journal"))?;
    let (status, answer) = http::ask(&url, |client| client.get(url.expose()))?;
    WaitingCloses::parse(&answer)
        .ok_or_else(|| format!("{url} answered with status {status}: {}", answer.trim()).into())
}

fn lines(waiting: &WaitingCloses, what: &str) -> Vec<String> {
    let WaitingCloses { entries, left, .. } = waiting;
    let mut lines = vec![format!("{what}, and has {entries} connections in it")];
    if let Some(seconds) = waiting.oldest_seconds {
        lines.push(format!(
            "{left} close events of earlier runs wait, the oldest for {seconds} s"
        ));
    }
    if !waiting.takes {
        lines.push(
            "warning: the journal is full or cannot be written; new connections are refused".into(),
        );
    }
    for route in waiting.routes.iter().filter(|route| !route.served) {
        lines.push(format!(
            "warning: route {}: {} close events wait, and no close function is set for it; they are kept for \
             close-retry-for",
            route.route, route.closes
        ));
    }
    lines
}

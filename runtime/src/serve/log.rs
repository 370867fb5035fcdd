//! Logging, unless the program has set up its own.

use std::io::IsTerminal;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use wsfn_settings::{LogFormat, Settings};

/// Writes log lines to standard error, as the settings say. A subscriber that the program has set stays.
pub(crate) fn set_up(settings: &Settings) {
    // Not `EnvFilter`, which can filter by the fields of spans too: its regular expressions are a seventh of a slim
    // function.
    let (filter, wrong) = match settings.log.parse::<Targets>() {
        Ok(filter) => (filter, None),
        Err(error) => (Targets::new().with_default(LevelFilter::INFO), Some(error)),
    };
    let lines = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(std::io::stderr)
        // A line that cannot be written is lost: to say so on standard error would panic, since that is what broke.
        .log_internal_errors(false)
        .with_ansi(std::io::stderr().is_terminal());
    // An error here says that there is a subscriber already: the program's own, which is to stay.
    let ours = match settings.log_format {
        LogFormat::Text => lines.finish().with(filter).try_init().is_ok(),
        // The one span that a line of a handler stands in is enough: the list would say it again.
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true).with_span_list(false);
            lines.finish().with(filter).try_init().is_ok()
        }
    };
    if let Some(error) = wrong.filter(|_| ours) {
        tracing::warn!(
            value = settings.log,
            "log: {error}; expected something like info or wsfn=debug,info; logging info"
        );
    }
}

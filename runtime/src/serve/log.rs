//! Logging, unless the program has set up its own.

use std::io::IsTerminal;

use tracing_subscriber::filter::{LevelFilter, ParseError, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry};
use wsfn_settings::{LogFormat, Settings};

/// Writes log lines to standard error, as the settings say. A subscriber that the program has set stays.
pub(crate) fn set_up(settings: &Settings) {
    let (filter, wrong) = filter(settings);
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
    if ours {
        wrong.warn(settings);
    }
}

/// The same, beside another layer, which has a filter of its own. Lines are filtered for themselves then, which costs
/// more than one filter for all.
pub(crate) fn set_up_beside(
    settings: &Settings,
    other: impl Layer<Registry> + Send + Sync + 'static,
) {
    let (filter, wrong) = filter(settings);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .log_internal_errors(false)
        .with_ansi(std::io::stderr().is_terminal());
    let all = Registry::default().with(other);
    let ours = match settings.log_format {
        LogFormat::Text => all.with(lines.with_filter(filter)).try_init().is_ok(),
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true).with_span_list(false);
            all.with(lines.with_filter(filter)).try_init().is_ok()
        }
    };
    if ours {
        wrong.warn(settings);
    }
}

/// What was wrong with `log`, if anything.
struct Wrong(Option<ParseError>);

impl Wrong {
    fn warn(self, settings: &Settings) {
        if let Some(error) = self.0 {
            tracing::warn!(
                value = settings.log,
                "log: {error}; expected something like info or wsfn=debug,info; logging info"
            );
        }
    }
}

fn filter(settings: &Settings) -> (Targets, Wrong) {
    // Not `EnvFilter`, which can filter by the fields of spans too: its regular expressions are a seventh of a slim
    // function.
    match settings.log.parse::<Targets>() {
        Ok(filter) => (filter, Wrong(None)),
        Err(error) => (
            Targets::new().with_default(LevelFilter::INFO),
            Wrong(Some(error)),
        ),
    }
}

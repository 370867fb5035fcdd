//! How many connections the limit on open files allows.

use wsfn_settings::Settings;

/// Files that are no connections of clients: listeners, the event queue, logs, what handlers open, and clients that are
/// being refused.
const FILES_BESIDE: usize = 64;
/// The part of all files that is left to HTTP (pushes that come in, functions that are called) where that is on.
const HTTP_PART: usize = 4;

/// `max-connections`, or fewer where the process may not open as many files: so that a client too many gets a 503
/// rather than nothing. Says so.
pub(crate) fn connections_max(settings: &Settings) -> usize {
    let wanted = settings.max_connections;
    let Some(files) = open_files_max() else {
        return wanted;
    };
    let allowed = allowed(files, settings.push_listen.is_some());
    if allowed < wanted {
        tracing::info!(
            open_files = files,
            max_connections = allowed,
            "the limit on open files allows fewer connections than max-connections, which is {wanted}; raise it with \
             ulimit -n (LimitNOFILE in systemd)"
        );
    }
    wanted.min(allowed)
}

fn allowed(files: usize, http: bool) -> usize {
    let http = if http { files / HTTP_PART } else { 0 };
    // A gateway for one client is of little use, and of more than one for none.
    files.saturating_sub(FILES_BESIDE + http).max(1)
}

/// The limit on open files, where the system tells it without a call of its own.
fn open_files_max() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_is_left_for_the_rest() {
        assert_eq!(allowed(1024, false), 960);
        assert_eq!(allowed(1024, true), 704);
        assert_eq!(allowed(10, true), 1);
    }
}

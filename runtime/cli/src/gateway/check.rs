//! What the settings mean, in words.

use std::fmt::Write as _;
use std::net::SocketAddr;

use wsfn_settings::{FunctionAddr, Mode, Settings};

/// What is missing with `data = none`.
pub(super) const NO_JOURNAL: &str = "data is not set, so there is no journal: connections that are open when the process \
    is killed get no close event, and those that are not answered at its end are lost (D5, and D2 across restarts)";

/// What a gateway with these settings would do, a line each, and what waits in its journal.
pub(super) fn in_words(settings: &Settings, waiting: Vec<String>) -> String {
    let mut lines = vec![format!(
        "clients connect to {}",
        listed(
            &settings.listen_addrs(Mode::Gateway),
            |_| clients_scheme(settings),
            "/"
        )
    )];
    lines.push(match settings.push_listen.as_deref() {
        None | Some([]) => {
            "nobody can push: push-listen is off, so functions answer in their replies only".into()
        }
        Some(addresses) => format!(
            "functions push to {}{}",
            listed(
                addresses,
                |address| push_scheme(settings, address),
                &settings.push_path
            ),
            if settings.push_token.is_empty() {
                ""
            } else {
                ", with a token"
            }
        ),
    });
    if let Some(addresses @ [_, ..]) = settings.admin_listen.as_deref() {
        let list = listed(addresses, |_| "http", "");
        lines.push(format!("health, metrics and connections are at {list}"));
    }
    for route in &settings.routes {
        let host = route.host.as_deref().unwrap_or("any host");
        let path = route.path.as_ref().map_or("any path", |path| path.as_str());
        lines.push(format!("route {host}, {path}:"));
        let of_route = functions(&route.settings);
        lines.extend(of_route.into_iter().map(|line| format!("  {line}")));
    }
    if settings.routes.is_empty() {
        lines.extend(functions(settings));
    } else {
        lines.push("handshakes that match no route are answered with 404".into());
    }
    lines.extend(waiting);
    lines.extend(
        settings
            .warnings()
            .into_iter()
            .map(|line| format!("warning: {line}")),
    );
    lines.extend(settings.ignored.iter().map(|line| format!("note: {line}")));
    lines.push("the settings can be used".into());
    lines.into_iter().fold(String::new(), |mut text, line| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{line}");
        text
    })
}

/// What clients' addresses begin with.
pub(super) const fn clients_scheme(settings: &Settings) -> &'static str {
    if settings.tls_cert.is_some() {
        "wss"
    } else {
        "ws"
    }
}

/// What an address for pushes begins with.
pub(super) fn push_scheme(settings: &Settings, address: SocketAddr) -> &'static str {
    if settings.pushes_over_tls(address) {
        "https"
    } else {
        "http"
    }
}

/// Where the events of a service go.
fn functions(settings: &Settings) -> Vec<String> {
    let mut lines = Vec::new();
    for (event, own) in [
        ("connects", &settings.connect),
        ("messages", &settings.message),
        ("closes", &settings.close),
    ] {
        lines.push(match (own.as_ref().or(settings.function.as_ref()), event) {
            (Some(FunctionAddr::Http(url)), _) => format!("{event} are POSTed to {url}"),
            (Some(FunctionAddr::Exec(words)), _) => format!(
                "{event} go to processes of `{}`, {} at least and {} at most",
                words.first().map_or("", String::as_str),
                settings.exec_min,
                settings.exec_max(),
            ),
            (Some(FunctionAddr::Scf(name)), _) => format!(
                "{event} go to {name}, by InvokeFunction at {}",
                settings.scf_endpoint.origin()
            ),
            (Some(other), _) => format!("{event} go to {other}"),
            (None, "connects") => "connects are accepted without asking a function".into(),
            (None, "messages") => {
                "messages are answered with errNo 1002: no function takes them".into()
            }
            (None, _) => format!("{event} are told to no function"),
        });
    }
    lines
}

fn listed(
    addresses: &[SocketAddr],
    scheme: impl Fn(SocketAddr) -> &'static str,
    path: &str,
) -> String {
    let urls: Vec<String> = addresses
        .iter()
        .map(|address| format!("{}://{address}{path}", scheme(*address)))
        .collect();
    urls.join(" and ")
}

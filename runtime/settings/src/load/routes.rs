//! `[[route]]`: several services in one gateway.

use toml::Spanned;
use toml::de::DeValue;

use super::{Found, Named, Reading, check, file, look_up};
use crate::problem::Problem;
use crate::route::{PathTemplate, Route};
use crate::settings::Settings;
use crate::sources::{Origin, Raw};
use crate::value::show_size;

/// The name of the tables.
pub(super) const KEY: &str = "route";

/// The settings that a route may have of its own: those of a connection and its calls. The others are about the whole
/// process.
const OF_ROUTES: &[&str] = &[
    "function",
    "connect",
    "message",
    "close",
    "exec-min",
    "exec-max",
    "exec-env",
    "service-name",
    "stage",
    "failed-message",
    "refuse",
    "max-message",
    "max-frame",
    "message-timeout",
    "write-timeout",
    "close-timeout",
    "idle-timeout",
    "ping-interval",
    "pong-timeout",
    "invoke-timeout",
    "call-grace",
    "invoke-max",
    "invoke-queue",
    "invoke-queue-bytes",
    "close-max",
    "close-retry-for",
    "in-max-messages",
    "in-max-bytes",
    "max-rate",
    "heartbeat",
    "compression",
    "allow-origin",
    "forward-headers",
    "forward-query",
];

/// A table as it was written.
pub(super) struct Written {
    origin: Origin,
    entries: Vec<(String, Raw, Origin)>,
}

/// Reads the tables of a file.
pub(super) fn read(
    value: &Spanned<DeValue<'_>>,
    origin: Origin,
    line: impl Fn(usize) -> usize,
    reading: &mut Reading,
) {
    let expected = "expected tables: [[route]], and the settings of each below it";
    let DeValue::Array(tables) = value.get_ref() else {
        reading.problems.push(Problem::new(KEY, origin, expected));
        return;
    };
    let at = |start: usize| match &origin {
        Origin::File { path, .. } => Origin::File {
            path: path.clone(),
            line: line(start),
        },
        other => other.clone(),
    };
    for table in tables {
        let origin = at(table.span().start);
        let DeValue::Table(entries) = table.get_ref() else {
            reading.problems.push(Problem::new(KEY, origin, expected));
            continue;
        };
        let mut written = Written {
            origin,
            entries: Vec::new(),
        };
        for (key, value) in entries {
            let name = key.get_ref().to_string();
            let origin = at(key.span().start);
            match file::raw(value) {
                Ok(raw) => written.entries.push((name, raw, origin)),
                Err(expected) => {
                    reading
                        .problems
                        .push(Problem::new(spelled(&name), origin, expected))
                }
            }
        }
        reading.routes.push(written);
    }
}

/// The routes, each with the settings of the gateway and over them its own.
pub(super) fn apply(
    settings: &Settings,
    set: &[Found],
    written: Vec<Written>,
    problems: &mut Vec<Problem>,
) -> Vec<Route> {
    let mut routes: Vec<Route> = Vec::new();
    for table in written {
        let mut route = Route {
            host: None,
            path: None,
            settings: Settings {
                routes: Vec::new(),
                ..settings.clone()
            },
        };
        // One that cannot be read has an error of its own.
        let names_function = table
            .entries
            .iter()
            .any(|(name, ..)| check::FUNCTIONS.contains(&&**name));
        let mut own = Vec::new();
        let known = problems.len();
        for (name, raw, origin) in table.entries {
            let wrong = entry(&mut route, &mut own, &name, raw, origin);
            problems.extend(wrong.err().map(|problem| *problem));
        }
        let is_read = problems.len() == known;
        if let Some(found) = own.iter().find(|found| found.setting.name == "max-message")
            && route.settings.max_message > settings.max_message
        {
            let most = show_size(settings.max_message);
            problems.push(
                Problem::new(
                    &found.spelled,
                    found.origin.clone(),
                    format!("expected at most the gateway's own max-message, which is {most}"),
                )
                .value(&found.raw.shown()),
            );
        }
        check::of_route(&mut route.settings, &own, problems);
        if !names_function && !check::names_function(set) {
            problems.push(Problem::new(
                KEY,
                table.origin.clone(),
                "no function is set, here or above the routes, so there is nothing to call",
            ));
        }
        let same = |other: &Route| other.host == route.host && other.path == route.path;
        if routes.iter().any(same) {
            problems.push(Problem::new(
                KEY,
                table.origin,
                "a route before it has the same host and path, so it would never be used",
            ));
        }
        // What it would match is not known otherwise.
        if is_read {
            routes.push(route);
        }
    }
    routes
}

fn entry(
    route: &mut Route,
    own: &mut Vec<Found>,
    name: &str,
    raw: Raw,
    origin: Origin,
) -> Result<(), Box<Problem>> {
    let spelled = spelled(name);
    let wrong = |expected: String, raw: &Raw| {
        Box::new(Problem::new(&spelled, origin.clone(), expected).value(&raw.shown()))
    };
    match name {
        "host" => {
            let host = host(&raw).map_err(|expected| wrong(expected, &raw))?;
            route.host = Some(host);
            return Ok(());
        }
        "path" => {
            let path = raw.one().and_then(PathTemplate::parse);
            route.path = Some(path.map_err(|expected| wrong(expected, &raw))?);
            return Ok(());
        }
        _ => {}
    }
    let Named::Setting(setting) = look_up(name) else {
        let names = OF_ROUTES.iter().copied().chain(["host", "path"]);
        let mut problem = Problem::new(&spelled, origin, "no such setting");
        problem.nearest = crate::nearest::nearest(name, names).map(self::spelled);
        return Err(Box::new(problem));
    };
    if !OF_ROUTES.contains(&setting.name) {
        let why = "is a setting of the whole gateway; write it above the first [[route]]";
        return Err(Box::new(Problem::new(&spelled, origin, why)));
    }
    (setting.apply)(&mut route.settings, &raw).map_err(|expected| {
        let problem = Problem::new(&spelled, origin.clone(), expected);
        Box::new(if setting.kind.is_secret() {
            problem
        } else {
            problem.value(&raw.shown())
        })
    })?;
    own.push(Found {
        setting,
        spelled,
        raw,
        origin,
    });
    Ok(())
}

fn spelled(name: &str) -> String {
    format!("{KEY}.{name}")
}

/// A host as the `Host` header has it, without the port.
fn host(raw: &Raw) -> Result<String, String> {
    let text = raw.one()?;
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let is_name = !text.is_empty() && text.bytes().all(is_host);
    let is_address = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .is_some_and(|text| text.parse::<std::net::Ipv6Addr>().is_ok());
    if is_name || is_address {
        return Ok(text.to_ascii_lowercase());
    }
    Err("expected a host name such as chat.example, without a port".into())
}

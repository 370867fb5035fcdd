//! Settings that do not go together.

use std::net::SocketAddr;
use std::time::Duration;

use super::Found;
use crate::problem::Problem;
use crate::settings::Settings;
use crate::sources::{Origin, Sources};
use crate::value::{FunctionAddr, Mode, ScfCredentials, show_duration, show_size};

/// Finds them, and lifts the defaults that depend on another setting.
pub(super) fn together(
    settings: &mut Settings,
    mode: Mode,
    command: bool,
    set: &[Found],
    problems: &mut Vec<Problem>,
) {
    if command {
        processes(settings, set, problems);
    }
    tencent(settings, set, problems);
    given_once(set, problems);
    at_least_one_message(settings, set, problems);
    store(settings, set, problems);
    if mode == Mode::Gateway {
        push_endpoint(settings, set, problems);
        certificate(settings, set, problems);
    }
    if mode == Mode::EventInvoke {
        event_invoke(settings, set, problems);
    }
}

/// What SCF documents (583/11637): a function runs at most 15 minutes, and a WebSocket is idle for at most 30.
const SCF_TIMEOUT: Duration = Duration::from_secs(15 * 60);
const SCF_IDLE: Duration = Duration::from_secs(30 * 60);

fn tencent(settings: &mut Settings, set: &[Found], problems: &mut Vec<Problem>) {
    if settings.limits.is_none() {
        return;
    }
    settings.idle_timeout.get_or_insert(SCF_IDLE);
    for (name, value, most) in [
        ("invoke-timeout", Some(settings.invoke_timeout), SCF_TIMEOUT),
        ("idle-timeout", settings.idle_timeout, SCF_IDLE),
    ] {
        if let (Some(found), true) = (find(set, name), value.is_some_and(|value| value > most)) {
            problems.push(
                Problem::new(
                    &found.spelled,
                    found.origin.clone(),
                    format!(
                        "expected at most {} under limits = tencent",
                        show_duration(most)
                    ),
                )
                .value(&found.raw.shown()),
            );
        }
    }
}

/// The settings that name functions.
pub(super) const FUNCTIONS: &[&str] = &["function", "connect", "message", "close"];

/// Whether any of these names a function; one that cannot be read has an error of its own.
pub(super) fn names_function(set: &[Found]) -> bool {
    set.iter()
        .any(|found| FUNCTIONS.contains(&found.setting.name))
}

/// The command calls functions; an app is one.
pub(super) fn functions(set: &[Found], problems: &mut Vec<Problem>) {
    if !names_function(set) {
        problems.push(Problem::new(
            FUNCTIONS.join(", "),
            Origin::Together,
            "no function is set, so there is nothing to call; start with \
             --function http://127.0.0.1:9000/event-invoke",
        ));
    }
}

/// The settings of a route; `own` are those that it does not have from the gateway.
pub(super) fn of_route(settings: &mut Settings, own: &[Found], problems: &mut Vec<Problem>) {
    at_least_one_message(settings, own, problems);
    processes(settings, own, problems);
}

/// Functions in SCF are called with keys, which may stand in variables of Tencent's own.
pub(super) fn deployed(
    settings: &mut Settings,
    sources: &Sources,
    set: &[Found],
    problems: &mut Vec<Problem>,
) {
    let is_deployed = |settings: &Settings| {
        [
            &settings.function,
            &settings.connect,
            &settings.message,
            &settings.close,
        ]
        .into_iter()
        .any(|function| matches!(function, Some(FunctionAddr::Scf(_))))
    };
    let routes = settings.routes.iter().map(|route| &route.settings);
    let any = std::iter::once(&*settings).chain(routes).any(is_deployed);
    // Where no function needs them, nothing can be wrong with them; and those that are set wrongly are told of.
    if !any || find(set, "scf-credentials").is_some() {
        return;
    }
    let why = match ScfCredentials::from_environment(|name| sources.var(name)) {
        Ok(Some(found)) => {
            for route in &mut settings.routes {
                route.settings.scf_credentials = Some(found.clone());
            }
            settings.scf_credentials = Some(found);
            return;
        }
        Ok(None) => "an scf: function is called with a key, and there is none".to_owned(),
        Err(why) => why,
    };
    problems.push(Problem::new(
        "scf-credentials",
        Origin::Together,
        format!(
            "{why}; set TENCENTCLOUD_SECRETID and TENCENTCLOUD_SECRETKEY, or --scf-credentials-file"
        ),
    ));
}

fn processes(settings: &Settings, set: &[Found], problems: &mut Vec<Problem>) {
    if let (Some(max), Some(found)) = (settings.exec_max, find(set, "exec-max"))
        && max < settings.exec_min
    {
        problems.push(
            Problem::new(
                &found.spelled,
                found.origin.clone(),
                format!("expected at least exec-min, which is {}", settings.exec_min),
            )
            .value(&found.raw.shown()),
        );
    }
}

/// A secret and its `…-file` from the same source: nobody could tell which one counts.
fn given_once(set: &[Found], problems: &mut Vec<Problem>) {
    for (at, found) in set.iter().enumerate() {
        let again = set[..at].iter().find(|earlier| {
            earlier.setting.name == found.setting.name
                && earlier.origin.rank() == found.origin.rank()
        });
        if let Some(earlier) = again {
            problems.push(Problem::new(
                format!("{}, {}", earlier.spelled, found.spelled),
                found.origin.clone(),
                "set one of them",
            ));
        }
    }
}

/// Whatever holds messages must hold the largest, or that one would never go through.
fn at_least_one_message(settings: &mut Settings, set: &[Found], problems: &mut Vec<Problem>) {
    let max_message = settings.max_message;
    for (name, bytes) in [
        ("out-max-bytes", &mut settings.out_max_bytes),
        ("in-max-bytes", &mut settings.in_max_bytes),
        ("invoke-queue-bytes", &mut settings.invoke_queue_bytes),
        ("queue-memory", &mut settings.queue_memory),
    ] {
        if *bytes >= max_message {
            continue;
        }
        match find(set, name) {
            None => *bytes = max_message,
            Some(found) => problems.push(
                Problem::new(
                    &found.spelled,
                    found.origin.clone(),
                    format!(
                        "expected at least max-message, which is {}",
                        show_size(max_message)
                    ),
                )
                .value(&found.raw.shown()),
            ),
        }
    }
    if let (Some(frame), Some(found)) = (settings.max_frame, find(set, "max-frame"))
        && frame > max_message
    {
        problems.push(
            Problem::new(
                &found.spelled,
                found.origin.clone(),
                format!(
                    "expected at most max-message, which is {}",
                    show_size(max_message)
                ),
            )
            .value(&found.raw.shown()),
        );
    }
}

/// A store counts the rooms of a connection while it joins one, but not the members of a room.
fn store(settings: &Settings, set: &[Found], problems: &mut Vec<Problem>) {
    if settings.store.is_some() {
        if let (Some(found), true) = (find(set, "room-members"), settings.room_members.is_some()) {
            let reason = "a store does not limit the members of a room; set it to off, or leave the rooms at the gateway";
            problems.push(
                Problem::new(&found.spelled, found.origin.clone(), reason)
                    .value(&found.raw.shown()),
            );
        }
        return;
    }
    for name in ["store-user", "store-password"] {
        if let Some(found) = find(set, name) {
            problems.push(Problem::new(
                &found.spelled,
                found.origin.clone(),
                "needs store too",
            ));
        }
    }
}

fn push_endpoint(settings: &Settings, set: &[Found], problems: &mut Vec<Problem>) {
    let (Some(addresses), Some(found)) = (&settings.push_listen, find(set, "push-listen")) else {
        return;
    };
    let mut refuse = |reason: String| {
        problems.push(
            Problem::new(&found.spelled, found.origin.clone(), reason).value(&found.raw.shown()),
        );
    };
    let clients = settings.listen_addrs(Mode::Gateway);
    if let Some(shared) = addresses
        .iter()
        .find(|address| address.port() != 0 && clients.contains(address))
    {
        refuse(format!(
            "{shared} is also in listen; give them different ports"
        ));
    }
    if beyond_loopback(addresses) {
        if settings.push_token.is_empty() && find(set, "push-token").is_none() {
            refuse("beyond loopback a push-token is required".into());
        }
        if !settings.insecure.push_plain && settings.tls_cert.is_none() {
            refuse("beyond loopback the token travels over plain http; set tls-cert and tls-key, or, where only your own machines are on that network, accept it with insecure = push-plain".into());
        }
    }
}

/// A certificate is of no use without its key, nor the key without it.
fn certificate(settings: &Settings, set: &[Found], problems: &mut Vec<Problem>) {
    let (alone, missing) = match (&settings.tls_cert, &settings.tls_key) {
        (Some(_), None) => ("tls-cert", "tls-key"),
        (None, Some(_)) => ("tls-key", "tls-cert"),
        _ => return,
    };
    if let Some(found) = find(set, alone) {
        problems.push(
            Problem::new(
                &found.spelled,
                found.origin.clone(),
                format!("needs {missing} too"),
            )
            .value(&found.raw.shown()),
        );
    }
}

fn event_invoke(settings: &Settings, set: &[Found], problems: &mut Vec<Problem>) {
    let (Some(addresses), Some(found)) = (&settings.listen, find(set, "listen")) else {
        return;
    };
    let anyone = settings.secret.is_empty() && !settings.insecure.invoke_unsigned;
    if beyond_loopback(addresses) && !settings.in_scf && anyone && find(set, "secret").is_none() {
        problems.push(
            Problem::new(
                &found.spelled,
                found.origin.clone(),
                "beyond loopback, outside SCF, whoever reaches the port calls the functions; set a secret (the gateway's own), listen on 127.0.0.1, or accept it with insecure = invoke-unsigned",
            )
            .value(&found.raw.shown()),
        );
    }
}

fn beyond_loopback(addresses: &[SocketAddr]) -> bool {
    addresses
        .iter()
        .any(|address| !address.ip().to_canonical().is_loopback())
}

/// The setting that counts: the last one, since the environment comes after the file.
fn find<'a>(set: &'a [Found], name: &str) -> Option<&'a Found> {
    set.iter().rev().find(|found| found.setting.name == name)
}

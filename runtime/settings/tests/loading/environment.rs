//! Variables.

use std::time::Duration;

use wsfn_settings::{
    AllowOrigin, FailedMessage, LogFormat, Mode, Origin, Refuse, Settings, Sources,
};

use crate::{Load as _, load, problems};

#[test]
fn nothing_set_is_the_default() {
    let settings = load(&[]);
    assert_eq!(settings.mode, Some(Mode::Gateway));
    let default = Settings {
        mode: Some(Mode::Gateway),
        ..Settings::default()
    };
    assert_eq!(format!("{settings:?}"), format!("{default:?}"));
}

#[test]
fn a_value_of_each_kind() {
    let settings = load(&[
        ("WSFN_LISTEN", "127.0.0.1:80, [::1]:81"),
        ("WSFN_PUSH_LISTEN", "127.0.0.1:82"),
        ("WSFN_PUSH_PATH", "/api-x/y"),
        ("WSFN_ERRORS_TO_CLIENT", "off"),
        ("WSFN_FAILED_MESSAGE", "tell"),
        ("WSFN_REFUSE", "close"),
        ("WSFN_MAX_MESSAGE", "16MiB"),
        ("WSFN_IDLE_TIMEOUT", "10m"),
        ("WSFN_PING_INTERVAL", "500ms"),
        ("WSFN_ROOM_MEMBERS", "7"),
        ("WSFN_COMPRESS_ABOVE", "0"),
        (
            "WSFN_ALLOW_ORIGIN",
            "HTTPS://App.example:443,http://localhost:3000",
        ),
        ("WSFN_FORWARD_HEADERS", "Cookie, x-y"),
        ("WSFN_LOG", "wsfn=debug"),
        ("WSFN_LOG_FORMAT", "json"),
    ]);
    let addr = |text: &str| text.parse().unwrap();
    assert_eq!(
        settings.listen,
        Some(vec![addr("127.0.0.1:80"), addr("[::1]:81")])
    );
    assert_eq!(settings.push_listen, Some(vec![addr("127.0.0.1:82")]));
    assert_eq!(settings.push_path, "/api-x/y");
    assert!(!settings.errors_to_client);
    assert_eq!(settings.failed_message, FailedMessage::Tell);
    assert_eq!(settings.refuse, Refuse::Close);
    assert_eq!(settings.max_message, 16 << 20);
    assert_eq!(settings.max_frame(), 16 << 20);
    assert_eq!(settings.idle_timeout, Some(Duration::from_secs(600)));
    assert_eq!(settings.ping_interval, Duration::from_millis(500));
    assert_eq!(settings.room_members, Some(7));
    assert_eq!(settings.compress_above, 0);
    let origins = ["https://app.example", "http://localhost:3000"]
        .map(String::from)
        .to_vec();
    assert_eq!(settings.allow_origin, AllowOrigin::List(origins));
    assert_eq!(settings.forward_headers, ["cookie", "x-y"]);
    assert_eq!(settings.log, "wsfn=debug");
    assert_eq!(settings.log_format, LogFormat::Json);
}

#[test]
fn off_and_none() {
    let settings = load(&[
        ("WSFN_PUSH_LISTEN", "off"),
        ("WSFN_IDLE_TIMEOUT", "off"),
        ("WSFN_ROOM_MEMBERS", "none"),
        ("WSFN_FORWARD_HEADERS", "none"),
        ("WSFN_INSECURE", "none"),
        ("WSFN_ALLOW_ORIGIN", "*"),
    ]);
    assert_eq!(settings.push_listen, None);
    assert_eq!(settings.idle_timeout, None);
    assert_eq!(settings.room_members, None);
    assert!(settings.forward_headers.is_empty());
    assert_eq!(settings.allow_origin, AllowOrigin::Any);
}

#[test]
fn every_problem_is_reported_at_once() {
    let found = problems(&[
        ("WSFN_MAX_MESAGE", "1MiB"),
        ("WSFN_PUSHLISTEN", "127.0.0.1:1"),
        ("WSFN_QUITE_DIFFERENT", "x"),
        ("WSFN_DRAIN", "30"),
        ("WSFN_INVOKE_MAX", "0"),
        ("WSFN_MODE", "gatway"),
        ("WSFN_STORE", "sqlite:rooms.db"),
    ]);
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    let expected = [
        "WSFN_MAX_MESAGE = `1MiB` (environment): no such setting; did you mean WSFN_MAX_MESSAGE?",
        "WSFN_PUSHLISTEN = `127.0.0.1:1` (environment): no such setting; did you mean WSFN_PUSH_LISTEN?",
        "WSFN_QUITE_DIFFERENT (environment): no such setting",
        "WSFN_DRAIN = `30` (environment): expected a duration such as 500ms, 30s, 10m or 24h",
        "WSFN_INVOKE_MAX = `0` (environment): expected a whole number from 1 to 100000000",
        "WSFN_MODE = `gatway` (environment): expected one of gateway, event-invoke, runtime-api; did you mean gateway?",
        "WSFN_STORE (environment): expected sqlite:///PATH, redis://HOST, mysql://USER@HOST/DATABASE or \
         postgres://USER@HOST/DATABASE, or off",
    ];
    assert_eq!(lines.len(), expected.len(), "{lines:#?}");
    for line in expected {
        assert!(
            lines.iter().any(|found| found == line),
            "{line}\nnot in\n{lines:#?}"
        );
    }
    assert!(
        found
            .iter()
            .all(|problem| problem.origin == Origin::Environment)
    );
}

#[test]
fn values_that_cannot_be() {
    for (name, value) in [
        ("WSFN_LISTEN", "localhost:9001"),
        ("WSFN_LISTEN", ":9001"),
        ("WSFN_LISTEN", "off"),
        ("WSFN_LISTEN", ","),
        ("WSFN_PUSH_PATH", "api"),
        ("WSFN_PUSH_PATH", "/"),
        ("WSFN_PUSH_PATH", "/api/"),
        ("WSFN_PUSH_PATH", "/a?b"),
        ("WSFN_COMPRESSION", "yes"),
        ("WSFN_MAX_MESSAGE", "0"),
        ("WSFN_IDLE_TIMEOUT", "0s"),
        ("WSFN_INVOKE_MAX", "+5"),
        ("WSFN_INVOKE_MAX", "100000001"),
        ("WSFN_FORWARD_HEADERS", "user agent"),
        ("WSFN_ALLOW_ORIGIN", "app.example"),
        ("WSFN_ALLOW_ORIGIN", "https://app.example/"),
        ("WSFN_ALLOW_ORIGIN", "https://a.example,*"),
        ("WSFN_INSECURE", "everything"),
        ("WSFN_SERVICE_NAME", " "),
        ("WSFN_LOG", "a\nb"),
    ] {
        let found = problems(&[(name, value)]);
        assert_eq!(found.len(), 1, "{name}={value}");
        assert_eq!(found[0].name, name);
    }
}

#[test]
fn an_empty_variable_is_unset() {
    let settings = load(&[
        ("WSFN_MAX_MESSAGE", ""),
        ("WSFN_STORE", ""),
        ("WSFN_NONSENSE", ""),
    ]);
    assert_eq!(settings.max_message, 1 << 20);
}

#[test]
fn names_are_in_capitals_with_underscores() {
    for name in ["WSFN_max_message", "WSFN_MAX-MESSAGE"] {
        let found = problems(&[(name, "1MiB")]);
        assert_eq!(
            found[0].nearest.as_deref(),
            Some("WSFN_MAX_MESSAGE"),
            "{name}"
        );
    }
    // Not ours.
    load(&[
        ("wsfn_max_message", "x"),
        ("XWSFN_MODE", "x"),
        ("WSFN", "x"),
    ]);
}

#[test]
fn what_tests_are_run_with_is_passed_over() {
    load(&[("WSFN_TEST_SEED", "7")]);
    assert_eq!(problems(&[("WSFN_TESTS", "7")]).len(), 1);
}

#[test]
fn service_links_of_kubernetes_are_none_of_ours() {
    let links = [
        ("WSFN_PORT", "tcp://10.0.0.1:9001"),
        ("WSFN_SERVICE_HOST", "10.0.0.1"),
        ("WSFN_PORT_9001_TCP_ADDR", "10.0.0.1"),
    ];
    assert_eq!(problems(&links).len(), 3);
    let mut inside = links.to_vec();
    inside.push(("KUBERNETES_SERVICE_HOST", "10.0.0.2"));
    load(&inside);
}

#[test]
fn the_environment_says_the_mode() {
    for (env, mode) in [
        (&[][..], Mode::Gateway),
        (&[("SCF_RUNTIME_API", "127.0.0.1")], Mode::RuntimeApi),
        (&[("TENCENTCLOUD_RUNENV", "SCF")], Mode::EventInvoke),
        (
            &[
                ("SCF_RUNTIME_API", "127.0.0.1"),
                ("TENCENTCLOUD_RUNENV", "SCF"),
            ],
            Mode::RuntimeApi,
        ),
        (
            &[("SCF_RUNTIME_API", "127.0.0.1"), ("WSFN_MODE", "gateway")],
            Mode::Gateway,
        ),
        (&[("SCF_RUNTIME_API", "")], Mode::Gateway),
    ] {
        assert_eq!(load(env).mode, Some(mode), "{env:?}");
    }
}

#[test]
fn default_addresses() {
    let shown = |settings: &Settings| {
        settings
            .listen_addrs(settings.mode.unwrap())
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(shown(&load(&[])), ["127.0.0.1:9001", "[::1]:9001"]);
    assert_eq!(
        shown(&load(&[("WSFN_MODE", "event-invoke")])),
        ["127.0.0.1:9000"]
    );
    assert_eq!(
        shown(&load(&[("TENCENTCLOUD_RUNENV", "SCF")])),
        ["0.0.0.0:9000"]
    );
    assert_eq!(
        shown(&load(&[("WSFN_LISTEN", "127.0.0.1:1")])),
        ["127.0.0.1:1"]
    );
}

#[test]
fn what_the_mode_does_not_use_is_noted() {
    let settings = load(&[
        ("WSFN_MODE", "runtime-api"),
        ("WSFN_PUSH_LISTEN", "0.0.0.0:1"),
        ("WSFN_LOG", "info"),
    ]);
    assert_eq!(
        settings.ignored,
        ["WSFN_PUSH_LISTEN (environment) is not used in mode runtime-api"]
    );
}

#[test]
fn rust_log_stands_in_for_log() {
    assert_eq!(load(&[("RUST_LOG", "trace")]).log, "trace");
    assert_eq!(
        load(&[("RUST_LOG", "trace"), ("WSFN_LOG", "warn")]).log,
        "warn"
    );
}

#[cfg(unix)]
#[test]
fn a_value_that_is_not_utf8() {
    use std::os::unix::ffi::OsStrExt as _;
    let value = std::ffi::OsStr::from_bytes(b"\xff");
    let found = Sources::new().env("WSFN_LOG", value).load_err();
    assert_eq!(
        found[0].to_string(),
        "WSFN_LOG (environment): expected UTF-8"
    );
}

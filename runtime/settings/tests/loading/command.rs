//! What differs for the command `wsfn gateway`: flags, defaults, functions.

use std::time::Duration;

use wsfn_settings::{Mode, Origin, Settings, Sources};

use crate::Load as _;

const FUNCTION: &str = "http://127.0.0.1:9000/event-invoke";

fn command() -> Sources {
    Sources::new().for_command()
}

#[test]
fn a_flag_goes_over_the_environment_and_that_over_the_file() {
    let sources = command()
        .flag("function", FUNCTION)
        .file(
            "wsfn.toml",
            "stage = \"file\"\nservice-name = \"file\"\nmax-message = \"1KiB\"",
        )
        .env("WSFN_STAGE", "environment")
        .env("WSFN_SERVICE_NAME", "environment")
        .flag("stage", "flag");
    let settings = sources.load_ok();
    assert_eq!(settings.stage, "flag");
    assert_eq!(settings.service_name, "environment");
    assert_eq!(settings.max_message, 1024);
}

#[test]
fn it_has_defaults_of_its_own() {
    let settings = command().flag("function", FUNCTION).load_ok();
    assert_eq!(settings.mode, Some(Mode::Gateway));
    assert_eq!(settings.idle_timeout, Some(Duration::from_secs(600)));
    let pushes = settings.push_listen.expect("addresses");
    assert_eq!(pushes, ["127.0.0.1:9002".parse().expect("an address")]);
    let app = Settings::load(&Sources::new()).expect("settings");
    assert_eq!((app.idle_timeout, app.push_listen), (None, None));
}

#[test]
fn the_mode_of_an_environment_is_none_of_its() {
    let settings = command()
        .flag("function", FUNCTION)
        .env("SCF_RUNTIME_API", "127.0.0.1")
        .env("TENCENTCLOUD_RUNENV", "SCF")
        .load_ok();
    assert_eq!(settings.mode, Some(Mode::Gateway));
}

#[test]
fn without_a_function_there_is_nothing_to_call() {
    let problems = command().load_err();
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].to_string().contains("--function http://"),
        "{}",
        problems[0]
    );
    // One slot is enough.
    command().env("WSFN_MESSAGE", FUNCTION).load_ok();
}

#[test]
fn an_app_has_its_functions_inside() {
    let settings = Sources::new().env("WSFN_FUNCTION", FUNCTION).load_ok();
    assert_eq!(
        settings.ignored,
        ["WSFN_FUNCTION (environment) is not used in mode gateway"]
    );
    let settings = command()
        .flag("function", FUNCTION)
        .env("WSFN_PUSH_URL", "http://h/x")
        .load_ok();
    assert_eq!(
        settings.ignored,
        ["WSFN_PUSH_URL (environment) is not used in wsfn gateway"]
    );
}

#[test]
fn a_wrong_flag_is_named_as_a_flag() {
    let problems = command()
        .flag("function", FUNCTION)
        .flag("max-mesage", "1KiB")
        .flag("drain", "soon")
        .load_err();
    let shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(
        problems
            .iter()
            .all(|problem| problem.origin == Origin::Flag)
    );
    assert_eq!(
        shown[0],
        "--max-mesage = `1KiB` (command line): no such setting; did you mean --max-message?"
    );
    assert!(
        shown[1].starts_with("--drain = `soon` (command line): expected a duration"),
        "{shown:?}"
    );
}

#[test]
fn a_secret_is_no_flag() {
    let problems = command()
        .flag("function", FUNCTION)
        .flag("push-token", "0123456789abcdef-s3cr3t")
        .load_err();
    let shown = problems[0].to_string();
    assert!(shown.contains("--push-token-file"), "{shown}");
    assert!(!shown.contains("s3cr3t"), "{shown}");
}

#[test]
fn events_that_travel_readable_are_warned_about() {
    let lines = command()
        .flag("function", "http://10.0.0.7/s3cr3t")
        .load_ok()
        .warnings();
    assert_eq!(lines.len(), 1);
    assert!(
        lines[0].contains("http://10.0.0.7") && !lines[0].contains("s3cr3t"),
        "{lines:?}"
    );
    assert!(
        command()
            .flag("function", FUNCTION)
            .load_ok()
            .warnings()
            .is_empty()
    );
}

/// Every line of the printed file is right as it stands, or is one to fill in.
#[test]
fn the_printed_file_can_be_used() {
    let page = wsfn_settings::config_file();
    let function = format!("function = \"{FUNCTION}\"\n");
    let lines: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix('#').filter(|line| !line.starts_with(' ')))
        .filter(|line| !line.ends_with("= \"\""))
        .collect();
    assert!(lines.len() > 30, "{lines:?}");
    let text = function.clone() + &lines.join("\n");
    let settings = command().file("wsfn.toml", text).load_ok();
    let untouched = command().file("wsfn.toml", function).load_ok();
    assert_eq!(format!("{settings:?}"), format!("{untouched:?}"));
}

#[test]
fn fewer_at_most_than_at_least_is_refused() {
    let problems = command()
        .flag("function", "exec:true")
        .flag("exec-min", "4")
        .flag("exec-max", "2")
        .load_err();
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].to_string().starts_with("--exec-max = `2`"),
        "{}",
        problems[0]
    );
}

const ROUTES: &str = r#"
function = "http://127.0.0.1:9000/event-invoke"
idle-timeout = "1m"

[[route]]
host = "Chat.Example"
path = "/rooms/{room}"
service-name = "chat"
message = "http://127.0.0.1:9100/"
max-message = "64KiB"

[[route]]
stage = "test"
"#;

#[test]
fn a_route_has_the_settings_of_the_gateway_and_its_own() {
    let settings = command().file("wsfn.toml", ROUTES).load_ok();
    let [chat, rest] = &settings.routes[..] else {
        panic!("{:?}", settings.routes);
    };
    assert_eq!(chat.host.as_deref(), Some("chat.example"));
    assert_eq!(
        chat.path.as_ref().map(|path| path.as_str()),
        Some("/rooms/{room}")
    );
    assert_eq!(chat.settings.service_name, "chat");
    assert_eq!(chat.settings.max_message, 64 * 1024);
    assert_eq!(chat.settings.idle_timeout, Some(Duration::from_secs(60)));
    let shown = |addr: &Option<wsfn_settings::FunctionAddr>| addr.as_ref().map(ToString::to_string);
    assert_eq!(
        shown(&chat.settings.message).as_deref(),
        Some("http://127.0.0.1:9100/…")
    );
    assert_eq!(
        shown(&chat.settings.function).as_deref(),
        Some("http://127.0.0.1:9000/…")
    );
    assert_eq!((&*rest.settings.stage, rest.host.as_ref()), ("test", None));
    assert_eq!(settings.stage, "release");
    // An app has none.
    let app = Sources::new().file("wsfn.toml", ROUTES).load_ok();
    assert!(app.routes.is_empty());
    assert!(
        app.ignored.iter().any(|line| line.contains("[[route]]")),
        "{:?}",
        app.ignored
    );
}

#[test]
fn what_is_wrong_with_a_route_is_said_with_its_line() {
    let text = r#"
[[route]]
host = "chat.example:443"
path = "rooms"
drain = "1s"
idle-timeut = "1s"
max-message = "2MiB"
function = "ftp://x"

[[route]]
[[route]]
"#;
    let problems = command().file("wsfn.toml", text).load_err();
    let shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
    for part in [
        "route.host = `chat.example:443` (wsfn.toml:3): expected a host name",
        "route.path = `rooms` (wsfn.toml:4): expected a path that begins with /",
        "route.drain (wsfn.toml:5): is a setting of the whole gateway",
        "route.idle-timeut (wsfn.toml:6): no such setting; did you mean route.idle-timeout?",
        "route.max-message = `2MiB` (wsfn.toml:7): expected at most the gateway's own",
        "route.function (wsfn.toml:8): expected http(s)://",
        "route (wsfn.toml:10): no function is set",
        "route (wsfn.toml:11): a route before it has the same host and path",
    ] {
        assert!(
            shown.iter().any(|line| line.starts_with(part)),
            "{part}: {shown:#?}"
        );
    }
    assert_eq!(shown.len(), 9, "{shown:#?}");
    let problems = command().file("wsfn.toml", "route = 3").load_err();
    assert!(
        problems[0].to_string().contains("[[route]]"),
        "{}",
        problems[0]
    );
}

#[test]
fn limits_of_tencent_hold_where_they_are_asked_for() {
    let settings = command()
        .flag("function", FUNCTION)
        .flag("limits", "tencent")
        .flag("idle-timeout", "off")
        .load_ok();
    assert_eq!(settings.idle_timeout, Some(Duration::from_secs(30 * 60)));
    assert_eq!(settings.event_max(), 6 << 20);
    let problems = command()
        .flag("function", FUNCTION)
        .flag("limits", "tencent")
        .flag("idle-timeout", "31m")
        .flag("invoke-timeout", "901s")
        .load_err();
    assert_eq!(problems.len(), 2);
    assert!(
        problems
            .iter()
            .all(|problem| problem.reason.contains("under limits = tencent"))
    );
}

#[test]
fn open_to_others_without_limits_is_warned_about() {
    let open = command()
        .flag("function", FUNCTION)
        .flag("listen", "0.0.0.0:9001");
    let lines = open.load_ok().warnings();
    assert_eq!(lines.len(), 2, "{lines:?}");
    let bounded = open.flag("max-rate", "10").flag("max-per-address", "100");
    assert!(bounded.load_ok().warnings().is_empty());
}

#[test]
fn a_function_in_scf_is_called_with_a_key() {
    let with = |name, value| command().flag("function", FUNCTION).flag(name, value);
    let scf = || with("message", "scf:ap-guangzhou/default/chat");
    let problems = scf().load_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    let said = problems[0].to_string();
    assert!(said.contains("there is none"), "{said}");
    assert!(said.contains("TENCENTCLOUD_SECRETKEY"), "{said}");
    // Half of a key is none.
    let problems = scf().env("TENCENTCLOUD_SECRETID", "AKID").load_err();
    assert!(problems[0].to_string().contains("expected both"));
    let settings = scf()
        .env("TENCENTCLOUD_SECRETID", "AKID")
        .env("TENCENTCLOUD_SECRETKEY", "k3y")
        .load_ok();
    let keys = settings.scf_credentials.expect("keys");
    assert_eq!((keys.id.expose(), keys.key.expose()), ("AKID", "k3y"));
    // What is said to us goes over what is said to everybody.
    let settings = scf()
        .env("TENCENTCLOUD_SECRETID", "AKID")
        .env("TENCENTCLOUD_SECRETKEY", "k3y")
        .env("WSFN_SCF_CREDENTIALS", "AKID2,k3y2,t0ken")
        .load_ok();
    let keys = settings.scf_credentials.expect("keys");
    assert_eq!(keys.id.expose(), "AKID2");
    assert_eq!(keys.token.expect("a token").expose(), "t0ken");
    // A route's function is one too.
    let routed = command().flag("function", FUNCTION).file(
        "wsfn.toml",
        "[[route]]\nclose = \"scf:ap-tokyo/default/chat\"",
    );
    assert_eq!(routed.load_err().len(), 1);
    let settings = routed
        .env("TENCENTCLOUD_SECRETID", "AKID")
        .env("TENCENTCLOUD_SECRETKEY", "k3y")
        .load_ok();
    assert!(settings.routes[0].settings.scf_credentials.is_some());
    // Where nothing is deployed, nobody asks for keys and nobody takes them.
    let settings = command()
        .flag("function", FUNCTION)
        .env("TENCENTCLOUD_SECRETID", "AKID")
        .load_ok();
    assert_eq!(settings.scf_credentials, None);
}

#[test]
fn keys_go_to_an_api_that_nobody_listens_to() {
    let endpoint = |url: &str| {
        command()
            .flag("function", FUNCTION)
            .flag("scf-endpoint", url)
    };
    let settings = command().flag("function", FUNCTION).load_ok();
    assert_eq!(
        settings.scf_endpoint.expose(),
        "https://scf.tencentcloudapi.com"
    );
    for fine in [
        "https://scf.internal.tencentcloudapi.com/",
        "http://127.0.0.1:1",
    ] {
        endpoint(fine).load_ok();
    }
    for (wrong, why) in [
        ("http://scf.tencentcloudapi.com", "https://"),
        ("https://scf.tencentcloudapi.com/path", "without a path"),
        ("https://scf.tencentcloudapi.com/?x=1", "without a path"),
    ] {
        let problems = endpoint(wrong).load_err();
        assert!(problems[0].to_string().contains(why), "{}", problems[0]);
    }
}

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

//! Settings that a program sets itself.

use std::time::Duration;

use wsfn_settings::Sources;

use crate::Load as _;

#[test]
fn the_program_goes_over_environment_and_file() {
    let settings = Sources::new()
        .env("WSFN_IDLE_TIMEOUT", "1m")
        .file("wsfn.toml", "idle-timeout = \"2m\"\nping-interval = \"3s\"")
        .set("idle-timeout", "9m")
        .set("idle-timeout", "10m")
        .load_ok();
    assert_eq!(settings.idle_timeout, Some(Duration::from_secs(600)));
    assert_eq!(settings.ping_interval, Duration::from_secs(3));
}

#[test]
fn what_is_wrong_says_who_set_it() {
    let problems = Sources::new()
        .set("idle-timeout", "soon")
        .set("idle-timeuot", "10m")
        .set("WSFN_LOG", "info")
        .load_err();
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(
        texts[0].starts_with("idle-timeuot = `10m` (set by the program): no such setting")
            && texts[0].ends_with("did you mean idle-timeout?"),
        "{texts:?}"
    );
    assert!(texts[1].starts_with("WSFN_LOG"), "{texts:?}");
    assert!(
        texts[2].starts_with("idle-timeout = `soon` (set by the program): "),
        "{texts:?}"
    );
}

//! `wsfn.toml`.

use std::time::Duration;

use wsfn_settings::{Origin, Settings, Sources};

use crate::Load as _;

fn file(text: &str) -> Sources {
    Sources::new().file("wsfn.toml", text)
}

#[test]
fn values_as_toml_has_them() {
    let settings = file(
        r#"
        listen = ["127.0.0.1:80", "[::1]:81"] # a list
        max-message = 65536
        header-max = "32KiB"
        compression = false
        forward-query = "on"
        drain = "5s"
        forward-headers = []
        room-members = 3
        "#,
    )
    .load_ok();
    assert_eq!(settings.listen.unwrap().len(), 2);
    assert_eq!(settings.max_message, 65_536);
    assert_eq!(settings.header_max, 32_768);
    assert!(!settings.compression);
    assert!(settings.forward_query);
    assert_eq!(settings.drain, Duration::from_secs(5));
    assert!(settings.forward_headers.is_empty());
    assert_eq!(settings.room_members, Some(3));
}

#[test]
fn the_environment_goes_over_the_file() {
    let sources = file("max-message = 1024\ndrain = \"1s\"").env("WSFN_MAX_MESSAGE", "2KiB");
    let settings = sources.load_ok();
    assert_eq!(settings.max_message, 2048);
    assert_eq!(settings.drain, Duration::from_secs(1));
}

#[test]
fn problems_name_the_line() {
    let found = file(
        "max-mesage = 1\npush_listen = \"127.0.0.1:1\"\n\ndrain = 30\nlisten = 9001\nmax-frame = 1.5\nconfig = \"x\"\n\
         [[route]]\nhost = \"h\"\n[store]\nx = 1\n[log]\ny = 1",
    )
    .load_err();
    let mut lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    lines.sort();
    assert_eq!(
        lines,
        [
            "config (wsfn.toml:7): a file cannot name another one; set WSFN_CONFIG",
            "drain = `30` (wsfn.toml:4): expected a duration such as 500ms, 30s, 10m or 24h",
            "listen = `9001` (wsfn.toml:5): expected IP addresses with ports such as 127.0.0.1:9001 or [::1]:9001",
            "log (wsfn.toml:12): expected a value, found a table or a list of lists",
            "max-frame (wsfn.toml:6): expected a text in quotes, a decimal number, true, false, or a list of these",
            "max-mesage = `1` (wsfn.toml:1): no such setting; did you mean max-message?",
            "push_listen = `127.0.0.1:1` (wsfn.toml:2): no such setting; did you mean push-listen?",
            "store (wsfn.toml:10): expected a value, found a table or a list of lists",
        ]
    );
}

#[test]
fn an_empty_value_in_the_file_is_refused() {
    assert_eq!(file("service-name = \"\"").load_err().len(), 1);
    assert_eq!(file("listen = []").load_err().len(), 1);
}

#[test]
fn what_is_not_toml_says_the_line_and_repeats_nothing() {
    let found = file("mode = \"gateway\"\nsecret = \"s3cr3t\nlog = \"info\"").load_err();
    let shown = format!("{found:?} {}", found[0]);
    assert!(!shown.contains("s3cr3t"), "{shown}");
    assert!(
        matches!(found[0].origin, Origin::File { line: 2, .. }),
        "{shown}"
    );
}

#[test]
fn the_file_that_config_names() {
    let dir = std::env::temp_dir().join(format!("wsfn-settings-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let path = dir.join("other.toml");
    std::fs::write(&path, "stage = \"test\"").unwrap();
    // The file is read by way of the process only, so a process it is.
    let run = |config: &std::path::Path| {
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args([
                "--ignored",
                "--exact",
                "file::shows_the_stage",
                "--nocapture",
            ])
            .env("WSFN_CONFIG", config)
            .current_dir(&dir)
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr)
    };
    assert!(run(&path).contains("stage is test"));
    let missing = run(&dir.join("missing.toml"));
    assert!(missing.contains("WSFN_CONFIG = `"), "{missing}");
    assert!(missing.contains("cannot be read"), "{missing}");
    // `wsfn.toml` of the working directory, without being named.
    std::fs::write(dir.join("wsfn.toml"), "stage = \"here\"").unwrap();
    assert!(run("".as_ref()).contains("stage is here"));
    std::fs::remove_dir_all(&dir).unwrap();
}

/// What the process of the test above does.
#[test]
#[ignore = "only as a process of the test above"]
fn shows_the_stage() {
    match Settings::load(&Sources::from_process()) {
        Ok(settings) => println!("stage is {}", settings.stage),
        Err(problems) => println!("{problems}"),
    }
}

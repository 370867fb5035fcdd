//! Secrets: from files too, and never shown.

use proptest::prelude::*;
use wsfn_settings::{Settings, Sources};

use crate::{Load as _, load, problems, sources};

#[test]
fn secrets_are_read_and_not_shown() {
    let settings = load(&[
        ("WSFN_MODE", "event-invoke"),
        ("WSFN_PUSH_URL", "http://set_x.example/api-wsfn/s3cr3t1"),
        ("WSFN_PUSH_TOKEN", "s3cr3t2,s3cr3t3"),
    ]);
    assert_eq!(
        settings.push_url.as_ref().unwrap().expose(),
        "http://set_x.example/api-wsfn/s3cr3t1"
    );
    let tokens: Vec<&str> = settings
        .push_token
        .iter()
        .map(|token| token.expose())
        .collect();
    assert_eq!(tokens, ["s3cr3t2", "s3cr3t3"]);
    assert!(!format!("{settings:?} {settings:#?}").contains("s3cr3t"));
}

#[test]
fn a_secret_that_can_be_guessed_is_refused() {
    for (secret, why) in [
        ("0123456789abcde", "at least 16 characters"),
        (
            "0123456789abcdef,0123456789abcdef,0123456789abcdef",
            "two while one is replaced",
        ),
    ] {
        let problems = problems(&[("WSFN_SECRET", secret)]);
        let shown = problems[0].to_string();
        assert!(
            shown.contains(why) && !shown.contains("0123456789"),
            "{shown}"
        );
    }
}

#[test]
fn a_token_in_the_open_is_warned_about_and_not_shown() {
    let open = "http://gateway:9002/api-wsfn/s3cr3t";
    let settings = load(&[("WSFN_MODE", "runtime-api"), ("WSFN_PUSH_URL", open)]);
    let warnings = settings.warnings();
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].contains("http://gateway:9002"));
    assert!(!warnings[0].contains("s3cr3t"));
    // The gateway does not push over HTTP.
    assert!(load(&[("WSFN_PUSH_URL", open)]).warnings().is_empty());
}

#[test]
fn secrets_from_files() {
    let path = std::env::temp_dir().join(format!("wsfn-secret-{}", std::process::id()));
    let name = path.to_str().unwrap();
    std::fs::write(&path, "first\nsecond\n").unwrap();
    let settings = load(&[("WSFN_PUSH_TOKEN_FILE", name)]);
    assert_eq!(settings.push_token.len(), 2);
    assert_eq!(settings.push_token[1].expose(), "second");

    let both = problems(&[("WSFN_PUSH_TOKEN_FILE", name), ("WSFN_PUSH_TOKEN", "third")]);
    assert_eq!(
        both[0].to_string(),
        "WSFN_PUSH_TOKEN, WSFN_PUSH_TOKEN_FILE (environment): set one of them"
    );

    // The environment goes over the file, however each spells it.
    let over = Sources::new()
        .file("wsfn.toml", format!("push-token-file = {name:?}"))
        .env("WSFN_PUSH_TOKEN", "third")
        .load_ok();
    assert_eq!(over.push_token[0].expose(), "third");

    std::fs::write(&path, " \n").unwrap();
    assert!(
        problems(&[("WSFN_PUSH_URL_FILE", name)])[0]
            .to_string()
            .ends_with("the file is empty")
    );
    std::fs::remove_file(&path).unwrap();
    assert!(
        problems(&[("WSFN_PUSH_URL_FILE", name)])[0]
            .to_string()
            .contains("cannot be read")
    );
    // Only what is secret has such a spelling.
    assert!(
        problems(&[("WSFN_STAGE_FILE", name)])[0]
            .to_string()
            .contains("no such setting")
    );
}

#[test]
fn refused_secrets_are_not_repeated() {
    for (name, value) in [
        ("WSFN_PUSH_URL", "s3cr3t"),
        ("WSFN_PUSH_URL", "http://u:s3cr3t@host/"),
        ("WSFN_PUSH_TOKEN", "s3cr3t/x"),
        ("WSFN_PUSH_TOKEN", ","),
        ("WSFN_SECRET", "s3cr3t,s3cr3t,s3cr3t"),
        // Misspelled, but a secret all the same.
        ("WSFN_PUSH_TOKN", "s3cr3t"),
        ("WSFN_PUSHURL", "http://x/s3cr3t"),
        ("WSFN_SECRETS", "s3cr3t"),
        ("WSFN_API_KEY", "s3cr3t"),
        ("WSFN_push_token", "s3cr3t"),
    ] {
        let found = Settings::load(&sources(&[(name, value)])).unwrap_err();
        let shown = format!("{found} {found:?}");
        assert!(!shown.contains("s3cr3t") && shown.contains(name), "{shown}");
    }
    assert!(!format!("{:?}", sources(&[("WSFN_SECRET", "s3cr3t")])).contains("s3cr3t"));
}

proptest! {
    #[test]
    fn whatever_the_secret_it_is_not_shown(
        secret in "[A-Za-z0-9/,=\" ]{0,10}NEEDLE[A-Za-z0-9/,=\" ]{0,10}",
        name in prop::sample::select(vec!["PUSH_URL", "PUSH_TOKEN", "SECRET", "SECRT", "PUSH_TOKENS", "PUSH_ULR"]),
        // Not `http://` alone: what stands behind it is the host, and that may be seen.
        before in prop::sample::select(vec!["", "http://host/", "https://h_h:1/api/"]),
    ) {
        let sources = Sources::new().env(format!("WSFN_{name}"), format!("{before}{secret}"));
        let shown = match Settings::load(&sources) {
            Ok(settings) => format!("{settings:?}"),
            Err(problems) => format!("{problems:?} {problems}"),
        };
        prop_assert!(!shown.contains("NEEDLE"), "{}", shown);
    }
}

//! The table agrees with itself and with the guide.

use std::collections::BTreeSet;

use wsfn_settings::{Kind, SETTINGS, Settings, Sources, markdown};

use crate::{Load as _, load};

#[test]
fn names_are_kebab_case_and_occur_once() {
    let names: BTreeSet<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
    assert_eq!(names.len(), SETTINGS.len());
    for setting in SETTINGS {
        assert!(
            setting
                .name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'-'),
            "{}",
            setting.name
        );
        assert!(!setting.purpose.trim().is_empty());
        assert!(!setting.reason.is_empty(), "{}", setting.name);
        // Every one is for somebody: modes of an app, or the command.
        let is_used = !setting.modes.is_empty() || setting.is_for_command();
        assert!(is_used, "{}", setting.name);
    }
}

/// Writing the default down changes nothing: so the documentation shows what the struct has.
#[test]
fn the_defaults_that_are_shown_are_the_defaults() {
    let in_words = [
        "mode",
        "listen",
        "push-url",
        "push-token",
        "secret",
        "max-frame",
        "push-max-body",
        "allow-origin",
        "log",
        "push-listen",
        "admin-listen",
        "data",
        "idle-timeout",
        "function",
        "connect",
        "message",
        "close",
        "exec-max",
        "scf-credentials",
        "store-user",
        "store-password",
    ];
    let untouched = format!("{:?}", load(&[]));
    for setting in SETTINGS {
        let result = Settings::load(
            &Sources::new().env(setting.env_name(), setting.default.trim_matches('`')),
        );
        if in_words.contains(&setting.name) {
            // `max-frame` in words is no size, and so on; what these words say is tested where it is used.
            continue;
        }
        let mut settings = result.unwrap_or_else(|problems| panic!("{}: {problems}", setting.name));
        // An app says that it does not use what is for the command.
        settings.ignored.clear();
        assert_eq!(format!("{settings:?}"), untouched, "{}", setting.name);
    }
}

/// A field whose name is not that of its setting would be read under the wrong one.
#[test]
fn fields_are_named_like_their_settings() {
    let shown = format!("{:#?}", Settings::default());
    let fields: Vec<String> = shown
        .lines()
        .filter_map(|line| line.strip_prefix("    ")?.split_once(": "))
        .map(|(field, _)| field.to_string())
        .filter(|field| !field.starts_with([' ', ']', '}']))
        .collect();
    let names: Vec<String> = SETTINGS
        .iter()
        .map(|setting| setting.name.replace('-', "_"))
        .chain(["routes", "in_scf", "ignored"].map(String::from))
        .collect();
    assert_eq!(fields, names);
}

#[test]
fn every_name_is_known_in_all_spellings() {
    for setting in SETTINGS {
        // No value is right for all of them; that the name is known is what matters.
        for sources in [
            Sources::new().flag(setting.name, "\u{1}"),
            Sources::new().env(setting.env_name(), "\u{1}"),
            Sources::new().file("wsfn.toml", format!("{} = \"\\u0001\"", setting.name)),
        ] {
            match Settings::load(&sources) {
                Ok(_) => assert_eq!(setting.kind, Kind::Secrets, "{}", setting.name),
                Err(problems) => assert!(
                    !problems.to_string().contains("no such setting"),
                    "{problems}"
                ),
            }
        }
    }
}

#[test]
fn the_guide_has_the_table() {
    let page = include_str!("../../../src/docs/settings.md");
    assert_eq!(page.matches("| setting | default |").count(), 1);
    const MARK: &str = "<!-- table -->\n\n";
    const END: &str = "\n<!-- end of table -->";
    let (before, table) = page.split_once(MARK).expect("a mark before the table");
    let (table, after) = table.split_once(END).expect("a mark behind the table");
    if table != markdown() {
        if std::env::var_os("UPDATE_DOCS").is_some() {
            let page = format!("{before}{MARK}{}{END}{after}", markdown());
            std::fs::write(
                concat!(env!("CARGO_MANIFEST_DIR"), "/../src/docs/settings.md"),
                page,
            )
            .unwrap();
        }
        panic!(
            "the table in runtime/src/docs/settings.md is not that of SETTINGS; run this test with UPDATE_DOCS=1"
        );
    }
}

#[test]
fn no_settings_is_a_valid_file() {
    Sources::new().file("wsfn.toml", "# nothing\n").load_ok();
}

//! Whatever is written, it is read or refused.

use proptest::prelude::*;
use wsfn_settings::{SETTINGS, Settings, Sources};

/// Texts near to what settings look like, and far from it.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[0-9]{1,20}(B|KiB|MiB|GiB|TiB|ms|s|m|h|d)?",
        "(off|on|none|\\*|true|,)",
        "https?://[!-~]{0,20}",
        "\\[?[0-9a-f:.]{0,20}\\]?:[0-9]{0,6}",
        "/[!-~]{0,10}",
    ]
}

proptest! {
    #[test]
    fn any_value_of_any_variable(setting in prop::sample::select(SETTINGS.iter().collect::<Vec<_>>()), value in value()) {
        let loaded = Settings::load(&Sources::new().env(setting.env_name(), &value));
        if let Ok(settings) = loaded {
            // Limits that a parser let through can be worked with.
            let _ = (settings.max_frame(), settings.push_max_body(), settings.warnings());
            prop_assert!(std::time::Instant::now().checked_add(settings.drain).is_some());
            prop_assert!(settings.queue_memory >= settings.max_message);
        }
    }

    #[test]
    fn any_variable(name in "[ -~]{0,80}", value in value()) {
        let _ = Settings::load(&Sources::new().env(format!("WSFN_{name}"), value));
    }

    #[test]
    fn any_file(text in any::<String>()) {
        let _ = Settings::load(&Sources::new().file("wsfn.toml", text));
    }

    #[test]
    fn any_key_and_value_in_the_file(key in "[a-z-]{1,12}", value in "[ -~]{0,40}") {
        let _ = Settings::load(&Sources::new().file("wsfn.toml", format!("{key} = {value}")));
    }

    #[test]
    fn problems_are_one_line_each(setting in prop::sample::select(SETTINGS.iter().collect::<Vec<_>>()), value in any::<String>()) {
        if let Err(problems) = Settings::load(&Sources::new().env(setting.env_name(), value)) {
            for problem in problems.iter() {
                let line = problem.to_string();
                prop_assert!(line.lines().count() == 1 && line.len() < 1000, "{}", line);
            }
        }
    }
}

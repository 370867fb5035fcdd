//! Any text as `wsfn.toml`: read or refused, with errors of a line each, and templates that match any path.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wsfn_settings::{Settings, Sources};

fuzz_target!(|text: &str| {
    for sources in [Sources::new(), Sources::new().for_command()] {
        match Settings::load(&sources.file("wsfn.toml", text)) {
            Ok(settings) => {
                let _ = settings.warnings();
                assert!(settings.exec_max() >= settings.exec_min);
                for route in &settings.routes {
                    assert!(route.settings.max_message <= settings.max_message);
                    if let Some(path) = &route.path {
                        let _ = path.matches(text);
                    }
                }
            }
            Err(problems) => {
                assert!(problems.iter().count() > 0);
                for problem in problems.iter() {
                    assert_eq!(problem.to_string().lines().count(), 1, "{problem}");
                }
            }
        }
    }
});

//! Reading settings from environment and file.

mod any_text;
mod combinations;
mod command;
mod environment;
mod file;
mod program;
mod secrets;
mod table;

use wsfn_settings::{Problem, Settings, Sources};

/// Settings from these variables.
fn load(env: &[(&str, &str)]) -> Settings {
    sources(env).load_ok()
}

/// What is wrong with these variables.
fn problems(env: &[(&str, &str)]) -> Vec<Problem> {
    sources(env).load_err()
}

fn sources(env: &[(&str, &str)]) -> Sources {
    env.iter().fold(Sources::new(), |sources, (name, value)| {
        sources.env(name, value)
    })
}

trait Load {
    fn load_ok(&self) -> Settings;
    fn load_err(&self) -> Vec<Problem>;
}

impl Load for Sources {
    fn load_ok(&self) -> Settings {
        Settings::load(self).unwrap_or_else(|problems| panic!("{problems}"))
    }

    fn load_err(&self) -> Vec<Problem> {
        Settings::load(self)
            .expect_err("problems")
            .iter()
            .cloned()
            .collect()
    }
}

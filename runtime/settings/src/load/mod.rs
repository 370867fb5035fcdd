//! From the sources to the settings.

mod check;
mod environment;
mod file;
mod flags;
mod routes;

use crate::problem::{Problem, Problems};
use crate::settings::{SETTINGS, Settings};
use crate::sources::{FileSource, Origin, Raw, Sources};
use crate::table::{FLAG, Setting, env_name};
use crate::value::Mode;

/// A setting of which some source spoke.
struct Found {
    setting: &'static Setting,
    /// The name as the source spelled it.
    spelled: String,
    raw: Raw,
    origin: Origin,
}

/// What has been read so far.
#[derive(Default)]
struct Reading {
    found: Vec<Found>,
    routes: Vec<routes::Written>,
    problems: Vec<Problem>,
}

impl Settings {
    /// Reads the settings.
    ///
    /// In the result `mode` is always set: to what was written, or to what the environment says (`SCF_RUNTIME_API` →
    /// `runtime-api`; `TENCENTCLOUD_RUNENV=SCF` → `event-invoke`; otherwise `gateway`). For the command it is always
    /// `gateway`.
    ///
    /// # Errors
    /// With everything that is wrong at once: unknown names, values that cannot be read, settings that do not go together. No secret and no push address is repeated.
    pub fn load(sources: &Sources) -> Result<Self, Problems> {
        let mut reading = Reading::default();
        flags::read(sources, &mut reading);
        environment::read(sources, &mut reading);
        match &sources.file {
            FileSource::None => {}
            FileSource::Disk => file::read_disk(sources.var("WSFN_CONFIG"), &mut reading),
            FileSource::Text(path, text) => file::read(path, text, &mut reading),
        }
        for (name, value) in &sources.set {
            let raw = Raw::One(value.clone());
            reading.take(name, name.clone(), raw, Origin::Program);
        }
        let mut settings = Self {
            in_scf: sources.var("TENCENTCLOUD_RUNENV") == Some("SCF"),
            ..if sources.command {
                Self::of_command()
            } else {
                Self::default()
            }
        };
        if let Some(log) = sources.var("RUST_LOG") {
            settings.log = log.to_string();
        }
        let set = apply(&mut settings, &mut reading);
        let mode = *settings.mode.get_or_insert_with(|| {
            if sources.command {
                Mode::Gateway
            } else if sources.var("SCF_RUNTIME_API").is_some() {
                Mode::RuntimeApi
            } else if settings.in_scf {
                Mode::EventInvoke
            } else {
                Mode::Gateway
            }
        });
        check::together(
            &mut settings,
            mode,
            sources.command,
            &set,
            &mut reading.problems,
        );
        let written = std::mem::take(&mut reading.routes);
        if sources.command && written.is_empty() {
            check::functions(&set, &mut reading.problems);
        }
        if sources.command {
            settings.routes = routes::apply(&settings, &set, written, &mut reading.problems);
            check::deployed(&mut settings, sources, &set, &mut reading.problems);
        } else if !written.is_empty() {
            settings
                .ignored
                .push("the [[route]]s are for wsfn gateway".into());
        }
        let (is_used, where_it_is_not): (fn(&Setting, Mode) -> bool, String) = if sources.command {
            (|setting, _| setting.is_for_command(), "wsfn gateway".into())
        } else {
            (
                |setting, mode| setting.modes.contains(&mode),
                format!("mode {}", mode.as_str()),
            )
        };
        let unused = set.iter().filter(|found| !is_used(found.setting, mode));
        settings.ignored.extend(unused.map(|found| {
            let Found {
                spelled, origin, ..
            } = found;
            format!("{spelled} ({origin}) is not used in {where_it_is_not}")
        }));
        if reading.problems.is_empty() {
            Ok(settings)
        } else {
            Err(Problems(reading.problems))
        }
    }
}

/// Puts what was found into the settings, in the order in which one source goes over another. A value that is
/// overridden is still read: a mistake in it would come up on the day the variable goes away.
fn apply(settings: &mut Settings, reading: &mut Reading) -> Vec<Found> {
    let mut found = std::mem::take(&mut reading.found);
    found.sort_by_key(|found| found.origin.rank());
    for found in &found {
        if let Err(expected) = (found.setting.apply)(settings, &found.raw) {
            let problem = Problem::new(&found.spelled, found.origin.clone(), expected);
            reading.problems.push(if found.setting.kind.is_secret() {
                problem
            } else {
                problem.value(&found.raw.shown())
            });
        }
    }
    found
}

/// What a name stands for.
enum Named {
    Setting(&'static Setting),
    /// `…-file`: a file that holds the value of a secret setting.
    SecretFile(&'static Setting),
    /// `config`, which only the environment can say.
    Config,
    /// None of ours; the nearest that is.
    Unknown(Option<String>),
}

fn look_up(name: &str) -> Named {
    let by_name = |name: &str| SETTINGS.iter().find(|setting| setting.name == name);
    if let Some(setting) = by_name(name) {
        return Named::Setting(setting);
    }
    if let Some(setting) = name
        .strip_suffix("-file")
        .and_then(by_name)
        .filter(|setting| setting.kind.is_secret())
    {
        return Named::SecretFile(setting);
    }
    if name == "config" {
        return Named::Config;
    }
    let files: Vec<String> = SETTINGS
        .iter()
        .filter(|setting| setting.kind.is_secret())
        .map(|setting| format!("{}-file", setting.name))
        .collect();
    let names = SETTINGS
        .iter()
        .map(|setting| setting.name)
        .chain(files.iter().map(String::as_str));
    Named::Unknown(crate::nearest::nearest(name, names).map(str::to_string))
}

impl Reading {
    /// Notes a value under a name that has been looked up.
    fn take(&mut self, name: &str, spelled: String, raw: Raw, origin: Origin) {
        match look_up(name) {
            Named::Setting(setting) => self.found.push(Found {
                setting,
                spelled,
                raw,
                origin,
            }),
            Named::SecretFile(setting) => self.take_secret_file(setting, spelled, &raw, origin),
            Named::Config if origin == Origin::Environment => {}
            Named::Config => self.problems.push(Problem::new(
                spelled,
                origin,
                "a file cannot name another one; set WSFN_CONFIG",
            )),
            Named::Unknown(nearest) => self.unknown(spelled, &raw, origin, nearest.as_deref()),
        }
    }

    fn unknown(&mut self, spelled: String, raw: &Raw, origin: Origin, nearest: Option<&str>) {
        // A misspelled name may stand before a secret: the value is repeated only where the name that was meant is
        // known to have none.
        let harmless = nearest.is_some_and(|name| {
            SETTINGS
                .iter()
                .any(|setting| setting.name == name && !setting.kind.is_secret())
        });
        let spell: fn(&str) -> String = match origin {
            Origin::Environment => env_name,
            Origin::Flag => |name| format!("{FLAG}{name}"),
            Origin::File { .. } | Origin::Program | Origin::Together => str::to_string,
        };
        let mut problem = Problem::new(spelled, origin, "no such setting");
        if harmless {
            problem = problem.value(&raw.shown());
        }
        problem.nearest = nearest.map(spell);
        self.problems.push(problem);
    }

    /// Reads the file that holds a secret. A line break at its end, as editors leave it, is not part of it.
    fn take_secret_file(
        &mut self,
        setting: &'static Setting,
        spelled: String,
        raw: &Raw,
        origin: Origin,
    ) {
        let text = raw.one().and_then(|path| {
            file::read_text(path.as_ref()).map_err(|error| format!("cannot be read: {error}"))
        });
        match text {
            Ok(text) if text.trim().is_empty() => {
                self.problems
                    .push(Problem::new(spelled, origin, "the file is empty").value(&raw.shown()));
            }
            Ok(text) => {
                let raw = Raw::One(text.trim().to_string());
                self.found.push(Found {
                    setting,
                    spelled,
                    raw,
                    origin,
                });
            }
            Err(reason) => self
                .problems
                .push(Problem::new(spelled, origin, reason).value(&raw.shown())),
        }
    }
}

//! Packages made of many one-file programs, so that one run of cargo checks them all.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::cases::Case;

/// The edition the programs are written in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Edition {
    E2021,
    E2024,
}

impl fmt::Display for Edition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::E2021 => "2021",
            Self::E2024 => "2024",
        })
    }
}

/// A workspace of its own below `target`: it shares versions with ours, and neither features nor
/// settings, so that nothing compiles only because of who else is here.
#[derive(Debug)]
pub(crate) struct Workspace {
    edition: Edition,
    root: PathBuf,
}

impl Workspace {
    pub(crate) fn new(kind: &str, edition: Edition) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("ui-{kind}-{edition}"));
        // Nothing of an earlier run is left that another list of programs had.
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(&root).expect("a folder below target");
        let manifest = "[workspace]\nresolver = \"3\"\nmembers = [\"*\"]\n";
        fs::write(root.join("Cargo.toml"), manifest).expect("a file below target");
        let lock = repository().join("Cargo.lock");
        fs::copy(&lock, root.join("Cargo.lock")).expect("our lock file, for the same versions");
        Self { edition, root }
    }

    /// Adds a package that knows the crate as `krate`, with a program for each case.
    pub(crate) fn package(&self, name: &str, krate: &str, cases: &[Case]) {
        let (edition, runtime) = (self.edition, repository().join("runtime"));
        let mut manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"{edition}\"\nautobins = false\n\n\
             [dependencies]\n\
             {krate} = {{ package = \"wsfn\", path = {runtime:?}, default-features = false, features = [\"macros\"] }}\n\
             anyhow = \"1\"\n\
             serde = {{ version = \"1\", features = [\"derive\"] }}\n\
             tokio = {{ version = \"1\", features = [\"macros\", \"rt\"] }}\n\
             tracing = \"0.1\"\n"
        );
        for Case { name, file } in cases {
            let _ = write!(
                manifest,
                "\n[[bin]]\nname = \"{name}\"\npath = {file:?}\ntest = false\n"
            );
        }
        let folder = self.root.join(name);
        fs::create_dir_all(&folder).expect("a folder below target");
        fs::write(folder.join("Cargo.toml"), manifest).expect("a file below target");
    }

    /// What the compiler says.
    pub(crate) fn check(&self) -> Answers {
        self.cargo(&["check"], &[])
    }

    /// What clippy says too; where it is not installed, the compiler alone.
    pub(crate) fn clippy(&self) -> Answers {
        let found = Command::new(cargo()).args(["clippy", "--version"]).output();
        if found.is_ok_and(|output| output.status.success()) {
            self.cargo(&["clippy"], &["--", "-W", "clippy::pedantic"])
        } else {
            wsfn_tests::skip(
                "ui clippy",
                "it is not installed; right programs are only compiled",
            );
            self.check()
        }
    }

    fn cargo(&self, command: &[&str], end: &[&str]) -> Answers {
        let output = Command::new(cargo())
            .args(command)
            .args([
                "--workspace",
                "--bins",
                "--keep-going",
                "--offline",
                "--message-format=json",
            ])
            .args(end)
            .current_dir(&self.root)
            .env(
                "CARGO_TARGET_DIR",
                Path::new(env!("CARGO_TARGET_TMPDIR")).join("ui"),
            )
            // Those of the run that tests us would change what is reported.
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .output()
            .expect("cargo, which runs this");
        let answers = Answers::read(&String::from_utf8_lossy(&output.stdout));
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(
            answers.finished,
            "cargo did not get to the programs:\n{stderr}"
        );
        answers
    }
}

/// What was said of all programs.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    messages: BTreeMap<String, Messages>,
    compiled: BTreeSet<String>,
    finished: bool,
}

/// What was said of one.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    pub(crate) errors: Vec<Message>,
    pub(crate) warnings: Vec<Message>,
}

#[derive(Debug)]
pub(crate) struct Message {
    /// Where the first of what is underlined stands.
    pub(crate) file: String,
    pub(crate) rendered: String,
}

impl Answers {
    pub(crate) fn of(&self, case: &str) -> &Messages {
        const NOTHING: &Messages = &Messages {
            errors: Vec::new(),
            warnings: Vec::new(),
        };
        self.messages.get(case).unwrap_or(NOTHING)
    }

    /// Whether the program got to the end.
    pub(crate) fn compiled(&self, case: &str) -> bool {
        self.compiled.contains(case)
    }

    fn read(lines: &str) -> Self {
        let mut answers = Self::default();
        for line in lines.lines() {
            let line: Value = serde_json::from_str(line).expect("cargo writes one JSON a line");
            let is_program = line["target"]["kind"][0] == "bin";
            match line["reason"].as_str() {
                Some("compiler-artifact") if is_program => {
                    answers.compiled.insert(text(&line["target"]["name"]));
                }
                Some("compiler-message") if is_program => answers.add(&line),
                Some("build-finished") => answers.finished = true,
                _ => {}
            }
        }
        answers.finished &= !answers.compiled.is_empty() || !answers.messages.is_empty();
        answers
    }

    fn add(&mut self, line: &Value) {
        let message = &line["message"];
        // The summary at the end of each program has no place.
        let spans = message["spans"].as_array().map_or(&[][..], Vec::as_slice);
        let Some(span) = spans.iter().find(|span| span["is_primary"] == true) else {
            return;
        };
        let messages = self
            .messages
            .entry(text(&line["target"]["name"]))
            .or_default();
        let all = match message["level"].as_str() {
            Some("error") => &mut messages.errors,
            _ => &mut messages.warnings,
        };
        all.push(Message {
            file: text(&span["file_name"]),
            rendered: text(&message["rendered"]),
        });
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn cargo() -> std::ffi::OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn repository() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests)
}

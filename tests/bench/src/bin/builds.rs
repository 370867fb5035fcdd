//! What the compiler takes: CPU time of cargo and of all that it starts, user and system.
//!
//! `builds clean PACKAGE…` builds the packages of `functions/` in turn, each time from nothing and with cargo's own
//! settings for a debug build; the first is what the others are compared to. `builds handlers` writes programs with one
//! and with a hundred handlers and with as many plain async functions, and prints what each further one costs.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use wsfn_bench::cpu_time_of_children;

/// Clean builds of each package. They take turns, so that whatever else the machine does meets all of them; the least
/// counts, since other work only ever adds.
const CLEAN_ROUNDS: usize = 3;

/// Builds of each program with few or many handlers; the median counts.
const ROUNDS: usize = 7;

const MANY: usize = 100;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["clean", ref packages @ ..] if !packages.is_empty() => measure_clean(packages),
        ["handlers"] => measure_handlers(),
        _ => panic!("{arguments:?}: expected clean PACKAGE… or handlers"),
    }
}

/// Seconds of CPU time that a command took, and what it printed.
fn run(command: &mut Command) -> (f64, String) {
    let before = cpu_time_of_children();
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", output.status);
    let took = cpu_time_of_children() - before;
    (
        took.as_secs_f64(),
        String::from_utf8_lossy(&output.stdout).into_owned(),
    )
}

/// Cargo as it is without settings from outside.
fn cargo(package: &Path, target: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    let settings = std::env::vars_os().filter(|(name, _)| {
        let name = name.to_string_lossy();
        [
            "CARGO_PROFILE_",
            "CARGO_INCREMENTAL",
            "CARGO_BUILD_",
            "RUSTFLAGS",
            "RUSTC_",
        ]
        .iter()
        .any(|start| name.starts_with(start))
    });
    for (name, _) in settings {
        command.env_remove(name);
    }
    command
        .args(arguments)
        .args(["--quiet", "--offline"])
        .current_dir(package)
        .env("CARGO_TARGET_DIR", target);
    command
}

fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn measure_clean(packages: &[&str]) {
    let target = here().join("target/clean");
    // What is not there yet is fetched now, and not while it counts.
    run(Command::new("cargo")
        .args(["fetch", "--locked"])
        .current_dir(here()));
    let mut figures = vec![(f64::INFINITY, 0); packages.len()];
    for _ in 0..CLEAN_ROUNDS {
        for (package, (least, crates)) in packages.iter().zip(&mut figures) {
            let _ = std::fs::remove_dir_all(&target);
            let arguments = ["build", "--package", package, "--message-format=json"];
            let (took, messages) = run(&mut cargo(&here(), &target, &arguments));
            *least = took.min(*least);
            *crates = count_crates(&messages);
        }
    }
    println!(
        "{:<26} {:>8} {:>8} {:>8}",
        "clean debug build", "crates", "CPU s", "ratio"
    );
    let first = figures[0].0;
    for (package, (least, crates)) in packages.iter().zip(figures) {
        println!(
            "{package:<26} {crates:>8} {least:>8.1} {:>8.2}",
            least / first
        );
    }
}

/// How many packages stand in what cargo says it has built.
fn count_crates(messages: &str) -> usize {
    let mut packages: Vec<String> = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["reason"] == "compiler-artifact")
        .map(|message| message["package_id"].to_string())
        .collect();
    packages.sort_unstable();
    packages.dedup();
    packages.len()
}

/// A way to write many functions that take an event.
struct Way {
    name: &'static str,
    /// One of them, by its number, with a body that says something else each time.
    function: fn(&mut String, usize, &str),
    /// The `main` of a program with so many of them.
    main: fn(&mut String, usize),
}

const WAYS: [Way; 2] = [
    Way {
        name: "handlers",
        function: |text, number, word| {
            let _ = write!(
                text,
                "#[wsfn::on_message]\nasync fn f{number}(id: &ConnectionId, Json(line): Json<Line<'_>>) -> \
                 wsfn::Result<String> {{\n    Ok(format!(\"{word} {number} {{}} {{}}\", id.as_str(), line.text))\n}}\n\n"
            );
        },
        main: |text, many| {
            text.push_str("fn main() {\n    let apps = [\n");
            for number in 0..many {
                let _ = writeln!(text, "        wsfn::app![f{number}],");
            }
            text.push_str("    ];\n    println!(\"{}\", std::hint::black_box(apps).len());\n}\n");
        },
    },
    Way {
        name: "plain functions",
        function: |text, number, word| {
            let _ = write!(
                text,
                "async fn f{number}(id: &ConnectionId, Json(line): Json<Line<'_>>) -> wsfn::Result<String> {{\n    \
                 Ok(format!(\"{word} {number} {{}} {{}}\", id.as_str(), line.text))\n}}\n\n"
            );
        },
        main: |text, many| {
            text.push_str(
                "type Called<'a> = Pin<Box<dyn Future<Output = wsfn::Result<String>> + Send + 'a>>;\n\n\
                 fn main() {\n    let all: Vec<for<'a> fn(&'a ConnectionId, &'a str) -> Called<'a>> = vec![\n",
            );
            for number in 0..many {
                let _ = writeln!(
                    text,
                    "        |id, text| Box::pin(f{number}(id, Json(Line {{ text }}))),"
                );
            }
            text.push_str("    ];\n    println!(\"{}\", std::hint::black_box(all).len());\n}\n");
        },
    },
];

impl Way {
    fn program(&self, many: usize, word: &str) -> String {
        let mut text = "#![allow(unused_imports)]\n\nuse std::pin::Pin;\n\nuse wsfn::{ConnectionId, Json};\n\n\
             #[derive(serde::Deserialize)]\nstruct Line<'a> {\n    text: &'a str,\n}\n\n"
            .to_owned();
        for number in 0..many {
            // The last one is what somebody works at.
            let word = if number + 1 == many { word } else { "text" };
            (self.function)(&mut text, number, word);
        }
        (self.main)(&mut text, many);
        text
    }
}

fn measure_handlers() {
    let package = here().join("target/handlers");
    let source = package.join("src");
    std::fs::create_dir_all(&source).expect("a directory");
    let manifest = format!(
        "[package]\nname = \"handlers\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         serde = {{ version = \"1\", features = [\"derive\"] }}\n\
         wsfn = {{ path = {:?}, default-features = false, features = [\"macros\"] }}\n\n\
         [profile.release]\nlto = \"thin\"\nstrip = true\n",
        here().join("../../runtime")
    );
    std::fs::write(package.join("Cargo.toml"), manifest).expect("the manifest");
    std::fs::copy(here().join("Cargo.lock"), package.join("Cargo.lock")).expect("the versions");
    let target = package.join("target");
    println!(
        "{:<26} {:>12} {:>16} {:>14}",
        "each further one", "check, ms", "incremental, ms", "release, bytes"
    );
    for way in &WAYS {
        let program = |many, word: &str| {
            std::fs::write(source.join("main.rs"), way.program(many, word)).expect("the program");
        };
        let per_one = |few: f64, many: f64| (many - few) / (MANY - 1) as f64;
        let check = |incremental: &str| {
            let mut times = [1, MANY].map(|many| {
                let times = (0..=ROUNDS).map(|round| {
                    program(many, &format!("round{round}"));
                    let mut command = cargo(&package, &target, &["check"]);
                    run(command.env("CARGO_INCREMENTAL", incremental)).0
                });
                // The first has what it needs built as well.
                times.skip(1).collect::<Vec<f64>>()
            });
            let [few, many] = times.each_mut().map(|times| {
                times.sort_by(f64::total_cmp);
                times[times.len() / 2]
            });
            per_one(few, many) * 1000.0
        };
        let [few, many] = [1, MANY].map(|many| {
            program(many, "text");
            run(&mut cargo(&package, &target, &["build", "--release"]));
            let binary = std::fs::metadata(target.join("release/handlers"));
            binary.expect("the binary").len() as f64
        });
        println!(
            "{:<26} {:>12.2} {:>16.2} {:>14.0}",
            way.name,
            check("0"),
            check("1"),
            per_one(few, many)
        );
    }
}

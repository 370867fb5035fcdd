//! The guide "your first app", followed word for word: its commands in its order, its programs in their files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use futures_util::SinkExt;
use tokio_tungstenite::tungstenite::Message;
use wsfn_tests::Example;

use super::gateway::{Client, connect, text};

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the repository")
}

/// What the guide says to do.
#[derive(Debug)]
enum Step {
    /// In a shell.
    Do(String),
    /// A program: all of `src/main.rs`, or its end.
    Write { whole: bool, program: String },
}

fn steps() -> Vec<Step> {
    let page =
        fs::read_to_string(repository().join("runtime/src/docs/first_app.md")).expect("the guide");
    let mut steps = Vec::new();
    let mut before = "";
    for (at, part) in page.split("```").enumerate() {
        if at % 2 == 0 {
            before = part;
            continue;
        }
        let (kind, body) = part.split_once('\n').expect("a block");
        match kind {
            "sh" => steps.extend(body.lines().map(|line| Step::Do(line.to_owned()))),
            "rust" => {
                let whole = before.trim_end().ends_with("`src/main.rs`, all of it:");
                let end = before.trim_end().ends_with("At the end of `src/main.rs`:");
                assert!(whole ^ end, "it is not said where this goes: {body}");
                steps.push(Step::Write {
                    whole,
                    program: body.to_owned(),
                });
            }
            other => panic!("nobody knows what to do with a block of {other:?}"),
        }
    }
    steps
}

/// A folder with a clone called `wsfn`, as the guide has it. Outside the repository: cargo makes a package that it
/// finds inside a workspace a member of it.
fn folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("wsfn-first-app-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder below target");
    std::os::unix::fs::symlink(repository(), folder.join("wsfn")).expect("a link");
    folder
}

fn cargo(command: &str, folder: &Path) -> String {
    let words: Vec<&str> = command.split(' ').collect();
    assert_eq!(words[0], "cargo", "{command}");
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(&words[1..])
        .current_dir(folder)
        .env(
            "CARGO_TARGET_DIR",
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("first-app-target"),
        )
        .env_remove("RUSTFLAGS")
        .output()
        .expect("cargo runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{command}\n{stderr}\n{}",
        String::from_utf8_lossy(&output.stdout)
    );
    assert!(!stderr.contains("warning: "), "{command}\n{stderr}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What the guide says will be seen, for the first, the second and the third program.
async fn try_it(program: usize, address: &str) {
    let mut ann = connect(address).await;
    let mut bob = connect(address).await;
    let say = async |client: &mut Client, line: &str| {
        client.send(Message::text(line)).await.expect("sent");
    };
    match program {
        1 => {
            say(&mut ann, "hello").await;
            assert_eq!(text(&mut ann).await, "HELLO");
        }
        2 => {
            say(&mut ann, "hello").await;
            assert_eq!(text(&mut bob).await, "hello");
            drop(bob);
            assert_eq!(text(&mut ann).await, "hello");
            assert_eq!(text(&mut ann).await, "someone left");
        }
        3 => {
            let line = r#"{"name":"ann","text":"hello"}"#;
            say(&mut ann, line).await;
            assert_eq!(text(&mut bob).await, line);
            assert_eq!(text(&mut ann).await, line);
            say(&mut ann, r#"{"name":"ann"}"#).await;
            let problem = text(&mut ann).await;
            assert!(
                problem.contains("1003") && problem.contains("text"),
                "{problem}"
            );
        }
        other => panic!("nobody knows what program {other} does"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guide_can_be_followed() {
    let parent = folder();
    let app = parent.join("hall");
    let (mut programs, mut runs, mut tested) = (0, 0, false);
    for step in steps() {
        match step {
            Step::Do(command) if command == "cd hall" => assert!(app.is_dir()),
            Step::Do(command) if command == "cargo run" => {
                cargo("cargo build", &app);
                let program =
                    Path::new(env!("CARGO_TARGET_TMPDIR")).join("first-app-target/debug/hall");
                let running = Example::listening(&program, &Example::free_address(), &[]);
                try_it(programs, running.address()).await;
                runs += 1;
            }
            Step::Do(command) if command.starts_with("cargo new") => {
                cargo(&command, &parent);
                // The same versions as everything else here, and nothing to download.
                fs::copy(repository().join("Cargo.lock"), app.join("Cargo.lock"))
                    .expect("our lock file");
            }
            Step::Do(command) => {
                let output = cargo(&command, &app);
                if command == "cargo test" {
                    tested = output.contains("1 passed");
                    assert!(tested, "{output}");
                }
            }
            Step::Write { whole, program } => {
                let main = app.join("src/main.rs");
                let before = if whole {
                    String::new()
                } else {
                    fs::read_to_string(&main).expect("a program")
                };
                fs::write(&main, format!("{before}{program}")).expect("written");
                programs += usize::from(whole);
            }
        }
    }
    assert!(
        programs == 3 && runs == 3 && tested,
        "the guide is read wrongly"
    );
    let _ = fs::remove_dir_all(parent);
}

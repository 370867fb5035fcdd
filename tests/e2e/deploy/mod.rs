//! The README's recipes for SCF, followed.

mod image;
mod zip;

use std::path::{Path, PathBuf};
use std::process::Command;

fn run(command: &mut Command) {
    let status = command.status().expect("the command runs");
    assert!(status.success(), "{command:?} ended with {status}");
}

/// A folder of a test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// The README's recipe for a static binary and its zip, of the chat: what builds, and what packs.
fn recipe() -> [String; 2] {
    let readme = include_str!("../../../README.md");
    let blocks = readme
        .split("```sh\n")
        .filter_map(|rest| rest.split("```").next());
    let recipe = { blocks }.find(|block| block.contains("crt-static"));
    let lines = recipe.expect("a recipe").lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty());
    let lines: Vec<_> = lines.map(|line| line.replace("lobby", "chat")).collect();
    lines
        .try_into()
        .expect("one line that builds, and one that packs")
}

fn shell(line: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-ec", line]);
    shell
}

/// Builds as the README says; the folder whose `target` has the program, or what is missing to build one.
fn built() -> Result<PathBuf, String> {
    if std::env::consts::ARCH != "x86_64" || std::env::consts::OS != "linux" {
        return Err("SCF runs x86_64 Linux, which this is not".to_owned());
    }
    // A folder of its own, because other flags build everything anew.
    let folder = folder("static");
    let [build, _] = recipe();
    run(shell(&build)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .env("CARGO_TERM_QUIET", "true")
        .env("CARGO_TARGET_DIR", folder.join("target")));
    Ok(folder)
}

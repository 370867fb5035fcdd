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

/// The chat as a static binary; or what is missing to build one.
fn built() -> Result<PathBuf, String> {
    let target = "x86_64-unknown-linux-gnu";
    if std::env::consts::ARCH != "x86_64" || std::env::consts::OS != "linux" {
        return Err("SCF runs x86_64 Linux, which this is not".to_owned());
    }
    // A folder of its own, because other flags build everything anew.
    let folder = folder("static");
    run(Command::new(env!("CARGO"))
        .args([
            "build",
            "--quiet",
            "--release",
            "-p",
            "chat",
            "--target",
            target,
        ])
        .args([
            "--manifest-path",
            concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"),
        ])
        .env("RUSTFLAGS", "-C target-feature=+crt-static")
        .env("CARGO_TARGET_DIR", &folder));
    Ok(folder.join(target).join("release/chat"))
}

//! Packages from npm, which the tests fetch on first use.

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Where cargo builds to, whatever `CARGO_TARGET_DIR` says: the test itself lies in `<target>/<profile>/deps`.
pub(crate) fn target() -> PathBuf {
    let test = std::env::current_exe().expect("a running test has a path");
    let target = test.ancestors().nth(3);
    target
        .expect("a test binary lies three folders below the target folder")
        .to_owned()
}

/// The folder with `node_modules` in which this version of a package is; `Err` says what is missing.
pub(crate) fn package(name: &str, version: &str) -> Result<PathBuf, String> {
    let folder = target().join(format!("{name}-{version}"));
    if folder.join("node_modules").join(name).is_dir() {
        return Ok(folder);
    }
    // Scripts of a package have no business on the machine of who runs the tests.
    let npm = Command::new("npm")
        .args([
            "install",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--no-save",
            "--prefix",
        ])
        .arg(&folder)
        .arg(format!("{name}@{version}"))
        .stdout(Stdio::null())
        .status();
    match npm {
        Ok(status) if status.success() => Ok(folder),
        Ok(_) => Err(format!("{name} {version} from npm (no network?)")),
        Err(_) => Err(format!("npm (for {name})")),
    }
}

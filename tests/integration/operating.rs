//! What the page of operating shows is what a release has, and a release is checked.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

#[test]
fn unit_and_container_file_are_those_of_the_page() {
    let page = fs::read_to_string(root().join("runtime/src/docs/operating.md")).expect("the page");
    for (language, file) in [("ini", "wsfn.service"), ("dockerfile", "Containerfile")] {
        let path = root().join("runtime/cli").join(file);
        let text = fs::read_to_string(&path).expect("the file");
        assert!(
            page.contains(&format!("```{language}\n{text}```\n")),
            "operating.md has no copy of {}: paste it between ```{language} and ```",
            path.display()
        );
    }
}

/// What `.ci/release-check` looks at, with these headings in the changelogs.
fn copy(heading: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("wsfn-release-{}", std::process::id()));
    let crates = ["runtime/cli", "runtime/gateway", "runtime/protocol"];
    let crates = crates
        .iter()
        .chain(&["runtime/settings", "runtime", "macros"]);
    let changelogs = crates.map(|folder| format!("{folder}/CHANGELOG.md"));
    for file in changelogs.chain(["Cargo.toml".into(), ".ci/release-check".into()]) {
        let to = folder.join(&file);
        fs::create_dir_all(to.parent().expect("a folder")).expect("made");
        let from = root().join(&file);
        if file.ends_with("CHANGELOG.md") {
            let text = fs::read_to_string(from).expect("a text");
            fs::write(to, text.replace("## [Unreleased] – 0.1.0", heading)).expect("written");
        } else {
            fs::copy(from, to).expect("copied");
        }
    }
    folder
}

#[test]
fn a_release_is_of_one_version_that_every_changelog_has() {
    let check = |folder: &Path, version: &str| -> Output {
        let mut command = Command::new(folder.join(".ci/release-check"));
        command.arg(version).output().expect("it runs")
    };
    let folder = copy("## [0.1.0] – 2026-01-31");
    let checked = check(&folder, "0.1.0");
    assert!(checked.status.success(), "{checked:?}");
    let wrong = check(&folder, "0.2.0");
    assert!(!wrong.status.success());
    let said = String::from_utf8_lossy(&wrong.stderr);
    for part in [
        "workspace.package.version is not 0.2.0",
        "not =0.2.0: wsfn-gateway",
        "macros/CHANGELOG.md: no heading",
        "runtime/cli/CHANGELOG.md: no heading",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    fs::remove_dir_all(folder).expect("removed");
}

//! The page of threats names tests that are there.

use std::fs;
use std::path::Path;

/// Every source file of the repository's tests and crates.
pub(crate) fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() && name != "target" {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(&path).expect("a text"));
        }
    }
}

#[test]
fn every_threat_names_a_test_that_is_there() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut text = String::new();
    sources(&root.join("runtime"), &mut text);
    sources(&root.join("tests"), &mut text);
    let page = fs::read_to_string(root.join("runtime/src/docs/threats.md")).expect("the page");
    let mut rows = 0;
    for line in page.lines().filter(|line| line.starts_with("| ")) {
        let Some(test) = line.rsplit('`').nth(1).filter(|_| line.ends_with("` |")) else {
            assert!(line.starts_with("| they try |"), "no test: {line}");
            continue;
        };
        rows += 1;
        assert!(
            text.contains(&format!("fn {test}(")),
            "{test} is nowhere: {line}"
        );
    }
    assert!(rows > 25, "{rows}");
}

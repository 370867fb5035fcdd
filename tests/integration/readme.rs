//! The README's programs are the examples', to the letter.

use std::fs;
use std::path::Path;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

#[test]
fn programs_are_copies_of_the_examples() {
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md");
    for example in ["lobby", "chat"] {
        let path = root().join("examples").join(example).join("src/main.rs");
        let program = fs::read_to_string(&path).expect("the example");
        assert!(
            readme.contains(&format!("```rust\n{program}```\n")),
            "README.md has no copy of {}: paste it between ```rust and ```",
            path.display()
        );
    }
}

#[test]
fn links_lead_somewhere() {
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md");
    let links = readme
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    let mut seen = 0;
    for link in links.filter(|link| !link.starts_with("http")) {
        seen += 1;
        assert!(
            root().join(link).exists(),
            "README.md links to {link}, which is not there"
        );
    }
    assert!(
        seen >= 5,
        "README.md has {seen} links of its own; the check reads them wrongly"
    );
}

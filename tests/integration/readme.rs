//! The README's programs are the examples', to the letter, and its commands do what it says.

use std::fs;
use std::path::Path;
use std::process::Command;

use wsfn_tests::Example;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

#[test]
fn programs_are_copies_of_the_examples() {
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md");
    for copied in [
        "lobby/src/main.rs",
        "chat/src/main.rs",
        "lobby/src/tests.rs",
    ] {
        let path = root().join("examples").join(copied);
        let program = fs::read_to_string(&path).expect("the example");
        // Who copies a program has no file of tests beside it yet.
        let program = program
            .strip_suffix("\n#[cfg(test)]\nmod tests;\n")
            .unwrap_or(&program);
        assert!(
            readme.contains(&format!("```rust\n{program}```\n")),
            "README.md has no copy of {}: paste it between ```rust and ```",
            path.display()
        );
    }
}

/// What stands between the first line that starts with `start` and the end of its block.
fn block<'t>(text: &'t str, start: &str) -> &'t str {
    let (_, rest) = text
        .split_once(start)
        .unwrap_or_else(|| panic!("README.md has no {start:?}"));
    rest.split("```").next().unwrap_or_default()
}

#[test]
fn a_sample_event_is_answered_as_it_says() {
    if Command::new("curl").arg("--version").output().is_err() {
        println!("SKIPPED integration readme: there is no curl to send the sample event with");
        return;
    }
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md");
    let commands = block(&readme, "WSFN_MODE=event-invoke cargo run ");
    let (run, curl) = commands.split_once('\n').expect("two commands");
    assert_eq!(run, "-p seed --bin register");
    let (_, answer) = readme.split_once(curl).expect("it was read from there");
    let answer = block(answer, "```json\n").trim();

    let (package, mode) = ("seed", [("WSFN_MODE", "event-invoke")]);
    let register = Example::start_with(package, "register", &Example::free_address(), &mode);
    assert!(
        curl.starts_with("curl ") && curl.contains("127.0.0.1:9000"),
        "{curl}"
    );
    let output = Command::new("sh")
        .args(["-ec", &curl.replace("127.0.0.1:9000", register.address())])
        .current_dir(root())
        .output()
        .expect("a shell");
    assert_eq!(String::from_utf8_lossy(&output.stdout), answer);
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

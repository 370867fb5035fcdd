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
        wsfn_tests::skip(
            "integration readme",
            "there is no curl to send the sample event with",
        );
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

/// The targets of a page's links.
fn links(page: &str) -> impl Iterator<Item = &str> {
    page.split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
}

#[test]
fn links_lead_somewhere() {
    for name in PAGES {
        let page = fs::read_to_string(root().join(name)).expect(name);
        let ours: Vec<&str> = links(&page)
            .filter(|link| !link.starts_with("http"))
            .collect();
        for link in &ours {
            assert!(
                root().join(link).exists(),
                "{name} links to {link}, which is not there"
            );
        }
        let seen = ours.len();
        assert!(
            seen >= 20,
            "{name} has {seen} links of its own; the check reads them wrongly"
        );
    }
}

const PAGES: [&str; 2] = ["README.md", "README.zh-CN.md"];

/// What both languages share: blocks of code and of commands, code in a line, links, and the shape of the page.
#[derive(Debug, Default)]
struct Shared {
    blocks: Vec<String>,
    /// In order of the alphabet: sentences have another order in another language.
    code: Vec<String>,
    links: Vec<String>,
    /// Headings by their level, and rows of tables by their number of cells.
    shape: Vec<usize>,
}

impl Shared {
    fn of(name: &str) -> Self {
        let page = fs::read_to_string(root().join(name)).expect(name);
        let mut shared = Self::default();
        for (at, part) in page.split("```").enumerate() {
            if at % 2 == 1 {
                shared.blocks.push(part.to_owned());
                continue;
            }
            let code = part.split('`').skip(1).step_by(2);
            shared.code.extend(code.map(str::to_owned));
            // Each language links to the other.
            let links = links(part).filter(|link| !PAGES.contains(link));
            shared.links.extend(links.map(str::to_owned));
            for line in part.lines() {
                let level = line.bytes().take_while(|byte| *byte == b'#').count();
                if level > 0 {
                    shared.shape.push(level);
                } else if line.starts_with('|') {
                    shared.shape.push(10 + line.matches('|').count());
                }
            }
        }
        shared.code.sort();
        shared.code.dedup();
        shared
    }
}

#[test]
fn both_languages_have_the_same_commands_and_programs() {
    let [english, chinese] = PAGES.map(Shared::of);
    assert!(
        english.blocks.len() >= 10 && english.code.len() >= 50,
        "README.md is read wrongly: {english:?}"
    );
    for (english, chinese) in english.blocks.iter().zip(&chinese.blocks) {
        assert!(
            english == chinese,
            "README.md has\n{english}\nand README.zh-CN.md\n{chinese}"
        );
    }
    assert_eq!(english.blocks.len(), chinese.blocks.len());
    let only = |one: &Shared, other: &Shared| -> Vec<String> {
        let other = &other.code;
        one.code
            .iter()
            .filter(|code| !other.contains(code))
            .cloned()
            .collect()
    };
    let only = [only(&english, &chinese), only(&chinese, &english)];
    assert_eq!(
        only,
        [vec![], Vec::<String>::new()],
        "code that only one of {PAGES:?} has"
    );
    assert_eq!(english.links, chinese.links);
    assert_eq!(english.shape, chinese.shape);
    for (name, other) in [(PAGES[0], PAGES[1]), (PAGES[1], PAGES[0])] {
        let page = fs::read_to_string(root().join(name)).expect(name);
        let top: String = page.lines().take(4).collect();
        assert!(
            links(&top).any(|link| link == other),
            "{name} does not begin with a link to {other}"
        );
    }
}

/// The lines of a program as rustfmt lays them out, without blank ones.
fn lines(file: &Path) -> usize {
    let text = fs::read_to_string(file).expect("a program");
    let formatted = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout", "--quiet"])
        .arg(file)
        .output();
    let text = match formatted {
        // The files of its modules are printed too: only what is this file's own counts, which is as long.
        Ok(output) if output.status.success() => {
            let printed = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(
                printed.contains(text.trim()),
                "{} is not as rustfmt lays it out",
                file.display()
            );
            text
        }
        _ => {
            wsfn_tests::skip(
                "integration readme",
                "there is no rustfmt; lines are counted as they stand",
            );
            text
        }
    };
    text.lines().filter(|line| !line.trim().is_empty()).count()
}

#[test]
fn the_chat_is_as_short_as_it_says() {
    let chat = root().join("examples/chat/src");
    let (program, tests) = (lines(&chat.join("main.rs")), lines(&chat.join("tests.rs")));
    for name in PAGES {
        let page = fs::read_to_string(root().join(name)).expect(name);
        let mut bold = page
            .split("**")
            .skip(1)
            .step_by(2)
            .filter_map(|text| text.parse().ok());
        assert_eq!(
            (bold.next(), bold.next()),
            (Some(program), Some(tests)),
            "{name}: lines of the chat and of its tests"
        );
    }
}

//! What people see of the macros: the errors that mistakes get, and programs that get none.
//!
//! `fail/` holds one mistake per file, named after the rule, with the compiler's answer beside it;
//! `mended/` the same program without it; `pass/` one right program per file. The guide's page of messages is made of
//! these. To see what an answer became, run with `TRYBUILD=overwrite` and
//! read the difference: would it tell somebody who has never seen this crate what to type next?

#[path = "pass/called_directly.rs"]
mod called_directly;
mod cases;
mod packages;
mod page;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use packages::{Edition, Messages, Workspace};

/// Answers are compared word by word with those of this compiler; another's differ in wording.
const PINNED: &str = "rustc 1.95.0 ";

/// Mistakes that rustc itself finds more than one fault with, and how many. The macro has no say in
/// these: an item stands where none can, a name is taken, a type has no size.
const RUSTC_OWN: [(&str, usize); 5] = [
    ("rustc_own_in_impl", 2),
    ("rustc_own_in_trait", 2),
    ("rustc_own_name_of_module", 2),
    ("rustc_own_on_closure", 2),
    ("rustc_own_str_by_value", 5),
];

/// The attribute that is taken away, so that it does not fail too, leaves its import unused.
const WARNS: &str = "two_events";

#[test]
fn answers_to_mistakes() {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output();
    let version = version.expect("the compiler that built this");
    let version = String::from_utf8_lossy(&version.stdout);
    if !version.starts_with(PINNED) {
        wsfn_tests::skip(
            "ui answers_to_mistakes",
            &format!("they are those of {PINNED}and this is {version}"),
        );
        return;
    }
    trybuild::TestCases::new().compile_fail("ui/fail/*.rs");
}

#[test]
fn one_mistake_is_one_error_in_edition_2021() {
    one_mistake_is_one_error(Edition::E2021);
}

#[test]
fn one_mistake_is_one_error_in_edition_2024() {
    one_mistake_is_one_error(Edition::E2024);
}

#[test]
fn right_programs_compile_without_a_warning_in_edition_2021() {
    right_programs_compile_without_a_warning(Edition::E2021);
}

#[test]
fn right_programs_compile_without_a_warning_in_edition_2024() {
    right_programs_compile_without_a_warning(Edition::E2024);
}

#[test]
fn the_page_of_messages_is_made_of_the_cases() {
    const MARK: &str = "<!-- cases -->\n\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime/src/docs/diagnostics.md");
    let page = std::fs::read_to_string(&path).expect("the page");
    let (top, cases) = page.split_once(MARK).expect("a mark before the cases");
    let (_, unlisted) = page::program(&cases::unlisted().file);
    assert!(
        top.contains(&format!("```rust\n{unlisted}```\n")),
        "the page shows another program of a forgotten handler than tests/ui/warn"
    );
    let made = page::markdown();
    if cases != made {
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, format!("{top}{MARK}{made}")).expect("the page is written");
        }
        panic!(
            "runtime/src/docs/diagnostics.md is not that of tests/ui; run this test with UPDATE_DOCS=1"
        );
    }
}

#[test]
fn the_function_can_be_called_and_so_can_main_handler() {
    called_directly::main();
}

/// Counted in cargo's JSON messages, where nothing is merged.
fn one_mistake_is_one_error(edition: Edition) {
    let mut cases = cases::fail();
    assert!(cases.len() >= 60, "only {} cases were found", cases.len());
    let workspace = Workspace::new("fail", edition);
    workspace.package("fails", "wsfn", &cases);
    // A package that knows the crate under another name, and forgets to say so.
    let forgotten = cases::forgotten_rename();
    workspace.package("forgets", "functions", std::slice::from_ref(&forgotten));
    let answers = workspace.check();
    cases.push(forgotten);

    let own = BTreeMap::from(RUSTC_OWN);
    let mut wrong = String::new();
    for case in &cases {
        let expected = own.get(case.name.as_str()).copied().unwrap_or(1);
        let Messages { errors, warnings } = answers.of(&case.name);
        let warned = !warnings.is_empty() && case.name != WARNS;
        if errors.len() != expected || warned {
            let (count, name) = (errors.len(), &case.name);
            wrong += &format!("{name}: {count} errors, {expected} expected\n");
            errors
                .iter()
                .chain(warnings)
                .for_each(|text| wrong += &text.rendered);
        }
        for error in errors {
            if Path::new(&error.file).file_name() != case.file.file_name() {
                wrong += &format!("{}: reported in {}\n", case.name, error.file);
            }
        }
    }
    assert!(wrong.is_empty(), "in edition {edition}:\n{wrong}");
}

fn names(cases: &[cases::Case]) -> Vec<&str> {
    cases.iter().map(|case| &*case.name).collect()
}

/// With every lint of clippy's pedantic group, whose warnings are about generated code too.
fn right_programs_compile_without_a_warning(edition: Edition) {
    let cases = cases::pass();
    assert!(cases.len() >= 13, "only {} cases were found", cases.len());
    let workspace = Workspace::new("pass", edition);
    workspace.package("passes", "wsfn", &cases);
    let mended = cases::mended();
    assert_eq!(
        names(&mended),
        names(&cases::fail()),
        "one mended program for each mistake"
    );
    workspace.package("mended", "wsfn", &mended);
    let unlisted = cases::unlisted();
    workspace.package("warns", "wsfn", std::slice::from_ref(&unlisted));
    let renamed = cases::renamed();
    workspace.package("renames", "functions", std::slice::from_ref(&renamed));
    let answers = workspace.clippy();

    let mut wrong = String::new();
    for case in cases.iter().chain(&mended).chain([&renamed]) {
        if !answers.compiled(&case.name) {
            wrong += &format!("{} was not compiled\n", case.name);
        }
        let Messages { errors, warnings } = answers.of(&case.name);
        errors
            .iter()
            .chain(warnings)
            .for_each(|text| wrong += &text.rendered);
    }
    // A handler that no list names is one warning, at its name.
    let Messages { errors, warnings } = answers.of(&unlisted.name);
    assert!(errors.is_empty() && answers.compiled(&unlisted.name));
    let [warning] = &warnings[..] else {
        panic!("{} warnings, one was expected", warnings.len());
    };
    assert!(
        warning
            .rendered
            .starts_with("warning: function `leave` is never used"),
        "{}",
        warning.rendered
    );
    assert!(wrong.is_empty(), "in edition {edition}:\n{wrong}");
}

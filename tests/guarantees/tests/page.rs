//! The page of the docs says of each promise what tries it, and nothing that is not so.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use wsfn_guarantees::Number;
use wsfn_guarantees::broken::Broken;

use crate::broken::repository;

/// The rows of a table whose first cell is a number such as `O1`.
fn rows(text: &str) -> BTreeMap<String, Vec<String>> {
    text.lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix('|'))
        .map(|line| line.split('|').map(|cell| cell.trim().to_owned()).collect())
        .filter(|row: &Vec<String>| {
            let mut letters = row[0].chars();
            letters
                .next()
                .is_some_and(|letter| "ODBRT".contains(letter))
                && letters.next().is_some_and(|digit| digit.is_ascii_digit())
        })
        .map(|row| (row[0].clone(), row[1..].to_vec()))
        .collect()
}

fn read(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Everything that a `#[test]` is in.
fn sources(folder: &Path, all: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("target") {
            sources(&path, all);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            all.push_str(&fs::read_to_string(&path).unwrap_or_default());
        }
    }
}

/// Names between backticks that only a test can have.
fn named(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn each_fault_of_the_page_has_its_tests() {
    let page = read("runtime/src/docs/guarantees.md");
    let (_, section) = page
        .split_once("## What the program was put through")
        .expect("the section");
    let (section, _) = section.split_once("\n## ").expect("its end");
    let mut tests = String::new();
    for folder in ["runtime", "tests"] {
        sources(&repository().join(folder), &mut tests);
    }
    let rows: Vec<_> = section
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| what happens"))
        .collect();
    assert_eq!(rows.len(), 15, "as many as there are faults");
    for row in rows {
        let cell = row.trim_end_matches(" |").rsplit(" | ").next();
        let mut names = named(cell.unwrap_or_default()).peekable();
        assert!(names.peek().is_some(), "{row}");
        for name in names {
            assert!(
                tests.contains(&format!("fn {name}()")),
                "there is no test {name}"
            );
        }
    }
}

#[test]
fn each_promise_of_the_page_has_its_tests_its_broken_gateways_and_its_histories() {
    let page = read("runtime/src/docs/guarantees.md");
    let table = rows(&page);
    let promised: BTreeSet<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("- **")?.split_once("** "))
        .map(|(number, _)| number.to_owned())
        .filter(|number| number.len() == 2)
        .collect();
    let shown: BTreeSet<String> = table.keys().cloned().collect();
    let missing: Vec<_> = promised.difference(&shown).collect();
    assert!(missing.is_empty(), "{missing:?} have no row in the table");
    let mut tests = String::new();
    for folder in ["runtime", "tests"] {
        sources(&repository().join(folder), &mut tests);
    }
    let all = Broken::all(&repository().join("tests/guarantees/broken")).expect("they can be read");
    let held = rows(&read("tests/guarantees/held.md"));
    let survived = rows(&read("tests/guarantees/survived.md"));
    for (number, row) in table {
        for name in row[0].split(", ") {
            let name = name.trim_matches('`');
            assert!(
                tests.contains(&format!("fn {name}()")),
                "{number}: there is no test {name}"
            );
        }
        if Number::named(&number).is_none() {
            continue;
        }
        let broken = all
            .iter()
            .filter(|broken| broken.number.to_string() == number)
            .count();
        let broken = match broken {
            0 => "unproved".to_owned(),
            count => count.to_string(),
        };
        assert_eq!(row[1], broken, "{number}");
        let count = |cell: &str| cell.replace(',', "");
        assert_eq!(count(&row[2]), held[&number][0], "{number}: see held.md");
        assert_eq!(
            count(&row[3]),
            survived[&number][0],
            "{number}: see survived.md"
        );
    }
}

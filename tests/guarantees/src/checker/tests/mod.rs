//! Hand-written logs, right ones and wrong ones, for each number.

mod delivery;
mod order;
mod rooms;
mod story;

use super::{Number, check};
use crate::log::Log;
use story::story;

/// The connection `x` of the client `ann`, open.
const OPEN: &str = "
    0 ann dials
    1 f1 connect x ann
    2 f1 answers
    3 ann opens
";
/// Its end.
const CLOSED: &str = "
    90000 ann closes 1000
    90001 ann closed 1000
    90002 ann ends
    90003 f90 close x
    90004 f90 answers
    99000 settled
";

/// The numbers that are broken, and that the log says so of itself when it is read again.
fn broken(log: &Log) -> Vec<Number> {
    let again = Log::from_lines(&log.to_lines()).expect("a log");
    assert_eq!(&again, log);
    let verdicts = check(log);
    let mut numbers: Vec<_> = verdicts
        .violations()
        .iter()
        .map(|violation| violation.number)
        .collect();
    numbers.dedup();
    numbers
}

/// What happens between the beginning and the end.
fn between(lines: &str) -> Log {
    story(&format!("{OPEN}{lines}{CLOSED}"))
}

#[track_caller]
fn keeps(number: Number, log: &Log) {
    let verdicts = check(log);
    let shown: Vec<_> = verdicts
        .violations()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(shown.is_empty(), "{}", shown.join("\n"));
    assert!(verdicts.tried(number) > 0, "{number} was not tried");
}

#[track_caller]
fn breaks(number: Number, log: &Log) {
    assert_eq!(broken(log), [number]);
}

#[test]
fn a_line_that_is_none_of_a_log_is_named() {
    let lines = between("").to_lines();
    let error = Log::from_lines(&format!("{lines}{{}}\n")).unwrap_err();
    assert!(error.starts_with("line 12: "), "{error}");
    assert_eq!(Log::from_lines("").unwrap_err(), "an empty log");
}

#[test]
fn a_violation_is_a_sentence_with_its_entries() {
    let log = story("0 ann dials\n1 f1 connect x ann\n2 ann sends a\n3 f2 message x a");
    let verdicts = check(&log);
    let text = verdicts.violations()[0].to_string();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(
        lines[0],
        "O1: a message was sent before the connect was answered with errNo 0"
    );
    assert_eq!(lines.len(), 3, "{text}");
    assert!(
        lines[1].contains("kind: Connect") && lines[2].contains("kind: Message"),
        "{text}"
    );
}

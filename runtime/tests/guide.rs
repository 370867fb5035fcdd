//! The page of codes has every code, with the status that the endpoint really sends.

use wsfn_protocol::{CloseCode, ErrNo};

const PAGE: &str = include_str!("../src/docs/errors.md");

fn row(first: &str) -> Vec<&'static str> {
    let start = format!("| {first} |");
    let line = PAGE
        .lines()
        .find(|line| line.starts_with(&start))
        .unwrap_or_else(|| panic!("no row for {first}"));
    line.split('|').map(str::trim).collect()
}

#[test]
fn every_number_of_a_function() {
    for err_no in [
        ErrNo::NO_REQUEST_CONTEXT,
        ErrNo::NO_WEBSOCKET,
        ErrNo::BAD_EVENT,
        ErrNo::NO_HANDLER,
        ErrNo::REJECTED,
        ErrNo::FAILED,
        ErrNo::PANICKED,
        ErrNo::TIMED_OUT,
        ErrNo::NO_PROTOCOL,
    ] {
        assert!(!row(&err_no.0.to_string())[2].is_empty());
    }
}

#[test]
fn every_number_of_a_push_with_its_status() {
    for err_no in [
        ErrNo::GONE,
        ErrNo::TOO_LARGE,
        ErrNo::QUEUE_FULL,
        ErrNo::BAD_PUSH,
        ErrNo::FORBIDDEN,
        ErrNo::CONFLICT,
        ErrNo::BUSY,
    ] {
        let status = row(&err_no.0.to_string())[2];
        assert!(
            status.contains(&err_no.http_status().to_string()),
            "{err_no:?} is {} and not {status}",
            err_no.http_status()
        );
    }
}

#[test]
fn every_close_code_that_we_send() {
    for code in [
        CloseCode::NORMAL,
        CloseCode::GOING_AWAY,
        CloseCode::PROTOCOL,
        CloseCode::INVALID_DATA,
        CloseCode::TOO_BIG,
        CloseCode::FUNCTION_FAILED,
        CloseCode::TRY_AGAIN,
        CloseCode::REFUSED,
        CloseCode::IDLE,
    ] {
        assert!(!row(&code.0.to_string())[2].is_empty());
    }
}

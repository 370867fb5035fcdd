//! What keeps a program from starting, and how it says so.

use std::net::TcpListener;
use std::path::Path;

use wsfn_tests::Example;

use super::misbehave;

fn fails(address: &str, environment: &[(&str, &str)]) -> String {
    program_fails(misbehave(), address, environment)
}

fn program_fails(program: &Path, address: &str, environment: &[(&str, &str)]) -> String {
    let mut process = Example::spawn(program, address, environment);
    let (status, lines) = process.ended();
    assert_eq!(status.code(), Some(1), "{lines:#?}");
    lines.join("\n")
}

#[test]
fn a_port_in_use_is_one_line_that_names_the_setting() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    for mode in ["gateway", "event-invoke"] {
        let said = fails(&address, &[("WSFN_MODE", mode)]);
        let lines: Vec<_> = said
            .lines()
            .filter(|line| line.contains(&address))
            .collect();
        let [line] = lines[..] else {
            panic!("{mode}: {said}")
        };
        assert!(line.contains("WSFN_LISTEN"), "{mode}: {line}");
    }
}

#[test]
fn all_problems_of_the_settings_at_once() {
    let said = fails(
        "127.0.0.1:0",
        &[
            ("WSFN_MAX_MESAGE", "1"),
            ("WSFN_DRAIN", "soon"),
            ("WSFN_MODE", "boat"),
        ],
    );
    for part in ["WSFN_MAX_MESAGE", "WSFN_MAX_MESSAGE", "soon", "boat"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn an_open_door_has_to_be_asked_for() {
    let said = fails("0.0.0.0:0", &[("WSFN_MODE", "event-invoke")]);
    assert!(said.contains("invoke-unsigned"), "{said}");
    // A secret that can be guessed is no lock.
    let environment = [("WSFN_MODE", "event-invoke"), ("WSFN_SECRET", "s3cr3t")];
    let said = fails("0.0.0.0:0", &environment);
    assert!(
        said.contains("WSFN_SECRET") && said.contains("16") && !said.contains("s3cr3t"),
        "{said}"
    );
}

#[test]
fn the_runtime_api_has_to_be_somewhere() {
    let said = fails("127.0.0.1:0", &[("WSFN_MODE", "runtime-api")]);
    assert!(said.contains("SCF_RUNTIME_API"), "{said}");
}

#[test]
fn a_push_address_that_a_handler_needs_is_asked_for() {
    let lobby = Example::program("lobby", "lobby");
    let said = program_fails(&lobby, "127.0.0.1:0", &[("WSFN_MODE", "event-invoke")]);
    for part in ["push-url is not set", "`&Rooms`", "WSFN_PUSH_URL=http://"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn a_state_that_cannot_be_made_is_named() {
    for mode in ["gateway", "event-invoke"] {
        let environment = [("WSFN_MODE", mode), ("MISBEHAVE_NO_STATE", "1")];
        let said = fails("127.0.0.1:0", &environment);
        assert!(
            said.contains("Meeting` cannot be made: the hall is closed"),
            "{mode}: {said}"
        );
    }
}

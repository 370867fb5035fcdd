//! Clients that other people use, with and without compression.

use std::process::{Command, Output};

use wsfn_tests::{Example, skip};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/e2e/clients");
const WS: &str = "8.23.0";

/// An echo that compresses whatever it may.
fn echo() -> Example {
    let address = Example::free_address();
    let settings = [("WSFN_COMPRESS_ABOVE", "0")];
    Example::start_with("echo", "echo", &address, &settings)
}

fn went_well(output: &Output) {
    let (out, err) = (&output.stdout, &output.stderr);
    let said = [out, err]
        .map(|text| String::from_utf8_lossy(text))
        .concat();
    assert!(
        output.status.success() && said.contains("all went well"),
        "{said}"
    );
}

#[test]
fn ws_of_npm() {
    const NAME: &str = "ws_of_npm";
    let modules = match crate::npm::package("ws", WS) {
        Ok(folder) => folder.join("node_modules"),
        Err(missing) => return skip(NAME, &missing),
    };
    let echo = echo();
    for compression in ["on", "off"] {
        let output = Command::new("node")
            .arg(format!("{FOLDER}/ws.mjs"))
            .arg(&modules)
            .args([&format!("ws://{}/", echo.address()), compression])
            .output();
        match output {
            Ok(output) => went_well(&output),
            Err(_) => return skip(NAME, "node"),
        }
    }
}

#[test]
fn websockets_of_python() {
    // Packages of the system belong to its own Python, which need not be the first one.
    let has_it = |python: &&str| {
        let output = Command::new(python)
            .args(["-c", "import websockets"])
            .output();
        output.is_ok_and(|output| output.status.success())
    };
    let pythons = ["python3", "/usr/bin/python3"];
    let Some(python) = pythons.into_iter().find(has_it) else {
        return skip(
            "websockets_of_python",
            "python3 with the package websockets",
        );
    };
    let echo = echo();
    for compression in ["on", "off"] {
        let output = Command::new(python)
            .arg(format!("{FOLDER}/websockets_client.py"))
            .args([&format!("ws://{}/", echo.address()), compression])
            .output();
        went_well(&output.expect("python3 runs"));
    }
}

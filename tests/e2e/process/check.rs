//! What `wsfn gateway` says before it serves: what it would do, and why it cannot.

use super::command::{output, printed, wsfn};

#[test]
fn check_says_what_it_would_do_and_what_is_wrong() {
    let function = "http://127.0.0.1:9000/s3cr3t";
    let said = printed(&output(&["gateway", "--check", "--function", function]));
    for line in [
        "clients connect to ws://127.0.0.1:9001/ and ws://[::1]:9001/",
        "functions push to http://127.0.0.1:9002/api-wsfn",
        "messages are POSTed to http://127.0.0.1:9000/…",
        "the settings can be used",
    ] {
        assert!(said.contains(line), "{said}");
    }
    assert!(!said.contains("s3cr3t"), "{said}");
    let mut scf = wsfn(&[
        "gateway",
        "--check",
        "--scf",
        "ap-guangzhou/default/chat:live",
    ]);
    scf.args(["--scf-endpoint", "http://127.0.0.1:1"])
        .env("TENCENTCLOUD_SECRETID", "s3cr3t-id")
        .env("TENCENTCLOUD_SECRETKEY", "s3cr3t-key");
    let said = printed(&scf.output().expect("it runs"));
    let line =
        "closes go to scf:ap-guangzhou/default/chat:live, by InvokeFunction at http://127.0.0.1:1";
    assert!(said.contains(line), "{said}");
    assert!(!said.contains("s3cr3t"), "{said}");
    let said = printed(&output(&[
        "gateway",
        "--check",
        "--scf",
        "ap-guangzhou/default/chat",
    ]));
    assert!(said.contains("TENCENTCLOUD_SECRETKEY"), "{said}");
    let wrong = output(&[
        "gateway",
        "--check",
        "--drain",
        "soon",
        "--max-message",
        "0",
    ]);
    assert_eq!(wrong.status.code(), Some(1));
    let said = printed(&wrong);
    for part in [
        "--drain = `soon`",
        "--max-message = `0`",
        "no function is set",
    ] {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn a_port_in_use_is_one_line_that_names_the_setting() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    for (setting, other) in [("--listen", "--push-listen"), ("--push-listen", "--listen")] {
        let function = "http://127.0.0.1:9/";
        let arguments = [
            "gateway",
            setting,
            &address,
            other,
            "127.0.0.1:0",
            "--function",
            function,
        ];
        let said = output(&arguments);
        assert_eq!(said.status.code(), Some(1));
        let said = printed(&said);
        let error = said.lines().find(|line| line.starts_with("error:"));
        let error = error.unwrap_or_else(|| panic!("{said}"));
        assert!(
            error.contains(&address) && error.contains(&setting[2..]),
            "{error}"
        );
    }
}

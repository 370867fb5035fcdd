//! Settings that do not go together.

use wsfn_settings::Sources;

use crate::{Load as _, load, problems};

fn one_problem(env: &[(&str, &str)]) -> String {
    let found = problems(env);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].to_string()
}

#[test]
fn queues_hold_at_least_one_message() {
    let settings = load(&[("WSFN_MAX_MESSAGE", "2GiB")]);
    for bytes in [
        settings.out_max_bytes,
        settings.in_max_bytes,
        settings.invoke_queue_bytes,
        settings.queue_memory,
    ] {
        assert_eq!(bytes, 2 << 30);
    }
    assert!(settings.push_max_body() > (2 << 30) / 3 * 4);
    for name in [
        "OUT_MAX_BYTES",
        "IN_MAX_BYTES",
        "INVOKE_QUEUE_BYTES",
        "QUEUE_MEMORY",
    ] {
        let name = format!("WSFN_{name}");
        let problem = one_problem(&[("WSFN_MAX_MESSAGE", "2KiB"), (&name, "1KiB")]);
        assert_eq!(
            problem,
            format!("{name} = `1KiB` (environment): expected at least max-message, which is 2KiB")
        );
        load(&[("WSFN_MAX_MESSAGE", "2KiB"), (&name, "2048")]);
    }
}

#[test]
fn a_frame_is_no_larger_than_a_message() {
    let problem = one_problem(&[("WSFN_MAX_FRAME", "2MiB")]);
    assert_eq!(
        problem,
        "WSFN_MAX_FRAME = `2MiB` (environment): expected at most max-message, which is 1MiB"
    );
    load(&[("WSFN_MAX_FRAME", "1MiB")]);
}

#[test]
fn push_endpoint_beyond_loopback() {
    let listen = ("WSFN_PUSH_LISTEN", "127.0.0.1:9002,0.0.0.0:9002");
    let found = problems(&[listen]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].reason.contains("push-token is required"));
    let plain = one_problem(&[listen, ("WSFN_PUSH_TOKEN", "t")]);
    assert!(plain.contains("insecure = push-plain"), "{plain}");
    let settings = load(&[
        listen,
        ("WSFN_PUSH_TOKEN", "t"),
        ("WSFN_INSECURE", "push-plain"),
    ]);
    assert_eq!(settings.warnings().len(), 1);
    // Over TLS it is not readable.
    let settings = load(&[
        listen,
        ("WSFN_PUSH_TOKEN", "t"),
        ("WSFN_TLS_CERT", "cert.pem"),
        ("WSFN_TLS_KEY", "key.pem"),
    ]);
    assert!(settings.warnings().is_empty());
    let [here, beyond] = ["127.0.0.1:9002", "0.0.0.0:9002"].map(|text| text.parse().unwrap());
    assert!(settings.pushes_over_tls(beyond) && !settings.pushes_over_tls(here));
    // A token that cannot be read is one mistake, not two.
    assert_eq!(
        problems(&[
            listen,
            ("WSFN_PUSH_TOKEN", "a/b"),
            ("WSFN_INSECURE", "push-plain")
        ])
        .len(),
        1
    );
    for loopback in [
        "127.0.0.1:1",
        "127.9.9.9:1",
        "[::1]:1",
        "[::ffff:127.0.0.1]:1",
    ] {
        load(&[("WSFN_PUSH_LISTEN", loopback)]);
    }
    // In another mode nothing listens there.
    load(&[listen, ("WSFN_MODE", "runtime-api")]);
}

#[test]
fn a_certificate_has_a_key() {
    for (alone, missing) in [("TLS_CERT", "tls-key"), ("TLS_KEY", "tls-cert")] {
        let name = format!("WSFN_{alone}");
        let problem = one_problem(&[(&name, "a.pem")]);
        assert_eq!(
            problem,
            format!("{name} = `a.pem` (environment): needs {missing} too")
        );
        // What another mode does not use needs nothing.
        load(&[(&name, "a.pem"), ("WSFN_MODE", "runtime-api")]);
    }
    let settings = load(&[("WSFN_TLS_CERT", "a.pem"), ("WSFN_TLS_KEY", "b.pem")]);
    assert_eq!(settings.tls_cert, Some("a.pem".into()));
    assert_eq!(settings.tls_key, Some("b.pem".into()));
    load(&[("WSFN_TLS_CERT", "none"), ("WSFN_TLS_KEY", "none")]);
}

#[test]
fn two_listeners_on_one_port() {
    let problem = one_problem(&[("WSFN_PUSH_LISTEN", "127.0.0.1:9001")]);
    assert!(
        problem.contains("127.0.0.1:9001 is also in listen"),
        "{problem}"
    );
    load(&[
        ("WSFN_PUSH_LISTEN", "127.0.0.1:0"),
        ("WSFN_LISTEN", "127.0.0.1:0"),
    ]);
}

#[test]
fn event_invoke_beyond_loopback() {
    let env = [
        ("WSFN_MODE", "event-invoke"),
        ("WSFN_LISTEN", "0.0.0.0:9000"),
    ];
    let problem = one_problem(&env);
    assert!(
        problem.contains("set a secret (the gateway's own), listen on 127.0.0.1, or accept it with insecure = invoke-unsigned"),
        "{problem}"
    );
    for extra in [
        ("WSFN_INSECURE", "invoke-unsigned"),
        ("TENCENTCLOUD_RUNENV", "SCF"),
        ("WSFN_SECRET", "0123456789abcdef"),
    ] {
        load(&[env[0], env[1], extra]);
    }
    load(&[env[0], ("WSFN_LISTEN", "127.0.0.1:1")]);
    // Clients of the gateway come from everywhere.
    load(&[env[1]]);
}

#[test]
fn the_file_is_checked_with_the_environment() {
    let sources = Sources::new()
        .file("wsfn.toml", "out-max-bytes = 2048")
        .env("WSFN_MAX_MESSAGE", "4KiB");
    let found = sources.load_err();
    assert_eq!(
        found[0].to_string(),
        "out-max-bytes = `2048` (wsfn.toml:1): expected at least max-message, which is 4KiB"
    );
}

#[test]
fn a_store_does_not_limit_the_members_of_a_room() {
    let store = ("WSFN_STORE", "redis://:s3cr3t@127.0.0.1");
    let problem = one_problem(&[store, ("WSFN_ROOM_MEMBERS", "2")]);
    assert_eq!(
        problem,
        "WSFN_ROOM_MEMBERS = `2` (environment): a store does not limit the members of a room; set it to off, or leave \
         the rooms at the gateway"
    );
    load(&[store, ("WSFN_ROOM_MEMBERS", "off")]);
    load(&[("WSFN_STORE", "off"), ("WSFN_ROOM_MEMBERS", "2")]);
}

#[test]
fn credentials_of_a_store_need_one() {
    for name in ["WSFN_STORE_USER", "WSFN_STORE_PASSWORD"] {
        let problem = one_problem(&[(name, "s3cr3t")]);
        assert_eq!(problem, format!("{name} (environment): needs store too"));
    }
}

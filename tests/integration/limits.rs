//! Every setting is a limit that the page of operating has, with a test and a counter, or is none.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use wsfn_gateway::{BoxFuture, Call, Gateway, Handle, Invoke, InvokeAnswer, InvokeError};
use wsfn_settings::{SETTINGS, Settings};

use crate::threats::sources;

/// Settings that are no limits, and why.
const NO_LIMITS: &[(&str, &[&str])] = &[
    (
        "who, where and how, not how much",
        &[
            "mode",
            "listen",
            "push-listen",
            "push-path",
            "admin-listen",
            "push-url",
            "tls-cert",
            "tls-key",
            "push-token",
            "secret",
            "insecure",
            "function",
            "connect",
            "message",
            "close",
            "exec-env",
            "scf-credentials",
            "scf-endpoint",
            "service-name",
            "stage",
            "data",
            "errors-to-client",
            "failed-message",
            "refuse",
            "compression",
            "allow-origin",
            "forward-headers",
            "forward-query",
            "trust-proxy",
            "heartbeat",
            "log",
            "log-format",
            "store",
            "store-user",
            "store-password",
        ],
    ),
    (
        "from when on something is done, and nobody is held back",
        &["exec-min", "ping-interval", "compress-above"],
    ),
    (
        "the process is gone by then, with its counters; its log says who was given up",
        &["drain"],
    ),
    (
        "of the client of a database, which is in functions; its errors name them",
        &["store-timeout", "store-connections", "store-lease"],
    ),
];

/// A row of the page: the setting, and the test that reaches it.
fn row(line: &str) -> Option<(&str, &str)> {
    let cells: Vec<&str> = line.strip_prefix("| `")?.split(" | ").collect();
    let [setting, _, test] = cells[..] else {
        return None;
    };
    Some((
        setting.strip_suffix('`')?,
        test.strip_suffix("` |")?.strip_prefix('`')?,
    ))
}

/// The text of a function, where there is one of this name.
fn function<'s>(sources: &'s str, name: &str) -> Option<&'s str> {
    let (_, behind) = sources.split_once(&format!("fn {name}("))?;
    behind.split("\n}\n").next()
}

struct Nobody;

impl Invoke for Nobody {
    fn invoke<'a>(&'a self, _: Call) -> BoxFuture<'a, Result<InvokeAnswer, InvokeError>> {
        Box::pin(async { Ok(InvokeAnswer::ok()) })
    }
}

/// What `/metrics` counts limits of.
async fn counted() -> BTreeSet<String> {
    let any = || Some(vec!["127.0.0.1:0".parse().expect("an address")]);
    let settings = Settings {
        listen: any(),
        admin_listen: any(),
        ..Settings::default()
    };
    let handle = Handle::new(&settings);
    let gateway = Gateway::bind(handle, &settings, Arc::new(Nobody), None)
        .await
        .expect("it listens");
    let admin = gateway.admin_addrs()[0];
    let asking = async {
        let mut stream = TcpStream::connect(admin).await.expect("accepted");
        let request = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(request).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("answered");
        answer
    };
    let answer = tokio::select! {
        answer = asking => answer,
        () = gateway.serve(std::future::pending()) => panic!("it ended"),
    };
    let names = answer.lines().filter_map(|line| {
        let rest = line.strip_prefix("wsfn_limits_reached_total{setting=\"")?;
        Some(rest.strip_suffix("\"} 0")?.to_owned())
    });
    names.collect()
}

#[tokio::test]
async fn every_limit_has_an_answer_a_test_and_a_counter() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let page = fs::read_to_string(root.join("runtime/src/docs/operating.md")).expect("the page");
    let (_, limits) = page.split_once("\n## Limits\n").expect("a chapter");
    let limits = limits.split("\n## ").next().expect("its text");
    let mut text = String::new();
    sources(&root.join("runtime"), &mut text);
    sources(&root.join("tests"), &mut text);
    let mut left: BTreeSet<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
    for name in NO_LIMITS.iter().flat_map(|(_, names)| *names) {
        assert!(
            left.remove(name),
            "{name} is no setting, or is listed twice"
        );
    }
    let mut rows = BTreeSet::new();
    for (setting, test) in limits.lines().filter_map(row) {
        assert!(left.remove(setting), "{setting} is no setting, or no limit");
        rows.insert(setting.to_owned());
        let body = function(&text, test).unwrap_or_else(|| panic!("{test} is nowhere"));
        assert!(
            body.contains(&format!("\"{setting}\"")) && body.contains("reached"),
            "{test} does not see that {setting} is counted"
        );
    }
    assert!(
        left.is_empty(),
        "neither in operating.md, under Limits, nor in NO_LIMITS: {left:?}"
    );
    assert_eq!(counted().await, rows);
}

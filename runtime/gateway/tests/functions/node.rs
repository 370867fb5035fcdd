//! A server as Node makes it by default, which closes a connection that does nothing for five seconds: the moment at
//! which a client that writes to it loses what it writes (D1).

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use wsfn_gateway::{HttpFunction, Invoke};
use wsfn_protocol::Kind;
use wsfn_settings::{HttpUrl, Settings};

use crate::support::call;

/// Answers each event with how many connections there were.
const SERVER: &str = r#"
const http = require("node:http");
let connections = 0;
const server = http.createServer((request, response) => {
  request.resume();
  request.on("end", () => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ errNo: connections, errMsg: "" }));
  });
});
server.on("connection", () => { connections += 1; });
server.listen(0, "127.0.0.1", () => console.log(server.address().port, server.keepAliveTimeout));
"#;

/// Messages this far apart, each pair on a pool of its own, around the five seconds.
const APART: std::ops::RangeInclusive<u64> = 4900..=5100;

#[tokio::test]
async fn a_server_that_closes_idle_connections_loses_nothing() {
    let node = Command::new("node")
        .args(["-e", SERVER])
        .stdout(Stdio::piped())
        .spawn();
    let Ok(node) = node else {
        // Past the test runner, which shows what a passed test prints only when asked to; CI looks for the line.
        let line =
            b"\nSKIPPED: a_server_that_closes_idle_connections_loses_nothing: there is no node\n";
        let _ = std::io::stderr().write_all(line);
        assert!(std::env::var_os("CI").is_none(), "there is no node");
        return;
    };
    let mut node = Node(node);
    let mut line = String::new();
    let stdout = node.0.stdout.take().expect("a pipe");
    BufReader::new(stdout).read_line(&mut line).expect("a line");
    let (port, timeout) = line.trim().split_once(' ').expect("two numbers");
    assert_eq!(timeout, "5000", "Node's default is another one now");
    let url = HttpUrl::parse(&format!("http://127.0.0.1:{port}/")).expect("an address");
    let pairs: Vec<_> = APART.step_by(5).map(Duration::from_millis).collect();
    let count = pairs.len();
    let mut tasks = tokio::task::JoinSet::new();
    for apart in pairs {
        let function = HttpFunction::new(&url, &Settings::default()).expect("a function");
        tasks.spawn(async move {
            for wait in [Duration::ZERO, apart] {
                tokio::time::sleep(wait).await;
                function
                    .invoke(call(Kind::Message))
                    .await
                    .expect("an answer");
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("nothing is lost");
    }
    // None went over a connection that had been idle for so long: that is why.
    let function = HttpFunction::new(&url, &Settings::default()).expect("a function");
    let answer = function
        .invoke(call(Kind::Connect))
        .await
        .expect("an answer");
    assert_eq!(answer.err_no.0, i64::try_from(2 * count + 1).expect("few"));
}

/// Killed when it goes out of scope.
struct Node(Child);

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

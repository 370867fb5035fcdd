//! Spans that leave for a collector.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use futures_util::{SinkExt, StreamExt};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::{Span, status::StatusCode};
use prost::Message as _;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use wsfn_tests::Example;

use super::command::wsfn;
use super::gateway::{connect, text};

/// A request: what stands before its body, in lower case, and the body.
async fn request(stream: &mut BufReader<TcpStream>) -> Option<(String, Vec<u8>)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let head = head.to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1)?;
    let length = length.split("\r\n").next()?.parse().ok()?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some((head, body))
}

/// Answers every request and keeps it.
async fn server(body: &'static str) -> (String, Arc<Mutex<Vec<(String, Vec<u8>)>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address").to_string();
    let kept: Arc<Mutex<Vec<_>>> = Arc::default();
    let requests = Arc::clone(&kept);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let requests = Arc::clone(&requests);
            tokio::spawn(async move {
                let mut stream = BufReader::new(stream);
                while let Some(request) = request(&mut stream).await {
                    requests.lock().expect("no panic").push(request);
                    let length = body.len();
                    let answer =
                        format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}");
                    if stream.write_all(answer.as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    (address, kept)
}

fn attribute(span: &Span, name: &str) -> String {
    let mut found = span.attributes.iter().filter(|one| one.key == name);
    let value = found
        .next()
        .and_then(|one| one.value.as_ref()?.value.as_ref());
    match value {
        Some(Value::StringValue(text)) => text.clone(),
        other => panic!("{name}: {other:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_gets_a_span_for_each_connection_and_event() {
    const REPLY: &str = r#"{"errNo":0,"errMsg":"ok","wsfn":{"push":[{"websocket":{"action":"data send","dataType":"text","data":"back"}}]}}"#;
    let (function, events) = server(REPLY).await;
    let (collector, sent) = server("").await;
    let url = format!("http://{function}/event-invoke");
    let mut command = wsfn(&["gateway", "--push-listen", "off", "--function", &url]);
    command
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{collector}"))
        .args(["--log", "warn"]);
    let mut gateway = Example::listening_command(command, &Example::free_address());
    let mut client = connect(gateway.address()).await;
    // What came inside the answer to the connect.
    assert_eq!(text(&mut client).await, "back");
    client.send(Message::text("hello")).await.expect("sent");
    assert_eq!(text(&mut client).await, "back");
    client.close(None).await.expect("closed");
    while client.next().await.is_some() {}
    gateway.terminate();
    let (status, lines) = gateway.ended();
    assert!(status.success(), "{lines:#?}");
    // Neither the call nor its connection is a line of the log, which is at `warn`.
    assert!(
        lines.iter().all(|line| !line.contains("a call ended")),
        "{lines:#?}"
    );

    let mut spans = HashMap::new();
    for (head, body) in sent.lock().expect("no panic").iter() {
        assert!(head.starts_with("post /v1/traces "), "{head}");
        let batch = ExportTraceServiceRequest::decode(&**body).expect("a batch");
        for of_resource in batch.resource_spans {
            let resource = of_resource.resource.expect("a resource");
            let name = resource
                .attributes
                .iter()
                .find(|one| one.key == "service.name");
            assert!(format!("{name:?}").contains("\"wsfn\""), "{name:?}");
            for span in of_resource
                .scope_spans
                .into_iter()
                .flat_map(|scope| scope.spans)
            {
                assert!(spans.insert(span.name.clone(), span).is_none());
            }
        }
    }
    let mut names: Vec<&str> = spans.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["close", "connect", "connection", "message"]);
    let connection = &spans["connection"];
    for (head, body) in events.lock().expect("no panic").iter() {
        let body = String::from_utf8_lossy(body);
        let name = ["connecting", "data send", "closing"]
            .iter()
            .position(|action| body.contains(&format!("\"action\":\"{action}\"")));
        let span = &spans[["connect", "message", "close"][name.expect("an action")]];
        // What the function was told is what the collector got, so that its own spans hang there.
        let parent = format!(
            "traceparent: 00-{}-{}-01\r\n",
            hex(&span.trace_id),
            hex(&span.span_id)
        );
        assert!(head.contains(&parent), "{parent}: {head}");
        assert!(span.end_time_unix_nano >= span.start_time_unix_nano);
        assert_eq!(attribute(span, "wsfn.outcome"), "answered");
        assert_eq!(
            attribute(span, "wsfn.connection"),
            attribute(connection, "wsfn.connection")
        );
        // Six characters, as in the log.
        assert!(attribute(span, "wsfn.connection").chars().count() <= 7);
        let [link] = &span.links[..] else {
            panic!("{:?}", span.links)
        };
        assert_eq!(
            (&link.trace_id, &link.span_id),
            (&connection.trace_id, &connection.span_id)
        );
        assert_ne!(
            span.status.as_ref().map(|status| status.code),
            Some(StatusCode::Error as i32)
        );
    }
    assert_eq!(events.lock().expect("no panic").len(), 3);
}

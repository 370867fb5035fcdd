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
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use wsfn_tests::Example;

use super::command::wsfn;
use super::gateway::{connect, text};

/// Answers a client inside the answer to its event.
const REPLY: &str = r#"{"errNo":0,"errMsg":"ok","wsfn":{"push":[{"websocket":{"action":"data send","dataType":"text","data":"back"}}]}}"#;

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

/// Every span that a collector got.
fn received(sent: &Mutex<Vec<(String, Vec<u8>)>>) -> Vec<Span> {
    let mut spans = Vec::new();
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
            let scopes = of_resource.scope_spans.into_iter();
            spans.extend(scopes.flat_map(|scope| scope.spans));
        }
    }
    spans
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_gets_a_span_for_each_connection_and_event() {
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
    for span in received(&sent) {
        assert!(spans.insert(span.name.clone(), span).is_none());
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

/// The `traceparent` of the event with this action.
fn parent(events: &Mutex<Vec<(String, Vec<u8>)>>, action: &str) -> String {
    let events = events.lock().expect("no panic");
    let named = format!("\"action\":\"{action}\"");
    let of_action = |(_, body): &&(String, Vec<u8>)| String::from_utf8_lossy(body).contains(&named);
    let (head, _) = events.iter().find(of_action).expect("an event");
    let (_, value) = head.split_once("\r\ntraceparent: ").expect("a traceparent");
    value.split("\r\n").next().expect("a line").to_owned()
}

/// What a client that says where it stands in a trace makes a gateway do: events, and spans.
async fn traced(
    trusted: &str,
    traceparent: &str,
) -> (Arc<Mutex<Vec<(String, Vec<u8>)>>>, Vec<Span>) {
    let (function, events) = server(REPLY).await;
    let (collector, sent) = server("").await;
    let url = format!("http://{function}/event-invoke");
    let mut command = wsfn(&["gateway", "--push-listen", "off", "--function", &url]);
    command
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{collector}"))
        .args(["--trust-proxy", trusted]);
    let mut gateway = Example::listening_command(command, &Example::free_address());
    let mut request = format!("ws://{}/", gateway.address())
        .into_client_request()
        .expect("a request");
    let value = traceparent.parse().expect("a header");
    request.headers_mut().insert("traceparent", value);
    let (mut client, _) = tokio_tungstenite::connect_async(request)
        .await
        .expect("accepted");
    assert_eq!(text(&mut client).await, "back");
    client.send(Message::text("hello")).await.expect("sent");
    assert_eq!(text(&mut client).await, "back");
    client.close(None).await.expect("closed");
    while client.next().await.is_some() {}
    gateway.terminate();
    let (status, lines) = gateway.ended();
    assert!(status.success(), "{lines:#?}");
    let spans = received(&sent);
    (events, spans)
}

fn named<'s>(spans: &'s [Span], name: &str) -> Option<&'s Span> {
    spans.iter().find(|span| span.name == name)
}

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

#[tokio::test(flavor = "multi_thread")]
async fn the_trace_of_a_client_behind_a_trusted_proxy_goes_on() {
    let client = format!("00-{TRACE}-b7ad6b7169203331-01");
    let (events, spans) = traced("127.0.0.1", &client).await;
    let [connection, connect, message] =
        ["connection", "connect", "message"].map(|name| named(&spans, name).expect(name));
    // The request of the client, the connection, its connect event, and what the function makes of it.
    assert_eq!(hex(&connection.trace_id), TRACE);
    assert_eq!(hex(&connection.parent_span_id), "b7ad6b7169203331");
    assert_eq!(hex(&connect.trace_id), TRACE);
    assert_eq!(connect.parent_span_id, connection.span_id);
    let told = format!("00-{TRACE}-{}-01", hex(&connect.span_id));
    assert_eq!(parent(&events, "connecting"), told);
    // A message may come hours later: its trace is its own, with a link.
    assert_ne!(hex(&message.trace_id), TRACE);
    assert_eq!(message.links[0].span_id, connection.span_id);
    assert_eq!(hex(&message.links[0].trace_id), TRACE);
    let told = parent(&events, "data send");
    assert_eq!(
        told,
        format!("00-{}-{}-01", hex(&message.trace_id), hex(&message.span_id))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_that_is_not_sampled_is_passed_on_and_sent_to_nobody() {
    let client = format!("00-{TRACE}-b7ad6b7169203331-00");
    let (events, spans) = traced("127.0.0.1", &client).await;
    let told = parent(&events, "connecting");
    assert!(told.starts_with(&format!("00-{TRACE}-")), "{told}");
    assert!(told.ends_with("-00"), "{told}");
    assert!(named(&spans, "connection").is_none() && named(&spans, "connect").is_none());
    assert!(named(&spans, "message").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trace_of_anyone_else_and_one_that_is_none_begin_anew() {
    let good = format!("00-{TRACE}-b7ad6b7169203331-01");
    let bad = format!("00-{TRACE}-0000000000000000-01");
    for (trusted, traceparent) in [("192.0.2.1", good), ("127.0.0.1", bad)] {
        let (events, spans) = traced(trusted, &traceparent).await;
        let told = parent(&events, "connecting");
        assert!(!told.contains(TRACE), "{told}");
        let connection = named(&spans, "connection").expect("a span");
        assert_ne!(hex(&connection.trace_id), TRACE);
        assert!(connection.parent_span_id.is_empty());
    }
}

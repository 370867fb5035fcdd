//! The function of peers, and that of an endpoint like SCF's: it answers what it is sent.
//!
//! `upstream ADDRESS [PUSH_ADDRESS PUSH_PATH]` listens there. A plain body comes back. Events of WebSocket-over-HTTP come
//! back as such, and a client is subscribed to the room that its path names. What SCF's `InvokeFunction` would be called
//! with is answered by a push.

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::LocalSet;
use wsfn_load::post::Poster;

const EVENTS: HeaderValue = HeaderValue::from_static("application/websocket-events");

/// Where a function pushes to, and its connections that are not in use.
struct Pushes {
    address: std::net::SocketAddr,
    path: String,
    idle: RefCell<Vec<Poster>>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, pushes @ ..] = &arguments[..] else {
        anyhow::bail!("usage: upstream ADDRESS [PUSH_ADDRESS PUSH_PATH]");
    };
    let pushes = match pushes {
        [address, path] => Some(Rc::new(Pushes {
            address: address.parse()?,
            path: path.clone(),
            idle: RefCell::default(),
        })),
        _ => None,
    };
    let listener = TcpListener::bind(address).await?;
    println!("{}", listener.local_addr()?);
    let accepting = async {
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let pushes = pushes.clone();
            tokio::task::spawn_local(async move {
                let service = service_fn(|request| serve(request, pushes.clone()));
                let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                // A client that goes away is no matter here.
                let _ = serving.await;
            });
        }
    };
    LocalSet::new().run_until(accepting).await
}

async fn serve(
    request: Request<Incoming>,
    pushes: Option<Rc<Pushes>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let answered = answer(request, pushes.as_deref()).await;
    Ok(answered.unwrap_or_else(|error| {
        eprintln!("upstream: {error:#}");
        let mut response = Response::new(Full::from(error.to_string()));
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    }))
}

async fn answer(
    request: Request<Incoming>,
    pushes: Option<&Pushes>,
) -> Result<Response<Full<Bytes>>> {
    let is_events = request.headers().get(CONTENT_TYPE) == Some(&EVENTS);
    let room = request.uri().path().trim_start_matches('/').to_owned();
    let Ok(body) = request.into_body().collect().await else {
        // Whoever asked is gone.
        return Ok(Response::new(Full::default()));
    };
    let body = body.to_bytes();
    if let Some(pushes) = pushes {
        return Ok(Response::new(Full::from(invoked(&body, pushes).await?)));
    }
    if !is_events {
        return Ok(Response::new(Full::from(body)));
    }
    // A text, and a close, go back as the event that they came as.
    let events = match &body[..] {
        opening if opening.starts_with(b"OPEN") => open(&room),
        gone if gone.starts_with(b"DISCONNECT") => Bytes::new(),
        _ => body,
    };
    let mut response = Response::new(Full::from(events));
    let grip = HeaderValue::from_static("grip; message-prefix=\"\"");
    response.headers_mut().insert(CONTENT_TYPE, EVENTS);
    response
        .headers_mut()
        .insert("sec-websocket-extensions", grip);
    Ok(response)
}

/// Lets a client in, and into its room.
fn open(room: &str) -> Bytes {
    let subscribe = format!(r#"c:{{"type":"subscribe","channel":"{room}"}}"#);
    format!("OPEN\r\nTEXT {:X}\r\n{subscribe}\r\n", subscribe.len()).into()
}

/// What SCF would answer: the function has pushed, and says so.
async fn invoked(body: &[u8], pushes: &Pushes) -> Result<String> {
    let asked: Value = serde_json::from_slice(body)?;
    let event = asked["Event"].as_str().context("no event")?;
    let event: Value = serde_json::from_str(event)?;
    if event["websocket"]["action"] == "data send" {
        // As it came, it is a push.
        let idle = pushes.idle.borrow_mut().pop();
        let mut poster = idle.unwrap_or_else(|| Poster::new(pushes.address));
        let (status, said) = poster.post(&pushes.path, event.to_string()).await?;
        ensure!(status == 200, "not pushed: {status} {said}");
        pushes.idle.borrow_mut().push(poster);
    }
    let reply = r#"{"errNo":0,"errMsg":"ok"}"#;
    let result = json!({"InvokeResult": 0, "RetMsg": reply, "ErrMsg": ""});
    Ok(json!({"Response": {"Result": result, "RequestId": "load"}}).to_string())
}

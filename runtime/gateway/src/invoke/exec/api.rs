//! SCF's runtime API (583/38129), for one process.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderMap, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

use super::exchange::{Exchange, Said};
use super::group::Members;
use wsfn_protocol::header;

use crate::invoke::Call;
use crate::invoke::reply::REPLY_MAX;
use crate::invoke::trace;

/// The most connections of one process: it asks for an event on one and answers on another at most. Some leave others
/// open; then the oldest goes, on which nothing is asked any more.
const CONNECTIONS_MAX: usize = 16;

/// What a function is told to have: the most that one in SCF may have (583/11637), since nothing limits it here.
const MEMORY_MB: HeaderValue = HeaderValue::from_static("3072");

/// Serves the API until it is dropped, to processes of this group and nobody else.
pub(super) async fn serve(listener: TcpListener, members: Members, exchange: Arc<Exchange>) {
    let mut connections = JoinSet::new();
    let mut open: VecDeque<AbortHandle> = VecDeque::new();
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            // Out of file descriptors, most likely: some are freed meanwhile.
            tokio::time::sleep(crate::gateway::ACCEPT_PAUSE).await;
            continue;
        };
        // Before it counts as a connection: others must not crowd the process out.
        if !is_member(&stream, peer, members).await {
            tracing::warn!(%peer, "the runtime API of a process was connected to by another one, and hung up");
            continue;
        }
        while connections.try_join_next().is_some() {}
        open.retain(|connection| !connection.is_finished());
        if open.len() >= CONNECTIONS_MAX
            && let Some(oldest) = open.pop_front()
        {
            oldest.abort();
        }
        let exchange = Arc::clone(&exchange);
        open.push_back(connections.spawn(connection(stream, exchange, REPLY_MAX)));
    }
}

async fn is_member(stream: &TcpStream, peer: SocketAddr, members: Members) -> bool {
    let Ok(local) = stream.local_addr() else {
        return false;
    };
    let known = tokio::task::spawn_blocking(move || members.include(peer, local));
    known.await.unwrap_or(false)
}

/// Serves one connection to its end. A reply above `reply_max` bytes is too large.
pub(super) async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    exchange: Arc<Exchange>,
    reply_max: usize,
) {
    let service = service_fn(move |request| {
        let exchange = Arc::clone(&exchange);
        async move { Ok::<_, Infallible>(answer(request, &exchange, reply_max).await) }
    });
    // An error is a process that hung up, or no HTTP: it will ask again, or be noticed to be silent.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(
    request: Request<Incoming>,
    exchange: &Exchange,
    reply_max: usize,
) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    // Of every request: where a body is left unread, the library closes the connection or does not, as it happens to come.
    let body = match Limited::new(body, reply_max).collect().await {
        Ok(body) => Some(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => None,
        Err(_) => return plain(StatusCode::BAD_REQUEST, "the request broke off\n"),
    };
    match (&head.method, head.uri.path(), body) {
        (
            &Method::POST,
            path @ ("/runtime/invocation/response" | "/runtime/invocation/error"),
            body,
        ) => {
            // One that is too large is an answer all the same: were the event handed out again, it would be handled again.
            let is_too_large = body.is_none();
            let said = match body {
                None => Said::TooLarge,
                Some(body) if path == "/runtime/invocation/response" => Said::Response(body),
                Some(body) => Said::Error(body),
            };
            match (exchange.answer(said), is_too_large) {
                (true, false) => plain(StatusCode::OK, ""),
                (_, true) => too_large("the reply is larger than 6 MB\n"),
                (false, false) => plain(
                    StatusCode::BAD_REQUEST,
                    "no event waits for an answer: the first one was final\n",
                ),
            }
        }
        (_, _, None) => too_large("the request is larger than 6 MB\n"),
        (&Method::POST, "/runtime/init/ready", _) => {
            exchange.ready();
            plain(StatusCode::OK, "")
        }
        (&Method::GET, "/runtime/invocation/next", _) => {
            let call = exchange.next().await;
            let mut response =
                Response::new(Full::new(Bytes::copy_from_slice(call.event.as_bytes())));
            *response.headers_mut() = headers(&call);
            response
        }
        _ => plain(StatusCode::NOT_FOUND, "not a path of the runtime API\n"),
    }
}

/// What is left of such a request is not read.
fn too_large(text: &'static str) -> Response<Full<Bytes>> {
    let mut response = plain(StatusCode::PAYLOAD_TOO_LARGE, text);
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(CONNECTION, close);
    response
}

/// What stands beside an event. The first three names are the platform's own, underscores and all.
fn headers(call: &Call) -> HeaderMap {
    let left = call.deadline.saturating_duration_since(Instant::now());
    let left = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
    let mut headers = HeaderMap::new();
    let mut text = |name: &'static str, value: &str| {
        // Ids are our own, and plain text.
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    text("request_id", &call.request_id);
    text(header::EVENT_ID, &call.event_id);
    text(header::SESSION, &call.session_header());
    if let Some(parent) = trace::parent(&call.request_id, call.client_trace.as_deref()) {
        text(header::TRACE_PARENT, &parent);
    }
    headers.insert("memory_limit_in_mb", MEMORY_MB);
    headers.insert("time_limit_in_ms", HeaderValue::from(left));
    headers.insert(header::GATEWAY, HeaderValue::from_static("1"));
    if let Some(seq) = call.seq {
        headers.insert(header::SEQ, HeaderValue::from(seq));
    }
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    headers
}

fn plain(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    response
}

//! One HTTP request and its answer.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout, timeout_at};

use super::Limits;
use crate::serve::answers::{Answers, text, timed_out, unreadable};
use crate::serve::context::Environment;
use crate::serve::signature::{Refused, Signatures, Signed};
use crate::serve::{EVENT_MAX, blocked_at};

/// Where the platform sends events.
const PATH: &str = "/event-invoke";

/// From the first to the last byte of an event: 6 MB over a slow line.
pub(crate) const BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// What is read, and thrown away, of an event above the limit: the sender reads an answer only once it has sent all.
const REST_MAX: usize = 32 << 20;

/// What all requests share.
pub(super) struct Shared<A> {
    pub(super) answers: Arc<A>,
    pub(super) handlers: Handle,
    pub(super) environment: Environment,
    pub(super) limits: Limits,
    pub(super) signatures: Option<Signatures>,
}

type Answer = Response<Full<Bytes>>;

pub(super) async fn answer<A: Answers>(
    request: Request<Incoming>,
    shared: Arc<Shared<A>>,
) -> Result<Answer, Infallible> {
    let path = request.uri().path();
    if path != PATH {
        let why = format!("only POST {PATH} is served here");
        return Ok(problem(StatusCode::NOT_FOUND, why));
    }
    if request.method() != Method::POST {
        let why = format!("{PATH} takes POST, not {}", request.method());
        let mut answer = problem(StatusCode::METHOD_NOT_ALLOWED, why);
        let allow = HeaderValue::from_static("POST");
        answer.headers_mut().insert(ALLOW, allow);
        return Ok(answer);
    }
    let now = Instant::now();
    let (head, body) = request.into_parts();
    let signatures = shared.signatures.as_ref();
    let claimed = match signatures.map(|signatures| signatures.claimed(&head.headers)) {
        None => None,
        Some(Ok(claimed)) => Some(claimed),
        Some(Err(why)) => return Ok(last(denied(why))),
    };
    let body = match timeout(shared.limits.body, read(body)).await {
        Ok(Ok(body)) => body,
        Ok(Err(Unread::TooLarge)) => {
            let why = format!("not an event: larger than {EVENT_MAX} bytes");
            return Ok(last(json(unreadable(&why))));
        }
        Ok(Err(Unread::Broken)) => {
            return Ok(last(json(unreadable("not an event: it broke off"))));
        }
        Err(_) => {
            let why = format!("the event did not arrive within {:?}", shared.limits.body);
            return Ok(last(problem(StatusCode::REQUEST_TIMEOUT, why)));
        }
    };
    if let (Some(signatures), Some(claimed)) = (signatures, &claimed) {
        let signed = Signed {
            claimed,
            method: head.method.as_str(),
            path: head.uri.path_and_query().map_or("/", |path| path.as_str()),
            body: &body,
        };
        if let Err(why) = signatures.check(&signed) {
            return Ok(denied(why));
        }
    }
    let event = match text(&body) {
        Ok(event) => event,
        Err(reply) => return Ok(json(reply)),
    };
    let mut context = shared.environment.context(&head.headers, now);
    let deadline = *context.deadline.get_or_insert(now + shared.limits.timeout);
    let request_id = Arc::clone(&context.request_id);
    let (answers, asked) = (Arc::clone(&shared.answers), Arc::clone(&event));
    let for_blocked = context.for_blocked();
    let handler = shared
        .handlers
        .spawn(async move { answers.answer(event, context).await });
    Ok(json(
        match timeout_at(blocked_at(deadline), handler).await {
            Ok(Ok(reply)) => reply,
            // The app catches panics itself; what is left is a runtime that is being shut down.
            Ok(Err(_)) => timed_out(),
            Err(_) => {
                tracing::error!(
                    handler = shared.answers.handler_of(&asked),
                    request_id = &*request_id,
                    "a handler blocks its thread: it is answered for with 1006; use async calls, or \
                     tokio::task::spawn_blocking"
                );
                shared.answers.blocked(asked, for_blocked).await
            }
        },
    ))
}

enum Unread {
    TooLarge,
    Broken,
}

async fn read(mut body: Incoming) -> Result<Vec<u8>, Unread> {
    let mut bytes = Vec::new();
    let mut length = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return Err(Unread::Broken);
        };
        let Ok(data) = frame.into_data() else {
            continue;
        };
        length += data.len();
        if length <= EVENT_MAX {
            bytes.extend_from_slice(&data);
        } else if length > EVENT_MAX + REST_MAX {
            break;
        } else {
            bytes = Vec::new();
        }
    }
    if length > EVENT_MAX {
        return Err(Unread::TooLarge);
    }
    Ok(bytes)
}

fn json(reply: String) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(reply)));
    let kind = HeaderValue::from_static("application/json");
    answer.headers_mut().insert(CONTENT_TYPE, kind);
    answer
}

/// An event that was not signed as it should be. It is logged, since whoever set up the gateway looks there.
fn denied(why: Refused) -> Answer {
    tracing::warn!("an event is refused: {why}");
    problem(StatusCode::UNAUTHORIZED, why.to_string())
}

fn problem(status: StatusCode, why: String) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(why + "\n")));
    *answer.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    answer.headers_mut().insert(CONTENT_TYPE, kind);
    answer
}

/// The connection ends with this answer: what is left of the request would be taken for the next one.
fn last(mut answer: Answer) -> Answer {
    let close = HeaderValue::from_static("close");
    answer.headers_mut().insert(CONNECTION, close);
    answer
}

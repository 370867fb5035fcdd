//! What goes back over HTTP.

use http_body_util::Full;
use hyper::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Response, StatusCode};
use wsfn_protocol::{Answer, ErrNo};

use super::access::Denied;
use super::body::BodyError;
use crate::http_server::Reply;

/// An answer with the status that belongs to its number.
pub(super) fn reply(answer: &Answer) -> Reply {
    let status = StatusCode::from_u16(answer.err_no().http_status()).unwrap_or(StatusCode::OK);
    with_status(status, answer)
}

fn with_status(status: StatusCode, answer: &Answer) -> Reply {
    let mut reply = Response::new(Full::from(answer.to_json()));
    *reply.status_mut() = status;
    reply
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        reply
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    reply
}

/// The answer to a request that may not push, or is none.
pub(super) fn denied(denied: Denied) -> Reply {
    let (status, err_no, text) = match denied {
        Denied::Origin => (
            StatusCode::FORBIDDEN,
            ErrNo::FORBIDDEN,
            "a request with an `Origin` header comes from a web page; pages may not push",
        ),
        Denied::Host => (
            StatusCode::FORBIDDEN,
            ErrNo::FORBIDDEN,
            "without a push-token, `Host` has to be an IP address or localhost",
        ),
        Denied::Path => (
            StatusCode::NOT_FOUND,
            ErrNo::BAD_PUSH,
            "nothing is at this path; pushes go to push-path",
        ),
        Denied::Method => (
            StatusCode::METHOD_NOT_ALLOWED,
            ErrNo::BAD_PUSH,
            "a push is a POST",
        ),
        Denied::NoToken => (
            StatusCode::UNAUTHORIZED,
            ErrNo::FORBIDDEN,
            "a push-token is required, behind the path or as `Authorization: Bearer`",
        ),
        Denied::WrongToken => (
            StatusCode::UNAUTHORIZED,
            ErrNo::FORBIDDEN,
            "the push-token is none that is known here",
        ),
    };
    let mut reply = with_status(status, &Answer::error(err_no, text));
    match denied {
        Denied::Method => {
            reply
                .headers_mut()
                .insert(ALLOW, HeaderValue::from_static("POST"));
        }
        Denied::NoToken | Denied::WrongToken => {
            reply
                .headers_mut()
                .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        Denied::Origin | Denied::Host | Denied::Path => {}
    }
    reply
}

/// The answer to a body that could not be had. Its rest may still be under way, so the connection ends.
pub(super) fn no_body(error: &BodyError, max: usize) -> Reply {
    let mut reply = match error {
        BodyError::TooLarge => reply(&Answer::error(
            ErrNo::TOO_LARGE,
            format!("the body of the push is larger than push-max-body, which is {max} bytes"),
        )),
        BodyError::TooSlow => with_status(
            StatusCode::REQUEST_TIMEOUT,
            &Answer::error(
                ErrNo::BAD_PUSH,
                "the body of the push did not arrive within message-timeout",
            ),
        ),
        BodyError::Busy => reply(&Answer::error(
            ErrNo::BUSY,
            "the gateway is busy: too many pushes are arriving",
        )),
        BodyError::Broken(_) => reply(&Answer::error(
            ErrNo::BAD_PUSH,
            "not a push: the body cannot be read to its end",
        )),
    };
    reply
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("close"));
    reply
}

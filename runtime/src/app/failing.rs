//! Events that fail: what is answered to those that cannot be read, and what is logged.

use std::borrow::Cow;
use std::sync::Arc;

use wsfn_protocol::{ErrNo, EventError, Kind};

use super::Outcome;
use super::caught::caught;
use crate::connection_id::ConnectionId;
use crate::reply::Problem;

/// What is answered to an event that cannot be read. A refused handshake goes to a client who is nobody yet, and whose
/// own words may stand in the explanation: that one stays in the log.
#[cold]
pub(super) fn unreadable(
    error: &EventError,
    raw: &str,
    only: Option<Kind>,
    request_id: Arc<str>,
) -> Outcome {
    #[derive(serde::Deserialize)]
    struct Wire<'a> {
        #[serde(borrow)]
        websocket: Socket<'a>,
    }
    #[derive(serde::Deserialize)]
    struct Socket<'a> {
        #[serde(borrow)]
        action: Cow<'a, str>,
    }
    let err_no = error.err_no();
    tracing::warn!(err_no = err_no.0, request_id = &*request_id, "{error}");
    let connects = || {
        only == Some(Kind::Connect)
            || serde_json::from_str::<Wire<'_>>(raw)
                .is_ok_and(|wire| wire.websocket.action == "connecting")
    };
    let err_msg = match err_no == ErrNo::BAD_EVENT && connects() {
        true => "the event cannot be read".into(),
        false => error.to_string().into(),
    };
    Outcome::failed(None, request_id, err_no, err_msg)
}

/// Writes a failure to the log. How the program's own error shows itself is its own code, which may panic too.
pub(super) fn log(handler: &str, problem: &Problem, id: &ConnectionId, request_id: &str) {
    let written = caught(|| log_inner(handler, problem, id, request_id));
    if written.is_err() {
        tracing::error!(handler, err_no = problem.err_no.0, connection = ?id, request_id,
            "{}; its error panicked while it was shown", problem.err_msg);
    }
}

fn log_inner(handler: &str, problem: &Problem, id: &ConnectionId, request_id: &str) {
    let err_no = problem.err_no.0;
    match (&problem.error, problem.argument) {
        (_, Some(argument)) => {
            tracing::info!(handler, err_no, connection = ?id, request_id, argument, "{}", problem.err_msg);
        }
        (Some(error), None) => {
            tracing::error!(handler, err_no, connection = ?id, request_id, "{}: {error:?}", problem.err_msg);
        }
        (None, None) => {
            tracing::error!(handler, err_no, connection = ?id, request_id, "{}", problem.err_msg);
        }
    }
}

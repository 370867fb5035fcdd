//! `/journal`.

use std::sync::Arc;

use super::{reply, text};
use crate::http_server::Reply;
use crate::hub::Hub;
use crate::journal::WaitingCloses;
use hyper::StatusCode;

/// What waits, and for whom.
pub(super) async fn answer(hub: &Arc<Hub>) -> Reply {
    let Some(journal) = hub.journal() else {
        return text(
            StatusCode::NOT_FOUND,
            "there is no journal: data is not set\n",
        );
    };
    let waiting = WaitingCloses::of(journal).await;
    match serde_json::to_string(&waiting) {
        Ok(json) => reply(StatusCode::OK, "application/json", json + "\n"),
        Err(_) => text(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the journal cannot be shown\n",
        ),
    }
}

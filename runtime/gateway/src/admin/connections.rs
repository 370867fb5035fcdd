//! `/connections`.

use std::sync::Arc;

use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use wsfn_protocol::{ErrNo, Request};
use wsfn_settings::percent_decoded;

use super::{not_allowed, reply, text};
use crate::http_server::Reply;
use crate::hub::Hub;
use crate::hub::outbound::Gate;
use crate::hub::peer::Peer;

const JSON: &str = "application/json";

/// Connections in a page where nobody says, and at most.
const PAGE: usize = 100;
const PAGE_MAX: usize = 1000;

/// Lists connections, shows one, or closes it. `id` is what stands behind the slash, percent-encoded.
pub(super) fn answer(hub: &Arc<Hub>, head: &Parts, id: &str) -> Reply {
    let query = head.uri.query().unwrap_or_default();
    let Some(id) = percent_decoded(id) else {
        return text(
            StatusCode::BAD_REQUEST,
            "the id is not percent-encoded UTF-8\n",
        );
    };
    match (&head.method, &*id) {
        (&Method::GET | &Method::HEAD, "") => list(hub, query),
        (&Method::GET | &Method::HEAD, id) => match hub.peer(id) {
            Some(peer) => reply(StatusCode::OK, JSON, line(hub, &peer).to_string() + "\n"),
            None => text(StatusCode::NOT_FOUND, "no such connection\n"),
        },
        (&Method::DELETE, id) if !id.is_empty() => close(hub, id, query),
        (_, "") => not_allowed("GET"),
        _ => not_allowed("GET, DELETE"),
    }
}

fn list(hub: &Hub, query: &str) -> Reply {
    let after = parameter(query, "after").unwrap_or_default();
    let limit = match parameter(query, "limit").map(|limit| limit.parse::<usize>()) {
        None => PAGE,
        Some(Ok(limit)) if (1..=PAGE_MAX).contains(&limit) => limit,
        Some(_) => {
            return text(
                StatusCode::BAD_REQUEST,
                "limit: expected a number from 1 to 1000\n",
            );
        }
    };
    let mut all = hub.all();
    let count = all.len();
    all.sort_unstable_by(|a, b| a.id().cmp(b.id()));
    let start = all.partition_point(|peer| **peer.id() <= *after);
    let rest = &all[start..];
    let page = &rest[..rest.len().min(limit)];
    let mut answer = json!({
        "count": count,
        "connections": page.iter().map(|peer| line(hub, peer)).collect::<Vec<_>>(),
    });
    if let (Some(last), true) = (page.last(), rest.len() > page.len()) {
        answer["next"] = Value::from(&**last.id());
    }
    reply(StatusCode::OK, JSON, answer.to_string() + "\n")
}

fn line(hub: &Hub, peer: &Peer) -> Value {
    let (gate, queued) = {
        let out = peer.out();
        (out.gate, out.queued())
    };
    json!({
        "id": &**peer.id(),
        "state": match gate {
            Gate::Held => "registering",
            Gate::Open | Gate::Last => "open",
            Gate::Sealed => "closing",
        },
        "queued": { "messages": queued.0, "bytes": queued.1 },
        "rooms": hub.rooms_of(peer.id()).iter().map(|room| &**room).collect::<Vec<_>>(),
    })
}

fn close(hub: &Arc<Hub>, id: &str, query: &str) -> Reply {
    let code = match parameter(query, "code").map(|code| code.parse()) {
        None => None,
        Some(Ok(code)) => Some(code),
        Some(Err(_)) => return text(StatusCode::BAD_REQUEST, "code: expected a close code\n"),
    };
    let answer = hub.act(&Request::Close {
        to: id.into(),
        code,
        reason: parameter(query, "reason").map(Into::into),
    });
    let status = match answer.err_no() {
        ErrNo::GONE => StatusCode::NOT_FOUND,
        other => StatusCode::from_u16(other.http_status()).unwrap_or(StatusCode::OK),
    };
    reply(status, JSON, answer.to_json() + "\n")
}

fn parameter(query: &str, name: &str) -> Option<String> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(key, _)| *key == name)?;
    percent_decoded(value)
}

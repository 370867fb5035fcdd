//! Pushes and rooms over HTTP, against gateways on good and on bad days.

mod outcome;
mod rooms;
mod secrecy;
mod stream;
mod to_all;
mod users;

use wsfn::{ConnectionId, Push};
use wsfn_tests::{PushAnswer, PushServer};

/// A path as Tencent's gateways have.
const TENCENT: &str = "/api-abc";
/// Our own gateway's.
const OURS: &str = "/api-wsfn/s3cr3t-t0ken";

fn id() -> ConnectionId {
    ConnectionId::new("xawexasdfewezdfsdfeasdfffa==")
}

async fn gateway(path: &str, always: PushAnswer) -> (PushServer, Push) {
    let server = PushServer::start(always).await;
    let push = Push::to_url(&server.url(path)).expect("an address");
    (server, push)
}

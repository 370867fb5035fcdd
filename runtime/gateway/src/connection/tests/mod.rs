//! One connection's task, over memory and with time that stands still until all wait.

mod clock;
mod dropping;
mod lingering;
mod plain;
mod storm;
mod together;
mod unordered;

use std::sync::Arc;

use bytes::Bytes;
use wsfn_settings::Settings;

use super::{Origin, serve};
use crate::service::Services;
use crate::shared::Shared;
use crate::socket::memory::{self, ClientEnd};
use crate::socket::{Listener, Socket};
use crate::{Handle, Invoke};

const HANDSHAKE: &[u8] =
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// What connections share, in front of a function.
fn shared(handle: &Handle, settings: &Settings, invoke: impl Invoke) -> Arc<Shared> {
    Arc::new(Shared::new(
        settings,
        Services::one(settings, Arc::new(invoke)),
        handle.hub().clone(),
        None,
        Bytes::new(),
    ))
}

/// The two ends of a connection that holds so many bytes.
async fn connection(capacity: usize) -> (Socket, ClientEnd) {
    let (listener, dialer) = memory::Listener::new();
    let client = dialer.dial(origin().client, capacity, None).await.unwrap();
    let (socket, _) = Listener::Memory(listener).accept().await.unwrap();
    (socket, client)
}

fn origin() -> Origin {
    Origin {
        client: "127.0.0.1:1".parse().unwrap(),
        loopback: true,
    }
}

/// A small masked frame.
fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x80 | opcode, 0x80 | payload.len() as u8, 0, 0, 0, 0];
    bytes.extend_from_slice(payload);
    bytes
}

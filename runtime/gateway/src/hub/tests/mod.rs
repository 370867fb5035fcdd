//! The queue of a socket and the registry, over connections in memory.

mod many;
mod members;
mod short_writes;

use crate::socket::memory::{self, ClientEnd};
use crate::socket::{Listener, Reader, Writer};

/// A connection in memory: the gateway's halves and the client.
async fn connection(capacity: usize) -> (Reader, Writer, ClientEnd) {
    let (listener, dialer) = memory::Listener::new();
    let address = "127.0.0.1:1".parse().unwrap();
    let client = dialer.dial(address, capacity, None).await.unwrap();
    let (socket, _) = Listener::Memory(listener).accept().await.unwrap();
    let (reader, writer) = socket.into_split();
    (reader, writer, client)
}

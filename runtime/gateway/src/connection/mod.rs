//! One socket from its acceptance to its end.

mod driver;
pub(crate) mod event;
mod forwarded;
mod inbox;
mod origin;
mod replies;
mod respond;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::OwnedSemaphorePermit;
use tracing::Instrument as _;

use crate::addresses::AddressSlot;
use crate::codec::handshake::{HandshakeError, Head, HeadReader, negotiate};
use crate::codec::scratch;
use crate::limit::Limit;
use crate::service::Service;
use crate::shared::{Place, Shared, Slot};
use crate::socket::{Reader, Socket};
use driver::{Driver, Pending};
use event::Client;
use forwarded::Forwarded;
use respond::{Answer, Handshake, busy, explained, response, status};

/// The most of a refused `Origin` that is logged.
const ORIGIN_SHOWN: usize = 256;

/// Where a socket comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) client: SocketAddr,
    /// Whether it came in through a loopback listener.
    pub(crate) loopback: bool,
}

/// Tells a client that there is no place for it.
pub(crate) async fn refuse(shared: &Shared, socket: Socket) {
    shared.hub.counters().turned_away(503);
    let answer = full(shared, Limit::MaxConnections);
    turn_away(answer, socket, shared.entrance.handshake_timeout).await;
}

/// Serves one socket until it and its close event are done.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    socket: Socket,
    origin: Origin,
    connection: OwnedSemaphorePermit,
) {
    let is_proxy = shared.entrance.trust_proxy.contains(origin.client.ip());
    let address = match shared.addresses.take(origin.client.ip()) {
        _ if is_proxy => None,
        Some(address) => Some(address),
        None => {
            shared.hub.counters().turned_away(429);
            let timeout = shared.entrance.handshake_timeout;
            let answer = too_many(&shared);
            return Box::pin(turn_away(answer, socket, timeout)).await;
        }
    };
    let place = Place {
        connection,
        address,
    };
    // Boxed, as everything that is not for the whole life: a task keeps room for the largest of its futures.
    let driver = Box::pin(handshake(&shared, socket, origin, place)).await;
    if let Some(driver) = driver {
        let span = tracing::debug_span!(
            "connection",
            id = driver.shown_id(),
            client_trace = driver.client_trace()
        );
        driver.run().instrument(span).await;
    }
}

/// Answers a client that is not served.
async fn turn_away(answer: Answer, socket: Socket, timeout: Duration) {
    let (mut reader, writer) = socket.into_split();
    if let Ok(Ok(())) = tokio::time::timeout(timeout, reader.handshake()).await {
        respond::write_and_close(answer, reader, writer, timeout).await;
    }
}

/// Reads the handshake; `None` when it was answered otherwise.
async fn handshake<'s>(
    shared: &'s Shared,
    socket: Socket,
    origin: Origin,
    mut place: Place<'s>,
) -> Option<Box<Driver<'s>>> {
    let entrance = &shared.entrance;
    let (mut reader, writer) = socket.into_split();
    let mut request = HeadReader::new(entrance.header_max);
    let read = read_head(&mut reader, &mut request);
    let read = tokio::select! {
        biased;
        read = tokio::time::timeout(entrance.handshake_timeout, read) => read,
        // Browsers open sockets in advance: they are not waited for.
        () = shared.drained() => Ok(Read::Draining),
    };
    let answer = match read {
        Ok(Read::Draining) => ending(),
        Ok(Read::Head) => match examine(shared, &request, origin) {
            Ok(good) => {
                let Good {
                    service,
                    address,
                    handshake,
                    slot,
                    peer,
                    event,
                    request_id,
                    client_trace,
                } = good;
                place.address = place.address.or(address);
                let pending = Pending {
                    handshake,
                    writer,
                    event,
                    request_id,
                    client_trace,
                    slot,
                    recording: None,
                    is_one_too_many: false,
                    answer: None,
                    protocol: None,
                };
                #[cfg(any(test, feature = "testing"))]
                reader.tell_id(peer.id());
                let undecoded = request.behind();
                let driver = Driver::new(shared, service, place, peer, reader, undecoded, pending);
                // Boxed, because each future that it is moved through would keep room for it.
                return Some(Box::new(driver));
            }
            Err(answer) => answer,
        },
        Ok(Read::Bad(error)) => {
            if error == HandshakeError::TooLarge {
                shared.hub.counters().reached(Limit::HeaderMax);
            }
            bad(error)
        }
        Ok(Read::Gone) => return None,
        Err(_) => {
            shared.hub.counters().reached(Limit::HandshakeTimeout);
            status(408)
        }
    };
    drop(request);
    shared.hub.counters().turned_away(answer.status);
    respond::write_and_close(answer, reader, writer, entrance.write_timeout).await;
    None
}

enum Read {
    Head,
    Bad(HandshakeError),
    Draining,
    Gone,
}

/// Reads up to the end of a head, and what comes in the same packets.
async fn read_head(reader: &mut Reader, request: &mut HeadReader) -> Read {
    loop {
        let read = std::future::poll_fn(|cx| {
            scratch::with_read(|buffer| {
                let mut read = ReadBuf::new(buffer);
                Pin::new(&mut *reader)
                    .poll_read(cx, &mut read)
                    .map_ok(|()| match read.filled() {
                        [] => Some(Read::Gone),
                        received => match request.push(received) {
                            Ok(true) => Some(Read::Head),
                            Ok(false) => None,
                            Err(error) => Some(Read::Bad(error)),
                        },
                    })
            })
        });
        match read.await {
            Ok(None) => {}
            Ok(Some(read)) => return read,
            Err(_) => return Read::Gone,
        }
    }
}

/// The answer to a request that is wrong.
fn bad(error: HandshakeError) -> Answer {
    explained(error.status(), error.reason())
}

/// A handshake that may be asked of the function.
struct Good<'s> {
    service: &'s Service,
    /// Where the client comes through a proxy.
    address: Option<AddressSlot<'s>>,
    handshake: Handshake,
    slot: Slot<'s>,
    peer: Arc<crate::hub::peer::Peer>,
    event: Arc<str>,
    request_id: Arc<str>,
    /// The trace that it goes on with.
    client_trace: Option<Arc<str>>,
}

/// What a request is and whether there is room for it; the error is its answer.
fn examine<'s>(
    shared: &'s Shared,
    request: &HeadReader,
    origin: Origin,
) -> Result<Good<'s>, Answer> {
    let head = request.head().map_err(bad)?;
    if !head.asks_for_websocket() {
        return Err(plain(shared, &head, origin));
    }
    let key = head.check().map_err(bad)?.to_owned();
    let peer = origin.client.ip();
    let forwarded = Forwarded::new(&head, peer, &shared.entrance.trust_proxy);
    let (page, host) = (head.get("origin"), forwarded.host);
    let Some(matched) = shared.services.find(host, head.path) else {
        return Err(explained(404, "no route is for this host and path"));
    };
    let service = matched.service;
    let options = &service.options;
    if !origin::is_allowed(&options.allow_origin, page, host, origin.loopback) {
        // No real origin is longer, and what is warned about is remembered.
        let page = page
            .and_then(|page| page.get(..page.len().min(ORIGIN_SHOWN)))
            .unwrap_or_default();
        if shared.warns_first(&format!("origin {page}")) {
            tracing::warn!(
                origin = page,
                "a page is refused; to let it connect, set WSFN_ALLOW_ORIGIN={page} (or allow-origin in wsfn.toml)"
            );
        }
        return Err(explained(403, "this page may not connect (allow-origin)"));
    }
    let address = if shared.entrance.trust_proxy.contains(peer) {
        Some(
            shared
                .addresses
                .take(forwarded.client)
                .ok_or_else(|| too_many(shared))?,
        )
    } else {
        None
    };
    if shared.is_draining() {
        return Err(ending());
    }
    if shared.hub.is_memory_full() {
        return Err(full(shared, Limit::QueueMemory));
    }
    if shared.hub.has_too_many_closing() {
        return Err(explained(
            503,
            "too many close events wait for the function",
        ));
    }
    if shared.hub.is_unrecordable() {
        return Err(explained(503, "the journal cannot be written"));
    }
    let Some(slot) = Slot::take(&shared.registering, shared.entrance.max_registering) else {
        return Err(full(shared, Limit::MaxRegistering));
    };
    let extensions = head.joined("sec-websocket-extensions");
    let offers = extensions.as_deref().filter(|_| options.compression);
    let (deflate, agreed) = offers.and_then(negotiate).unzip();
    let peer = shared.hub.register(deflate).map_err(|error| {
        tracing::error!(%error, "no connection id without random numbers");
        status(503)
    })?;
    let client = Client {
        path: matched.path.unwrap_or(head.path),
        parameters: matched.parameters,
        query: head.query,
        source: forwarded.client,
        protocols: head.joined("sec-websocket-protocol"),
        extensions,
        headers: Vec::new(),
    };
    let request_id = shared.request_id();
    let offered = client.protocols.clone();
    let client = Client {
        headers: head.headers.clone(),
        ..client
    };
    let event = event::connect(peer.id(), &request_id, &client, options);
    Ok(Good {
        service,
        address,
        handshake: Handshake {
            key,
            offered,
            extensions: agreed,
        },
        slot,
        peer,
        event,
        request_id,
        client_trace: forwarded.trace.map(Into::into),
    })
}

/// The answer to one connection more than an address may have.
fn too_many(shared: &Shared) -> Answer {
    shared.hub.counters().reached(Limit::MaxPerAddress);
    explained(
        429,
        "too many connections from this address (max-per-address)",
    )
}

/// The answer to one more than the gateway takes.
fn full(shared: &Shared, limit: Limit) -> Answer {
    shared.hub.counters().reached(limit);
    busy(limit)
}

/// The answer while the process ends.
fn ending() -> Answer {
    explained(503, "the server restarts")
}

/// The answer to a request that is no handshake.
fn plain(shared: &Shared, head: &Head<'_>, origin: Origin) -> Answer {
    if !matches!(head.method, "GET" | "HEAD") {
        return status(405);
    }
    if head.path != "/" {
        return explained(404, "nothing is here; WebSockets are accepted on any path");
    }
    let page = match &shared.page {
        Some(page) => Some(page),
        None if origin.loopback => Some(&shared.loopback_page),
        None => None,
    };
    let Some(page) = page else {
        return status(426);
    };
    let mut answer = response(200, "text/html; charset=utf-8", page);
    if head.method == "HEAD" {
        answer.bytes.truncate(answer.bytes.len() - page.len());
    }
    answer
}

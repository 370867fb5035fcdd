//! What proxies say of a client.

use std::net::{IpAddr, SocketAddr};

use wsfn_protocol::header;
use wsfn_settings::Networks;

use crate::codec::handshake::Head;
use crate::invoke::trace;

/// The client's address and the host that it asked for: what the proxy says where one of `trust-proxy` is connected,
/// else what the socket and the request say.
pub(super) struct Forwarded<'h> {
    pub(super) client: IpAddr,
    pub(super) host: Option<&'h str>,
    /// The `traceparent`, where a proxy sent one: whoever else connects could write into the traces of others.
    pub(super) trace: Option<String>,
}

impl<'h> Forwarded<'h> {
    pub(super) fn new(head: &'h Head<'_>, peer: IpAddr, trusted: &Networks) -> Self {
        let host = head.get("host");
        if !trusted.contains(peer) {
            return Self {
                client: peer,
                host,
                trace: None,
            };
        }
        let list = head.joined("x-forwarded-for");
        let forwarded_host = head.get("x-forwarded-host");
        // Of several the first is the one that the client asked for.
        let forwarded_host = forwarded_host
            .and_then(|hosts| hosts.split(',').next())
            .map(str::trim);
        Self {
            client: client(list.as_deref().unwrap_or_default(), peer, trusted),
            host: forwarded_host.filter(|host| !host.is_empty()).or(host),
            trace: head
                .joined(header::TRACE_PARENT)
                .and_then(|text| trace::valid(&text)),
        }
    }
}

/// Each proxy adds whom it saw at the end; whoever is before the last that is not trusted may have been made up.
fn client(list: &str, peer: IpAddr, trusted: &Networks) -> IpAddr {
    let mut last = peer;
    for item in list.rsplit(',') {
        let Some(address) = address(item.trim()) else {
            return last;
        };
        last = address;
        if !trusted.contains(address) {
            return last;
        }
    }
    last
}

/// An address, with a port or without.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let address: Option<IpAddr> = bare.unwrap_or(text).parse().ok();
    let address = address.or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(peer: &str, headers: &str) -> (String, Option<String>) {
        let trusted = Networks::parse(&["10.0.0.0/8", "::1"]).expect("networks");
        let request = format!("GET / HTTP/1.1\r\nhost: inside\r\n{headers}\r\n");
        let head = Head::parse(request.as_bytes())
            .expect("a head")
            .expect("whole");
        let found = Forwarded::new(&head, peer.parse().expect("an address"), &trusted);
        (found.client.to_string(), found.host.map(str::to_owned))
    }

    #[test]
    fn a_client_cannot_choose_its_address() {
        for (peer, headers, client) in [
            // Nobody whom one trusts: what it says of itself is nothing.
            (
                "192.0.2.1",
                "x-forwarded-for: 198.51.100.1\r\n",
                "192.0.2.1",
            ),
            ("10.0.0.1", "", "10.0.0.1"),
            (
                "10.0.0.1",
                "x-forwarded-for: 198.51.100.1\r\n",
                "198.51.100.1",
            ),
            // The first was written by the client.
            (
                "10.0.0.1",
                "x-forwarded-for: 203.0.113.9, 198.51.100.1\r\n",
                "198.51.100.1",
            ),
            (
                "10.0.0.1",
                "x-forwarded-for: 203.0.113.9\r\nx-forwarded-for: 198.51.100.1, 10.0.0.2\r\n",
                "198.51.100.1",
            ),
            (
                "10.0.0.1",
                "x-forwarded-for: unknown, 10.0.0.2\r\n",
                "10.0.0.2",
            ),
            (
                "10.0.0.1",
                "x-forwarded-for: 10.0.0.3, 10.0.0.2\r\n",
                "10.0.0.3",
            ),
            (
                "::1",
                "x-forwarded-for: [2001:db8::1]:4711\r\n",
                "2001:db8::1",
            ),
            (
                "::ffff:10.0.0.1",
                "x-forwarded-for: ::ffff:198.51.100.1\r\n",
                "198.51.100.1",
            ),
        ] {
            assert_eq!(find(peer, headers).0, client, "{headers}");
        }
    }

    #[test]
    fn the_host_is_what_the_proxy_was_asked_for() {
        let headers = "x-forwarded-host: chat.example, proxy\r\n";
        assert_eq!(find("10.0.0.1", headers).1.as_deref(), Some("chat.example"));
        assert_eq!(find("192.0.2.1", headers).1.as_deref(), Some("inside"));
        assert_eq!(
            find("10.0.0.1", "x-forwarded-host: \r\n").1.as_deref(),
            Some("inside")
        );
    }
}

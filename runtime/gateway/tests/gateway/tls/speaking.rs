//! Versions, protocols and messages.

use std::sync::Arc;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio_rustls::rustls::HandshakeKind;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, ProtocolVersion, SupportedProtocolVersion};
use tokio_tungstenite::tungstenite::Message;
use wsfn_protocol::Kind;

use super::support::{Authority, BOTH, connect, raw, secured};
use crate::support::{SOON, Server};

async fn echoes(client: &mut super::support::Client, message: Message) {
    client.send(message.clone()).await.unwrap();
    let back = tokio::time::timeout(SOON, client.next()).await.unwrap();
    assert!(back.unwrap().unwrap() == message, "another message");
}

#[tokio::test(flavor = "multi_thread")]
async fn both_versions_carry_messages_of_all_sizes() {
    let authority = Authority::new();
    let server = Server::echo(authority.settings()).await;
    let both: [(&[&'static SupportedProtocolVersion], _); 2] = [
        (&[&TLS12], ProtocolVersion::TLSv1_2),
        (&[&TLS13], ProtocolVersion::TLSv1_3),
    ];
    for (versions, version) in both {
        let mut client = connect(&server, authority.client(versions)).await;
        let (_, session) = client.get_ref().get_ref();
        assert_eq!(session.protocol_version(), Some(version));
        // Around the sizes of a record and of the buffer that it is received into, up to max-message.
        for size in [0, 1, 125, 16_000, 16_384, 16_385, 65_536, 70_000, 1 << 20] {
            echoes(&mut client, Message::text("x".repeat(size))).await;
        }
        echoes(&mut client, Message::binary(vec![0, 255])).await;
        client.close(None).await.unwrap();
    }
    server.wait_for(Kind::Close, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_http_1_1_is_agreed() {
    let authority = Authority::new();
    let server = Server::echo(authority.settings()).await;
    let offering = |offers: &[&str]| {
        let mut config = authority.client(BOTH);
        config.alpn_protocols = offers
            .iter()
            .map(|offer| offer.as_bytes().to_vec())
            .collect();
        secured(&server, config)
    };
    for (offers, agreed) in [
        (&[][..], None),
        (&["http/1.1"], Some(&b"http/1.1"[..])),
        (&["h2", "http/1.1"], Some(b"http/1.1")),
    ] {
        let stream = offering(offers).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), agreed, "{offers:?}");
    }
    let refused = offering(&["h2"]).await.unwrap_err().to_string();
    assert!(refused.contains("NoApplicationProtocol"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_resumed_with_a_ticket() {
    let authority = Authority::new();
    let server = Server::echo(authority.settings()).await;
    let configs: [ClientConfig; 2] = [authority.client(&[&TLS12]), authority.client(&[&TLS13])];
    for config in configs.map(Arc::new) {
        for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
            let mut stream = raw(&server, config.clone()).await;
            assert_eq!(stream.get_ref().1.handshake_kind(), Some(kind));
            // Nothing is taken of a client before it has proved that it is there.
            let early = stream.get_mut().1.early_data();
            assert!(early.is_none());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn new_keys_in_the_middle() {
    let authority = Authority::new();
    let server = Server::echo(authority.settings()).await;
    let mut client = connect(&server, authority.client(&[&TLS13])).await;
    for _ in 0..3 {
        echoes(&mut client, Message::text("before")).await;
        let (_, session) = client.get_mut().get_mut();
        session.refresh_traffic_keys().unwrap();
        echoes(&mut client, Message::text("x".repeat(100_000))).await;
    }
}

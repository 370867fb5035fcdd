//! permessage-deflate from the handshake to the frame, with a client by hand that inflates.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use wsfn_protocol::{Event, Kind};
use wsfn_settings::Settings;

use crate::support::{SOON, Server, handshake, read_head, send_json};

const OFFER: &str = "permessage-deflate; client_max_window_bits";
const AGREED: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
/// `compress-above` unless a test says otherwise.
const ABOVE: usize = 1024;

/// A client after its handshake.
struct Deflating {
    stream: TcpStream,
    id: String,
    /// `Sec-WebSocket-Extensions` of the answer.
    agreed: Option<String>,
}

impl Deflating {
    async fn connect(server: &Server, offer: Option<&str>) -> Self {
        let before = server.seen_of(Kind::Connect).len();
        let mut stream = TcpStream::connect(server.addr).await.unwrap();
        let offer = offer.map(|offer| format!("Sec-WebSocket-Extensions: {offer}\r\n"));
        let request = handshake(server.addr, &offer.unwrap_or_default());
        stream.write_all(request.as_bytes()).await.unwrap();
        let head = read_head(&mut stream).await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        let agreed = head
            .lines()
            .find_map(|line| line.strip_prefix("Sec-WebSocket-Extensions: "));
        let id = server.wait_for(Kind::Connect, before + 1).await[before]
            .id
            .clone();
        Self {
            stream,
            id,
            agreed: agreed.map(str::to_owned),
        }
    }

    /// The first byte of the next frame, and its payload.
    async fn frame(&mut self) -> (u8, Vec<u8>) {
        let reading = async {
            let first = self.stream.read_u8().await.unwrap();
            let length = match self.stream.read_u8().await.unwrap() {
                126 => usize::from(self.stream.read_u16().await.unwrap()),
                127 => usize::try_from(self.stream.read_u64().await.unwrap()).unwrap(),
                length => usize::from(length),
            };
            let mut payload = vec![0; length];
            self.stream.read_exact(&mut payload).await.unwrap();
            (first, payload)
        };
        tokio::time::timeout(SOON, reading).await.unwrap()
    }
}

/// What a payload inflates to, by an inflater that has seen nothing before.
fn inflated(payload: &[u8]) -> String {
    let mut text = Vec::with_capacity(1 << 20);
    let input = [payload, &[0, 0, 0xFF, 0xFF]].concat();
    let mut state = Decompress::new(false);
    state
        .decompress_vec(&input, &mut text, FlushDecompress::Sync)
        .unwrap();
    assert_eq!(state.total_in(), input.len() as u64);
    String::from_utf8(text).unwrap()
}

/// Letters that hardly shrink, but for the same ones that come again after so many.
fn repeated(after: usize, length: usize) -> String {
    let mut chance = 1u32;
    let once: String = std::iter::repeat_with(|| {
        chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b"0123456789abcdef"[(chance >> 28) as usize])
    })
    .take(after)
    .collect();
    once.chars().cycle().take(length).collect()
}

fn text(length: usize) -> String {
    repeated(500, length)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_of_compress_above_is_compressed_and_a_smaller_one_is_plain() {
    let server = Server::echo(Settings::default()).await;
    let mut client = Deflating::connect(&server, Some(OFFER)).await;
    assert_eq!(client.agreed.as_deref(), Some(AGREED));
    for length in [ABOVE, 100_000] {
        assert_eq!(server.push(&send_json(&client.id, &text(length))).err_no, 0);
        let (first, payload) = client.frame().await;
        assert_eq!(first, 0xC1, "{length}: RSV1 is set");
        assert!(payload.len() < length, "{}", payload.len());
        assert_eq!(inflated(&payload), text(length));
    }
    for length in [0, 1, ABOVE - 1] {
        assert_eq!(server.push(&send_json(&client.id, &text(length))).err_no, 0);
        assert_eq!(client.frame().await, (0x81, text(length).into_bytes()));
    }
}

/// One that is not to be compressed, to one and to many, beside one that is.
#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_is_not_to_be_compressed_is_plain_whatever_its_size() {
    let server = Server::echo(Settings::default()).await;
    let mut client = Deflating::connect(&server, Some(OFFER)).await;
    let long = text(100_000);
    let to = serde_json::json!(client.id);
    let fields = format!(r#""dataType":"text","data":"{long}","compress":false"#);
    for push in [
        format!(r#"{{"websocket":{{"action":"data send","secConnectionID":{to},{fields}}}}}"#),
        format!(r#"{{"websocket":{{"action":"data send","secConnectionIDs":[{to}],{fields}}}}}"#),
        format!(r#"{{"websocket":{{"action":"broadcast",{fields}}}}}"#),
    ] {
        assert_eq!(server.push(&push).err_no, 0);
        let (first, payload) = client.frame().await;
        assert_eq!(first, 0x81, "RSV1 is not set: {}", &push[..60]);
        assert!(payload == long.as_bytes());
        assert_eq!(server.push(&send_json(&client.id, &long)).err_no, 0);
        assert_eq!(client.frame().await.0, 0xC1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn compress_above_is_a_setting() {
    let server = Server::echo(Settings {
        compress_above: 10,
        ..Settings::default()
    })
    .await;
    let mut client = Deflating::connect(&server, Some(OFFER)).await;
    for (text, first) in [("aaaaaaaaa", 0x81), ("aaaaaaaaaa", 0xC1)] {
        assert_eq!(server.push(&send_json(&client.id, text)).err_no, 0);
        assert_eq!(client.frame().await.0, first, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_taken_over_from_one_message_to_the_next() {
    let server = Server::echo(Settings::default()).await;
    let mut client = Deflating::connect(&server, Some(OFFER)).await;
    let push = send_json(&client.id, &text(ABOVE));
    let mut payloads = Vec::new();
    for _ in 0..3 {
        assert_eq!(server.push(&push).err_no, 0);
        let (_, payload) = client.frame().await;
        // Each on its own, by an inflater that has seen nothing.
        assert_eq!(inflated(&payload), text(ABOVE));
        payloads.push(payload);
    }
    assert!(payloads.windows(2).all(|two| two[0] == two[1]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_the_client_asks_for_is_kept() {
    const LENGTH: usize = 200_000;
    let server = Server::echo(Settings::default()).await;
    let mut clients = Vec::new();
    for bits in 9..=15 {
        let offer = format!("permessage-deflate; server_max_window_bits={bits}");
        let client = Deflating::connect(&server, Some(&offer)).await;
        let agreed = format!("{AGREED}; server_max_window_bits={bits}");
        assert_eq!(client.agreed, Some(agreed));
        clients.push((bits, client));
    }
    for period in 9..15 {
        // A little further back than this window reaches; the next reaches it.
        let text = repeated((1 << period) + 50, LENGTH);
        for (bits, client) in &mut clients {
            assert_eq!(server.push(&send_json(&client.id, &text)).err_no, 0);
            let (first, payload) = client.frame().await;
            assert_eq!(first, 0xC1);
            assert_eq!(inflated(&payload), text);
            let reaches = payload.len() < LENGTH / 2;
            assert_eq!(
                reaches,
                *bits > period,
                "{bits}, {period}: {}",
                payload.len()
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broadcast_reaches_plain_and_compressing_sockets() {
    let server = Server::echo(Settings::default()).await;
    let offers = [
        None,
        Some(OFFER),
        Some("permessage-deflate; server_max_window_bits=9"),
        Some("permessage-deflate; server_max_window_bits=12"),
        Some("permessage-deflate; server_max_window_bits=9"),
        Some("x-unknown"),
        Some(OFFER),
    ];
    let mut clients = Vec::new();
    for offer in offers {
        clients.push(Deflating::connect(&server, offer).await);
    }
    let text = repeated(3000, 20_000);
    let answer = server.push(&format!(
        r#"{{"websocket":{{"action":"broadcast","dataType":"text","data":"{text}"}}}}"#
    ));
    assert_eq!(answer.delivered, Some(offers.len()));
    let mut frames = Vec::new();
    for client in &mut clients {
        frames.push(client.frame().await);
    }
    for (at, reaches) in [(1, true), (2, false), (3, true)] {
        let (first, payload) = &frames[at];
        assert_eq!(*first, 0xC1);
        assert_eq!(payload.len() < 10_000, reaches, "each its own window");
        assert_eq!(inflated(payload), text);
    }
    for plain in [0, 5] {
        assert_eq!(frames[plain], (0x81, text.clone().into_bytes()));
    }
    assert_eq!(frames[1], frames[6], "the same for the same window");
    assert_eq!(frames[2], frames[4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_compression_nothing_is_agreed_upon() {
    let server = Server::echo(Settings {
        compression: false,
        ..Settings::default()
    })
    .await;
    let mut client = Deflating::connect(&server, Some(OFFER)).await;
    assert_eq!(client.agreed, None);
    assert_eq!(server.push(&send_json(&client.id, &text(5000))).err_no, 0);
    assert_eq!(client.frame().await.0, 0x81);
    // What was not agreed upon must not be sent.
    client
        .stream
        .write_all(&[0xC1, 0x80, 0, 0, 0, 0])
        .await
        .unwrap();
    assert_eq!(client.frame().await.1[..2], 1002u16.to_be_bytes());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compressed_message_in_pieces_reaches_the_function() {
    let server = Server::echo(Settings::default()).await;
    let mut client = Deflating::connect(&server, Some(OFFER)).await;
    let sent = text(30_000);
    let mut payload = Vec::with_capacity(sent.len());
    Compress::new(Compression::best(), false)
        .compress_vec(sent.as_bytes(), &mut payload, FlushCompress::Sync)
        .unwrap();
    payload.truncate(payload.len() - 4);
    let pieces: Vec<_> = payload.chunks(payload.len() / 3 + 1).collect();
    for (at, piece) in pieces.iter().enumerate() {
        let start = if at == 0 { 0x41 } else { 0x00 };
        let fin = if at + 1 == pieces.len() { 0x80 } else { 0 };
        let mut frame = vec![start | fin, 0x80 | 126];
        frame.extend(u16::try_from(piece.len()).unwrap().to_be_bytes());
        frame.extend([0; 4]);
        frame.extend_from_slice(piece);
        // In two packets, with a ping between the fragments.
        for half in frame.chunks(frame.len() / 2 + 1) {
            client.stream.write_all(half).await.unwrap();
            client.stream.flush().await.unwrap();
        }
        if fin == 0 {
            client
                .stream
                .write_all(&[0x89, 0x81, 0, 0, 0, 0, b'p'])
                .await
                .unwrap();
            assert_eq!(client.frame().await, (0x8A, b"p".to_vec()));
        }
    }
    let seen = server.wait_for(Kind::Message, 1).await;
    let Event::Message(event) = Event::parse(&seen[0].event, None).unwrap() else {
        panic!("{}", seen[0].event)
    };
    assert_eq!(event.data.as_bytes(), sent.as_bytes());
    let (first, payload) = client.frame().await;
    assert_eq!(first, 0xC1);
    assert_eq!(inflated(&payload), sent);
}

//! WebSocket clients, as bare as they can be.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Handshakes under way at once.
const AT_ONCE: usize = 64;

/// Connects, in the process of its own that members have, and reads what comes until it is killed.
pub(crate) async fn members(address: &str, number: usize) {
    let mut tasks = tokio::task::JoinSet::new();
    let mut clients = Vec::new();
    for at in 0..number {
        if tasks.len() == AT_ONCE {
            clients.extend(tasks.join_next().await);
        }
        let address = address.to_owned();
        tasks.spawn(async move { connect(&address, &format!("/?member={at}")).await });
    }
    clients.extend(tasks.join_all().await.into_iter().map(Ok));
    for client in clients {
        let mut client = client.expect("a client");
        tokio::spawn(async move {
            let mut buffer = [0; 4096];
            while let Ok(1..) = client.read(&mut buffer).await {}
        });
    }
    println!("connected");
    std::future::pending::<()>().await;
}

pub(crate) async fn connect(address: &str, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream.set_nodelay(true).expect("nodelay");
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    let sent = stream.write_all(request.as_bytes()).await;
    sent.expect("the request is taken");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("an answer"));
    }
    let head = String::from_utf8_lossy(&head);
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    stream
}

/// Sends a short text, and reads the text that comes back.
pub(crate) async fn ask(stream: &mut TcpStream, text: &str) -> String {
    let length = u8::try_from(text.len()).expect("a short text");
    let mut frame = vec![0x81, 0x80 | length, 0, 0, 0, 0];
    frame.extend(text.bytes());
    stream.write_all(&frame).await.expect("sent");
    let head = stream.read_u16().await.expect("an answer");
    assert_eq!(head >> 8, 0x81, "one frame of text");
    let length = match head & 0x7f {
        126 => usize::from(stream.read_u16().await.expect("a length")),
        127 => usize::try_from(stream.read_u64().await.expect("a length")).expect("a length"),
        short => usize::from(short),
    };
    let mut text = vec![0; length];
    stream.read_exact(&mut text).await.expect("a text");
    String::from_utf8(text).expect("a text")
}

//! The floor of fan-out: a frame is made once and written straight to each socket, without queues, rooms or limits. The
//! body of a POST goes to everyone. It listens on `WSFN_LISTEN`, with one thread.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;
use wsfn_gateway::codec::handshake::{HeadReader, accept};
use wsfn_gateway::codec::{MessageKind, SharedMessage};

const HEAD_MAX: usize = 16 << 10;

type Sockets = Rc<RefCell<Vec<Option<OwnedWriteHalf>>>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let address = std::env::var("WSFN_LISTEN").unwrap_or_else(|_| "127.0.0.1:9102".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("{}", listener.local_addr()?);
    let sockets = Sockets::default();
    let accepting = async {
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let sockets = Rc::clone(&sockets);
            tokio::task::spawn_local(async move {
                // A client that goes away is no matter here.
                let _ = serve(stream, sockets).await;
            });
        }
    };
    LocalSet::new().run_until(accepting).await
}

async fn serve(mut stream: TcpStream, sockets: Sockets) -> io::Result<()> {
    let invalid = |error| io::Error::new(io::ErrorKind::InvalidData, error);
    let mut read = vec![0; HEAD_MAX];
    loop {
        let mut request = HeadReader::new(HEAD_MAX);
        loop {
            let count = stream.read(&mut read).await?;
            if count == 0 {
                return Ok(());
            }
            if request.push(&read[..count]).map_err(invalid)? {
                break;
            }
        }
        let head = request.head().map_err(invalid)?;
        if head.asks_for_websocket() {
            let answer = format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Accept: {}\r\n\r\n",
                accept(head.check().map_err(invalid)?)
            );
            stream.write_all(answer.as_bytes()).await?;
            drop((request, read));
            return hold(stream, &sockets).await;
        }
        let length = head
            .get("content-length")
            .and_then(|length| length.parse().ok());
        let mut body = request.behind().to_vec();
        let begun = body.len();
        body.resize(length.unwrap_or(begun).max(begun), 0);
        stream.read_exact(&mut body[begun..]).await?;
        publish(&body, &sockets)?;
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            .await?;
    }
}

/// Keeps a socket until its client says goodbye or is gone.
async fn hold(stream: TcpStream, sockets: &Sockets) -> io::Result<()> {
    let (mut reader, writer) = stream.into_split();
    let place = {
        let mut sockets = sockets.borrow_mut();
        sockets.push(Some(writer));
        sockets.len() - 1
    };
    // Whatever it says, it wants to go.
    let read = reader.read_u8().await;
    let writer = sockets.borrow_mut()[place].take();
    if let (Ok(_), Some(mut writer)) = (read, writer) {
        // A close frame with code 1000.
        writer.write_all(b"\x88\x02\x03\xe8").await?;
        writer.shutdown().await?;
    }
    Ok(())
}

fn publish(text: &[u8], sockets: &Sockets) -> io::Result<()> {
    let frame = SharedMessage::new(MessageKind::Text, text, None).frame(None);
    for socket in sockets.borrow().iter().flatten() {
        let written = socket.try_write(&frame)?;
        if written < frame.len() {
            return Err(io::Error::other("a socket is full, and there is no queue"));
        }
    }
    Ok(())
}

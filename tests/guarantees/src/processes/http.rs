//! As much of HTTP/1.1 as is needed: heads, and bodies whose length is told.

use std::io;

use tokio::io::{
    AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader,
};
use tokio::net::TcpStream;

/// A request or an answer.
#[derive(Debug)]
pub(super) struct Message {
    /// Names in lower case.
    headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Message {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let own = self.headers.iter().find(|(known, _)| known == name);
        own.map(|(_, value)| &**value)
    }

    /// Reads one; an end before its end is an error.
    pub(super) async fn read(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Self> {
        // A request's or a status line: the rest tells enough.
        line(from).await?;
        let mut headers = Vec::new();
        let mut length = 0;
        loop {
            let line = line(from).await?;
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            let (name, value) = (name.to_ascii_lowercase(), value.trim().to_owned());
            if name == "content-length" {
                length = value.parse().map_err(io::Error::other)?;
            }
            headers.push((name, value));
        }
        let mut body = vec![0; length];
        from.read_exact(&mut body).await?;
        Ok(Self {
            headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    }
}

async fn line(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<String> {
    let mut line = String::new();
    match from.read_line(&mut line).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(line),
    }
}

/// A connection to somebody who answers one request after the other.
#[derive(Debug)]
pub(super) struct Asker {
    address: String,
    stream: BufReader<TcpStream>,
}

impl Asker {
    pub(super) async fn connect(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            address: address.to_owned(),
            stream: BufReader::new(stream),
        })
    }

    pub(super) async fn ask(
        &mut self,
        method: &str,
        path: &str,
        body: &str,
    ) -> io::Result<Message> {
        let (address, length) = (&self.address, body.len());
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        self.stream.write_all(request.as_bytes()).await?;
        Message::read(&mut self.stream).await
    }
}

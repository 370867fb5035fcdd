//! A client of HTTP that posts.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::http::request::Builder;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A connection that is made when it is needed, and kept.
#[derive(Debug)]
pub struct Poster {
    address: SocketAddr,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Poster {
    /// Nothing is connected to yet.
    pub const fn new(address: SocketAddr) -> Self {
        Self {
            address,
            sender: None,
        }
    }

    /// Posts a body of JSON; status and body of the answer.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn post(&mut self, path: &str, body: String) -> Result<(u16, String)> {
        let request = Request::post(path).header("content-type", "application/json");
        self.send(request, body).await
    }

    /// Asks for a page; status and body of the answer.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn get(&mut self, path: &str) -> Result<(u16, String)> {
        self.send(Request::get(path), String::new()).await
    }

    async fn send(&mut self, request: Builder, body: String) -> Result<(u16, String)> {
        let mut sender = match self.sender.take().filter(|sender| !sender.is_closed()) {
            Some(sender) => sender,
            None => {
                let stream = TcpStream::connect(self.address).await?;
                stream.set_nodelay(true)?;
                let (sender, connection) = handshake(TokioIo::new(stream)).await?;
                // What goes wrong with it is seen where a request is sent.
                tokio::spawn(async { drop(connection.await) });
                sender
            }
        };
        let request = request
            .header("host", self.address.to_string())
            .body(Full::from(body))?;
        sender.ready().await.context("cannot post")?;
        let response = sender.send_request(request).await.context("cannot post")?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await?.to_bytes();
        self.sender = Some(sender);
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }
}

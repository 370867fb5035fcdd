//! One connection to a server.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::Request;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::client::legacy::connect::HttpConnector;
use tower_service::Service;

use super::{Answer, Failed, innermost};

#[cfg(not(feature = "tls"))]
pub(super) type Connector = HttpConnector;
#[cfg(feature = "tls")]
pub(super) type Connector = hyper_rustls::HttpsConnector<HttpConnector>;

type Stream = <Connector as Service<hyper::Uri>>::Response;

/// A connection that whoever waits for its answer drives: no task of its own has to be woken for a request, and to wake
/// the one that asked.
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    /// Nothing when it has ended.
    http: Option<http1::Connection<Stream, Full<Bytes>>>,
}

impl Connection {
    pub(super) async fn new(stream: Stream) -> Result<Self, hyper::Error> {
        let (sender, http) = http1::handshake(stream).await?;
        Ok(Self {
            sender,
            http: Some(http),
        })
    }

    /// Whether another request can be sent on it, as far as anybody has noticed.
    pub(super) fn is_usable(&mut self) -> bool {
        // Nobody waits for it: it is looked at again before the next request is written.
        self.turn(&mut Context::from_waker(Waker::noop()));
        self.http.is_some() && self.sender.is_ready()
    }

    /// Sends a request, and reads an answer whose body has at most so many bytes.
    ///
    /// # Cancel safety
    /// The connection must not be used again.
    pub(super) async fn exchange(
        &mut self,
        request: Request<Full<Bytes>>,
        max: usize,
    ) -> Result<Answer, Failed> {
        let mut response = pin!(self.sender.try_send_request(request));
        let response = poll_fn(|cx| self.drive(response.as_mut(), cx)).await;
        let response = response.map_err(|mut error| {
            if error.take_message().is_some() {
                Failed::NotSent(error.into_error().into())
            } else {
                Failed::Sent(innermost(error.error()).to_string())
            }
        })?;
        let status = response.status();
        let mut body = pin!(Limited::new(response.into_body(), max).collect());
        let body = poll_fn(|cx| self.drive(body.as_mut(), cx)).await;
        Ok(Answer {
            status,
            body: body.map(|body| body.to_bytes()),
        })
    }

    /// Polls something that only this connection can bring further.
    fn drive<F: Future>(
        &mut self,
        mut future: Pin<&mut F>,
        cx: &mut Context<'_>,
    ) -> Poll<F::Output> {
        // What each of the two waits for from the other needs no waker, since they take turns. Only when both stand
        // still the task waits for the socket.
        let nobody = &mut Context::from_waker(Waker::noop());
        for wakes in [false, true] {
            if let Poll::Ready(output) = future.as_mut().poll(nobody) {
                return Poll::Ready(output);
            }
            self.turn(if wakes { &mut *cx } else { &mut *nobody });
        }
        future.as_mut().poll(nobody)
    }

    fn turn(&mut self, cx: &mut Context<'_>) {
        if let Some(http) = &mut self.http
            && Pin::new(http).poll(cx).is_ready()
        {
            // Its error, if any, is told to whoever waits for an answer.
            self.http = None;
        }
    }
}

//! The runtime API without a process: bytes in, and what was made of them.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, sleep, timeout};
use wsfn_protocol::Kind;

use super::api::connection;
use super::exchange::{Exchange, Said};
use crate::invoke::Call;

/// How many events there are, one after the other. Whoever asks for more waits, as a process does.
const EVENTS: usize = 3;

/// A connection that has its end and still is there after that long hangs.
const PATIENCE: Duration = Duration::from_secs(3600);

/// What a process said, as its worker hears it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// How often it was ready.
    pub ready: usize,
    /// Its answers; `None` of one that was too large.
    pub answers: Vec<Option<Vec<u8>>>,
}

/// Serves a connection on which these bytes come, so many at a time, and then the end. Time is that of the runtime, which
/// stands still: a piece is followed by the next when nothing is left to do.
///
/// # Panics
/// When the connection outlives its end, or something is written that is no answer of HTTP.
pub async fn heard(input: &[u8], step: usize, reply_max: usize) -> Heard {
    let (exchange, mut hear) = Exchange::new();
    exchange.offer(Arc::new(call(Kind::Message, "{}")));
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let (mut reader, mut writer) = tokio::io::split(ours);
    let mut answer = Vec::new();
    let mut heard = Heard::default();
    let serve = connection(theirs, Arc::clone(&exchange), reply_max);
    let read = async {
        // A broken connection is an end too.
        let _ = reader.read_to_end(&mut answer).await;
    };
    let write = async {
        for piece in input.chunks(step) {
            if writer.write_all(piece).await.is_err() {
                return;
            }
            sleep(Duration::from_millis(1)).await;
        }
        let _ = writer.shutdown().await;
    };
    let to_its_end = async { tokio::join!(serve, read, write) };
    // The worker: it offers the next event when one is answered.
    let work = async {
        while let Some(said) = hear.recv().await {
            heard.note(said);
            if (1..EVENTS).contains(&heard.answers.len()) {
                exchange.offer(Arc::new(call(Kind::Message, "{}")));
            }
        }
    };
    tokio::select! {
        () = work => {}
        ended = timeout(PATIENCE, to_its_end) => {
            ended.expect("the connection outlives its end");
        }
    }
    while let Ok(said) = hear.try_recv() {
        heard.note(said);
    }
    assert!(
        answer.is_empty() || answer.starts_with(b"HTTP/1."),
        "{answer:?}"
    );
    heard
}

impl Heard {
    fn note(&mut self, said: Said) {
        match said {
            Said::Ready => self.ready += 1,
            Said::Response(body) | Said::Error(body) => self.answers.push(Some(body.to_vec())),
            Said::TooLarge => self.answers.push(None),
        }
    }
}

/// A call that has half a minute.
pub(super) fn call(kind: Kind, event: &str) -> Call {
    Call {
        kind,
        event: event.into(),
        connection_id: "x==".into(),
        event_id: "e".into(),
        seq: None,
        session: None,
        deadline: Instant::now() + Duration::from_secs(30),
        request_id: "r".into(),
        client_trace: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_makes_the_same_of_bytes_in_pieces() {
        let input = b"POST /runtime/init/ready HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\n \
            GET /runtime/invocation/next HTTP/1.1\r\nhost: x\r\n\r\n\
            POST /runtime/invocation/response HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}\
            POST /runtime/invocation/response HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n[]\
            GET /runtime/invocation/next HTTP/1.1\r\nhost: x\r\n\r\n\
            POST /runtime/invocation/error HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\ntoo large";
        let expected = Heard {
            ready: 1,
            answers: vec![Some(b"{}".to_vec()), None],
        };
        for step in [1, 7, usize::MAX] {
            assert_eq!(heard(input, step, 8).await, expected, "{step}");
        }
    }
}

//! A queue whose socket takes 1, 2, … n bytes at a time, for every n up to more than a few frames: the same bytes come
//! out, every frame whole before the next begins.

use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use wsfn_protocol::CloseCode;

use super::connection;
use crate::codec::{self, MessageKind, SharedMessage};
use crate::hub::outbound::{Flush, Gate, NotQueued, Outbound, QueueLimits};
use crate::machine::Ending;

const LIMITS: QueueLimits = QueueLimits {
    messages: 1024,
    bytes: 1 << 20,
    memory: 1 << 20,
};
const HEAD: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n\r\n";

/// Texts around the lengths at which headers grow, an empty one, and more small ones than are handed over at once.
fn frames() -> Vec<Bytes> {
    let lengths = [5, 0, 125, 126, 300].into_iter().chain(1..=20);
    lengths
        .map(|length| {
            let text = vec![b'a' + (length % 26) as u8; length];
            SharedMessage::new(MessageKind::Text, &text, None).frame(None)
        })
        .collect()
}

fn close() -> Bytes {
    codec::close::frame(CloseCode(4000), "enough")
}

fn total() -> usize {
    HEAD.len() + frames().iter().map(Bytes::len).sum::<usize>() + close().len()
}

/// Cuts what a server sent into its frames, which shows that each is whole.
fn cut(mut bytes: &[u8]) -> Vec<Bytes> {
    let mut frames = Vec::new();
    while let [_, length, ..] = *bytes {
        let (header, payload) = match length {
            126 => (4, usize::from(u16::from_be_bytes([bytes[2], bytes[3]]))),
            127.. => panic!("longer than any that was sent, or masked: {length}"),
            small => (2, usize::from(small)),
        };
        let (frame, rest) = bytes.split_at(header + payload);
        frames.push(Bytes::copy_from_slice(frame));
        bytes = rest;
    }
    assert!(bytes.is_empty(), "half a frame at the end: {bytes:x?}");
    frames
}

/// What a socket that takes `most` bytes at a time has got when the queue is empty. `meanwhile` is called between two
/// writes with how much has come out so far.
async fn written(
    out: &mut Outbound,
    memory: &AtomicUsize,
    most: usize,
    mut meanwhile: impl FnMut(&mut Outbound, usize),
) -> Vec<u8> {
    let (_reader, writer, client) = connection(most).await;
    out.open(writer, Bytes::from_static(HEAD));
    let mut all = Vec::new();
    let mut buffer = vec![0; most];
    loop {
        let flushed = out.flush(memory);
        assert_ne!(flushed, Flush::Failed);
        assert_eq!(out.blocked_since().is_some(), flushed == Flush::Blocked);
        if flushed == Flush::Empty && out.gate == Gate::Sealed {
            out.shut();
        }
        let waits = async { client.read(&mut buffer).await.unwrap() };
        // What is empty and not closed has nothing more to read.
        let count = tokio::select! {
            biased;
            count = waits => count,
            () = std::future::ready(()) => 0,
        };
        if count == 0 {
            return all;
        }
        assert!(count <= most);
        all.extend_from_slice(&buffer[..count]);
        meanwhile(out, all.len());
    }
}

#[tokio::test(start_paused = true)]
async fn of_every_length_with_pongs_between_and_the_close_last() {
    let pongs = [b"stale".as_slice(), b"newest", b"", &[b'p'; 125]].map(codec::control::pong);
    for most in 1..=total() + 1 {
        let memory = AtomicUsize::new(0);
        let mut out = Outbound::new();
        for frame in frames() {
            // Some more are queued while it is writing.
            out.push(frame, &LIMITS, &memory, true, None).unwrap();
        }
        let more: Vec<Bytes> = frames().into_iter().take(4).collect();
        let mut later = more.clone().into_iter();
        let mut pings = 0;
        let all = written(&mut out, &memory, most, |out, so_far| {
            if so_far < 2 * total() / 3
                && let Some(frame) = later.next()
            {
                out.push(frame, &LIMITS, &memory, true, None).unwrap();
            }
            if pings == 0 && so_far > HEAD.len() {
                // Two pings between two writes: only the newest is answered.
                out.set_pong(pongs[0].clone());
                out.set_pong(pongs[1].clone());
                pings = 1;
            } else if pings == 1 && so_far > HEAD.len() + 200 {
                out.set_pong(pongs[2].clone());
                out.set_ping(codec::control::ping());
                pings = 2;
            } else if pings == 2 && so_far > HEAD.len() + 500 {
                pings = 3;
                let ending = Ending::new(CloseCode(4000), "enough");
                out.push_close(close(), ending.clone()).unwrap();
                // It is the last frame, but not the last pong.
                assert_eq!(
                    out.push(close(), &LIMITS, &memory, true, None),
                    Err(NotQueued::Gone)
                );
                assert_eq!(out.push_close(close(), ending), Err(NotQueued::Gone));
                out.set_pong(pongs[3].clone());
            }
        })
        .await;
        if pings < 3 {
            // So few writes that not everything could come between them.
            assert!(most > 100, "{most}");
            continue;
        }
        let (head, rest) = all.split_at(HEAD.len());
        assert_eq!(head, HEAD, "{most}");
        let mut got = cut(rest);
        assert_eq!(got.pop(), Some(close()), "{most}: the close is last");
        let ping = codec::control::ping();
        assert_eq!(got.iter().filter(|frame| **frame == ping).count(), 1);
        let is_pong = |frame: &&Bytes| frame[0] & 15 == 10;
        let answers: Vec<&Bytes> = got.iter().filter(is_pong).collect();
        // Where no boundary comes between two pings, again only the newest is answered.
        let mut due = pongs[1..].iter();
        assert!(answers.iter().all(|pong| due.any(|due| due == *pong)));
        assert_eq!(answers.last(), Some(&&pongs[3]), "{most}");
        assert!(answers.len() == 3 || most > 64, "{most}: {answers:x?}");
        got.retain(|frame| frame[0] & 8 == 0);
        let mut messages = frames();
        messages.extend(more.into_iter().take(got.len() - messages.len()));
        assert_eq!(got, messages, "{most}");
        assert!(out.take_close_written(), "{most}");
        assert_eq!(memory.load(Ordering::Relaxed), 0, "{most}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_end_in_the_middle_of_a_frame_finishes_it() {
    let before = HEAD.len() + 200;
    for most in 1..=total() {
        let memory = AtomicUsize::new(0);
        let mut out = Outbound::new();
        for frame in frames() {
            out.push(frame, &LIMITS, &memory, true, None).unwrap();
        }
        let mut sealed_at = None;
        let all = written(&mut out, &memory, most, |out, so_far| {
            if so_far > before && sealed_at.is_none() {
                sealed_at = Some(so_far);
                out.set_pong(codec::control::pong(b"dropped"));
                out.seal(&memory);
                assert_eq!(memory.load(Ordering::Relaxed), 0);
                out.send_close(close());
                // Nothing comes in any more.
                out.set_pong(codec::control::pong(b"late"));
                out.set_ping(codec::control::ping());
                assert_eq!(
                    out.push(close(), &LIMITS, &memory, true, None),
                    Err(NotQueued::Gone)
                );
            }
        })
        .await;
        let sealed_at = sealed_at.unwrap();
        let mut got = cut(&all[HEAD.len()..]);
        assert_eq!(got.pop(), Some(close()), "{most}");
        assert_eq!(got[..], frames()[..got.len()], "{most}");
        // The frame that was under way is the last one; what was handed over in the same write counts as that.
        let messages: usize = got.iter().map(Bytes::len).sum();
        let last = got.last().map_or(0, Bytes::len);
        assert!(
            HEAD.len() + messages - last < sealed_at + most,
            "{most}: {sealed_at} {messages}"
        );
        assert!(out.take_close_written(), "{most}");
        assert_eq!(memory.load(Ordering::Relaxed), 0, "{most}");
    }
}

/// What nobody waits for goes out without the queue; from the first byte that does not fit on, it is the same.
#[tokio::test(start_paused = true)]
async fn a_push_that_is_written_at_once() {
    let frame = frames().remove(3);
    for most in 1..=frame.len() + 1 {
        let memory = AtomicUsize::new(0);
        let mut out = Outbound::new();
        let (_reader, writer, client) = connection(most).await;
        out.open(writer, Bytes::new());
        for _ in 0..3 {
            out.push(frame.clone(), &LIMITS, &memory, true, None)
                .unwrap();
        }
        let mut all = Vec::new();
        let mut buffer = [0; 1024];
        while all.len() < 3 * frame.len() {
            let count = client.read(&mut buffer).await.unwrap();
            all.extend_from_slice(&buffer[..count]);
            out.flush(&memory);
        }
        assert_eq!(all, [&frame[..], &frame, &frame].concat(), "{most}");
        assert_eq!(memory.load(Ordering::Relaxed), 0, "{most}");
    }
}

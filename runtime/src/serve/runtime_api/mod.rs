//! An event function in a zip: SCF's runtime API (583/38130).
//!
//! One event at a time: the paths of the API have no request id, so nothing else can be told apart.

mod backoff;
mod client;
mod watcher;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::answers::{Answers, text};
use crate::context::Context;
use backoff::Backoff;
pub(crate) use client::Client;
pub(crate) use watcher::Watcher;

#[cfg(test)]
mod tests;

/// One event and what the API says about it.
pub(crate) struct Invocation {
    pub(crate) body: Result<Bytes, TooLarge>,
    pub(crate) context: Context,
}

impl Invocation {
    /// Whether the body begins as every event does. One that says whose it is need not: it is told what it lacks.
    fn looks_like_one(&self) -> bool {
        match &self.body {
            Ok(body) => body.trim_ascii_start().first() == Some(&b'{'),
            Err(TooLarge) => false,
        }
    }
}

/// The event is larger than any that SCF sends.
pub(crate) struct TooLarge;

/// Where events come from: the runtime API, or what a test puts in its place.
pub(crate) trait Api {
    /// Why a call failed; its text goes to the log.
    type Error: std::fmt::Display;
    /// Says that events can come.
    async fn ready(&mut self) -> Result<(), Self::Error>;
    /// Waits for the next event, for as long as it takes.
    async fn next(&mut self) -> Result<Invocation, Self::Error>;
    /// Answers the event that [`Api::next`] gave.
    async fn respond(&mut self, reply: Bytes) -> Result<Taken, Self::Error>;
}

/// What the API made of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    Yes,
    /// It will not take this answer later either: the first one counts, or the invocation is over.
    Refused(u16),
}

/// The longest timeout that a function in SCF can have (583/11637), for an event that does not say how long it may
/// take: a handler that hangs comes to an end.
const LONGEST: Duration = Duration::from_secs(900);

/// How often an answer is sent again before the loop asks for the next event (which, if the answer did not arrive, is
/// the same one, and gets the same answer without being handled again).
const RESPOND_TRIES: u32 = 4;

/// Answers events until `shutdown` is ready, which ends it between events only. Failures of the API are waited out.
/// `watch` starts the watcher, which no event needs before the API was told that they can come.
///
/// # Errors
/// When the watcher cannot be started.
pub(crate) async fn run<A: Api>(
    api: &mut A,
    answers: &impl Answers,
    watch: impl FnOnce() -> std::io::Result<Watcher>,
    shutdown: impl Future<Output = ()>,
) -> std::io::Result<()> {
    let mut shutdown = pin!(shutdown);
    let mut backoff = Backoff::new();
    loop {
        let error = tokio::select! {
            // Both may be ready; a function that is to end takes no further event.
            biased;
            () = &mut shutdown => return Ok(()),
            ready = api.ready() => match ready {
                Ok(()) => break,
                Err(error) => error,
            },
        };
        let wait = backoff.failed("init/ready", &error);
        tokio::select! {
            () = &mut shutdown => return Ok(()),
            () = tokio::time::sleep(wait) => {}
        }
    }
    backoff.worked();
    let watcher = watch()?;
    let mut unconfirmed: Option<(Arc<str>, Bytes)> = None;
    loop {
        let invocation = tokio::select! {
            biased;
            () = &mut shutdown => break,
            next = api.next() => next,
        };
        let invocation = match invocation {
            Ok(invocation) => invocation,
            Err(error) => {
                let wait = backoff.failed("invocation/next", &error);
                tokio::select! {
                    () = &mut shutdown => break,
                    () = tokio::time::sleep(wait) => continue,
                }
            }
        };
        let id = Arc::clone(&invocation.context.request_id);
        let is_event = !id.is_empty() || invocation.looks_like_one();
        let reply = match unconfirmed.take() {
            Some((same, reply)) if same == id && !id.is_empty() => reply,
            _ if is_event => answer(invocation, answers, &watcher).await.into(),
            _ => super::answers::unreadable("not an event: no JSON object").into(),
        };
        let wait = match respond(api, &reply, &mut backoff).await {
            Some(Taken::Yes) if is_event => {
                backoff.worked();
                continue;
            }
            // Were each of these a call that worked, an API out of its mind would keep this loop spinning.
            Some(Taken::Yes) => {
                backoff.failed("invocation/next", &"neither a request id nor an event")
            }
            Some(Taken::Refused(status)) => {
                backoff.failed("invocation/response", &format_args!("HTTP status {status}"))
            }
            None => {
                unconfirmed = Some((id, reply));
                continue;
            }
        };
        tokio::select! {
            () = &mut shutdown => break,
            () = tokio::time::sleep(wait) => {}
        }
    }
    watcher.stop();
    Ok(())
}

async fn answer(invocation: Invocation, answers: &impl Answers, watcher: &Watcher) -> String {
    let Invocation { body, mut context } = invocation;
    context
        .deadline
        .get_or_insert_with(|| Instant::now() + LONGEST);
    let event = match body.as_deref().map(text) {
        Ok(Ok(event)) => event,
        Ok(Err(reply)) => return reply,
        Err(TooLarge) => {
            return super::answers::unreadable(&format!(
                "not an event: larger than {} bytes",
                super::EVENT_MAX
            ));
        }
    };
    let _watched = watcher.watch(&event, &context);
    answers.answer(event, context).await
}

/// What became of the answer: nothing where it did not arrive.
async fn respond<A: Api>(api: &mut A, reply: &Bytes, backoff: &mut Backoff) -> Option<Taken> {
    for _ in 0..RESPOND_TRIES {
        match api.respond(reply.clone()).await {
            Ok(taken) => return Some(taken),
            Err(error) => {
                let wait = backoff.failed("invocation/response", &error);
                tokio::time::sleep(wait).await;
            }
        }
    }
    None
}

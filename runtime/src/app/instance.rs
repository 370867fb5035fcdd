//! A started application: parse, extract, call, reply.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use wsfn_protocol::{
    CloseEvent, ConnectEvent, Data, ErrNo, EventError, Kind, MessageEvent, Reply as WireReply,
    ReplyPush, ReplySocket, Request,
};
use wsfn_settings::Settings;

use super::caught::{Caught, caught};
use super::entry::BoxFuture;
use super::{Call, Entry, OnError, Outcome, Setup};
use crate::connection_id::ConnectionId;
use crate::context::Context;
use crate::event::{Event, Handshake, Leaving, Payload, Piece, Slot};
use crate::extract::Phase;
use crate::message::Message;
use crate::push::Push;
use crate::reply::{Answer, Failure, Problem, Reply};
use crate::rooms::Rooms;
use crate::state::States;

/// How long before the platform's deadline a handler is answered for: time to write the answer and to send it.
const ANSWER_TAKES: Duration = Duration::from_millis(200);

/// The share of the time left that the answer gets where that is short.
const ANSWER_SHARE: u32 = 5;

/// A started application. It does no I/O but the pushes that handlers ask for.
pub(crate) struct Instance {
    handlers: Vec<Entry>,
    /// The slot of an application that serves just one.
    only: Option<Kind>,
    states: Arc<States>,
    push: Push,
    on_error: Option<OnError>,
    errors_to_client: bool,
    setup: Setup,
}

impl Instance {
    pub(super) fn new(
        handlers: Vec<Entry>,
        on_error: Option<OnError>,
        states: States,
        push: Push,
        settings: &Settings,
        setup: Setup,
    ) -> Self {
        let only = match &handlers[..] {
            [entry] => Some(entry.kind()),
            _ => None,
        };
        Self {
            handlers,
            only,
            states: Arc::new(states),
            push,
            on_error,
            errors_to_client: settings.errors_to_client,
            setup,
        }
    }

    /// What the handlers asked the gateway to forward: names of headers, and whether the query string.
    #[cfg_attr(
        not(feature = "gateway"),
        expect(dead_code, reason = "only the gateway asks")
    )]
    pub(crate) fn forwards(&self) -> (impl Iterator<Item = &str>, bool) {
        let headers = self.setup.forward_headers.iter().map(String::as_str);
        (headers, self.setup.forward_query)
    }

    /// The name of the handler that gets this event; empty where none does.
    pub(crate) fn handler_of(&self, event: &str) -> &'static str {
        let kind = wsfn_protocol::Event::parse(event, self.only).map(|event| event.kind());
        let mut handlers = self.handlers.iter();
        let entry = handlers.find(|entry| kind.as_ref().is_ok_and(|kind| entry.kind() == *kind));
        entry.map_or("", Entry::name)
    }

    /// Handles one event and answers with JSON, whatever the event was. What the sender is to get is pushed first, or
    /// goes inside the reply where the gateway takes it there.
    ///
    /// # Cancel safety
    /// When dropped, the handler stops at the `.await` where it is.
    pub(crate) async fn dispatch(&self, event: Arc<str>, context: Context) -> String {
        let (carry, deadline) = (context.replies_carry_pushes, context.deadline);
        let request_id = Arc::clone(&context.request_id);
        let outcome = self.call(event, context).await;
        if !carry && let Some(id) = &outcome.id {
            for push in &outcome.pushes {
                self.deliver(id, push, deadline, &request_id).await;
            }
        }
        outcome.into_json(carry)
    }

    async fn deliver(
        &self,
        id: &ConnectionId,
        push: &ReplyPush<'_>,
        deadline: Option<Instant>,
        request_id: &str,
    ) {
        let to = id.as_str().into();
        let request = match push {
            ReplyPush::Send(data) => Request::Send {
                to,
                data: data.borrowed(),
            },
            ReplyPush::Close { code, reason } => Request::Close {
                to,
                code: *code,
                reason: reason.as_deref().map(Into::into),
            },
        };
        if let Err(error) = self.push.with_deadline(deadline).act(request).await {
            tracing::warn!(connection = ?id, request_id, "the answer did not reach its client: {error}");
        }
    }

    /// Handles one event.
    ///
    /// # Cancel safety
    /// When dropped, the handler stops at the `.await` where it is.
    pub(crate) async fn call(&self, raw: Arc<str>, context: Context) -> Outcome {
        let started = std::time::Instant::now();
        let request_id = Arc::clone(&context.request_id);
        let wire = match wsfn_protocol::Event::parse(&raw, self.only) {
            Ok(wire) => wire,
            Err(error) => {
                tracing::warn!(
                    err_no = error.err_no().0,
                    request_id = &*request_id,
                    "{error}"
                );
                let err_msg = unreadable(&error, &raw, self.only);
                return Outcome::failed(None, error.err_no(), err_msg);
            }
        };
        let kind = wire.kind();
        let id = ConnectionId::new(&**wire.connection_id());
        let Some(entry) = self.handlers.iter().find(|entry| entry.kind() == kind) else {
            return self.unhandled(&wire, id, &request_id);
        };
        // Each arm makes an event that owns what it needs, so that nothing borrowed is held across the handler.
        let (answer, extensions) = match (wire, entry.call()) {
            (wsfn_protocol::Event::Connect(event), Call::Connect(call)) => {
                let extensions = event.extensions.is_some();
                let content = handshake(&raw, event);
                (
                    self.run(call, self.event(&raw, &id, context, content))
                        .await,
                    extensions,
                )
            }
            (wsfn_protocol::Event::Message(event), Call::Message(call)) => {
                let MessageEvent { data, .. } = event;
                let content = Payload::new(&raw, data);
                (
                    self.run(call, self.event(&raw, &id, context, content))
                        .await,
                    false,
                )
            }
            (wsfn_protocol::Event::Close(event), Call::Close(call)) => {
                let CloseEvent { code, reason, .. } = event;
                let reason = reason.map(|reason| Piece::new(&raw, reason));
                let content = Leaving { code, reason };
                (
                    self.run(call, self.event(&raw, &id, context, content))
                        .await,
                    false,
                )
            }
            // The entry was found by the kind of the event.
            _ => (Answer::Done, false),
        };
        tracing::debug!(
            handler = entry.name(),
            connection = ?id,
            request_id = &*request_id,
            elapsed = ?started.elapsed(),
            "handled"
        );
        match answer {
            Answer::Failed(problem) => {
                log(entry.name(), &problem, &id, &request_id);
                self.failed(kind, problem, id)
            }
            answer => accepted(kind, answer, id, extensions),
        }
    }

    fn event<E: Slot>(
        &self,
        raw: &Arc<str>,
        id: &ConnectionId,
        context: Context,
        content: E::Content,
    ) -> Event<E> {
        Event {
            id: id.clone(),
            raw: Arc::clone(raw),
            content,
            rooms: Rooms::new(self.push.with_deadline(context.deadline)),
            context,
            states: Arc::clone(&self.states),
        }
    }

    /// Calls a handler, until shortly before the deadline.
    async fn run<E: Slot>(
        &self,
        call: for<'e> fn(Phase<'e, E>) -> BoxFuture<'e, Reply>,
        event: Event<E>,
    ) -> Answer {
        let handler = Caught::new(call(Phase::Event(&event)));
        let result = match event.context.deadline {
            None => Ok(handler.await),
            Some(deadline) => tokio::time::timeout_at(answer_at(deadline), handler).await,
        };
        match result {
            Ok(Ok(reply)) => reply.result,
            Ok(Err(panicked)) => {
                let problem = Problem::new(ErrNo::PANICKED, "handler panicked");
                Answer::Failed(Problem {
                    error: Some(panicked.0.into()),
                    ..problem
                })
            }
            Err(_) => Answer::Failed(Problem::new(ErrNo::TIMED_OUT, "handler timed out")),
        }
    }

    /// Slots are optional: without a connect handler everyone is accepted, a close needs no handler, and only a
    /// message that nobody handles is an error.
    fn unhandled(
        &self,
        wire: &wsfn_protocol::Event<'_>,
        id: ConnectionId,
        request_id: &str,
    ) -> Outcome {
        match wire {
            wsfn_protocol::Event::Connect(event) => {
                accepted(Kind::Connect, Answer::Done, id, event.extensions.is_some())
            }
            wsfn_protocol::Event::Close(_) => Outcome::ok(id),
            wsfn_protocol::Event::Message(_) => {
                let problem = Problem::new(ErrNo::NO_HANDLER, "no handler for `data send`");
                log("none", &problem, &id, request_id);
                self.failed(Kind::Message, problem, id)
            }
        }
    }

    /// The answer to an event that failed. A gateway ignores the reply to a message, so its sender is told by a push.
    fn failed(&self, kind: Kind, problem: Problem, id: ConnectionId) -> Outcome {
        let mut pushes = Vec::new();
        if kind == Kind::Message
            && let Some(note) = self.note(&problem, &id)
        {
            pushes.push(ReplyPush::Send(note));
        }
        let (err_no, err_msg) = (problem.err_no, problem.answered(kind));
        // The program's own error may panic when it is dropped.
        let _ = caught(|| drop(problem));
        Outcome {
            pushes,
            ..Outcome::failed(Some(id), err_no, err_msg)
        }
    }

    fn note(&self, problem: &Problem, id: &ConnectionId) -> Option<Data<'static>> {
        match &self.on_error {
            // A panic in it must not cost the answer.
            Some(tell) => {
                let failure = Failure { problem, id };
                caught(|| tell(&failure)).ok().flatten().map(Message::into)
            }
            None if self.errors_to_client => {
                let note = WireReply::error(problem.err_no, &problem.err_msg).to_json();
                Some(Data::Text(note.into()))
            }
            None => None,
        }
    }
}

/// The answer to an event that went well.
fn accepted(kind: Kind, answer: Answer, id: ConnectionId, extensions: bool) -> Outcome {
    let mut outcome = Outcome::ok(id);
    let mut protocols = None;
    match answer {
        Answer::Accept(protocol) => protocols = protocol,
        Answer::Message(data) => outcome.pushes.push(ReplyPush::Send(data)),
        Answer::Event(event) => outcome.event = Some(event),
        Answer::Done | Answer::Failed(_) => {}
    }
    if kind == Kind::Connect {
        outcome.socket = outcome.id.as_ref().map(|id| ReplySocket {
            connection_id: id.as_str().to_owned().into(),
            protocols: protocols.map(Into::into),
            extensions,
        });
    }
    outcome
}

fn handshake(raw: &str, event: ConnectEvent<'_>) -> Handshake {
    Handshake {
        protocols: event.protocols.map(|text| Piece::new(raw, text)),
        extensions: event.extensions.map(|text| Piece::new(raw, text)),
        request_context: Piece::new(raw, event.raw_request_context),
    }
}

/// When a handler is answered for, so that the answer is there at the deadline.
fn answer_at(deadline: Instant) -> Instant {
    let left = deadline.saturating_duration_since(Instant::now());
    deadline
        .checked_sub(ANSWER_TAKES.min(left / ANSWER_SHARE))
        .unwrap_or(deadline)
}

/// What is answered to an event that cannot be read. A refused handshake goes to a client who is nobody yet, and whose
/// own words may stand in the explanation: that one stays in the log.
#[cold]
fn unreadable(error: &EventError, raw: &str, only: Option<Kind>) -> Cow<'static, str> {
    #[derive(serde::Deserialize)]
    struct Wire<'a> {
        #[serde(borrow)]
        websocket: Socket<'a>,
    }
    #[derive(serde::Deserialize)]
    struct Socket<'a> {
        #[serde(borrow)]
        action: Cow<'a, str>,
    }
    if error.err_no() != ErrNo::BAD_EVENT {
        return error.to_string().into();
    }
    let connects = only == Some(Kind::Connect)
        || serde_json::from_str::<Wire<'_>>(raw)
            .is_ok_and(|wire| wire.websocket.action == "connecting");
    match connects {
        true => "the event cannot be read".into(),
        false => error.to_string().into(),
    }
}

/// Writes a failure to the log. How the program's own error shows itself is its own code, which may panic too.
fn log(handler: &str, problem: &Problem, id: &ConnectionId, request_id: &str) {
    let written = caught(|| log_inner(handler, problem, id, request_id));
    if written.is_err() {
        tracing::error!(handler, err_no = problem.err_no.0, connection = ?id, request_id,
            "{}; its error panicked while it was shown", problem.err_msg);
    }
}

fn log_inner(handler: &str, problem: &Problem, id: &ConnectionId, request_id: &str) {
    let err_no = problem.err_no.0;
    match (&problem.error, problem.argument) {
        (_, Some(argument)) => {
            tracing::info!(handler, err_no, connection = ?id, request_id, argument, "{}", problem.err_msg);
        }
        (Some(error), None) => {
            tracing::error!(handler, err_no, connection = ?id, request_id, "{}: {error:?}", problem.err_msg);
        }
        (None, None) => {
            tracing::error!(handler, err_no, connection = ?id, request_id, "{}", problem.err_msg);
        }
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance")
            .field("handlers", &self.handlers)
            .finish_non_exhaustive()
    }
}

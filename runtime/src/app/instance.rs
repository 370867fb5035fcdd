//! A started application: parse, extract, call, reply.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hyper::http::Extensions;
use tracing::Span;
use wsfn_protocol::{Data, ErrNo, Kind, MessageEvent, ReplyPush, Request};
use wsfn_settings::Settings;

use super::calling::handle;
use super::caught::caught;
use super::failing::{log, unreadable};
use super::outcome::Accepted;
use super::sweep::is_timer;
use super::{Call, Entry, Invocation, Next, OnError, Outcome, Setup, calling};
use crate::connection_id::ConnectionId;
use crate::context::Context;
use crate::event::{Content, Event, Slot};
use crate::extract::Phase;
use crate::message::Message;
use crate::push::Push;
use crate::reply::{Answer, Failure, Problem, Reply};
use crate::rooms::Rooms;
use crate::state::States;

/// What is left of an event's time for its answer when the sender of a message whose handler blocks has been told.
const BLOCKED_ANSWER_TAKES: Duration = Duration::from_millis(10);

/// A started application. It does no I/O but the pushes that handlers ask for.
pub(crate) struct Instance {
    handlers: Vec<Entry>,
    /// Whether messages of a connection may be handled at once.
    unordered: bool,
    /// The slot of an application that serves just one.
    only: Option<Kind>,
    states: Arc<States>,
    pub(super) push: Push,
    /// What stands around each call of a handler.
    layers: Option<Next>,
    on_error: Option<OnError>,
    errors_to_client: bool,
    setup: Setup,
    /// What a test has in store for handlers.
    #[cfg(feature = "testing")]
    pub(crate) faults: Option<Arc<crate::testing::Faults>>,
}

impl Instance {
    #[expect(clippy::too_many_arguments, reason = "each is a field")]
    pub(super) fn new(
        handlers: Vec<Entry>,
        unordered: bool,
        layers: Option<Next>,
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
            unordered,
            only,
            states: Arc::new(states),
            push,
            layers,
            on_error,
            errors_to_client: settings.errors_to_client,
            setup,
            #[cfg(feature = "testing")]
            faults: None,
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

    /// The push client that handlers get, before it is one event's.
    #[cfg(feature = "testing")]
    pub(crate) const fn push(&self) -> &Push {
        &self.push
    }

    /// The name of the handler that gets this event; empty where none does.
    pub(crate) fn handler_of(&self, event: &str) -> &'static str {
        let event = wsfn_protocol::Event::parse(event, self.only);
        event.map_or("", |event| self.handler_for(event.kind()))
    }

    /// The name of the handler for this kind of event; empty where there is none.
    pub(crate) fn handler_for(&self, kind: Kind) -> &'static str {
        self.entry(kind).map_or("", Entry::name)
    }

    fn entry(&self, kind: Kind) -> Option<&Entry> {
        self.handlers.iter().find(|entry| entry.kind() == kind)
    }

    /// Handles one event and answers with JSON, whatever the event was. What the sender is to get is pushed first, or
    /// goes inside the reply where the gateway takes it there.
    ///
    /// # Cancel safety
    /// When dropped, the handler stops at the `.await` where it is.
    pub(crate) async fn dispatch(&self, event: Arc<str>, context: Context) -> String {
        let ours = context.our_gateway;
        let deadline = context.deadline.filter(|_| !ours);
        let deadline = deadline.map(calling::followed_up_by);
        let outcome = self.call(event, context).await;
        if !ours && let Some(id) = &outcome.id {
            for push in &outcome.pushes {
                let client = self.push.with_deadline(deadline);
                deliver(&client, id, push, &outcome.request_id).await;
            }
        }
        outcome.into_json(ours)
    }

    /// Answers for a handler that blocks its thread, and tells the sender of a message of it.
    ///
    /// # Cancel safety
    /// When dropped, the sender may not be told.
    pub(crate) async fn answer_for_blocked(&self, event: &Arc<str>, context: Context) -> String {
        let ours = context.our_gateway;
        let outcome = match Content::read(event, self.only) {
            Ok((id, content)) => {
                let problem = Box::new(calling::timed_out());
                self.failed(content.kind(), problem, event, id, context.request_id)
            }
            // Such an event has no handler that could block: this is the store's sweep.
            Err(_) => Outcome::failed(
                None,
                context.request_id,
                ErrNo::TIMED_OUT,
                "handler timed out".into(),
            ),
        };
        if !ours && let Some(id) = &outcome.id {
            let until = context
                .deadline
                .and_then(|deadline| deadline.checked_sub(BLOCKED_ANSWER_TAKES));
            let client = self.push.afresh().with_deadline(until);
            for push in &outcome.pushes {
                deliver(&client, id, push, &outcome.request_id).await;
            }
        }
        outcome.into_json(ours)
    }

    /// Handles one event.
    ///
    /// # Cancel safety
    /// When dropped, the handler stops at the `.await` where it is.
    pub(crate) async fn call(&self, raw: Arc<str>, context: Context) -> Outcome {
        let (id, content) = match Content::read(&raw, self.only) {
            Ok(read) => read,
            Err(_) if self.push.store().is_some() && is_timer(&raw) => {
                return self.swept(context).await;
            }
            Err(error) => return unreadable(&error, &raw, self.only, context.request_id),
        };
        let (kind, extensions) = (content.kind(), content.has_extensions());
        let entry = self.entry(kind);
        let handler = entry.map_or("none", Entry::name);
        // The clock is read only where the line below is written.
        let started = tracing::enabled!(tracing::Level::DEBUG).then(std::time::Instant::now);
        let mut push = self.push.for_event(kind, &id, context.deadline);
        if self.setup.gone {
            push = push.watching(&id);
        }
        let lent = push.store().cloned();
        // What the handler's own log lines stand in.
        let span = tracing::info_span!(
            "event",
            ?kind,
            connection = ?id,
            request_id = &*context.request_id
        );
        let (answer, id, request_id, raw) = match (&self.layers, entry) {
            (Some(layers), entry) => {
                let invocation = self.invocation(entry.copied(), raw, id, content, context, push);
                // In a box, so that events take no more room where there are no layers.
                Box::pin(through(layers, invocation, span)).await
            }
            (None, Some(entry)) => handle!(entry, content, span, |content| {
                self.event(raw, id, context, content, push)
            }; faults self.faults; else (Answer::Done, id, context.request_id, raw)),
            (None, None) => (calling::unhandled(kind), id, context.request_id, raw),
        };
        if let Some(lent) = lent {
            // In a box, so that events take no more room where there is no store.
            Box::pin(lent.after(matches!(answer, Answer::Failed(_)))).await;
        }
        if let Some(started) = started {
            tracing::debug!(
                handler,
                connection = ?id,
                request_id = &*request_id,
                elapsed = ?started.elapsed(),
                "handled"
            );
        }
        match answer {
            Answer::Failed(problem) => {
                log(handler, &problem, &id, &request_id);
                self.failed(kind, problem, &raw, id, request_id)
            }
            answer => {
                let mut outcome = accepted(kind, answer, id, request_id, extensions);
                outcome.unordered = kind == Kind::Connect && self.unordered;
                outcome
            }
        }
    }

    fn event<E: Slot>(
        &self,
        raw: Arc<str>,
        id: ConnectionId,
        context: Context,
        content: E::Content,
        push: Push,
    ) -> Event<E> {
        Event {
            id,
            raw,
            content,
            rooms: Rooms::new(push),
            context,
            states: Arc::clone(&self.states),
            values: Extensions::new(),
        }
    }

    fn invocation(
        &self,
        entry: Option<Entry>,
        raw: Arc<str>,
        id: ConnectionId,
        content: Content,
        context: Context,
        push: Push,
    ) -> Invocation {
        Invocation {
            entry,
            id,
            raw,
            content,
            rooms: Rooms::new(push),
            context,
            states: Arc::clone(&self.states),
            values: Extensions::new(),
            #[cfg(feature = "testing")]
            faults: self.faults.clone(),
        }
    }

    /// The answer to an event that failed. A gateway ignores the reply to a message, so its sender is told by a push.
    fn failed(
        &self,
        kind: Kind,
        problem: Box<Problem>,
        raw: &str,
        id: ConnectionId,
        request_id: Arc<str>,
    ) -> Outcome {
        let mut pushes = Vec::new();
        if kind == Kind::Message
            && let Some(note) = self.note(&problem, raw, &id)
        {
            pushes.push(ReplyPush::Send(note.into()));
        }
        let (err_no, err_msg) = (problem.err_no, problem.answered(kind));
        // The program's own error may panic when it is dropped.
        let _ = caught(|| drop(problem));
        Outcome {
            pushes,
            ..Outcome::failed(Some(id), request_id, err_no, err_msg)
        }
    }

    /// What the sender of a message is told. The message is read once more for it: most never fail.
    fn note(&self, problem: &Problem, raw: &str, id: &ConnectionId) -> Option<Data<'static>> {
        if self.on_error.is_none() && !self.errors_to_client {
            return None;
        }
        let event = wsfn_protocol::Event::parse(raw, self.only);
        let text = match &event {
            Ok(wsfn_protocol::Event::Message(MessageEvent {
                data: Data::Text(text),
                ..
            })) => Some(&**text),
            _ => None,
        };
        let note = problem.note(text);
        match &self.on_error {
            // A panic in it must not cost the answer.
            Some(tell) => {
                let failure = Failure { problem, id, note };
                caught(|| tell(&failure)).ok().flatten().map(Message::into)
            }
            None => Some(Data::Text(note.to_json().into())),
        }
    }
}

/// Pushes what the sender is to get, where no reply carries it there.
async fn deliver(client: &Push, id: &ConnectionId, push: &ReplyPush<'_>, request_id: &str) {
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
    if let Err(error) = client.act(request).await {
        tracing::warn!(connection = ?id, request_id, "the answer did not reach its client: {error}");
    }
}

/// Has an event handled through the layers, as [`handle!`] does without.
async fn through(
    layers: &Next,
    invocation: Invocation,
    span: Span,
) -> (Answer, ConnectionId, Arc<str>, Arc<str>) {
    let deadline = invocation.context.deadline;
    let (id, raw) = (invocation.id.clone(), Arc::clone(&invocation.raw));
    let request_id = Arc::clone(&invocation.context.request_id);
    // All that belongs to the program runs inside, where its panic is caught.
    let answer = Box::pin(async move {
        match layers.clone().run(invocation).await {
            Ok(handled) => handled.into(),
            Err(error) => Reply::failed(Problem::from_error(error)),
        }
    });
    let answer = calling::run(answer, deadline, span).await;
    (answer, id, request_id, raw)
}

/// The answer to an event that went well.
fn accepted(
    kind: Kind,
    answer: Answer,
    id: ConnectionId,
    request_id: Arc<str>,
    extensions: bool,
) -> Outcome {
    let mut outcome = Outcome::ok(id, request_id);
    let mut protocols = None;
    match answer {
        Answer::Accept(protocol) => protocols = protocol,
        Answer::Message(data) => outcome.pushes.push(ReplyPush::Send(data)),
        Answer::Event(event) => outcome.event = Some(event),
        Answer::Done | Answer::Failed(_) => {}
    }
    if kind == Kind::Connect {
        outcome.accepted = Some(Accepted {
            protocols,
            extensions,
        });
    }
    outcome
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance")
            .field("handlers", &self.handlers)
            .finish_non_exhaustive()
    }
}

//! Between the gateway and the handlers: records calls and lets the seed decide who goes first.

use std::sync::Arc;

use wsfn_gateway::{BoxFuture, Call, Invoke, InvokeAnswer, InvokeError};
use wsfn_protocol::Kind;

use super::outcome::PushKind;
use super::pushed::Pushed;
use super::world::World;
use crate::app::Instance;

/// The application as the gateway of a test sees it.
pub(super) struct Watched {
    instance: Instance,
    world: Arc<World>,
}

impl Watched {
    pub(super) const fn new(instance: Instance, world: Arc<World>) -> Self {
        Self { instance, world }
    }

    pub(super) const fn instance(&self) -> &Instance {
        &self.instance
    }

    /// Records what the sender gets with the answer, and takes away what a test wants to fail.
    fn record(&self, id: &str, answer: &mut InvokeAnswer) {
        answer.pushes.retain(|push| {
            let outcome = self.world.outcomes.take(id, PushKind::of_reply(push));
            let mut pushed = Pushed::of_reply(id, push, self.world.at());
            if let Some(outcome) = outcome {
                pushed.err_no = outcome.err_no().map(|err_no| err_no.0);
            }
            self.world.pushed(pushed);
            outcome.is_none()
        });
    }
}

impl Invoke for Watched {
    fn invoke<'a>(&'a self, call: Call) -> BoxFuture<'a, Result<InvokeAnswer, InvokeError>> {
        Box::pin(async move {
            let (kind, id) = (call.kind, Arc::clone(&call.connection_id));
            let world = &self.world;
            let name = match kind {
                Kind::Connect => "connect",
                Kind::Message => "message",
                Kind::Close => "close",
            };
            world.turn().await;
            world.note(&id, format!("call: {name}"));
            if let Some(error) = world.faults.before_handler(kind) {
                world.note(&id, format!("no answer to {name}: {error}"));
                return Err(error);
            }
            let mut answered = self.instance.invoke(call).await;
            if let Ok(answer) = &mut answered {
                self.record(&id, answer);
                world.note(&id, format!("answer to {name}: {}", answer.err_no.0));
            }
            world.turn().await;
            answered
        })
    }
}

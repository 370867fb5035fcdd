//! From handlers to a started application.

use std::fmt;
use std::sync::Arc;

use wsfn_protocol::Kind;
use wsfn_settings::Settings;

use super::caught::{Caught, Panicked};
use super::{App, Instance, Next};
use crate::error::Result;
use crate::push::Push;

impl App {
    /// Asks the handlers what they need, makes the states, and has everything ready for the first event.
    ///
    /// # Errors
    /// All that is missing at once: settings, each with its purpose and an example, and states that cannot be made.
    pub(crate) async fn start(mut self, push: Push, settings: &Arc<Settings>) -> Result<Instance> {
        let mut setup = std::mem::take(&mut self.setup);
        for entry in &self.handlers {
            entry.set_up(&mut setup).await;
        }
        let mut problems = Vec::new();
        if !push.is_set() {
            if setup.push {
                problems.push(
                    "push-url is not set: a handler takes `&Push`, `&Rooms` or a `Session`, which need the \
                     gateway's reverse-push address. Set it in the environment, for example \
                     WSFN_PUSH_URL=http://127.0.0.1:9002/api-wsfn, or in wsfn.toml"
                        .to_owned(),
                );
            } else if setup.answers {
                tracing::warn!(
                    "push-url is not set: what message handlers return reaches its client only through a gateway \
                     that takes it inside the reply"
                );
            } else if settings.errors_to_client
                && self
                    .handlers
                    .iter()
                    .any(|entry| entry.kind() == Kind::Message)
            {
                tracing::warn!(
                    "push-url is not set: that its message failed is told to a client only through a gateway that \
                     takes it inside the reply. Set errors-to-client to off where that is meant"
                );
            }
        }
        let mut states = self.states;
        for (id, maker) in &setup.states {
            if states.has(*id) {
                continue;
            }
            let why = match Caught::new((maker.make)()).await {
                Ok(Ok(state)) => {
                    states.put(*id, state);
                    continue;
                }
                Ok(Err(error)) => format!("{error:?}"),
                Err(Panicked(text)) => format!("`State::init` panicked: {text}"),
            };
            problems.push(format!("state `{}` cannot be made: {why}", maker.name));
        }
        if !problems.is_empty() {
            return Err(NotReady(problems).into());
        }
        let layers = self.layers.into_iter();
        let layers = layers.fold(None, |next, layer| {
            Some(layer(next.unwrap_or_else(Next::handler)))
        });
        Ok(Instance::new(
            self.handlers,
            layers,
            self.on_error,
            states,
            push,
            settings,
            setup,
        ))
    }
}

/// Everything that keeps an application from starting.
#[derive(Debug)]
struct NotReady(Vec<String>);

impl fmt::Display for NotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the application cannot start")?;
        for problem in &self.0 {
            write!(f, "\n  - {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for NotReady {}

//! From handlers to a started application.

use std::fmt;
use std::sync::Arc;

use wsfn_protocol::Kind;
use wsfn_settings::Settings;

use super::caught::{Caught, Panicked};
use super::{App, Instance, Next};
use crate::error::Result;
use crate::push::Push;
use crate::rooms::Store;
use crate::rooms::store::{self, Lent, Stored};

impl App {
    /// Asks the handlers what they need, makes the states, and has everything ready for the first event.
    ///
    /// # Errors
    /// All that is missing at once: settings, each with its purpose and an example, and states that cannot be made.
    pub(crate) async fn start(self, push: Push, settings: &Arc<Settings>) -> Result<Instance> {
        self.start_after(Vec::new(), push, settings).await
    }

    /// The same for a front end that cannot start either: its problems are told together with the others.
    pub(crate) async fn start_after(
        mut self,
        mut problems: Vec<String>,
        push: Push,
        settings: &Arc<Settings>,
    ) -> Result<Instance> {
        let mut setup = std::mem::take(&mut self.setup);
        for entry in &self.handlers {
            entry.set_up(&mut setup).await;
        }
        let push = match stored(self.store.take(), settings).await {
            Ok(None) if setup.rooms && push.is_set() && !push.is_ours() => {
                problems.push(
                    "store is not set: a handler takes `&Rooms`, and push-url is not the address of a gateway of \
                     ours, whose path begins with push-path; Tencent's has no rooms. Name a database that keeps \
                     them, for example WSFN_STORE=redis://10.0.0.7:6379"
                        .to_owned(),
                );
                push
            }
            Ok(store) => push.on_store(store),
            Err(problem) => {
                problems.push(problem);
                push
            }
        };
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
            self.unordered,
            layers,
            self.on_error,
            states,
            push,
            settings,
            setup,
        ))
    }
}

/// The store of the program's own, or the one that the settings name.
async fn stored(own: Option<Arc<dyn Store>>, settings: &Settings) -> Result<Option<Lent>, String> {
    let store = match own {
        Some(store) => Some(store),
        None => store::of_settings(settings).map_err(|error| format!("store: {error}"))?,
    };
    let Some(store) = store else {
        return Ok(None);
    };
    let stored = Stored::new(store, settings);
    match stored.ready().await {
        Ok(()) => {}
        // It may be back before the first event, and a platform would only start the program again.
        Err(error) if error.is_unavailable() => {
            tracing::warn!("store {stored:?}: {error}; it is tried again with the first event");
        }
        Err(error) => return Err(format!("store {stored:?}: {error}")),
    }
    Ok(Some(Lent::new(Arc::new(stored))))
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

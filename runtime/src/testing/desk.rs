//! Between the handlers and the gateway: records what is asked, and answers in its place where a test says so.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use wsfn_gateway::Handle;
use wsfn_protocol::{Answer, Audience, Request};

use super::pushed::Pushed;
use super::world::World;

/// How long a push waits for an answer that does not come: as long as the real client does.
const PUSH_TIMEOUT: Duration = Duration::from_secs(10);

/// What pushes of a test go through.
pub(crate) struct Desk {
    handle: Handle,
    world: Arc<World>,
}

impl Desk {
    pub(super) const fn new(handle: Handle, world: Arc<World>) -> Self {
        Self { handle, world }
    }

    pub(crate) fn left(&self, id: &str) -> wsfn_gateway::Left {
        self.handle.left(id)
    }

    /// Does it; `None` when there is no answer in time.
    pub(crate) async fn act(
        &self,
        mut request: Request<'_>,
        deadline: Option<Instant>,
    ) -> Option<Answer> {
        self.world.turn().await;
        let pushed = Pushed::of_request(&request, self.world.at());
        let outcomes = &self.world.outcomes;
        let verdict = outcomes.judge(&mut request, |id, to| self.hears(id, to));
        let answer = if verdict.times_out {
            let latest = Instant::now() + PUSH_TIMEOUT;
            tokio::time::sleep_until(deadline.map_or(latest, |deadline| deadline.min(latest)))
                .await;
            None
        } else {
            let mut answer = verdict.refused.unwrap_or_else(|| self.handle.act(&request));
            if let Some(failed) = &mut answer.failed {
                failed.extend(verdict.failed);
            }
            Some(answer)
        };
        self.world.pushed(pushed.answered(answer.as_ref()));
        self.world.turn().await;
        answer
    }

    fn hears(&self, id: &str, to: &Audience<'_>) -> bool {
        let alive = self.handle.act(&Request::Alive {
            ids: vec![id.into()],
        });
        if alive.alive.is_none_or(|alive| alive.is_empty()) {
            return false;
        }
        match to {
            Audience::Everyone => true,
            Audience::Rooms(rooms) => {
                let own = self.handle.act(&Request::Rooms { id: id.into() });
                let own = own.rooms.unwrap_or_default();
                own.iter()
                    .any(|own| rooms.iter().any(|room| **room == **own))
            }
        }
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").finish_non_exhaustive()
    }
}

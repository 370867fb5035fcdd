//! Whoever takes part and is neither client nor handler.

use std::sync::Arc;
use std::time::Duration;

use super::world::World;
use crate::life::{Phase, wait};
use crate::log::Action;

/// Pushes now and then, whatever is going on.
pub(super) async fn push(world: Arc<World>) {
    let mut random = world.fork();
    for _ in 0..random.below(40) {
        for _ in 0..5 {
            wait(world.pace().pause(&mut random)).await;
        }
        if world.stage().phase() > Phase::Wild {
            return;
        }
        let Some(action) = world.plan(&mut random, |planner| planner.outside()) else {
            continue;
        };
        // Joining or leaving twice is as good as once.
        let twice = matches!(action, Action::Join { .. } | Action::Leave { .. });
        if twice && random.below(2) == 0 {
            world.act(None, &action);
        }
        world.act(None, &action);
    }
}

/// Kills the function's process once, in some histories.
pub(super) async fn crash(world: Arc<World>) {
    let mut random = world.fork();
    if random.below(3) > 0 {
        return;
    }
    tokio::time::sleep(Duration::from_millis(random.below(20_000) as u64)).await;
    if world.stage().phase() == Phase::Wild {
        world.crash(Duration::from_millis(random.below(4000) as u64));
    }
}

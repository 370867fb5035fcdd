//! Random lives of a gateway in memory.
//!
//! Clients connect, send, read slowly, leave and vanish; the function accepts, refuses, pushes, joins, hangs, fails and
//! cannot be reached; somebody else pushes as well. Time stands still until all wait, so a seed is always the same
//! history, and the close events of the slowest retry cost nothing. At the end everybody behaves, and what is still to
//! come has all the time that it may take.

mod function;
mod outsider;
mod world;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use wsfn_gateway::testing::Dialer;
use wsfn_gateway::{Gateway, Handle};

use crate::Log;
use crate::life::{Phase, ROOMS, client, wait};
use crate::log::{Action, Client, Gateway as Seen, What};
use function::Witness;
use world::World;

/// How long the wild part may take, on the history's own clock.
const WILD: Duration = Duration::from_secs(30);
/// For how long clients read on when nobody pushes any more: longer than a stalled write may take.
const CALM: Duration = Duration::from_secs(30);
/// The longest that a close event may still take: the rest of `call-grace`, and the longest pauses between retries.
const REST: Duration = Duration::from_secs(1800);

/// The history of a seed.
///
/// # Panics
/// When the gateway cannot be started, which needs nothing but memory.
#[must_use]
pub fn run(seed: u64) -> Log {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O");
    let world = World::new(seed);
    runtime.block_on(live(&world));
    // Tasks that are left would log that they are dropped.
    let log = world.take_log();
    drop(runtime);
    log
}

async fn live(world: &Arc<World>) {
    let handle = Handle::seeded(world.settings(), world.fork().next());
    world.set_handle(handle.clone());
    let witness = Arc::new(Witness::new(Arc::clone(world)));
    let (gateway, dialer) = Gateway::in_memory(handle, world.settings(), witness, None)
        .await
        .expect("it needs no port");
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(gateway.serve(async {
        // A sender that is gone is the end as well.
        let _ = stopped.await;
    }));
    world.stage().log(What::Gateway(Seen::Started));
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..world.clients() {
        tasks.spawn(enter(Arc::clone(world), dialer.clone(), number));
    }
    tasks.spawn(outsider::push(Arc::clone(world)));
    tasks.spawn(outsider::crash(Arc::clone(world)));
    tokio::time::sleep(WILD).await;
    world.stage().enter(Phase::Calm);
    tokio::time::sleep(CALM).await;
    if world.stops() {
        world.stage().log(What::Gateway(Seen::Stopping));
        drop(stop);
        // It was spawned and is not aborted.
        let _ = serving.await;
        world.stage().log(What::Gateway(Seen::Stopped));
        tasks.join_all().await;
    } else {
        world.stage().enter(Phase::Over);
        tasks.join_all().await;
        tokio::time::sleep(REST).await;
        for room in ROOMS {
            world.act(None, &Action::Members { room: room.into() });
        }
        drop(stop);
    }
    world.stage().log(What::Settled);
}

/// A client, from before it comes until it has left.
async fn enter(world: Arc<World>, dialer: Dialer, number: usize) {
    let mut random = world.fork();
    let pace = world.pace();
    for _ in 0..random.below(6) {
        wait(pace.pause(&mut random)).await;
    }
    let name = format!("c{number}");
    let address = SocketAddr::from(([127, 0, 0, 1], 9));
    let capacity = [40, 200, 4096][random.below(3)];
    let cuts = random.fork();
    let stage = Arc::clone(world.stage());
    stage.client(&name, Client::Dialled);
    match dialer.dial(address, capacity, Some(cuts)).await {
        Ok(end) => client::live(stage, name, end, pace, random).await,
        Err(_) => stage.client(&name, Client::Ended),
    }
}

//! Connections whose end nobody told of.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use wsfn::rooms::{MemoryStore, Store as _, Terms};
use wsfn::testing::TestApp;
use wsfn::{ConnectionId, Result, Rooms, State, on_close, on_connect};

const LEASE: Duration = Duration::from_secs(40 * 60);

/// Whose close handler ran, and how many rooms it read.
#[derive(Clone, Default)]
struct Closed(Arc<Mutex<Vec<(String, usize)>>>);

impl State for Closed {
    async fn init() -> Result<Self> {
        Ok(Self::default())
    }
}

#[on_connect]
async fn enter(id: &ConnectionId, rooms: &Rooms) -> Result<()> {
    rooms.join("quiet", id).await?;
    Ok(())
}

#[on_close]
async fn leave(id: &ConnectionId, rooms: &Rooms, closed: &Closed) -> Result<()> {
    let rooms = rooms.of(id).await?.len();
    closed
        .0
        .lock()
        .unwrap()
        .push((id.as_str().to_owned(), rooms));
    Ok(())
}

#[tokio::test]
async fn a_thousand_ghosts_are_gone_after_one_lease_and_a_thousand_quiet_ones_stay() {
    let (store, closed) = (MemoryStore::new(), Closed::default());
    let app = wsfn::app![enter, leave].store(store.clone());
    let app = TestApp::new(app).state(closed.clone());
    let mut app = app.start().await.unwrap();
    let mut quiet = Vec::new();
    for _ in 0..1000 {
        quiet.push(app.connect().await.unwrap());
    }
    for at in 0..1000 {
        // A gateway that is no more had told of these.
        let id = ConnectionId::new(format!("ghost-{at}"));
        store.join(&id, "ghosts", &Terms::default()).await.unwrap();
    }
    let swept = app.sweep().await.unwrap();
    assert_eq!((swept.closed, swept.alive), (0, 0), "nobody is due yet");
    app.advance(LEASE).await;
    let swept = tokio::join!(app.sweep(), app.sweep(), app.sweep());
    let swept = [swept.0.unwrap(), swept.1.unwrap(), swept.2.unwrap()];
    assert_eq!(swept.iter().map(|swept| swept.closed).sum::<usize>(), 1000);
    assert_eq!(swept.iter().map(|swept| swept.alive).sum::<usize>(), 1000);
    assert!(swept.iter().all(|swept| !swept.cut_short));
    assert_eq!(store.count("ghosts").await.unwrap(), 0);
    assert_eq!(store.count("quiet").await.unwrap(), 1000);
    let mut handled = closed.0.lock().unwrap().clone();
    assert!(
        handled.iter().all(|(_, rooms)| *rooms == 1),
        "its rooms are read"
    );
    handled.sort();
    handled.dedup();
    assert_eq!(handled.len(), 1000, "each close handler ran");
    assert_eq!(closed.0.lock().unwrap().len(), 1000, "and ran once");
    // Who lives is not due again before another lease has passed.
    assert_eq!(app.sweep().await.unwrap().alive, 0);
}

#[tokio::test]
async fn what_a_dead_sweeper_left_is_swept_when_its_claim_lapses() {
    let (store, closed) = (MemoryStore::new(), Closed::default());
    let app = wsfn::app![enter, leave].store(store.clone());
    let mut app = TestApp::new(app)
        .state(closed.clone())
        .start()
        .await
        .unwrap();
    let ghost = ConnectionId::new("ghost");
    store
        .join(&ghost, "ghosts", &Terms::default())
        .await
        .unwrap();
    app.advance(LEASE).await;
    let lapse = Duration::from_secs(16 * 60);
    assert_eq!(store.claim(10, lapse).await.unwrap(), [ghost]);
    assert_eq!(app.sweep().await.unwrap().closed, 0, "another has it");
    app.advance(lapse).await;
    assert_eq!(app.sweep().await.unwrap().closed, 1);
    assert_eq!(closed.0.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn without_a_store_there_is_nothing_to_sweep() {
    let app = TestApp::new(wsfn::app![enter]).start().await.unwrap();
    let error = app.sweep().await.unwrap_err();
    assert!(error.to_string().contains("store is not set"), "{error}");
}

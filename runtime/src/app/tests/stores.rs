//! What an application needs for its rooms.

use std::sync::Arc;

use wsfn_settings::{Settings, Sources};

use crate::push::Push;
use crate::rooms::{MemoryStore, Rooms};

#[crate::on_message(crate = crate)]
async fn talk(_rooms: &Rooms) {}

#[crate::on_message(crate = crate)]
async fn push_only(_push: &Push) {}

async fn problem(app: crate::App, url: &str, store: Option<&str>) -> Option<String> {
    let mut sources = Sources::new();
    if let Some(store) = store {
        sources = sources.env("WSFN_STORE", store);
    }
    let settings = Arc::new(Settings::load(&sources).expect("settings"));
    let push = Push::to_url(url).expect("an address");
    let started = app.start(push, &settings).await;
    started.err().map(|error| format!("{error}"))
}

const TENCENT: &str = "http://set-x.cb-y.apigateway.tencentyun.com/api-z";

#[tokio::test]
async fn rooms_need_a_gateway_of_ours_or_a_store() {
    let told = problem(crate::app![talk, crate = crate], TENCENT, None).await;
    let told = told.expect("nowhere to keep rooms");
    assert!(told.contains("store is not set"), "{told}");
    assert!(told.contains("WSFN_STORE="), "{told}");
    let ours = problem(
        crate::app![talk, crate = crate],
        "http://127.0.0.1:1/api-wsfn",
        None,
    );
    assert_eq!(ours.await, None);
    let stored = crate::app![talk, crate = crate].store(MemoryStore::new());
    assert_eq!(problem(stored, TENCENT, None).await, None);
    assert_eq!(
        problem(crate::app![push_only, crate = crate], TENCENT, None).await,
        None
    );
}

#[cfg(not(feature = "redis"))]
#[tokio::test]
async fn a_store_that_was_left_out_is_named_with_its_feature() {
    let url = "redis://:s3cr3t@127.0.0.1";
    let told = problem(crate::app![talk, crate = crate], TENCENT, Some(url)).await;
    let told = told.expect("no such store in this program");
    assert!(told.contains("needs the feature `redis`"), "{told}");
    assert!(!told.contains("s3cr3t"), "{told}");
    assert!(!told.contains("store is not set"), "{told}");
}

#[crate::on_close(crate = crate)]
async fn leave() {}

/// SCF's own event of a timer is a sweep where there is a store, and no event elsewhere.
#[cfg(feature = "gateway")]
#[tokio::test]
async fn a_timer_sweeps() {
    let timer =
        r#"{"Type":"Timer","TriggerName":"sweep","Time":"2026-11-24T11:49:00Z","Message":""}"#;
    let answer = async |app: crate::App, event: &str| {
        let settings = Arc::new(Settings::default());
        let handle = wsfn_gateway::Handle::open(&settings).expect("a gateway");
        let app = app.start(Push::embedded(handle), &settings).await;
        let app = app.expect("it starts");
        app.dispatch(event.into(), crate::Context::default()).await
    };
    let store = MemoryStore::new();
    let terms = crate::rooms::Terms {
        lease: std::time::Duration::ZERO,
        ..crate::rooms::Terms::default()
    };
    let ghost = crate::ConnectionId::new("ghost");
    let joined = crate::rooms::Store::join(&store, &ghost, "r", &terms).await;
    joined.expect("joined");
    let app = || crate::app![leave, crate = crate];
    let swept = answer(app().store(store.clone()), timer).await;
    assert_eq!(swept, r#"{"errNo":0,"errMsg":"1 were gone, 0 live"}"#);
    let again = answer(app().store(store), timer).await;
    assert_eq!(again, r#"{"errNo":0,"errMsg":"0 were gone, 0 live"}"#);
    let without = answer(app(), timer).await;
    assert!(without.contains(r#""errNo":102"#), "{without}");
}

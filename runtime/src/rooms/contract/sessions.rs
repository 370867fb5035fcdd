//! The value that is kept with a connection.

use super::{Bench, PageRequest, id, terms};
use crate::rooms::StoredSession;

pub(super) async fn run(bench: &Bench) {
    let (store, ann) = (bench.store(0), id("session-ann"));
    let at_first = store.session(&ann).await.expect("a session");
    assert_eq!(at_first, StoredSession::default());
    let set = async |value: &str, version| store.set_session(&ann, value, version, &terms()).await;
    assert_eq!(set("1", Some(0)).await.expect("set at first"), 1);
    assert_eq!(set("2", Some(1)).await.expect("set with the version"), 2);
    let lost = set("3", Some(1)).await.expect_err("an old version");
    assert!(lost.is_conflict(), "{lost}");
    let lost = set("3", Some(7)).await.expect_err("a version to come");
    assert!(lost.is_conflict(), "{lost}");
    assert_eq!(set("null", None).await.expect("set blindly"), 3);
    let session = bench.store(1).session(&ann).await.expect("a session");
    assert_eq!(session, StoredSession::new(Some("null".to_owned()), 3));
    let large = format!("\"{}\"", "x".repeat(4000));
    assert_eq!(set(&large, None).await.expect("a large one"), 4);

    let bob = id("session-bob");
    let lost = store.set_session(&bob, "1", Some(1), &terms()).await;
    let lost = lost.expect_err("a version of an unknown one");
    assert!(lost.is_conflict(), "{lost}");

    // A page has them where they are asked for, and in the order of its ids.
    let cat = id("session-cat");
    for id in [&ann, &cat] {
        store.join(id, "session", &terms()).await.expect("joined");
    }
    let page = PageRequest::new(Some("session"), 10).with_sessions(true);
    let page = bench.store(1).members(page).await.expect("a page");
    let expected = [StoredSession::new(Some(large), 4), StoredSession::default()];
    assert_eq!(page.ids, [ann.clone(), cat.clone()]);
    assert_eq!(page.sessions, expected);
    let page = PageRequest::new(Some("session"), 10);
    let page = store.members(page).await.expect("a page");
    assert!(page.sessions.is_empty(), "sessions that nobody asked for");

    // Of those who set it at once with the same version, one has it.
    let mut tasks = tokio::task::JoinSet::new();
    for at in 0..8 {
        let (store, ann) = (bench.store(at).clone(), ann.clone());
        tasks.spawn(async move {
            let value = at.to_string();
            store.set_session(&ann, &value, Some(4), &terms()).await
        });
    }
    let done = tasks.join_all().await;
    let (won, lost): (Vec<_>, Vec<_>) = done.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1, "of eight who had version 4, one sets it");
    for lost in lost {
        let error = lost.expect_err("lost");
        assert!(error.is_conflict(), "{error}");
    }
    bench.forget(&[ann.clone(), bob, cat]).await;
    let after = store.session(&ann).await.expect("a session");
    assert_eq!(after, StoredSession::default(), "forgotten, it has none");
}

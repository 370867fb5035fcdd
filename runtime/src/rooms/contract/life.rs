//! From open over gone to forgotten.

use super::{Bench, Duration, PageRequest, Terms, id, terms};

pub(super) async fn run(bench: &Bench) {
    who_is_gone_is_no_member(bench).await;
    who_is_forgotten_stays_away(bench).await;
    what_is_remembered_is_bounded(bench).await;
    a_join_that_races_with_a_close_does_not_stay(bench).await;
    everyone_who_is_open(bench).await;
}

async fn who_is_gone_is_no_member(bench: &Bench) {
    let (store, ann) = (bench.store(0), id("gone-ann"));
    store.join(&ann, "gone", &terms()).await.expect("joined");
    let set = store.set_session(&ann, "1", None, &terms()).await;
    set.expect("set");
    let (ids, unknown) = ([ann.clone()], [id("gone-nobody")]);
    store
        .gone(&unknown, &terms())
        .await
        .expect("nobody is gone");
    for _ in 0..2 {
        store.gone(&ids, &terms()).await.expect("gone");
    }
    assert!(bench.members("gone").await.is_empty());
    assert_eq!(store.count("gone").await.expect("a count"), 0);
    // Its close event is still to come, and reads this.
    assert_eq!(bench.rooms(&ann).await, ["gone"]);
    let session = bench.store(1).session(&ann).await.expect("a session");
    assert_eq!(session.value.as_deref(), Some("1"));
    let joined = store.join(&ann, "gone-2", &terms()).await;
    assert!(joined.expect_err("gone").is_gone());
    let set = store.set_session(&ann, "2", None, &terms()).await;
    assert!(set.expect_err("gone").is_gone());
    store.seen(&ids, &terms()).await.expect("seen");
    assert!(bench.members("gone").await.is_empty(), "seen is not back");
    // Who was not there when it was said to be gone may come.
    let joined = store.join(&unknown[0], "gone", &terms()).await;
    joined.expect("joined");
    bench.forget(&ids).await;
    bench.forget(&unknown).await;
}

async fn who_is_forgotten_stays_away(bench: &Bench) {
    let (store, ann, bob) = (bench.store(0), id("forget-ann"), id("forget-bob"));
    for id in [&ann, &bob] {
        store.join(id, "forget", &terms()).await.expect("joined");
    }
    for _ in 0..2 {
        store.forget(&ann, &terms()).await.expect("forgotten");
    }
    assert_eq!(bench.members("forget").await, ["forget-bob"]);
    assert!(bench.rooms(&ann).await.is_empty());
    for store in &bench.clients {
        let joined = store.join(&ann, "forget", &terms()).await;
        assert!(joined.expect_err("forgotten").is_gone());
        let set = store.set_session(&ann, "1", None, &terms()).await;
        assert!(set.expect_err("forgotten").is_gone());
        let seen = store.seen(std::slice::from_ref(&ann), &terms()).await;
        seen.expect("no error");
        let gone = store.gone(std::slice::from_ref(&ann), &terms()).await;
        gone.expect("no error");
    }
    assert_eq!(bench.members("forget").await, ["forget-bob"]);
    // A close may be told of one that never joined, and whose join is still under way.
    let cat = id("forget-cat");
    store.forget(&cat, &terms()).await.expect("forgotten");
    let joined = store.join(&cat, "forget", &terms()).await;
    assert!(joined.expect_err("forgotten").is_gone());
    bench.forget(&[bob]).await;
}

async fn what_is_remembered_is_bounded(bench: &Bench) {
    let store = bench.store(0);
    let brief = Terms {
        remember: Duration::ZERO,
        ..terms()
    };
    for at in 0..20 {
        let id = id(format!("brief-{at}"));
        store.forget(&id, &brief).await.expect("forgotten");
    }
    // Those before were let go of in passing.
    for at in 0..10 {
        let id = id(format!("brief-{at}"));
        let joined = store.join(&id, "brief", &terms()).await;
        joined.expect("unknown again");
    }
    assert_eq!(bench.members("brief").await.len(), 10);
    let ids: Vec<_> = (0..10).map(|at| id(format!("brief-{at}"))).collect();
    bench.forget(&ids).await;
    assert!(bench.members("brief").await.is_empty());
}

async fn a_join_that_races_with_a_close_does_not_stay(bench: &Bench) {
    let mut chance = bench.chance("race");
    for round in 0..30 {
        let ann = id(format!("race-{round}"));
        let mut tasks = tokio::task::JoinSet::new();
        for at in 0..6 {
            let (store, ann) = (bench.store(at).clone(), ann.clone());
            let (is_close, yields) = (at == chance.below(6), chance.below(4));
            tasks.spawn(async move {
                for _ in 0..yields {
                    tokio::task::yield_now().await;
                }
                if is_close {
                    return store.forget(&ann, &terms()).await;
                }
                let room = format!("race-room-{at}");
                store.join(&ann, &room, &terms()).await
            });
        }
        for done in tasks.join_all().await {
            match done {
                Ok(()) => {}
                Err(error) => assert!(error.is_gone(), "{error}"),
            }
        }
        bench.forget(std::slice::from_ref(&ann)).await;
        assert!(bench.rooms(&ann).await.is_empty(), "round {round}");
        for at in 0..6 {
            let members = bench.members(&format!("race-room-{at}")).await;
            assert!(members.is_empty(), "round {round}: {members:?}");
        }
    }
}

async fn everyone_who_is_open(bench: &Bench) {
    let store = bench.store(0);
    let everyone = async |limit| {
        let (mut all, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = PageRequest::new(None, limit).after(after.as_deref());
            let page = bench.store(1).members(page).await.expect("a page");
            assert!(page.ids.len() <= limit);
            all.extend(page.ids.iter().map(|id| id.as_str().to_owned()));
            after = all.last().cloned();
            if !page.more {
                return all;
            }
        }
    };
    let ids: Vec<_> = (0..7).map(|at| id(format!("every-{at}"))).collect();
    // In a room or not.
    store.seen(&ids[..5], &terms()).await.expect("seen");
    store
        .join(&ids[5], "every", &terms())
        .await
        .expect("joined");
    store.seen(&ids[6..], &terms()).await.expect("seen");
    store.gone(&ids[..1], &terms()).await.expect("gone");
    store.forget(&ids[1], &terms()).await.expect("forgotten");
    let expected = ["every-2", "every-3", "every-4", "every-5", "every-6"];
    assert_eq!(everyone(2).await, expected);
    assert_eq!(everyone(100).await, expected);
    bench.forget(&ids).await;
    assert!(everyone(100).await.is_empty());
}

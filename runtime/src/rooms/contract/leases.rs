//! Who is due to be looked after.

use std::collections::BTreeSet;

use super::{Bench, ConnectionId, Duration, HOUR, Terms, id, terms};

pub(super) async fn run(bench: &Bench) {
    nobody_is_due_before_its_time(bench).await;
    what_is_seen_is_not_claimed(bench).await;
    a_claim_lapses(bench).await;
    who_is_gone_is_due_after_its_grace(bench).await;
    of_several_sweepers_one_gets_each(bench).await;
}

/// Terms under which everyone is due at once.
fn due() -> Terms {
    Terms {
        lease: Duration::ZERO,
        grace: Duration::ZERO,
        ..terms()
    }
}

async fn claim(bench: &Bench, lapse: Duration) -> Vec<ConnectionId> {
    let claimed = bench.store(1).claim(1000, lapse).await;
    let mut claimed = claimed.expect("a claim");
    claimed.sort();
    claimed
}

async fn nobody_is_due_before_its_time(bench: &Bench) {
    let (store, ann) = (bench.store(0), id("due-ann"));
    store.join(&ann, "due", &terms()).await.expect("joined");
    assert!(claim(bench, HOUR).await.is_empty());
    store.join(&ann, "due", &due()).await.expect("joined");
    assert_eq!(claim(bench, HOUR).await, std::slice::from_ref(&ann));
    assert!(claim(bench, HOUR).await.is_empty(), "claimed already");
    // Claimed, it is what it was.
    assert_eq!(bench.members("due").await, ["due-ann"]);
    store.forget(&ann, &due()).await.expect("forgotten");
    assert!(claim(bench, HOUR).await.is_empty(), "forgotten");
}

async fn what_is_seen_is_not_claimed(bench: &Bench) {
    let (store, ann, bob) = (bench.store(0), id("live-ann"), id("live-bob"));
    let both = [ann.clone(), bob.clone()];
    store.seen(&both, &due()).await.expect("seen");
    store.seen(&both[..1], &terms()).await.expect("seen again");
    assert_eq!(claim(bench, Duration::ZERO).await, [bob]);
    let set = store.set_session(&both[1], "1", None, &terms()).await;
    set.expect("set");
    assert!(claim(bench, HOUR).await.is_empty(), "a session is a sign");
    bench.forget(&both).await;
}

async fn a_claim_lapses(bench: &Bench) {
    let (store, ann) = (bench.store(0), id("lapse-ann"));
    store.join(&ann, "lapse", &due()).await.expect("joined");
    // The sweeper that has it dies: another gets it.
    for _ in 0..2 {
        assert_eq!(
            claim(bench, Duration::ZERO).await,
            std::slice::from_ref(&ann)
        );
    }
    assert_eq!(claim(bench, HOUR).await, std::slice::from_ref(&ann));
    assert!(claim(bench, HOUR).await.is_empty());
    // It turns out to live: the claim is over, and the lease begins anew.
    let seen = store.seen(std::slice::from_ref(&ann), &due()).await;
    seen.expect("seen");
    assert_eq!(claim(bench, HOUR).await, std::slice::from_ref(&ann));
    bench.forget(&[ann]).await;
}

async fn who_is_gone_is_due_after_its_grace(bench: &Bench) {
    let (store, ann) = (bench.store(0), id("grace-ann"));
    let ids = [ann.clone()];
    store.join(&ann, "grace", &terms()).await.expect("joined");
    store.gone(&ids, &terms()).await.expect("gone");
    assert!(claim(bench, HOUR).await.is_empty(), "its close may come");
    bench.forget(&ids).await;
    let bob = id("grace-bob");
    store.join(&bob, "grace", &terms()).await.expect("joined");
    let gone = store.gone(std::slice::from_ref(&bob), &due()).await;
    gone.expect("gone");
    assert_eq!(claim(bench, HOUR).await, std::slice::from_ref(&bob));
    assert_eq!(bench.rooms(&bob).await, ["grace"], "for its close handler");
    bench.forget(&[bob]).await;
}

async fn of_several_sweepers_one_gets_each(bench: &Bench) {
    const MANY: usize = 1000;
    let ids: Vec<_> = (0..MANY).map(|at| id(format!("sweep-{at:04}"))).collect();
    bench.store(0).seen(&ids, &due()).await.expect("seen");
    let mut sweepers = tokio::task::JoinSet::new();
    for at in 0..3 {
        let store = bench.store(at).clone();
        sweepers.spawn(async move {
            let mut all = Vec::new();
            loop {
                let claimed = store.claim(29, HOUR).await.expect("a claim");
                assert!(claimed.len() <= 29, "{}", claimed.len());
                if claimed.is_empty() {
                    return all;
                }
                all.extend(claimed);
            }
        });
    }
    let claimed: Vec<_> = sweepers.join_all().await.concat();
    let distinct: BTreeSet<_> = claimed.iter().collect();
    assert_eq!(claimed.len(), distinct.len(), "one was claimed twice");
    // Those who come to a busy store in the middle may leave with less: what is left is there for the next.
    let rest = claim(bench, HOUR).await;
    assert_eq!(claimed.len() + rest.len(), MANY);
    bench.forget(&ids).await;
}

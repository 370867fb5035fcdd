//! A large room, page by page.

use super::{Bench, PageRequest, id, terms};

/// Joins under way at once, so that the room is filled within reason.
const AT_ONCE: usize = 16;

pub(super) async fn run(bench: &Bench, members: usize) {
    let name = |at: usize| format!("page-{at:06}");
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..AT_ONCE {
        let store = bench.store(task).clone();
        tasks.spawn(async move {
            for at in (task..members).step_by(AT_ONCE) {
                let joined = store.join(&id(name(at)), "page", &terms()).await;
                joined.expect("joined");
            }
        });
    }
    tasks.join_all().await;
    let store = bench.store(1);
    assert_eq!(store.count("page").await.expect("a count"), members);
    let (limit, mut met, mut after) = (97, 0, None::<String>);
    loop {
        let page = PageRequest::new(Some("page"), limit).after(after.as_deref());
        let page = store.members(page).await.expect("a page");
        assert!(page.ids.len() <= limit, "a page of {}", page.ids.len());
        for id in &page.ids {
            assert_eq!(
                id.as_str(),
                name(met),
                "each once, in the order of its bytes"
            );
            met += 1;
        }
        if after.is_none() {
            let count = page.count.unwrap_or(members);
            assert_eq!(count, members, "the first page tells how many");
        }
        if !page.more {
            break;
        }
        after = page.ids.last().map(|id| id.as_str().to_owned());
        assert!(after.is_some(), "a page of none has no next one");
    }
    assert_eq!(met, members);
    // Who leaves meanwhile does not make others be left out.
    let first = PageRequest::new(Some("page"), 10);
    let first = store.members(first).await.expect("a page");
    for id in &first.ids {
        bench.store(0).leave(id, "page").await.expect("left");
    }
    let after = first.ids.last().map(|id| id.as_str());
    let second = PageRequest::new(Some("page"), 1).after(after);
    let second = store.members(second).await.expect("a page");
    assert_eq!(second.ids, [id(name(10))]);
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..AT_ONCE {
        let store = bench.store(task).clone();
        tasks.spawn(async move {
            for at in (task..members).step_by(AT_ONCE) {
                let forgotten = store.forget(&id(name(at)), &terms()).await;
                forgotten.expect("forgotten");
            }
        });
    }
    tasks.join_all().await;
    assert_eq!(store.count("page").await.expect("a count"), 0);
}

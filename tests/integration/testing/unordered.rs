//! Messages of one client that are handled at once: any interleaving, and the same one for the same seed.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::sleep;
use wsfn::testing::TestApp;
use wsfn::{Result, Rooms, on_close, on_message};

/// How many seeds are tried.
const SEEDS: u64 = 100;

/// Tells everyone when it begins and when it ends.
#[on_message(unordered)]
async fn work(rooms: &Rooms, name: &str) -> Result<()> {
    rooms.everyone(format!("{name} begins")).await?;
    sleep(Duration::from_millis(20)).await;
    rooms.everyone(format!("{name} ends")).await?;
    Ok(())
}

#[on_close]
async fn close(rooms: &Rooms) -> Result<()> {
    rooms.everyone("closed").await?;
    Ok(())
}

/// What somebody else sees of one who sends three messages and leaves, and all that happened.
async fn seen(seed: u64) -> (Vec<String>, String) {
    let app = TestApp::new(wsfn::app![work, close]).seed(seed);
    let app = app.start().await.unwrap();
    let mut bob = app.connect().await.unwrap();
    let mut ann = app.connect().await.unwrap();
    for name in ["one", "two", "three"] {
        ann.send_text(name).await;
    }
    let mut seen = vec![bob.expect_text().await];
    ann.close().await;
    while seen.last().is_some_and(|last| last != "closed") {
        seen.push(bob.expect_text().await);
    }
    bob.expect_nothing().await;
    (seen, app.history())
}

#[tokio::test]
async fn a_seed_decides_who_is_first_and_nothing_else() {
    let mut ways = BTreeSet::new();
    for seed in 0..SEEDS {
        let (lines, history) = seen(seed).await;
        assert_eq!(seen(seed).await, (lines.clone(), history), "seed {seed}");
        // All of them, each once, at once, and the close event behind the last.
        assert_eq!(lines.len(), 7, "seed {seed}: {lines:?}");
        for name in ["one", "two", "three"] {
            let at = |what: &str| {
                let line = format!("{name} {what}");
                lines.iter().position(|seen| *seen == line)
            };
            let (begins, ends) = (at("begins"), at("ends"));
            assert!(begins < Some(3) && ends > begins, "seed {seed}: {lines:?}");
        }
        ways.insert(lines);
    }
    assert!(ways.len() > 3, "{ways:?}");
}

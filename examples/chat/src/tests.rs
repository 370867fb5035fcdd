use wsfn::testing::{Client, RunningApp, TestApp};
use wsfn::{App, Result};

use crate::{News, User, Wish, greet, leave, talk};

fn app() -> App {
    wsfn::app![greet, talk, leave]
}

async fn enter(app: &RunningApp, room: &str, name: &str) -> Result<Client> {
    let mut client = app.connect().protocol("chat.v1").await?;
    let (room, name) = (room.into(), name.into());
    client.send_json(&Wish::Join(User { room, name })).await;
    Ok(client)
}

async fn say(client: &mut Client, text: &str) {
    client.send_json(&Wish::Say { text: text.into() }).await;
}

async fn hears(client: &mut Client) -> String {
    match client.expect_json().await {
        News::Join { name, mut here } | News::Leave { name, mut here } => {
            here.sort();
            format!("{name}: {}", here.join(" and "))
        }
        News::Say { name, text } => format!("{name} says {text}"),
    }
}

#[tokio::test]
async fn a_room_knows_who_is_there_and_hears_its_own_lines() -> Result<()> {
    let app = TestApp::new(app()).start().await?;
    let mut ann = enter(&app, "garden", "ann").await?;
    assert_eq!(hears(&mut ann).await, "ann: ann");
    let mut bob = enter(&app, "garden", "bob").await?;
    assert_eq!(hears(&mut ann).await, "bob: ann and bob");
    assert_eq!(hears(&mut bob).await, "bob: ann and bob");
    let mut cat = enter(&app, "cellar", "cat").await?;
    assert_eq!(hears(&mut cat).await, "cat: cat");
    say(&mut bob, "hello").await;
    assert_eq!(hears(&mut ann).await, "bob says hello");
    cat.expect_nothing().await;
    bob.vanish();
    assert_eq!(hears(&mut ann).await, "bob: ann");
    Ok(())
}

#[tokio::test]
async fn who_is_kicked_has_left() -> Result<()> {
    let app = TestApp::new(app()).start().await?;
    let mut ann = enter(&app, "garden", "ann").await?;
    assert_eq!(hears(&mut ann).await, "ann: ann");
    let mut bob = enter(&app, "garden", "bob").await?;
    assert_eq!(hears(&mut bob).await, "bob: ann and bob");
    assert_eq!(hears(&mut ann).await, "bob: ann and bob");
    say(&mut ann, "/kick bob").await;
    assert_eq!(bob.expect_closed(4000).await, "kicked");
    assert_eq!(hears(&mut ann).await, "bob: ann");
    Ok(())
}

#[tokio::test]
async fn who_sends_nonsense_is_told_and_nobody_else() -> Result<()> {
    let app = TestApp::new(app()).start().await?;
    let mut ann = app.connect().await?;
    say(&mut ann, "too early").await;
    ann.expect_error(4001).await;
    ann.send_text(r#"{"type":"join","room":"garden"}"#).await;
    assert!(ann.expect_error(1003).await.contains("name"));
    let refused = app.connect().protocol("chat.v2").refused().await;
    assert_eq!(refused.err_no(), 1007);
    Ok(())
}

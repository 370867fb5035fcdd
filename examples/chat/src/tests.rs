use wsfn::{Result, testing::TestApp};

use crate::{Line, greet, talk};

fn join(room: &str, name: &str) -> Line {
    let (room, name) = (room.into(), name.into());
    Line::Join { room, name }
}

fn say(room: &str, name: &str, text: &str) -> Line {
    let (room, name, text) = (room.into(), name.into(), text.into());
    Line::Say { room, name, text }
}

#[tokio::test]
async fn a_room_hears_its_own_lines_and_no_others() -> Result<()> {
    let app = TestApp::new(wsfn::app![greet, talk]).start().await?;
    let mut ann = app.connect().protocol("chat.v1").await?;
    let mut bob = app.connect().protocol("chat.v1").await?;
    ann.send_json(&join("garden", "ann")).await;
    assert_eq!(ann.expect_json::<Line>().await, join("garden", "ann"));
    bob.send_json(&join("cellar", "bob")).await;
    assert_eq!(bob.expect_json::<Line>().await, join("cellar", "bob"));
    ann.expect_nothing().await;
    bob.send_json(&say("garden", "bob", "hello")).await;
    assert_eq!(
        ann.expect_json::<Line>().await,
        say("garden", "bob", "hello")
    );
    Ok(())
}

#[tokio::test]
async fn only_chat_v1_is_spoken() -> Result<()> {
    let app = TestApp::new(wsfn::app![greet, talk]).start().await?;
    assert_eq!(
        app.connect().protocol("chat.v2").refused().await.err_no(),
        1007
    );
    assert_eq!(app.connect().await?.protocol(), None);
    let ann = app
        .connect()
        .protocol("chat.v2")
        .protocol("chat.v1")
        .await?;
    assert_eq!(ann.protocol(), Some("chat.v1"));
    Ok(())
}

#[tokio::test]
async fn who_sends_nonsense_is_told_and_nobody_else() -> Result<()> {
    let app = TestApp::new(wsfn::app![greet, talk]).start().await?;
    let mut ann = app.connect().await?;
    let mut bob = app.connect().await?;
    bob.send_json(&join("garden", "bob")).await;
    bob.expect_text().await;
    ann.send_text(r#"{"type":"join","room":"garden"}"#).await;
    assert!(ann.expect_error(1003).await.contains("name"));
    bob.expect_nothing().await;
    Ok(())
}

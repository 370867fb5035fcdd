use std::time::Duration;

use wsfn::Result;
use wsfn::testing::{Client, RunningApp, TestApp};

use crate::recite;

async fn start() -> Result<(RunningApp, Client)> {
    let app = TestApp::new(wsfn::app![recite]).start().await?;
    let ann = app.connect().await?;
    Ok((app, ann))
}

async fn hears(client: &mut Client, words: &[&str]) {
    for word in words {
        assert_eq!(client.expect_text().await, *word);
    }
}

#[tokio::test]
async fn a_text_is_said_word_by_word() -> Result<()> {
    let (_app, mut ann) = start().await?;
    ann.send_text("to be or").await;
    hears(&mut ann, &["to ", "be ", "or", "(the end)"]).await;
    ann.expect_nothing().await;
    Ok(())
}

#[tokio::test]
async fn stop_is_heard_while_it_speaks() -> Result<()> {
    let (_app, mut ann) = start().await?;
    ann.send_text("to be or not to be").await;
    hears(&mut ann, &["to ", "be "]).await;
    ann.send_text("stop").await;
    hears(&mut ann, &["(stopped)"]).await;
    ann.expect_nothing().await;
    Ok(())
}

#[tokio::test]
async fn another_text_takes_the_place_of_the_first() -> Result<()> {
    let (app, mut ann) = start().await?;
    let mut bob = app.connect().await?;
    ann.send_text("to be or not to be").await;
    bob.send_text("what a piece of work").await;
    hears(&mut ann, &["to "]).await;
    ann.send_text("so shaken").await;
    hears(&mut ann, &["(stopped)", "so ", "shaken", "(the end)"]).await;
    hears(
        &mut bob,
        &["what ", "a ", "piece ", "of ", "work", "(the end)"],
    )
    .await;
    Ok(())
}

#[tokio::test]
async fn nobody_speaks_to_one_who_has_left() -> Result<()> {
    let (mut app, mut ann) = start().await?;
    ann.send_text("to be or not to be").await;
    hears(&mut ann, &["to "]).await;
    ann.vanish();
    app.settle().await;
    let pushed = app.pushes().len();
    app.advance(Duration::from_secs(10)).await;
    assert_eq!(app.pushes().len(), pushed);
    assert!(
        app.history().contains("answer to message: 0"),
        "{}",
        app.history()
    );
    Ok(())
}

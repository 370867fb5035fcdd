//! The gateway's built-in page, which any app without a page of its own has on loopback.

use serde_json::json;
use thirtyfour::prelude::*;
use wsfn_tests::{Example, skip};

use super::axe;
use super::chromium::with_browser;
use super::page::{Page, SCREENS};

#[tokio::test]
async fn the_builtin_page_connects_sends_and_shows() {
    with_browser(
        "the_builtin_page_connects_sends_and_shows",
        async |driver| {
            let echo = Example::start("echo");
            let page = Page::open(&driver, echo.address()).await?;
            assert_eq!(
                page.ask("document.querySelector('#go').disabled").await?,
                json!(true)
            );
            page.click("#toggle").await?;
            page.shows(".opened", "without sub-protocol").await?;
            page.fill("text", "hello <b>echo</b>").await?;
            page.press(Key::Control + Key::Enter).await?;
            page.shows(".sent", "hello <b>echo</b>").await?;
            page.shows(".received", "hello <b>echo</b>").await?;
            page.click("#toggle").await?;
            page.shows(".closed", "1000").await?;
            assert_eq!(
                page.ask("document.querySelector('#go').disabled").await?,
                json!(true)
            );

            page.fill("offer", "not a token").await?;
            page.click("#toggle").await?;
            page.shows(".failed", "not a token").await?;
            assert_eq!(page.complaints().await?, Vec::<String>::new());
            Ok(())
        },
    )
    .await;
}

#[tokio::test]
async fn the_builtin_page_tells_a_lost_server() {
    with_browser("the_builtin_page_tells_a_lost_server", async |driver| {
        let echo = Example::start("echo");
        let page = Page::open(&driver, echo.address()).await?;
        page.click("#toggle").await?;
        page.shows(".opened", "without sub-protocol").await?;
        drop(echo);
        page.shows(".closed", "1006").await?;
        page.click("#toggle").await?;
        page.shows(".failed", "down or refused").await
    })
    .await;
}

#[tokio::test]
async fn the_builtin_page_is_accessible_and_fits() {
    const TEST: &str = "the_builtin_page_is_accessible_and_fits";
    let script = match axe::script() {
        Ok(script) => script,
        Err(missing) => return skip(TEST, missing),
    };
    with_browser(TEST, async |driver| {
        let echo = Example::start("echo");
        let page = Page::open(&driver, echo.address()).await?;
        page.click("#toggle").await?;
        page.shows(".opened", "without sub-protocol").await?;
        page.fill("text", &"unbreakable".repeat(20)).await?;
        page.click("#go").await?;
        page.shows(".received", "unbreakable").await?;
        for screen in SCREENS {
            page.look(screen).await?;
            page.fits("builtin", screen).await?;
            axe::finds_nothing(
                page.front().await?,
                script,
                &format!("builtin at {screen:?}"),
            )
            .await?;
            page.picture("builtin", screen).await?;
        }
        Ok(())
    })
    .await;
}

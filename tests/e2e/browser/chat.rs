//! The chat page against the chat server.

use serde_json::json;
use thirtyfour::prelude::*;
use wsfn_tests::{Example, skip};

use super::axe;
use super::chromium::with_browser;
use super::page::{Page, SCREENS};

/// Spoils what the page sends from now on: the one way to make the server complain about a page that makes no mistakes.
const SPOIL: &str = r#"WebSocket.prototype.send = ((send) => function (text) {
    send.call(this, text.replace('"text":', '"txet":'));
})(WebSocket.prototype.send)"#;

/// Notes, from now on, how long the page waits before each attempt to connect, and what it says meanwhile: that is
/// shown after the timer is set, so it is read when the page's own code is through.
const WATCH: &str = r#"(() => {
    window.waits = [];
    const set = window.setTimeout;
    window.setTimeout = (then, wait) => {
        if (then.name === 'connect') {
            queueMicrotask(() => waits.push([wait, document.querySelector('[role=status]').textContent]));
        }
        return set(then, wait);
    };
})()"#;

const OPEN: &str = "document.querySelector('#state').dataset.state === 'open'";
const SEND_OFF: &str = "document.querySelector('#send').disabled";

/// Opens the page and enters a room, the way a person would.
pub(super) async fn enter(
    driver: &WebDriver,
    address: &str,
    room: &str,
    name: &str,
) -> WebDriverResult<Page> {
    let page = Page::open(driver, address).await?;
    page.fill("name", name).await?;
    page.fill("room", room).await?;
    page.click("#door button").await?;
    page.shows(".joined", &format!("You joined {room}")).await?;
    Ok(page)
}

pub(super) async fn say(page: &Page, text: &str) -> WebDriverResult<()> {
    page.until(
        "!document.querySelector('#send').disabled",
        "send is offered",
    )
    .await?;
    page.fill("text", text).await?;
    page.click("#send").await
}

pub(super) async fn heard(page: &Page) -> WebDriverResult<Vec<String>> {
    let texts = page
        .ask("[...document.querySelectorAll('.said span')].map((said) => said.textContent)")
        .await?;
    Ok(serde_json::from_value(texts)?)
}

#[tokio::test]
async fn a_room_hears_its_own_lines_and_no_others() {
    with_browser("a_room_hears_its_own_lines_and_no_others", async |driver| {
        let chat = Example::start("chat");
        let ada = enter(&driver, chat.address(), "garden", "Ada").await?;
        let ben = enter(&driver, chat.address(), "garden", "Ben").await?;
        let cleo = enter(&driver, chat.address(), "cellar", "Cleo").await?;
        ada.shows(".joined", "Ben joined garden").await?;

        say(&ada, "good morning <b>all</b>").await?;
        ben.shows(".said:not(.own)", "good morning <b>all</b>")
            .await?;
        ada.shows(".said.own", "good morning <b>all</b>").await?;
        ada.shows(".said.own b", "You").await?;
        ben.shows(".said:not(.own) b", "Ada").await?;
        say(&ben, "good morning Ada").await?;
        ada.shows(".said:not(.own)", "good morning Ada").await?;

        // Cleo's own line comes after whatever would have leaked into her room.
        say(&cleo, "anybody here?").await?;
        cleo.shows(".said.own", "anybody here?").await?;
        assert_eq!(heard(&cleo).await?, ["anybody here?"]);
        say(&ada, "last").await?;
        ada.shows(".said.own", "last").await?;
        assert_eq!(
            heard(&ada).await?,
            ["good morning <b>all</b>", "good morning Ada", "last"]
        );

        // Leaving is heard by the gateway: the way back in is a new connection, in another room alone.
        ada.shows("#here", "Here: Ben, You").await?;
        ben.click("#leave").await?;
        ada.shows(".left", "Ben left garden").await?;
        ada.shows("#here", "Here: You").await?;
        ben.fill("room", "cellar").await?;
        ben.click("#door button").await?;
        cleo.shows(".joined", "Ben joined cellar").await?;
        say(&ada, "are you gone?").await?;
        ada.shows(".said.own", "are you gone?").await?;
        say(&ben, "here").await?;
        ben.shows(".said.own", "here").await?;
        assert_eq!(heard(&ben).await?, ["here"]);
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn pages_come_back_after_a_restart() {
    with_browser("pages_come_back_after_a_restart", async |driver| {
        let chat = Example::start("chat");
        let ada = enter(&driver, chat.address(), "garden", "Ada").await?;
        let ben = enter(&driver, chat.address(), "garden", "Ben").await?;
        let joined = "[...document.querySelectorAll('.joined')].filter((line) => line.textContent.startsWith('You')).length";
        assert_eq!(ada.ask(joined).await?, json!(1));

        ada.ask(WATCH).await?;
        // `kill -9`: no close frames, no farewell.
        let address = chat.address().to_owned();
        drop(chat);
        ada.until(&format!("!({OPEN})"), "the page notices that the server is gone").await?;
        assert_eq!(ada.ask(SEND_OFF).await?, json!(true), "nothing can be sent while not open");
        ada.fill("text", "a draft").await?;
        ada.press(Key::Enter).await?;
        ada.shows("[role=status]", "down or refuses").await?;
        let waits: Vec<(f64, String)> = serde_json::from_value(ada.ask("waits").await?)?;
        assert!(waits.len() >= 4, "one after the loss and each of three failures: {waits:?}");
        for ((wait, said), most) in waits.iter().zip([500., 1000., 2000., 4000.]) {
            assert!((most / 2. ..=most).contains(wait), "{wait} of at most {most}: {waits:?}");
            let expected = if most < 4000. { "trying again" } else { "down or refuses" };
            assert!(said.contains(expected), "{waits:?}");
        }
        let is_whole = |(wait, _): &(f64, String)| wait.fract() == 0.;
        assert!(!waits.iter().all(is_whole), "no jitter: {waits:?}");
        assert_eq!(ada.ask("document.querySelector('#again').hidden").await?, json!(false));
        assert_eq!(ada.ask(SEND_OFF).await?, json!(true));

        let _chat = Example::start_with("chat", "chat", &address, &[]);
        for page in [&ada, &ben] {
            page.until(&format!("{joined} === 2"), "the page enters its room again").await?;
            page.until(OPEN, "the page says that it is connected").await?;
        }
        assert_eq!(ada.ask("document.querySelector('#text').value").await?, json!("a draft"));
        assert_eq!(ada.ask("document.querySelector('#again').hidden").await?, json!(true));
        ada.click("#send").await?;
        ben.shows(".said:not(.own)", "a draft").await?;
        assert_eq!(heard(&ben).await?, ["a draft"], "sent once, by the person and not by the page");
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn who_is_kicked_stays_away() {
    const TEST: &str = "who_is_kicked_stays_away";
    let script = match axe::script() {
        Ok(script) => script,
        Err(missing) => return skip(TEST, missing),
    };
    with_browser(TEST, async |driver| {
        let chat = Example::start("chat");
        let ada = enter(&driver, chat.address(), "garden", "Ada").await?;
        let ben = enter(&driver, chat.address(), "garden", "Ben").await?;
        ada.shows("#here", "Here: Ben, You").await?;
        say(&ada, "/kick Ben").await?;
        ben.shows("[role=alert] p", "kicked you out").await?;
        ben.until(
            "!document.querySelector('#door').hidden",
            "the way in is shown again",
        )
        .await?;
        ada.shows(".left", "Ben left garden").await?;
        ada.shows("#here", "Here: You").await?;
        check(&ben, script, "kicked").await?;
        assert_eq!(
            heard(&ada).await?,
            Vec::<String>::new(),
            "no line for a command"
        );
        // The person may come back.
        ben.click("#door button").await?;
        ada.shows("#here", "Here: Ben, You").await?;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn an_errno_is_a_notice() {
    with_browser("an_errno_is_a_notice", async |driver| {
        let chat = Example::start("chat");
        let page = enter(&driver, chat.address(), "garden", "Ada").await?;
        page.ask(SPOIL).await?;
        say(&page, "hello").await?;
        page.shows("[role=alert] p", "Error 1003: ").await?;
        page.click("[role=alert] button").await?;
        page.until(
            "document.querySelector('[role=alert]').childElementCount === 0",
            "the notice is gone",
        )
        .await?;
        assert_eq!(
            page.ask("document.activeElement.id").await?,
            json!("text"),
            "the focus is not lost with it"
        );
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn the_keyboard_is_enough() {
    with_browser("the_keyboard_is_enough", async |driver| {
        let chat = Example::start("chat");
        let page = Page::open(&driver, chat.address()).await?;
        page.until(
            "document.activeElement.id === 'name'",
            "the first field has the focus",
        )
        .await?;
        page.press("Ada").await?;
        page.press(Key::Tab).await?;
        page.press("garden").await?;
        page.press(Key::Enter).await?;
        page.shows(".joined", "You joined garden").await?;
        page.press("by keyboard").await?;
        page.press(Key::Enter).await?;
        page.shows(".said.own", "by keyboard").await?;
        assert_eq!(
            page.ask("document.querySelector('#text').value").await?,
            json!("")
        );

        // Backwards through everything that can have the focus, each time with a ring that can be seen.
        let mut seen = Vec::new();
        for _ in 0..4 {
            let ring = page
                .ask("parseFloat(getComputedStyle(document.activeElement).outlineWidth) >= 2")
                .await?;
            let stop = page
                .ask("document.activeElement.id || document.activeElement.tagName")
                .await?;
            assert_eq!(ring, json!(true), "no visible focus on {stop}");
            seen.push(stop);
            page.press(Key::Shift + Key::Tab).await?;
        }
        assert!(
            seen.starts_with(&[json!("text"), json!("lines"), json!("leave")]),
            "{seen:?}"
        );
        page.ask("document.querySelector('#leave').focus()").await?;
        page.press(Key::Enter).await?;
        page.until(
            "!document.querySelector('#door').hidden",
            "the way in is shown again",
        )
        .await?;
        assert_eq!(page.ask("document.activeElement.id").await?, json!("name"));
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn every_state_is_accessible_and_fits() {
    const TEST: &str = "every_state_is_accessible_and_fits";
    let script = match axe::script() {
        Ok(script) => script,
        Err(missing) => return skip(TEST, missing),
    };
    with_browser(TEST, async |driver| {
        let chat = Example::start("chat");
        let ben = enter(&driver, chat.address(), "garden", "Benedikt").await?;
        let page = Page::open(&driver, chat.address()).await?;
        check(&page, script, "door").await?;

        page.fill("name", "Ada").await?;
        page.fill("room", "garden").await?;
        page.click("#door button").await?;
        page.shows(".joined", "You joined garden").await?;
        say(
            &ben,
            "Good morning! The tomatoes want water before ten, it gets hot today.",
        )
        .await?;
        page.shows(".said", "Good morning!").await?;
        say(&page, "On my way.").await?;
        page.shows(".said.own", "On my way.").await?;
        say(&ben, &"unbreakable".repeat(20)).await?;
        page.shows(".said", "unbreakable").await?;
        check(&page, script, "talk").await?;

        page.ask("document.querySelector('#lines').scrollTop = 0")
            .await?;
        drop(chat);
        page.shows("[role=status]", "down or refuses").await?;
        page.fill("text", "a draft").await?;
        check(&page, script, "down").await
    })
    .await;
}

#[tokio::test]
async fn a_notice_is_accessible_and_fits() {
    const TEST: &str = "a_notice_is_accessible_and_fits";
    let script = match axe::script() {
        Ok(script) => script,
        Err(missing) => return skip(TEST, missing),
    };
    with_browser(TEST, async |driver| {
        let chat = Example::start("chat");
        let page = enter(&driver, chat.address(), "garden", "Ada").await?;
        page.ask(SPOIL).await?;
        say(&page, "hello").await?;
        page.shows("[role=alert] p", "Error 1003: ").await?;
        check(&page, script, "notice").await
    })
    .await;
}

async fn check(page: &Page, script: &str, state: &str) -> WebDriverResult<()> {
    for screen in SCREENS {
        page.look(screen).await?;
        page.fits(state, screen).await?;
        axe::finds_nothing(
            page.front().await?,
            script,
            &format!("{state} at {screen:?}"),
        )
        .await?;
        page.picture(&format!("chat-{state}"), screen).await?;
    }
    Ok(())
}

#[tokio::test]
async fn no_request_leaves_the_origin() {
    with_browser("no_request_leaves_the_origin", async |driver| {
        let chat = Example::start("chat");
        let page = enter(&driver, chat.address(), "garden", "Ada").await?;
        say(&page, "https://example.com/picture.png").await?;
        page.shows(".said.own", "example.com").await?;
        // Neither of the last two is a request; the window began as Chromium's own new-tab page.
        let own = [
            &*format!("http://{}/", chat.address()),
            &format!("ws://{}/", chat.address()),
            "data:",
            "chrome:",
        ];
        let asked = page.requests().await?;
        assert!(
            asked.iter().any(|url| url.starts_with("ws:")),
            "the log has no WebSocket: {asked:?}"
        );
        let strange = asked
            .iter()
            .filter(|url| !own.iter().any(|own| url.starts_with(own)));
        assert_eq!(strange.collect::<Vec<_>>(), Vec::<&String>::new());
        assert_eq!(page.complaints().await?, Vec::<String>::new());
        Ok(())
    })
    .await;
}

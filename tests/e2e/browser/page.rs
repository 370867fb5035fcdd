//! One window of the browser, and what the cases ask it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use thirtyfour::TypingData;
use thirtyfour::prelude::*;

/// How long the slowest thing may take before a case gives up: back-off after a restart on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often the page is asked meanwhile.
const GLANCE: Duration = Duration::from_millis(50);

/// The look of a screen that a page is checked under.
#[derive(Clone, Copy, Debug)]
pub(super) struct Screen {
    pub(super) width: u32,
    pub(super) scheme: &'static str,
}

/// A phone and a desk, by day and by night.
pub(super) const SCREENS: [Screen; 4] = [
    Screen {
        width: 360,
        scheme: "light",
    },
    Screen {
        width: 360,
        scheme: "dark",
    },
    Screen {
        width: 1280,
        scheme: "light",
    },
    Screen {
        width: 1280,
        scheme: "dark",
    },
];

/// A window; every method brings it to the front first.
pub(super) struct Page {
    driver: WebDriver,
    window: WindowHandle,
}

impl Page {
    /// Opens `host:port` in a window of its own.
    pub(super) async fn open(driver: &WebDriver, address: &str) -> WebDriverResult<Self> {
        let window = driver.new_window().await?;
        let page = Self {
            driver: driver.clone(),
            window,
        };
        page.front()
            .await?
            .goto(format!("http://{address}/"))
            .await?;
        Ok(page)
    }

    /// Brings the window to the front and gives the driver that now speaks to it.
    pub(super) async fn front(&self) -> WebDriverResult<&WebDriver> {
        self.driver.switch_to_window(self.window.clone()).await?;
        Ok(&self.driver)
    }

    /// Types into a field by its id.
    pub(super) async fn fill(&self, id: &str, text: &str) -> WebDriverResult<()> {
        let field = self.front().await?.find(By::Id(id)).await?;
        field.clear().await?;
        field.send_keys(text).await
    }

    /// Clicks what a selector finds, as a pointer would: what is covered or disabled takes no click.
    pub(super) async fn click(&self, selector: &str) -> WebDriverResult<()> {
        self.front()
            .await?
            .find(By::Css(selector))
            .await?
            .click()
            .await
    }

    /// Presses keys, wherever the focus is; a modifier holds to the end.
    pub(super) async fn press(&self, keys: impl Into<TypingData>) -> WebDriverResult<()> {
        let focused = self.front().await?.active_element().await?;
        focused.send_keys(keys).await
    }

    /// What an expression is worth in the page.
    pub(super) async fn ask(&self, expression: &str) -> WebDriverResult<Value> {
        let script = format!("return ({expression});");
        Ok(self
            .front()
            .await?
            .execute(script, Vec::new())
            .await?
            .json()
            .clone())
    }

    /// Waits until an expression is true in the page; `what` says it in words.
    pub(super) async fn until(&self, expression: &str, what: &str) -> WebDriverResult<()> {
        let since = Instant::now();
        while self.ask(expression).await? != Value::Bool(true) {
            if since.elapsed() > PATIENCE {
                let shown = self.ask("document.body.innerText").await?;
                panic!("waited for: {what}; the page shows {shown}");
            }
            tokio::time::sleep(GLANCE).await;
        }
        Ok(())
    }

    /// Waits until the part of the page that a selector names holds a text.
    pub(super) async fn shows(&self, selector: &str, text: &str) -> WebDriverResult<()> {
        let parts = format!("[...document.querySelectorAll({})]", json!(selector));
        let holds = format!(
            "{parts}.some((part) => part.textContent.includes({}))",
            json!(text)
        );
        self.until(&holds, &format!("`{text}` in `{selector}`"))
            .await
    }

    /// Gives the window the width and the colour scheme of a screen.
    pub(super) async fn look(&self, screen: Screen) -> WebDriverResult<()> {
        let devtools = self.front().await?.cdp();
        let size =
            json!({"width": screen.width, "height": 740, "deviceScaleFactor": 1, "mobile": false});
        devtools
            .send_raw("Emulation.setDeviceMetricsOverride", size)
            .await?;
        let scheme =
            json!({"features": [{"name": "prefers-color-scheme", "value": screen.scheme}]});
        devtools
            .send_raw("Emulation.setEmulatedMedia", scheme)
            .await?;
        Ok(())
    }

    /// Writes what the window shows to `target/screenshots`, for people to look at.
    pub(super) async fn picture(&self, name: &str, screen: Screen) -> WebDriverResult<()> {
        let folder = crate::npm::target().join("screenshots");
        std::fs::create_dir_all(&folder).expect("the target folder can be written to");
        let file = folder.join(format!("{name}-{}-{}.png", screen.width, screen.scheme));
        self.front().await?.screenshot(&file).await
    }

    /// Fails if anything is wider than the screen, the page as a whole or a part that scrolls.
    pub(super) async fn fits(&self, state: &str, screen: Screen) -> WebDriverResult<()> {
        let wide = self
            .ask(
                "[...document.querySelectorAll('*')]
                    .filter((part) => !part.matches('input, textarea') && part.scrollWidth > Math.max(part.clientWidth, 1))
                    .filter((part) => part === document.documentElement || getComputedStyle(part).overflowX !== 'visible')
                    .map((part) => part.tagName + '#' + part.id)",
            )
            .await?;
        assert_eq!(
            wide,
            json!([]),
            "{state}: wider than the screen at {screen:?}"
        );
        let width = self.ask("innerWidth").await?;
        assert_eq!(
            width,
            json!(screen.width),
            "{state}: the screen is not as wide as asked for"
        );
        Ok(())
    }

    /// Every address that the window asked the network for since it was opened or last asked, WebSockets included.
    pub(super) async fn requests(&self) -> WebDriverResult<Vec<String>> {
        let log = self.front().await?.get_log("performance").await?;
        let urls = log.iter().filter_map(|entry| {
            let event: Value = serde_json::from_str(&entry.message).ok()?;
            let params = &event["message"]["params"];
            let url = match event["message"]["method"].as_str()? {
                "Network.requestWillBeSent" => &params["request"]["url"],
                "Network.webSocketCreated" => &params["url"],
                _ => return None,
            };
            url.as_str().map(str::to_owned)
        });
        Ok(urls.collect())
    }

    /// What the page logged as an error, such as a script that failed or a request that its own policy refused.
    pub(super) async fn complaints(&self) -> WebDriverResult<Vec<String>> {
        let log = self.front().await?.browser_log().await?;
        Ok(log
            .into_iter()
            .filter(|entry| entry.level == "SEVERE")
            .map(|entry| entry.message)
            .collect())
    }
}

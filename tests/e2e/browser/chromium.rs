//! Headless Chromium behind its WebDriver.

use std::io::{BufRead as _, BufReader};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use thirtyfour::common::capabilities::chromium::ChromiumLikeCapabilities as _;
use thirtyfour::prelude::*;
use thirtyfour::{ChromeCapabilities, LoggingPrefsLogLevel};
use tokio::sync::Mutex;
use wsfn_tests::skip;

/// Where Chromium is found under other names than Debian's.
const BROWSERS: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// The most that a script may take: what looks through a whole page takes its time on a busy machine.
const SCRIPTS_TAKE: Duration = Duration::from_secs(120);

/// A browser is a dozen processes: one at a time, however many threads the tests have.
static TURN: Mutex<()> = Mutex::const_new(());

/// Runs a case in a fresh browser, or says what is missing. The browser ends however the case ends.
pub(super) async fn with_browser<F, R>(test: &'static str, case: F)
where
    F: FnOnce(WebDriver) -> R,
    R: Future<Output = WebDriverResult<()>> + Send + 'static,
{
    let Some(browser) = BROWSERS.iter().find_map(|name| found(name)) else {
        return skip(test, "chromium (Debian: chromium)");
    };
    let Some(driver) = found("chromedriver") else {
        return skip(test, "chromedriver (Debian: chromium-driver)");
    };
    let _turn = TURN.lock().await;
    let profile = Profile::new(test);
    let server = Server::start(&driver, &profile.0);
    let session = WebDriver::new(
        server.url(),
        capabilities(&browser, &profile.0).expect("capabilities are JSON"),
    );
    let session = session.await.expect("chromedriver starts chromium");
    let set = session.set_script_timeout(SCRIPTS_TAKE).await;
    set.expect("chromedriver takes it");
    // A task, because a failed assertion must not leave a browser behind.
    let ended = tokio::spawn(case(session.clone())).await;
    let quit = session.quit().await;
    match ended {
        Ok(result) => result.unwrap_or_else(|error| panic!("{test}: {error}")),
        Err(failed) => resume_unwind(failed.into_panic()),
    }
    quit.expect("chromium quits");
}

fn capabilities(browser: &Path, profile: &Path) -> WebDriverResult<ChromeCapabilities> {
    let mut wanted = ChromeCapabilities::new();
    wanted.set_binary(&browser.to_string_lossy())?;
    for flag in [
        "--headless",
        // CI runs as root in a container, where Chromium's sandbox cannot be set up; only our own pages are opened.
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        // Whatever Chromium fetches for itself.
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        // Several windows are on screen at once here; none is to have its timers slowed down.
        "--disable-background-timer-throttling",
        "--disable-backgrounding-occluded-windows",
        "--disable-renderer-backgrounding",
    ] {
        wanted.add_arg(flag)?;
    }
    wanted.add_arg(&format!("--user-data-dir={}/profile", profile.display()))?;
    // What the page logs, and what it asks the network for.
    wanted.set_logging_prefs("browser", LoggingPrefsLogLevel::All)?;
    wanted.set_logging_prefs("performance", LoggingPrefsLogLevel::All)?;
    Ok(wanted)
}

fn found(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// A running chromedriver; killed when dropped.
struct Server {
    process: Child,
    port: u16,
}

impl Server {
    fn start(program: &Path, temporary: &Path) -> Self {
        let mut process = Command::new(program)
            .arg("--port=0")
            // Chromium leaves folders behind wherever it may.
            .env("TMPDIR", temporary)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("chromedriver does not start: {error}"));
        let output = BufReader::new(process.stdout.take().expect("stdout is piped"));
        // "ChromeDriver was started successfully on port 40123."
        let port = output.lines().map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("successfully on port ")?;
            port.trim_end_matches('.').parse().ok()
        });
        Self {
            process,
            port: port.expect("chromedriver says its port"),
        }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A folder for Chromium's profile and whatever else it leaves; removed when dropped.
struct Profile(PathBuf);

impl Profile {
    fn new(test: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = format!("wsfn-{test}-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        std::fs::create_dir_all(&folder).expect("temporary folders can be made");
        Self(folder)
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

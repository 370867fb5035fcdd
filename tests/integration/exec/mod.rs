//! Commands as functions, with a program that speaks the runtime API as each test says.

mod bounds;
mod misuse;
mod processes;

use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;
use tracing::subscriber::DefaultGuard;
use wsfn_gateway::{Call, Invoke, InvokeAnswer, InvokeError, Slots};
use wsfn_protocol::Kind;
use wsfn_settings::{Settings, Sources};

const OK: &str = r#"respond={"errNo":0,"errMsg":"ok"}"#;

/// Longer than anything here takes on a loaded machine.
const LONG: Duration = Duration::from_secs(60);

/// A command that does these steps, what it was asked, and what the gateway's log says.
struct Rough {
    slots: Slots,
    events: PathBuf,
    log: Log,
    _guard: DefaultGuard,
}

impl Rough {
    fn new(steps: &[&str]) -> Self {
        Self::with(&[], steps)
    }

    fn with(settings: &[(&str, &str)], steps: &[&str]) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let events = format!("wsfn-exec-{}-{number}", std::process::id());
        let events = std::env::temp_dir().join(events);
        // The variable that names the file is given to the program itself: the gateway passes on only what it is told.
        let mut command = format!(
            "exec:env ROUGH_EVENTS={} {}",
            events.display(),
            env!("CARGO_BIN_EXE_rough")
        );
        for step in steps {
            command += &format!(" '{step}'");
        }
        let mut sources = Sources::new().for_command().flag("function", command);
        for (name, value) in settings {
            sources = sources.flag(*name, *value);
        }
        let settings = Settings::load(&sources).expect("settings");
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .with_ansi(false)
            .with_max_level(tracing::Level::DEBUG)
            .finish();
        Self {
            slots: Slots::from_settings(&settings).expect("a function"),
            events,
            log,
            _guard: tracing::subscriber::set_default(subscriber),
        }
    }

    async fn call(&self, kind: Kind, event: &str) -> Result<InvokeAnswer, InvokeError> {
        self.call_within(kind, event, LONG).await
    }

    async fn call_within(
        &self,
        kind: Kind,
        event: &str,
        within: Duration,
    ) -> Result<InvokeAnswer, InvokeError> {
        let call = Call {
            kind,
            event: event.into(),
            connection_id: "x==".into(),
            event_id: "e-1".into(),
            seq: Some(1),
            session: None,
            deadline: Instant::now() + within,
            request_id: "r-1".into(),
            client_trace: None,
        };
        // Whatever goes wrong, the test ends.
        tokio::time::timeout(within + LONG, self.slots.invoke(call))
            .await
            .expect("an end")
    }

    /// Every event that was handed out.
    fn events(&self) -> Vec<String> {
        let text = std::fs::read_to_string(&self.events).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Waits until an event with this text was handed out.
    async fn handed_out(&self, event: &str) {
        for _ in 0..LONG.as_millis() / 20 {
            if self.events().iter().any(|other| other == event) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{event} is not in: {:?}", self.events());
    }

    /// Waits for a line of the log that holds this text, and gives the line.
    async fn logged(&self, text: &str) -> String {
        for _ in 0..LONG.as_millis() / 20 {
            if let Some(line) = self.log.text().lines().find(|line| line.contains(text)) {
                return line.to_owned();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{text} is not in: {}", self.log.text());
    }
}

impl Drop for Rough {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.events);
        let _ = std::fs::remove_file(self.events.with_added_extension("first"));
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("no panic")).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The number behind a word in a line: `child 17`.
fn number_behind(line: &str, word: &str) -> u32 {
    let (_, rest) = line.split_once(word).expect("the word");
    let digits: String = rest
        .trim_start()
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse().expect("a number")
}

/// Whether a process runs: one that has ended and is not yet forgotten does not.
fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')')
        .is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
}

async fn ends(pid: u32) {
    for _ in 0..LONG.as_millis() / 20 {
        if !is_alive(pid) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{pid} is still there");
}

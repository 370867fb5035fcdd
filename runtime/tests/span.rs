//! The span that a handler's own log lines stand in, as a subscriber of the program's own sees it.
#![cfg(feature = "macros")]

use std::io;
use std::sync::{Arc, Mutex};

use tracing::Level;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;
use wsfn::{Context, on_message};

#[on_message]
async fn chatter(text: &str) {
    for step in 0..3 {
        tracing::info!("{text} {step}");
        tokio::task::yield_now().await;
    }
    tracing::warn!("{text} done");
}

/// What a subscriber of the program's own wrote.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Lines {
    type Writer = Self;
    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

impl Lines {
    fn collect(max: Level) -> (Self, DefaultGuard) {
        let lines = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(max)
            .with_ansi(false)
            .without_time()
            .with_writer(lines.clone())
            .finish();
        (lines, tracing::subscriber::set_default(subscriber))
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no panic").clone()).expect("text")
    }
}

async fn send(connection: &str, request_id: &str, text: &str) {
    let event = format!(
        r#"{{"websocket":{{"action":"data send","secConnectionID":"{connection}","dataType":"text","data":"{text}"}}}}"#
    );
    let mut context = Context::default();
    context.request_id = request_id.into();
    let reply = chatter::main_handler(&event, &context).await;
    assert_eq!(reply, r#"{"errNo":0,"errMsg":"ok"}"#);
}

#[tokio::test]
async fn lines_of_events_that_run_at_once_are_told_apart() {
    let (lines, _guard) = Lines::collect(Level::INFO);
    tokio::join!(
        send("secret-ann==", "r-1", "ann"),
        send("secret-bob==", "r-2", "bob"),
    );
    tracing::info!("outside");
    let text = lines.text();
    // They took turns: neither ran from its beginning to its end while the other waited.
    let speakers: Vec<bool> = text.lines().map(|line| line.contains(": ann ")).collect();
    let turns = speakers.windows(2).filter(|two| two[0] != two[1]).count();
    assert!(turns > 2, "{text}");
    for (name, span) in [
        (
            "ann",
            "event{kind=Message connection=…et-ann request_id=\"r-1\"}: ",
        ),
        (
            "bob",
            "event{kind=Message connection=…et-bob request_id=\"r-2\"}: ",
        ),
    ] {
        let said: Vec<_> = text
            .lines()
            .filter(|line| line.contains(&format!(": {name} ")))
            .collect();
        assert_eq!(said.len(), 4, "{text}");
        assert!(
            said.iter()
                .all(|line| line.contains(span) && line.matches("event{").count() == 1),
            "{text}"
        );
    }
    let outside = text.lines().last().expect("a line");
    assert!(!outside.contains("event{"), "{outside}");
    assert!(!text.contains("secret"), "{text}");
}

#[tokio::test]
async fn a_level_that_leaves_it_out_leaves_the_line() {
    let (lines, _guard) = Lines::collect(Level::WARN);
    send("secret-ann==", "r-1", "ann").await;
    let text = lines.text();
    assert!(
        text.contains("ann done") && !text.contains("event{"),
        "{text}"
    );
}

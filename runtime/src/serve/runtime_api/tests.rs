//! The loop against an API in memory.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::*;

/// Hands out events, and fails where it is told to.
#[derive(Default)]
struct Memory {
    calls: Vec<String>,
    events: VecDeque<(&'static str, &'static [u8])>,
    /// What the next calls fail with.
    failures: VecDeque<bool>,
    /// What is made of answers: taken unless said otherwise.
    taken: Option<Taken>,
}

impl Memory {
    fn call(&mut self, call: String) -> Result<(), &'static str> {
        self.calls.push(call);
        if self.failures.pop_front().unwrap_or(false) {
            return Err("out of order");
        }
        Ok(())
    }
}

impl Api for Memory {
    type Error = &'static str;
    async fn ready(&mut self) -> Result<(), Self::Error> {
        self.call("ready".into())
    }
    async fn next(&mut self) -> Result<Invocation, Self::Error> {
        self.call("next".into())?;
        let Some((id, body)) = self.events.pop_front() else {
            return std::future::pending().await;
        };
        let context = Context {
            request_id: id.into(),
            ..Context::default()
        };
        let body = Ok(Bytes::from_static(body));
        Ok(Invocation { body, context })
    }
    async fn respond(&mut self, reply: Bytes) -> Result<Taken, Self::Error> {
        let reply = std::str::from_utf8(&reply).expect("text");
        self.call(format!("respond {reply}"))?;
        Ok(self.taken.unwrap_or(Taken::Yes))
    }
}

#[derive(Default)]
struct Echo {
    handled: AtomicUsize,
    seen: Mutex<Vec<String>>,
}

impl Answers for Echo {
    async fn answer(&self, event: Arc<str>, _: Context) -> String {
        self.handled.fetch_add(1, Ordering::Relaxed);
        self.seen.lock().expect("no panic").push(event.to_string());
        format!("<{event}>")
    }
    async fn blocked(&self, _: Arc<str>, _: Context) -> String {
        String::new()
    }
    fn handler_of(&self, _: &str) -> &'static str {
        ""
    }
}

fn watch() -> std::io::Result<Watcher> {
    Watcher::start("127.0.0.1:1".into(), |_, _| String::new(), || {})
}

async fn run_for(seconds: u64, api: &mut Memory) -> Echo {
    let answers = Echo::default();
    run(
        api,
        &answers,
        watch,
        tokio::time::sleep(Duration::from_secs(seconds)),
    )
    .await
    .expect("a thread");
    answers
}

#[tokio::test(start_paused = true)]
async fn ready_once_then_one_event_after_the_other() {
    let mut api = Memory {
        events: [("1", &b"a"[..]), ("2", b"b")].into(),
        ..Memory::default()
    };
    run_for(1, &mut api).await;
    let calls = [
        "ready",
        "next",
        "respond <a>",
        "next",
        "respond <b>",
        "next",
    ];
    assert_eq!(api.calls, calls);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_event_and_nobodys_does_not_spin() {
    let mut api = Memory {
        events: std::iter::repeat_n(("", &b"<html>"[..]), 1000).collect(),
        ..Memory::default()
    };
    let answers = run_for(60, &mut api).await;
    assert_eq!(answers.handled.load(Ordering::Relaxed), 0);
    assert!((6..60).contains(&api.calls.len()), "{}", api.calls.len());
    assert!(
        api.calls[2].contains("1001"),
        "it is answered: {}",
        api.calls[2]
    );
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_refused_do_not_spin() {
    let mut api = Memory {
        events: std::iter::repeat_n(("1", &b"{}"[..]), 1000).collect(),
        taken: Some(Taken::Refused(404)),
        ..Memory::default()
    };
    run_for(60, &mut api).await;
    assert!((6..60).contains(&api.calls.len()), "{}", api.calls.len());
}

#[tokio::test(start_paused = true)]
async fn failures_are_waited_out_and_do_not_spin() {
    let mut api = Memory {
        events: [("1", &b"a"[..])].into(),
        failures: std::iter::repeat_n(true, 60).collect(),
        ..Memory::default()
    };
    run_for(600, &mut api).await;
    assert_eq!(api.calls.iter().filter(|call| *call == "ready").count(), 61);
    assert_eq!(api.calls.last().map(String::as_str), Some("next"));
    assert!(api.calls.contains(&"respond <a>".to_owned()));

    let mut api = Memory {
        failures: std::iter::repeat_n(true, 100_000).collect(),
        ..Memory::default()
    };
    run_for(60, &mut api).await;
    assert!(api.calls.len() < 40, "it spins: {} calls", api.calls.len());
}

#[tokio::test(start_paused = true)]
async fn an_event_that_comes_again_gets_the_same_answer_without_being_handled_again() {
    let mut api = Memory {
        events: [("1", &b"a"[..]), ("1", b"a"), ("2", b"b")].into(),
        // ready, next, and all tries to answer.
        failures: [false, false, true, true, true, true].into(),
        ..Memory::default()
    };
    let answers = run_for(60, &mut api).await;
    assert_eq!(answers.handled.load(Ordering::Relaxed), 2);
    assert_eq!(*answers.seen.lock().expect("no panic"), ["a", "b"]);
    let answered = api.calls.iter().filter(|call| *call == "respond <a>");
    assert_eq!(answered.count(), 5);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_text_is_answered_and_not_handled() {
    let mut api = Memory {
        events: [("1", &b"ab\xff"[..])].into(),
        ..Memory::default()
    };
    let answers = run_for(1, &mut api).await;
    assert_eq!(answers.handled.load(Ordering::Relaxed), 0);
    let reply = r#"respond {"errNo":1001,"errMsg":"not an event: not UTF-8 at byte 2"}"#;
    assert_eq!(api.calls[2], reply);
}

#[tokio::test(start_paused = true)]
async fn shutdown_waits_for_the_event_that_is_being_answered() {
    struct Slow;
    impl Answers for Slow {
        async fn answer(&self, _: Arc<str>, _: Context) -> String {
            tokio::time::sleep(Duration::from_secs(5)).await;
            "late".into()
        }
        async fn blocked(&self, _: Arc<str>, _: Context) -> String {
            String::new()
        }
        fn handler_of(&self, _: &str) -> &'static str {
            ""
        }
    }
    let mut api = Memory {
        events: [("1", &b"a"[..]), ("2", b"b")].into(),
        ..Memory::default()
    };
    let shutdown = tokio::time::sleep(Duration::from_secs(1));
    run(&mut api, &Slow, watch, shutdown)
        .await
        .expect("a thread");
    assert_eq!(api.calls, ["ready", "next", "respond late"]);
}

#[tokio::test(start_paused = true)]
async fn an_event_without_a_time_limit_has_the_longest() {
    struct Limit(Mutex<Option<Instant>>);
    impl Answers for Limit {
        async fn answer(&self, _: Arc<str>, context: Context) -> String {
            *self.0.lock().expect("no panic") = context.deadline;
            String::new()
        }
        async fn blocked(&self, _: Arc<str>, _: Context) -> String {
            String::new()
        }
        fn handler_of(&self, _: &str) -> &'static str {
            ""
        }
    }
    let mut api = Memory {
        events: [("1", &b"a"[..])].into(),
        ..Memory::default()
    };
    let begun = Instant::now();
    let limit = Limit(Mutex::new(None));
    let shutdown = tokio::time::sleep(Duration::from_secs(1));
    run(&mut api, &limit, watch, shutdown)
        .await
        .expect("a thread");
    let deadline = limit.0.lock().expect("no panic").expect("a deadline");
    assert_eq!(deadline - begun, Duration::from_secs(900));
}

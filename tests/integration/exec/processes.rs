//! Processes that end, hang, and leave something behind.

use std::time::{Duration, Instant};

use wsfn_gateway::InvokeError;
use wsfn_protocol::Kind;

use super::{LONG, OK, Rough, ends, is_alive, number_behind};

#[tokio::test]
async fn one_that_crashes_is_replaced_and_its_event_is_not_sent_again() {
    let rough = Rough::new(&["ready", "loop", "next", "if=crash", "abort", "fi", OK]);
    for _ in 0..2 {
        rough.call(Kind::Message, "fine").await.expect("an answer");
        let answer = rough.call(Kind::Message, "crash").await;
        assert!(matches!(answer, Err(InvokeError::Failed(_))), "{answer:?}");
    }
    assert_eq!(rough.events(), ["fine", "crash", "fine", "crash"]);
}

#[tokio::test]
async fn what_it_says_last_is_in_the_log() {
    // As much as a pipe holds, so that it has ended before all of it is read.
    let steps = [
        "ready",
        "loop",
        "next",
        "flood=60000",
        "print=last words",
        "print-error=Traceback",
        "abort",
    ];
    for _ in 0..5 {
        let rough = Rough::new(&steps);
        rough.call(Kind::Message, "{}").await.expect_err("a crash");
        for words in ["last words", "Traceback"] {
            let line = rough.logged(words).await;
            assert!(line.contains("r-1"), "{line}");
        }
    }
}

/// What was not handed out was not sent, so another process gets it.
#[tokio::test]
async fn an_event_that_was_not_asked_for_goes_to_the_next() {
    let steps = [
        "first",
        "ready",
        "print=gone",
        "exit=1",
        "fi",
        "ready",
        "loop",
        "next",
        OK,
    ];
    let rough = Rough::new(&steps);
    rough.call(Kind::Message, "{}").await.expect("an answer");
    assert_eq!(rough.events(), ["{}"]);
}

#[tokio::test]
async fn one_that_hangs_is_killed_with_all_its_children() {
    let rough = Rough::new(&[
        "ready",
        "loop",
        "next",
        "if=hang",
        "child",
        "sleep=600000",
        "fi",
        OK,
    ]);
    // There is a process, so that the time of the call is its own.
    rough.call(Kind::Message, "fine").await.expect("an answer");
    let soon = Duration::from_secs(5);
    let answer = rough.call_within(Kind::Message, "hang", soon).await;
    assert_eq!(answer, Err(InvokeError::TimedOut));
    let line = rough.logged("child ").await;
    ends(number_behind(&line, "child ")).await;
    ends(number_behind(&line, "pid=")).await;
    rough.call(Kind::Message, "fine").await.expect("an answer");
    assert_eq!(rough.events(), ["fine", "hang", "fine"]);
}

/// A child in a session of its own is out of reach, and holds the outputs open; nobody waits for it.
#[tokio::test]
async fn a_daemon_that_it_leaves_behind_holds_nobody_up() {
    // It has left the group when it is said who it is.
    let steps = [
        "ready",
        "loop",
        "next",
        "daemon",
        "print-error=bye",
        "exit=0",
    ];
    let rough = Rough::new(&steps);
    for number in 1..=2 {
        rough.call(Kind::Message, "{}").await.expect_err("an end");
        assert_eq!(rough.events().len(), number);
    }
    rough.logged("bye").await;
    for line in rough
        .log
        .text()
        .lines()
        .filter(|line| line.contains("child "))
    {
        let daemon = number_behind(line, "child ");
        assert!(is_alive(daemon), "it is no daemon");
        let kill = std::process::Command::new("kill")
            .arg(daemon.to_string())
            .status();
        assert!(kill.expect("kill").success());
    }
}

#[tokio::test]
async fn with_the_function_its_processes_end() {
    let rough = Rough::with(
        &[("exec-min", "2")],
        &["child", "ready", "loop", "next", OK],
    );
    rough.slots.start();
    let mut pids = Vec::new();
    for _ in 0..2 {
        rough.call(Kind::Message, "{}").await.expect("an answer");
    }
    rough.logged("child ").await;
    for line in rough
        .log
        .text()
        .lines()
        .filter(|line| line.contains("child "))
    {
        pids.extend([number_behind(line, "child "), number_behind(line, "pid=")]);
    }
    assert!(pids.len() >= 2, "{}", rough.log.text());
    assert!(pids.iter().all(|pid| is_alive(*pid)));
    let log = rough.log.clone();
    drop(rough);
    // At once, and not when this runtime comes round to it: a gateway that ends has no time.
    let begun = Instant::now();
    for pid in pids {
        while is_alive(pid) {
            assert!(begun.elapsed() < LONG, "{pid} lives on: {}", log.text());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The kernel keeps what nobody asks after; each process that ends is asked after.
#[tokio::test]
async fn none_is_left_as_a_zombie() {
    let rough = Rough::new(&["ready", "next", "exit=1"]);
    let mut pids = Vec::new();
    for _ in 0..5 {
        rough.call(Kind::Message, "{}").await.expect_err("an end");
    }
    for line in rough
        .log
        .text()
        .lines()
        .filter(|line| line.contains("in the middle"))
    {
        pids.push(number_behind(line, "pid="));
    }
    assert_eq!(pids.len(), 5, "{}", rough.log.text());
    drop(rough);
    let begun = Instant::now();
    for pid in pids {
        while std::path::Path::new(&format!("/proc/{pid}")).exists() {
            assert!(begun.elapsed() < LONG, "{pid}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

//! How many, how much and how often.

use std::time::{Duration, Instant};

use wsfn_protocol::Kind;

use super::{LONG, OK, Rough};

/// Both at once, in one process each, if there are so many.
#[tokio::test]
async fn events_at_once_have_a_process_each_and_no_more_than_allowed() {
    let rough = Rough::with(
        &[("exec-max", "3")],
        &["ready", "loop", "next", "sleep=200", OK],
    );
    let calls = (0..12).map(|_| rough.call(Kind::Message, "{}"));
    for answer in futures_util::future::join_all(calls).await {
        answer.expect("an answer");
    }
    let log = rough.log.text();
    let started = log.matches("a process was started").count();
    assert_eq!(started, 3, "{log}");
}

/// B4: closes that hang do not keep a connect waiting.
#[tokio::test]
async fn a_storm_of_closes_leaves_half_of_the_processes_to_connects() {
    for (min, max) in [("2", "2"), ("4", "8")] {
        let settings = [("exec-min", min), ("exec-max", max)];
        let rough = Rough::with(
            &settings,
            &[
                "ready",
                "loop",
                "next",
                "if=close",
                "sleep=3600000",
                "fi",
                OK,
            ],
        );
        rough.slots.start();
        // All are ready and none has anything to do.
        for _ in 0..2 {
            rough.call(Kind::Message, "{}").await.expect("an answer");
        }
        let closes = (0..20).map(|_| rough.call(Kind::Close, "close"));
        let closes = futures_util::future::join_all(closes);
        tokio::select! {
            _ = closes => panic!("they hang"),
            () = async {
                rough.handed_out("close").await;
                // As many of the others as there will be.
                tokio::time::sleep(Duration::from_millis(300)).await;
                for _ in 0..5 {
                    rough.call(Kind::Connect, "{}").await.expect("an answer");
                }
            } => {}
        }
        let events = rough.events();
        let hanging = events.iter().filter(|event| *event == "close").count();
        assert!(
            (1..=max.parse::<usize>().expect("a number") / 2).contains(&hanging),
            "{hanging}"
        );
    }
}

#[tokio::test]
async fn a_flood_of_output_is_cut_and_holds_nothing_up() {
    let rough = Rough::new(&["ready", "loop", "next", "flood=50000000", "print=after", OK]);
    rough.call(Kind::Message, "{}").await.expect("an answer");
    rough.logged("after").await;
    let log = rough.log.text();
    assert!(log.contains("xxxxxxxx"));
    assert!(log.len() < 64 * 1024, "{}", log.len());
}

#[tokio::test]
async fn one_that_crashes_at_once_is_started_ever_more_slowly() {
    let rough = Rough::new(&["print=here", "exit=1"]);
    let begun = Instant::now();
    rough.slots.start();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut started = 0;
    while started < 2 {
        started = rough.log.text().matches("here").count();
        assert!(begun.elapsed() < LONG, "{started}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // At 0, 100, 300, 700, 1500 ms, and so on, and one that has just begun.
    let most = (begun.elapsed().as_millis() / 100 + 1).ilog2() as usize + 2;
    assert!(started <= most, "{started} of {most}");
}

/// It began for a burst; once that is over nobody needs it.
#[tokio::test]
async fn one_above_exec_min_that_crashes_is_not_replaced_without_need() {
    let settings = [("exec-max", "4")];
    let rough = Rough::with(&settings, &["ready", "loop", "next", "sleep=200", "exit=1"]);
    let calls = (0..4).map(|_| rough.call(Kind::Message, "{}"));
    for answer in futures_util::future::join_all(calls).await {
        answer.expect_err("an end");
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let log = rough.log.text();
    let started = log.matches("a process was started").count();
    assert!(started <= 5, "{started}: {log}");
}

#[tokio::test]
async fn it_sees_the_variables_that_are_named_and_what_a_function_expects() {
    let steps = [
        "env=CARGO_PKG_NAME",
        "env=CARGO_MANIFEST_DIR",
        "env=SCF_NAMESPACE",
        "env=SCF_FUNCTIONNAME",
        "env=SCF_FUNCTIONVERSION",
        "env=TENCENTCLOUD_REGION",
        "env=TENCENTCLOUD_APPID",
        "env=TENCENTCLOUD_UIN",
        "env=_HANDLER",
        "env=WSFN_PUSH_URL",
        "ready",
        "next",
    ];
    let settings = [("exec-env", "CARGO_PKG_NAME"), ("service-name", "chat")];
    let rough = Rough::with(&settings, &steps);
    rough.slots.start();
    for line in [
        "CARGO_PKG_NAME: wsfn-tests",
        "CARGO_MANIFEST_DIR: unset",
        "SCF_NAMESPACE: default",
        "SCF_FUNCTIONNAME: chat",
        "SCF_FUNCTIONVERSION: $LATEST",
        "TENCENTCLOUD_REGION: local",
        "TENCENTCLOUD_APPID: 0",
        "TENCENTCLOUD_UIN: 0",
        "_HANDLER: index.main_handler",
        "WSFN_PUSH_URL: http://127.0.0.1:9002/api-wsfn",
    ] {
        rough.logged(line).await;
    }
}

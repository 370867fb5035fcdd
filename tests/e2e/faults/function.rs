//! The function is down, slow, hangs, answers garbage, or dies in the middle of a call.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::SinkExt as _;
use tokio_tungstenite::tungstenite::Message;
use wsfn_tests::{Deed, Example, SeenEvent};

use super::{Gateway, closed, obedient, obey, scripted, serves, text};

/// Promised: what was sent and failed refuses a client with 502, or closes its connection with 1011, and a close event
/// follows, since the function may have accepted (table, D2). Nobody else notices.
#[tokio::test]
async fn garbage_half_answers_and_failures_cost_only_their_own_client() {
    let function = obedient().await;
    let gateway = Gateway::start(&function.url(), &[]);
    let words = ["garbage", "half", "hangup", "unwell"];
    for word in words {
        assert_eq!(gateway.refused(word).await, 502, "{word}");
    }
    let closes = function.wait_for("closing", words.len()).await;
    assert!(
        closes.iter().all(|close| close.code == Some(1006)),
        "{closes:?}"
    );
    for word in ["half", "hangup", "unwell"] {
        let mut client = gateway.connect("well").await;
        client.send(Message::text(word)).await.expect("sent");
        assert_eq!(closed(&mut client).await, Some(1011), "{word}");
    }
    // To a message any 200 is an answer: its body is looked at for pushes, and nothing else.
    let mut client = gateway.connect("well").await;
    client.send(Message::text("garbage")).await.expect("sent");
    client.send(Message::text("well")).await.expect("sent");
    assert_eq!(text(&mut client).await, "well");
    serves(&gateway).await;
}

/// Promised: the messages behind one that is slow wait, in their order (O2), and so does the close event (O3).
#[tokio::test]
async fn a_slow_function_is_waited_for() {
    let function = obedient().await;
    let gateway = Gateway::start(&function.url(), &[]);
    let mut client = gateway.connect("well").await;
    for word in ["late", "next", "late"] {
        client.send(Message::text(word)).await.expect("sent");
    }
    assert_eq!(text(&mut client).await, "late");
    assert_eq!(text(&mut client).await, "next");
    client.close(None).await.expect("sent");
    function.wait_for("closing", 1).await;
    let words: Vec<_> = function
        .seen_of("data send")
        .into_iter()
        .map(|heard| heard.word)
        .collect();
    assert_eq!(words, ["late", "next", "late"]);
}

/// Promised: who is not answered in time is refused with 504, or closed with 1011; the call is awaited for `call-grace`
/// before the close event is sent (D2, O3); no other connection waits with it.
#[tokio::test]
async fn a_function_that_hangs_costs_its_callers_their_time_and_nobody_else() {
    let function = obedient().await;
    let settings = [("WSFN_INVOKE_TIMEOUT", "8s"), ("WSFN_CALL_GRACE", "500ms")];
    let gateway = Gateway::start(&function.url(), &settings);
    let mut client = gateway.connect("well").await;
    client.send(Message::text("hang")).await.expect("sent");
    let (status, code, ()) = tokio::join!(
        gateway.refused("hang"),
        closed(&mut client),
        serves(&gateway)
    );
    assert_eq!((status, code), (504, Some(1011)));
    // Of the other client, of the one that was refused, and of the one that was closed.
    let closes = function.wait_for("closing", 3).await;
    let mut codes: Vec<_> = closes.into_iter().map(|close| close.code).collect();
    codes.sort_unstable();
    assert_eq!(codes, [Some(1006), Some(1006), Some(1011)]);
}

/// Promised: the close events of connections that end meanwhile are kept and sent again until they are answered (D2).
#[tokio::test]
async fn close_events_wait_until_the_function_is_well_again() {
    const CLIENTS: usize = 20;
    let unwell = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&unwell);
    let function = scripted(move |event| match told.load(Ordering::SeqCst) {
        true => Deed::Status(500),
        false => obey(event),
    });
    let function = function.await;
    let gateway = Gateway::start(&function.url(), &[]);
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        clients.push(gateway.connect("well").await);
    }
    unwell.store(true, Ordering::SeqCst);
    drop(clients);
    let ids = |closes: &[SeenEvent]| -> BTreeSet<String> {
        closes.iter().map(|close| close.event_id.clone()).collect()
    };
    let mut first = Vec::new();
    while ids(&first).len() < CLIENTS {
        first = function.wait_for("closing", first.len() + 1).await;
    }
    unwell.store(false, Ordering::SeqCst);
    // Whatever failed comes again, under the same id, and all of it is answered in the end.
    let mut all = first.clone();
    while ids(&all[first.len()..]).len() < CLIENTS {
        all = function.wait_for("closing", all.len() + 1).await;
    }
    assert_eq!(ids(&all), ids(&first));
}

/// Promised: a call that was cut off closes its connection with 1011; while nobody listens there, clients are refused
/// with 502; and when the function is back, so is everything (D1, D2).
#[tokio::test]
async fn a_function_whose_process_dies_in_a_call_comes_back() {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_misbehave"));
    let address = Example::free_address();
    let mode = [("WSFN_MODE", "event-invoke")];
    let function = Example::listening(program, &address, &mode);
    let gateway = Gateway::start(&format!("http://{address}/event-invoke"), &[]);
    let mut client = gateway.connect("").await;
    let mut other = gateway.connect("").await;
    client.send(Message::text("exit")).await.expect("sent");
    assert_eq!(closed(&mut client).await, Some(1011));
    drop(function);
    assert_eq!(gateway.refused("").await, 502);
    let _function = Example::listening(program, &address, &mode);
    // It was open all the time, and nothing was asked of the function for it.
    other.send(Message::text("well")).await.expect("sent");
    assert_eq!(text(&mut other).await, "well");
}

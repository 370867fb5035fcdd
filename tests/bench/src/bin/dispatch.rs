//! Parse, extract, call, reply: an event of each kind through a handler of wsfn, beside the same work written by hand
//! with `serde_json::Value`. Prints CPU time per event and the ratio; with the feature `dhat` it prints allocations
//! per event instead. With two arguments, a kind and `wsfn` or `hand`, it only does the work, for a profiler.

use std::hint::black_box;
#[cfg(not(feature = "dhat"))]
use std::time::Duration;

use serde::Deserialize;
use wsfn::{
    Accept, ConnectionId, Context, Json, Protocols, Refuse, Result, on_close, on_connect,
    on_message,
};
use wsfn_bench::{by_hand, events};

#[cfg(feature = "dhat")]
#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

#[derive(Deserialize)]
struct Line<'a> {
    room: &'a str,
    text: std::borrow::Cow<'a, str>,
}

#[on_connect]
async fn greet(offered: Protocols) -> Result<Accept, Refuse> {
    offered.choose(&["chat.v1"])
}

#[on_message]
async fn talk(id: &ConnectionId, Json(line): Json<Line<'_>>) -> Result<()> {
    black_box((id.as_str(), line.room, &*line.text));
    Ok(())
}

#[on_close]
async fn leave(id: &ConnectionId) {
    black_box(id.as_str());
}

/// How many events of one kind are handled for a profiler.
const PROFILED: u32 = 10_000;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let (context, message) = (Context::default(), events::message());
        let alone: Vec<String> = std::env::args().skip(1).collect();
        println!(
            "{:<10} {:>8} {:>12} {:>12} {:>8}",
            "event", "bytes", "wsfn", "by hand", "ratio"
        );
        macro_rules! compare {
            ($name:literal, $event:expr, $handler:ident) => {{
                let event: &str = $event;
                assert!(
                    $handler::main_handler(event, &context)
                        .await
                        .starts_with(r#"{"errNo":0,"#)
                );
                assert!(by_hand::answer(event).contains(r#""errNo":0"#));
                let ours = async |times: u32| {
                    for _ in 0..times {
                        black_box($handler::main_handler(black_box(event), &context).await);
                    }
                };
                let hand = async |times: u32| {
                    for _ in 0..times {
                        black_box(by_hand::answer(black_box(event)));
                    }
                };
                if let [kind, way] = &alone[..] {
                    if kind == $name {
                        match &way[..] {
                            "wsfn" => ours(PROFILED).await,
                            "hand" => hand(PROFILED).await,
                            other => panic!("{other}: expected wsfn or hand"),
                        }
                    }
                } else {
                    let (ours, hand) = measure(ours, hand).await;
                    println!(
                        "{:<10} {:>8} {ours:>12.1} {hand:>12.1} {:>8.2}",
                        $name,
                        event.len(),
                        ours / hand
                    );
                }
            }};
        }
        compare!("connect", events::CONNECT, greet);
        compare!("message", &message, talk);
        compare!("close", events::CLOSE, leave);
        println!(
            "{}",
            if cfg!(feature = "dhat") {
                "allocations per event"
            } else {
                "CPU nanoseconds per event, median of rounds that alternate"
            }
        );
    });
}

/// One figure for each of two ways, per event.
#[cfg(not(feature = "dhat"))]
async fn measure(ours: impl AsyncFn(u32), hand: impl AsyncFn(u32)) -> (f64, f64) {
    const ROUNDS: usize = 15;
    const EVENTS: u32 = 50_000;
    async fn once(way: &impl AsyncFn(u32)) -> f64 {
        let before: Duration = wsfn_bench::cpu_time();
        way(EVENTS).await;
        (wsfn_bench::cpu_time() - before).as_nanos() as f64 / f64::from(EVENTS)
    }
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        a.push(once(&ours).await);
        b.push(once(&hand).await);
    }
    a.sort_by(f64::total_cmp);
    b.sort_by(f64::total_cmp);
    (a[ROUNDS / 2], b[ROUNDS / 2])
}

/// Allocations of each of two ways, per event.
#[cfg(feature = "dhat")]
async fn measure(ours: impl AsyncFn(u32), hand: impl AsyncFn(u32)) -> (f64, f64) {
    const EVENTS: u32 = 1_000;
    async fn once(way: &impl AsyncFn(u32)) -> f64 {
        let profiler = dhat::Profiler::builder().testing().build();
        way(EVENTS).await;
        let blocks = dhat::HeapStats::get().total_blocks;
        drop(profiler);
        blocks as f64 / f64::from(EVENTS)
    }
    (once(&ours).await, once(&hand).await)
}

//! What the span around a handler costs: an event without a subscriber, with one whose level leaves the span out, and
//! with one that keeps it, set up as wsfn does it. Nothing is logged. Prints CPU time per event.

use std::hint::black_box;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use wsfn::{Context, on_message};
use wsfn_bench::{cpu_time, events};

#[on_message]
async fn talk(text: &str) {
    black_box(text);
}

const ROUNDS: usize = 15;
const EVENTS: u32 = 50_000;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let (context, event) = (Context::default(), events::message());
    let round = || {
        let before = cpu_time();
        runtime.block_on(async {
            for _ in 0..EVENTS {
                black_box(talk::main_handler(black_box(&event), &context).await);
            }
        });
        (cpu_time() - before).as_nanos() as f64 / f64::from(EVENTS)
    };
    let with = |filter: &str| {
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_writer(std::io::sink)
            .finish()
            .with(filter.parse::<Targets>().expect("a filter"));
        tracing::subscriber::with_default(subscriber, round)
    };
    round();
    let mut figures = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        figures[0].push(round());
        figures[1].push(with("warn"));
        figures[2].push(with("info"));
    }
    let names = ["no subscriber", "left out (warn)", "kept (info)"];
    let mut first = None;
    println!("{:<18} {:>12} {:>8}", "span", "ns an event", "ratio");
    for (name, figures) in names.iter().zip(&mut figures) {
        figures.sort_by(f64::total_cmp);
        let median = figures[ROUNDS / 2];
        let ratio = median / *first.get_or_insert(median);
        println!("{name:<18} {median:>12.1} {ratio:>8.2}");
    }
}

//! Each operation of a store is one question to its server, and one answer.

use std::sync::Arc;
use std::time::Duration;

use wsfn::ConnectionId;
use wsfn::rooms::{PageRequest, Store, StoreError, Terms};
use wsfn_tests::RoundTrips;
use wsfn_tests::database::{Database, Kind};

use super::opened;

/// How often each is done: what is asked behind the back of one is counted with the next.
const ROUNDS: usize = 5;

const OPERATIONS: [&str; 14] = [
    "join",
    "join again",
    "first page",
    "next page",
    "page of sessions",
    "everyone",
    "count",
    "rooms_of",
    "set_session",
    "session",
    "seen",
    "claim",
    "leave",
    "leave_all",
];

async fn perform(store: &dyn Store, operation: &str, round: usize) -> Result<(), StoreError> {
    let (terms, id) = (Terms::default(), ConnectionId::new(format!("ann-{round}")));
    let many = [id.clone(), ConnectionId::new("bob")];
    match operation {
        "join" | "join again" => store.join(&id, "r", &terms).await?,
        "first page" => drop(store.members(PageRequest::new(Some("r"), 1)).await?),
        "next page" => {
            let page = PageRequest::new(Some("r"), 1).after(Some("ann"));
            store.members(page).await?;
        }
        "page of sessions" => {
            let page = PageRequest::new(Some("r"), 100).with_sessions(true);
            store.members(page).await?;
        }
        "everyone" => drop(store.members(PageRequest::new(None, 100)).await?),
        "count" => drop(store.count("r").await?),
        "rooms_of" => drop(store.rooms_of(&id).await?),
        "set_session" => drop(store.set_session(&id, "1", None, &terms).await?),
        "session" => drop(store.session(&id).await?),
        "seen" => store.seen(&many, &terms).await?,
        "claim" => drop(store.claim(10, Duration::from_secs(60)).await?),
        "leave" => store.leave(&id, "r").await?,
        "leave_all" => store.leave_all(&id).await?,
        "gone" => store.gone(&many, &terms).await?,
        _ => store.forget(&id, &terms).await?,
    }
    Ok(())
}

async fn an_operation_is_one_round_trip(kind: Kind, test: &str) {
    let Some(server) = Database::start_hasty(kind, test) else {
        return;
    };
    let trips = RoundTrips::before(server.port()).await;
    let port = |port: u16| format!(":{port}");
    let url = server
        .url()
        .replace(&port(server.port()), &port(trips.port()));
    let store: Arc<dyn Store> = opened(&url);
    // Connecting, finding the tables, and the first use of each script take more.
    let last = ["gone", "forget"];
    let all = OPERATIONS.iter().chain(&last);
    for operation in all.clone() {
        let done = perform(&*store, operation, ROUNDS).await;
        done.unwrap_or_else(|error| panic!("{operation}: {error}"));
    }
    let mut more = Vec::new();
    for operation in all {
        let before = trips.count();
        for round in 0..ROUNDS {
            let done = perform(&*store, operation, round).await;
            done.unwrap_or_else(|error| panic!("{operation}: {error}"));
        }
        let took = trips.count() - before;
        if took != ROUNDS {
            more.push(format!("{operation}: {took}"));
        }
    }
    assert!(more.is_empty(), "not {ROUNDS} for {ROUNDS}: {more:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_redis() {
    an_operation_is_one_round_trip(Kind::Redis, "round trips of redis").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_mysql() {
    an_operation_is_one_round_trip(Kind::MySql, "round trips of mysql").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_postgres() {
    an_operation_is_one_round_trip(Kind::Postgres, "round trips of postgres").await;
}

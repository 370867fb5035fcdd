//! What rooms cost at our gateway, in process and over its push endpoint, and in each store: the time that an operation
//! takes, the CPU time of the process that asks, and how often it waits for an answer.
//!
//! `stores` measures all, `stores NAME…` the gateway and those stores. Servers are started as the tests start them. Run
//! it with the feature `stores`.

mod client;
#[path = "../../../../support/database.rs"]
#[allow(dead_code, reason = "the tests need more of it")]
mod database;
mod gateway;
mod measure;
#[path = "../../../../support/round_trips.rs"]
mod round_trips;
mod sqlite;

use std::sync::Arc;

use database::{Database, Kind};
use gateway::Gateway;
use measure::{Figures, Target};
use round_trips::RoundTrips;
use wsfn::Rooms;
use wsfn::rooms::{MemoryStore, Store, Terms, open};

/// Everything that can be measured beside the gateway.
const STORES: [&str; 6] = [
    "memory",
    "sqlite",
    "redis",
    "redis-everysec",
    "mariadb",
    "postgres",
];

/// Joins under way at once while a room is filled.
const AT_ONCE: usize = 4;

/// For `database.rs`, which skips tests.
fn skip(what: &str, missing: &str) {
    println!("{what} is left out: {missing}");
}

fn main() -> wsfn::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // It makes a runtime of its own.
    if arguments == ["gateway"] {
        return gateway::run();
    }
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build()?;
    runtime.block_on(asked(&arguments));
    Ok(())
}

async fn asked(arguments: &[String]) {
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["members", address, number] => {
            client::members(address, number.parse().expect("a number")).await;
        }
        ["sqlite", url, operation, times] => {
            sqlite::work(url, operation, times.parse().expect("a number")).await;
        }
        ref names => measure(names).await,
    }
}

async fn measure(names: &[&str]) {
    for name in names {
        assert!(
            STORES.contains(name),
            "{name}: expected one of {}",
            STORES.join(", ")
        );
    }
    let gateway = Gateway::start().await;
    let ids = gateway.ids().await;
    let endpoint = RoundTrips::before(gateway.push_port()).await;
    let mut all = vec![("gateway, in process", gateway.in_process().await)];
    let mut over_http = {
        let rooms = gateway.rooms(gateway.push_port());
        measure::time(&Target::gateway(rooms, ids.clone())).await
    };
    let counted = Target::gateway(gateway.rooms(endpoint.port()), ids.clone());
    measure::count(&counted, &mut over_http, None, &endpoint).await;
    all.push((measure::ENDPOINT, over_http));
    for name in STORES {
        if !names.is_empty() && !names.contains(&name) {
            continue;
        }
        eprintln!("{name}");
        if let Some(figures) = measure_store(name, &gateway, &endpoint, &ids).await {
            all.push((name, figures));
        }
    }
    measure::print(&all);
}

async fn measure_store(
    name: &str,
    gateway: &Gateway,
    endpoint: &RoundTrips,
    ids: &[wsfn::ConnectionId],
) -> Option<Vec<Figures>> {
    let kind = match name {
        "memory" | "sqlite" => None,
        "redis" | "redis-everysec" => Some(Kind::Redis),
        "mariadb" => Some(Kind::MySql),
        _ => Some(Kind::Postgres),
    };
    let server = match kind {
        Some(kind) => Some(Database::start(kind, name)?),
        None => None,
    };
    if let (Some(server), "redis-everysec") = (&server, name) {
        assert_eq!(server.ask("CONFIG SET appendfsync everysec"), "OK");
    }
    let folder = sqlite::Folder::new();
    let url = match (&server, name) {
        (Some(server), _) => server.url(),
        (None, "sqlite") => folder.url(),
        (None, _) => String::new(),
    };
    let opened = |url: &str| -> Arc<dyn Store> { open(url).expect("an address") };
    let store: Arc<dyn Store> = match name {
        "memory" => Arc::new(MemoryStore::new()),
        _ => opened(&url),
    };
    fill(&store, ids).await;
    let target = |store: &Arc<dyn Store>, push_port, url: Option<String>| {
        let push = gateway.push(push_port);
        Target::store(
            Rooms::on_store(&push, store.clone()),
            store.clone(),
            url,
            ids.to_vec(),
        )
    };
    let address = (!url.is_empty()).then(|| url.clone());
    let mut figures = measure::time(&target(&store, gateway.push_port(), address)).await;
    let counter = match &server {
        Some(server) => Some(RoundTrips::before(server.port()).await),
        None => None,
    };
    let (store, address) = match (&counter, &server) {
        (Some(counter), Some(server)) => {
            let url = url.replace(
                &format!(":{}", server.port()),
                &format!(":{}", counter.port()),
            );
            (opened(&url), Some(url))
        }
        _ => (store, None),
    };
    let counted = target(&store, endpoint.port(), address);
    measure::count(&counted, &mut figures, counter.as_ref(), endpoint).await;
    if name == "sqlite" {
        sqlite::count(&folder.url(), &mut figures);
    }
    Some(figures)
}

/// The same members in the rooms of a store as in those of the gateway.
async fn fill(store: &Arc<dyn Store>, ids: &[wsfn::ConnectionId]) {
    store.ready().await.expect("ready");
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..AT_ONCE {
        let (store, ids) = (store.clone(), ids.to_vec());
        tasks.spawn(async move {
            for at in (task..ids.len()).step_by(AT_ONCE) {
                for room in gateway::rooms_of(at) {
                    measure::insist!(store.join(&ids[at], room, &Terms::default()));
                }
            }
        });
    }
    tasks.join_all().await;
}

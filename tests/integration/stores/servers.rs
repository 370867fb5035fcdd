//! Real servers.

use std::collections::BTreeSet;

use wsfn::ConnectionId;
use wsfn::rooms::{PageRequest, Terms};
use wsfn_tests::database::{Database, Kind, PASSWORD};

use super::{contract, hasty, opened};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mysql_keeps_the_contract() {
    let Some(server) = Database::start_hasty(Kind::MySql, "mysql_keeps_the_contract") else {
        return;
    };
    contract(&server.url()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_keeps_the_contract() {
    let Some(server) = Database::start_hasty(Kind::Postgres, "postgres_keeps_the_contract") else {
        return;
    };
    contract(&server.url()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_keeps_the_contract() {
    let Some(server) = Database::start_hasty(Kind::Redis, "redis_keeps_the_contract") else {
        return;
    };
    contract(&format!("{}?deployment=chat", server.url())).await;
}

/// Clients join, one after the other, until the server is killed in the middle; it comes back, and they go on. Whatever
/// was acknowledged is there afterwards.
async fn nothing_acknowledged_is_lost(kind: Kind, test: &str) {
    let Some(mut server) = Database::start(kind, test) else {
        return;
    };
    let store = opened(&server.url());
    store.ready().await.expect("ready");
    let (told, mut acknowledged) = tokio::sync::mpsc::unbounded_channel();
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..4 {
        let (store, told) = (opened(&server.url()), told.clone());
        clients.spawn(async move {
            let mut failures = 0;
            for at in 0.. {
                let id = ConnectionId::new(format!("{client}-{at:05}"));
                match store.join(&id, "kept", &Terms::default()).await {
                    Ok(()) if told.send(id).is_err() => return failures,
                    Ok(()) => {}
                    Err(error) => {
                        assert!(error.is_unavailable(), "{error}");
                        assert!(!error.to_string().contains(PASSWORD), "{error}");
                        failures += 1;
                    }
                }
            }
            failures
        });
    }
    drop(told);
    let mut kept = Vec::new();
    for _ in 0..200 {
        kept.push(acknowledged.recv().await.expect("a join"));
    }
    tokio::task::block_in_place(|| {
        server.kill();
        server.restart();
    });
    // What was acknowledged before it was killed, and that it goes on by itself.
    let mut after = 0;
    while after < 200 {
        kept.push(acknowledged.recv().await.expect("a join after the restart"));
        after += 1;
    }
    acknowledged.close();
    while let Some(id) = acknowledged.recv().await {
        kept.push(id);
    }
    clients.join_all().await;
    let (mut there, mut last) = (BTreeSet::new(), None::<ConnectionId>);
    loop {
        let after = last.as_ref().map(ConnectionId::as_str);
        let page = PageRequest::new(Some("kept"), 1000).after(after);
        let page = store.members(page).await.expect("a page");
        last = page.ids.last().cloned();
        there.extend(page.ids);
        if !page.more {
            break;
        }
    }
    let lost: Vec<_> = kept.iter().filter(|id| !there.contains(*id)).collect();
    assert!(lost.is_empty(), "{} of {} are lost", lost.len(), kept.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mysql_loses_nothing_that_it_acknowledged() {
    nothing_acknowledged_is_lost(Kind::MySql, "mysql_loses_nothing_that_it_acknowledged").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_loses_nothing_that_it_acknowledged() {
    let test = "postgres_loses_nothing_that_it_acknowledged";
    nothing_acknowledged_is_lost(Kind::Postgres, test).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_that_writes_at_once_loses_nothing_that_it_acknowledged() {
    let test = "redis_that_writes_at_once_loses_nothing_that_it_acknowledged";
    nothing_acknowledged_is_lost(Kind::Redis, test).await;
}

/// Wrong credentials, tables of the future, and a server that is not there: each is told plainly, and no secret with it.
async fn what_is_wrong_is_told(kind: Kind, test: &str, future: &str) {
    let Some(mut server) = Database::start(kind, test) else {
        return;
    };
    let wrong = "wr0ng-p4ssw0rd";
    let store = hasty(&server.url_as("wsfn", wrong).replace(PASSWORD, wrong));
    let error = store.ready().await.expect_err("a wrong password");
    assert!(
        !error.is_unavailable(),
        "a person has to do something: {error}"
    );
    assert!(error.to_string().contains("credentials"), "{error}");
    let shown = format!("{store:?} {error:?}");
    for secret in [PASSWORD, wrong] {
        assert!(!shown.contains(secret), "{shown}");
    }
    let store = hasty(&server.url());
    store.ready().await.expect("ready");
    let ann = ConnectionId::new("ann");
    store
        .join(&ann, "r", &Terms::default())
        .await
        .expect("joined");
    // It is down, and comes back.
    tokio::task::block_in_place(|| server.kill());
    let error = store.count("r").await.expect_err("nobody is there");
    assert!(error.is_unavailable(), "{error}");
    let late = hasty(&server.url());
    let error = late.ready().await.expect_err("nobody is there");
    assert!(error.is_unavailable(), "it may come: {error}");
    tokio::task::block_in_place(|| server.restart());
    // The first question may meet a connection that broke.
    for store in [&store, &late] {
        let count = store.count("r").await.expect("it is back");
        assert_eq!(count, 1);
    }
    let _ = server.ask(future);
    let error = hasty(&server.url()).ready().await.expect_err("a newer one");
    assert!(!error.is_unavailable(), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("version 7") && text.contains("a newer wsfn"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_mysql_is_told() {
    let future = "INSERT INTO wsfn_schema VALUES (7)";
    what_is_wrong_is_told(Kind::MySql, "what_is_wrong_with_mysql_is_told", future).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_postgres_is_told() {
    let future = "INSERT INTO wsfn_schema VALUES (7)";
    what_is_wrong_is_told(
        Kind::Postgres,
        "what_is_wrong_with_postgres_is_told",
        future,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_redis_is_told() {
    let future = "SET {wsfn}:schema 7";
    what_is_wrong_is_told(Kind::Redis, "what_is_wrong_with_redis_is_told", future).await;
}

/// An address that leads nowhere: a host that is none, a port that nobody listens on, a database that is not there.
async fn a_wrong_address_is_told(kind: Kind, test: &str, database: Option<(&str, &str)>) {
    let Some(server) = Database::start(kind, test) else {
        return;
    };
    let url = server.url();
    let told = async |url: &str| {
        let error = hasty(url).ready().await.expect_err("it leads nowhere");
        let text = error.to_string();
        assert!(!text.contains(PASSWORD), "{text}");
        (error.is_unavailable(), text)
    };
    // Names may be known later, and a server may come.
    let (may_come, text) = told(&url.replace("127.0.0.1", "nowhere.invalid")).await;
    assert!(may_come, "{text}");
    let (may_come, text) = told(&url.replace(&server.port().to_string(), "1")).await;
    assert!(may_come && text.contains("refused"), "{text}");
    if let Some((there, missing)) = database {
        let elsewhere = url.strip_suffix(there).expect("its database");
        let (may_come, text) = told(&format!("{elsewhere}{missing}")).await;
        assert!(!may_come && text.contains("database"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_address_of_mysql_is_told() {
    let missing = Some(("/wsfn", "/other"));
    a_wrong_address_is_told(Kind::MySql, "a_wrong_address_of_mysql_is_told", missing).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_address_of_postgres_is_told() {
    let missing = Some(("/postgres", "/other"));
    a_wrong_address_is_told(
        Kind::Postgres,
        "a_wrong_address_of_postgres_is_told",
        missing,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_address_of_redis_is_told() {
    a_wrong_address_is_told(Kind::Redis, "a_wrong_address_of_redis_is_told", None).await;
}

/// The disk of the server is full: whoever asks is told so, or that the server ended of it; what was acknowledged is
/// there when there is room again.
async fn a_full_disk_loses_nothing(kind: Kind, test: &str, told: &str) {
    let Some(mut server) = Database::start_small(kind, test) else {
        return;
    };
    let store = hasty(&server.url());
    store.ready().await.expect("there is room for the tables");
    let mut kept = Vec::new();
    let join = async |kept: &mut Vec<ConnectionId>| {
        let id = ConnectionId::new(format!("{:0>400}", kept.len()));
        store.join(&id, "kept", &Terms::default()).await?;
        kept.push(id);
        Ok::<_, wsfn::rooms::StoreError>(())
    };
    for _ in 0..10 {
        join(&mut kept).await.expect("there is room");
    }
    tokio::task::block_in_place(|| server.fill());
    let error = loop {
        // A server has some room of its own left.
        if let Err(error) = join(&mut kept).await {
            break error;
        }
    };
    assert!(error.is_unavailable(), "there may be room later: {error}");
    assert!(error.to_string().contains(told), "{error}");
    assert!(!error.to_string().contains(PASSWORD), "{error}");
    tokio::task::block_in_place(|| {
        server.free();
        server.kill();
        server.restart();
    });
    join(&mut kept).await.expect("there is room again");
    let mut there = BTreeSet::new();
    let mut after = None::<String>;
    loop {
        let page = PageRequest::new(Some("kept"), 1000).after(after.as_deref());
        let page = store.members(page).await.expect("a page");
        after = page.ids.last().map(|id| id.as_str().to_owned());
        there.extend(page.ids);
        if !page.more {
            break;
        }
    }
    let lost: Vec<_> = kept.iter().filter(|id| !there.contains(*id)).collect();
    assert!(lost.is_empty(), "{} of {} are lost", lost.len(), kept.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_of_mysql_loses_nothing() {
    let test = "a_full_disk_of_mysql_loses_nothing";
    a_full_disk_loses_nothing(Kind::MySql, test, "its disk is full").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_of_postgres_loses_nothing() {
    let test = "a_full_disk_of_postgres_loses_nothing";
    a_full_disk_loses_nothing(Kind::Postgres, test, "its disk is full").await;
}

/// One that writes each change before it answers ends where it cannot.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_of_redis_loses_nothing() {
    let test = "a_full_disk_of_redis_loses_nothing";
    a_full_disk_loses_nothing(Kind::Redis, test, "its connection").await;
}

#[tokio::test]
async fn a_server_that_takes_connections_and_says_nothing_is_given_up() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let silent = silent.expect("a port");
    let port = silent.local_addr().expect("its address").port();
    for url in [
        format!("redis://127.0.0.1:{port}"),
        format!("mysql://wsfn:{PASSWORD}@127.0.0.1:{port}/wsfn"),
        format!("postgres://wsfn:{PASSWORD}@127.0.0.1:{port}/wsfn"),
    ] {
        let error = hasty(&url).ready().await.expect_err("it says nothing");
        assert!(error.is_timeout(), "{url}: {error}");
        assert!(error.to_string().contains("store-timeout"), "{error}");
        assert!(!error.to_string().contains(PASSWORD), "{error}");
    }
}

//! Real servers.

use wsfn_tests::database::{Database, Kind};

use super::contract;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mysql_keeps_the_contract() {
    let Some(server) = Database::start(Kind::MySql, "mysql_keeps_the_contract") else {
        return;
    };
    contract(&server.url()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_keeps_the_contract() {
    let Some(server) = Database::start(Kind::Postgres, "postgres_keeps_the_contract") else {
        return;
    };
    contract(&server.url()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_keeps_the_contract() {
    let Some(server) = Database::start(Kind::Redis, "redis_keeps_the_contract") else {
        return;
    };
    contract(&format!("{}?deployment=chat", server.url())).await;
}

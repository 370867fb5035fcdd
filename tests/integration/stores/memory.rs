//! The store in memory.

use std::sync::Arc;

use wsfn::rooms::MemoryStore;
use wsfn::rooms::contract::Contract;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_memory_store_keeps_the_contract() {
    for (seed, members) in [(0, 100_000), (1, 1000), (2, 1000), (3, 1000)] {
        let store = MemoryStore::new();
        let clients = [0; 3].map(|_| Arc::new(store.clone()) as _);
        let contract = Contract::new().seed(seed).members(members).rounds(50);
        contract.run(&clients).await;
    }
}

//! Rooms in stores: the contract, and whole applications on them.

mod app;
mod broken;
mod memory;
mod round_trips;
mod servers;
mod sqlite;
mod sweep;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use wsfn::rooms::Store;
use wsfn::rooms::contract::Contract;
use wsfn::testing::open_store;

/// The contract, through two clients of one store. `WSFN_TEST_MEMBERS` and `WSFN_TEST_SEED` in the environment make
/// another one of it: a full run has 100,000 members.
async fn contract(url: &str) {
    let number = |name| std::env::var(name).ok()?.parse::<u64>().ok();
    let members = number("WSFN_TEST_MEMBERS").unwrap_or(1000);
    let contract = Contract::new()
        .seed(number("WSFN_TEST_SEED").unwrap_or_default())
        .members(usize::try_from(members).expect("a number of members"));
    contract.run(&[opened(url), opened(url)]).await;
}

/// A store that gives nothing up because the machine is busy.
fn opened(url: &str) -> Arc<dyn Store> {
    open_store(url, Duration::from_secs(60)).expect("an address of a store")
}

/// One that soon says that it cannot be reached.
fn hasty(url: &str) -> Arc<dyn Store> {
    open_store(url, Duration::from_secs(5)).expect("an address of a store")
}

/// A folder that goes away with this value.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("wsfn-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn url(&self) -> String {
        format!("sqlite://{}/rooms.db", self.0.display())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

//! One file.

use super::{Folder, contract};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_keeps_the_contract() {
    let folder = Folder::new("contract");
    contract(&folder.url()).await;
}

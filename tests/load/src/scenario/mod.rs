//! What clients do to a server.

pub(crate) mod churn;
pub(crate) mod echo;
pub(crate) mod fan_out;
pub(crate) mod idle;
pub(crate) mod slow;
pub(crate) mod storm;

use std::cell::Cell;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::task::JoinSet;

use crate::client::Client;
use crate::server::Server;

/// When nothing has come for so long, what is waited for is lost.
const LOST_AFTER: Duration = Duration::from_secs(60);
/// Connections that are made at the same time, where it is not the storm that is measured.
const TOGETHER: usize = 64;

/// Notices that nothing comes any more: one for all clients, which then need no timer each.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress(Rc<Cell<u64>>);

impl Progress {
    /// Something has come.
    pub(crate) fn made(&self) {
        self.0.set(self.0.get().wrapping_add(1));
    }

    /// Waits for some work, and fails when nothing comes any more.
    pub(crate) async fn watch<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let stalled = async {
            let mut seen = self.0.get();
            loop {
                tokio::time::sleep(LOST_AFTER).await;
                let now = self.0.get();
                if std::mem::replace(&mut seen, now) == now {
                    return anyhow!(
                        "LOST: nothing has come for {LOST_AFTER:?}, and something should"
                    );
                }
            }
        };
        tokio::select! {
            done = work => done,
            error = stalled => Err(error),
        }
    }
}

/// What all tasks made, or the first error.
pub(crate) async fn all<T: 'static>(mut tasks: JoinSet<Result<T>>) -> Result<Vec<T>> {
    let mut made = Vec::with_capacity(tasks.len());
    while let Some(task) = tasks.join_next().await {
        made.push(task.context("a client's task failed")??);
    }
    Ok(made)
}

/// Connects so many clients, each to its path.
pub(crate) async fn connect(
    server: &Server,
    count: usize,
    deflate: bool,
    path: impl Fn(usize) -> String,
) -> Result<Vec<Client>> {
    let connecting = stream::iter(0..count).map(|number| {
        let path = path(number);
        async move {
            let client = Client::connect(&server.endpoint, &path, deflate).await;
            client.with_context(|| format!("client {number} of {}", server.name))
        }
    });
    connecting.buffered(TOGETHER).try_collect().await
}

/// Says goodbye for all.
pub(crate) async fn close(clients: impl IntoIterator<Item = Client>) -> Result<()> {
    let closing = stream::iter(clients).map(Client::close);
    closing.buffer_unordered(TOGETHER).try_collect().await
}

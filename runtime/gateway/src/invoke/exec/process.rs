//! One process of a command.

use std::io;
use std::net::Ipv4Addr;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::exchange::{Exchange, Said};
use super::group::Group;
use super::{Shared, api, output};

/// How long the output of a process that has ended is still read. It is there already, unless something that the process
/// started and that is out of reach holds it open.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// A process that runs. Dropping it kills it, with all that it has started.
pub(super) struct Process {
    pub(super) exchange: Arc<Exchange>,
    said: mpsc::Receiver<Said>,
    child: Child,
    pid: u32,
    group: Group,
    /// Its runtime API.
    _api: JoinSet<()>,
    /// What carries its output to the log.
    outputs: JoinSet<()>,
}

impl Process {
    /// Starts the command, with a runtime API of its own on a loopback port.
    ///
    /// # Errors
    /// When the program cannot be started, or there is no port.
    pub(super) async fn start(shared: &Shared) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let (program, arguments) = shared
            .command
            .split_first()
            .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .envs(shared.environment.iter().map(|(name, value)| (name, value)))
            .env("SCF_RUNTIME_API", Ipv4Addr::LOCALHOST.to_string())
            .env("SCF_RUNTIME_API_PORT", port.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // A group of its own, so that what it starts dies with it.
        let (mut child, group) = shared.groups.start(&mut command)?;
        let pid = child.id().unwrap_or_default();
        let (exchange, said) = Exchange::new();
        let (mut api, mut outputs) = (JoinSet::new(), JoinSet::new());
        api.spawn(api::serve(listener, group.members(), Arc::clone(&exchange)));
        if let Some(stdout) = child.stdout.take() {
            outputs.spawn(output::log(stdout, "stdout", pid, Arc::clone(&exchange)));
        }
        if let Some(stderr) = child.stderr.take() {
            outputs.spawn(output::log(stderr, "stderr", pid, Arc::clone(&exchange)));
        }
        Ok(Self {
            exchange,
            said,
            child,
            pid,
            group,
            _api: api,
            outputs,
        })
    }

    /// Kills it, with all that it has started, and logs what it has said last.
    pub(super) async fn end(mut self) {
        self.group.kill();
        let last_words = async {
            // An error says that it has ended before.
            let _ = self.child.wait().await;
            while self.outputs.join_next().await.is_some() {}
        };
        if timeout(LAST_WORDS, last_words).await.is_err() {
            tracing::debug!(
                pid = self.pid,
                "something that it started holds its output open, which is read no further"
            );
        }
    }

    pub(super) const fn pid(&self) -> u32 {
        self.pid
    }

    /// What it says next, or how it ended. An answer that it gave before it ended comes first.
    ///
    /// # Cancel safety
    /// When dropped, nothing that it said is lost.
    pub(super) async fn next(&mut self) -> Result<Said, Ended> {
        tokio::select! {
            biased;
            Some(said) = self.said.recv() => Ok(said),
            status = self.child.wait() => Err(Ended(status.ok())),
        }
    }
}

/// How a process ended.
pub(super) struct Ended(Option<ExitStatus>);

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(status) => write!(f, "the process ended: {status}"),
            None => f.write_str("the process ended"),
        }
    }
}

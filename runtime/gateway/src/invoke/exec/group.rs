//! A process and all that it has started.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};

use super::watchdog::Watchdog;

/// The groups of a command that run. A gateway that ends does not wait for its tasks, and must leave none behind.
#[derive(Debug, Default)]
pub(super) struct Groups(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    running: Vec<Pid>,
    closed: bool,
    watchdog: Option<Watchdog>,
    /// Whether it was said that there is none.
    warned: bool,
}

impl State {
    fn add(&mut self, leader: Pid) {
        self.running.push(leader);
        if !self
            .watchdog
            .as_mut()
            .is_some_and(|watchdog| watchdog.add(leader))
        {
            // The first group, or somebody killed the watchdog: a new one is told of all.
            match Watchdog::start() {
                Ok(mut watchdog) => {
                    for group in &self.running {
                        watchdog.add(*group);
                    }
                    self.watchdog = Some(watchdog);
                }
                Err(error) if !self.warned => {
                    self.warned = true;
                    tracing::warn!(
                        "no shell watches over the processes of this command, which would outlive a gateway that is \
                         killed with SIGKILL: {error}"
                    );
                }
                Err(_) => {}
            }
        }
    }

    /// Kills a group that was taken from the list.
    fn end(&mut self, leader: Pid) {
        kill(leader);
        if let Some(watchdog) = &mut self.watchdog {
            watchdog.remove(leader);
        }
    }
}

impl Groups {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a command as the leader of a group of its own.
    ///
    /// # Errors
    /// When it cannot be started, or no more are to run.
    pub(super) fn start(self: &Arc<Self>, command: &mut Command) -> io::Result<(Child, Group)> {
        // While nobody can close them: a process that is started and not listed yet would be left behind by a gateway
        // that ends in between. Those that close find it in the list, and those that start then start nothing.
        let mut state = self.state();
        if state.closed {
            return Err(io::Error::other("no more are to run"));
        }
        let child = command.process_group(0).spawn()?;
        let leader = child.id().and_then(|id| i32::try_from(id).ok());
        let leader = leader.and_then(Pid::from_raw);
        let leader = leader.ok_or_else(|| io::Error::other("a process without a number"))?;
        state.add(leader);
        drop(state);
        let groups = Arc::clone(self);
        Ok((child, Group { leader, groups }))
    }

    /// Kills them all, and lets no more start.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        for leader in std::mem::take(&mut state.running) {
            state.end(leader);
        }
        state.watchdog = None;
    }
}

/// The group that a process leads. Dropping it kills whatever of it still runs.
#[derive(Debug)]
pub(super) struct Group {
    leader: Pid,
    groups: Arc<Groups>,
}

impl Group {
    /// What tells whether a connection comes from this group.
    pub(super) fn members(&self) -> Members {
        Members(self.leader.as_raw_nonzero().get())
    }

    /// Kills whatever of it still runs.
    pub(super) fn kill(&self) {
        kill(self.leader);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Once it is not listed any more, its number may be another's: so it is killed before.
        let mut state = self.groups.state();
        if let Some(at) = state
            .running
            .iter()
            .position(|leader| *leader == self.leader)
        {
            state.running.swap_remove(at);
            state.end(self.leader);
        }
    }
}

fn kill(leader: Pid) {
    // An error says that nobody is left.
    let _ = kill_process_group(leader, Signal::KILL);
}

/// The number of a group.
#[derive(Debug, Clone, Copy)]
pub(super) struct Members(i32);

impl Members {
    /// Whether the other end of a loopback connection is a process of this group: whoever else runs on the machine
    /// must not take events or answer them. It reads `/proc`, so it belongs on a thread that may block.
    ///
    /// Once for each connection and not for each request: whoever keeps a connection, as our own runtime does, is looked
    /// up once. Who makes one for each call pays for a table with a line for each IPv4 socket of this network namespace.
    #[cfg(target_os = "linux")]
    pub(super) fn include(self, peer: SocketAddr, local: SocketAddr) -> bool {
        use linux::{inode, is_of_group, owns};

        inode(peer, local).is_some_and(|inode| {
            let Ok(processes) = std::fs::read_dir("/proc") else {
                return false;
            };
            // It is the leader itself, mostly.
            let leader = std::path::PathBuf::from(format!("/proc/{}", self.0));
            std::iter::once(leader)
                .chain(processes.flatten().map(|process| process.path()))
                .any(|process| is_of_group(&process, self.0) && owns(&process, inode))
        })
    }

    /// Elsewhere nothing tells whose a connection is; the port is the system's choice, and on loopback.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn include(self, _peer: SocketAddr, _local: SocketAddr) -> bool {
        true
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::File;
    use std::io::{BufRead as _, BufReader};
    use std::net::SocketAddr;
    use std::path::Path;

    /// The inode of the socket at the other end, from the system's table of IPv4 sockets.
    pub(super) fn inode(peer: SocketAddr, local: SocketAddr) -> Option<u64> {
        let (peer, local) = (written(peer)?, written(local)?);
        // Line by line: with ten thousands of sockets it is megabytes, which the allocator would keep for this thread.
        let mut table = BufReader::new(File::open("/proc/net/tcp").ok()?);
        let mut line = String::new();
        while table.read_line(&mut line).ok()? > 0 {
            // number: local remote state queues timer retransmits user timeout inode
            let mut fields = line.split_ascii_whitespace().skip(1);
            if fields.next() == Some(&*peer) && fields.next() == Some(&*local) {
                return fields.nth(6)?.parse().ok();
            }
            line.clear();
        }
        None
    }

    /// An address as that table has it: the bytes of the IP in the machine's order, then the port, in hexadecimal.
    fn written(address: SocketAddr) -> Option<String> {
        let SocketAddr::V4(address) = address else {
            return None;
        };
        let ip = u32::from_ne_bytes(address.ip().octets());
        Some(format!("{ip:08X}:{:04X}", address.port()))
    }

    /// Whether `/proc/PID` is a process of this group.
    pub(super) fn is_of_group(process: &Path, group: i32) -> bool {
        // PID (name, which may hold anything) state parent group
        std::fs::read_to_string(process.join("stat")).is_ok_and(|stat| {
            stat.rsplit_once(')')
                .and_then(|(_, rest)| rest.split_ascii_whitespace().nth(2)?.parse().ok())
                == Some(group)
        })
    }

    pub(super) fn owns(process: &Path, inode: u64) -> bool {
        let socket = format!("socket:[{inode}]");
        std::fs::read_dir(process.join("fd")).is_ok_and(|files| {
            files.flatten().any(|file| {
                std::fs::read_link(file.path()).is_ok_and(|to| to == Path::new(&socket))
            })
        })
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[tokio::test]
    async fn what_runs_is_killed_and_nothing_starts_once_they_are_closed() {
        let groups = Arc::new(Groups::default());
        let sleep = || {
            let mut command = Command::new("sleep");
            command.arg("1000");
            command
        };
        let (mut child, group) = groups.start(&mut sleep()).expect("a process");
        groups.close();
        let ended = child.wait().await.expect("it has ended");
        assert!(!ended.success(), "{ended}");
        drop(group);
        let refused = groups.start(&mut sleep()).expect_err("no more are to run");
        assert!(refused.to_string().contains("no more"), "{refused}");
    }

    #[test]
    fn a_connection_is_known_by_its_process() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let _client =
            TcpStream::connect(listener.local_addr().expect("an address")).expect("connected");
        let (server, peer) = listener.accept().expect("accepted");
        let local = server.local_addr().expect("an address");
        let ours = rustix::process::getpgrp().as_raw_nonzero().get();
        assert!(Members(ours).include(peer, local));
        assert!(!Members(ours + 1).include(peer, local));
    }
}

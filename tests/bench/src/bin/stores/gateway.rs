//! Our gateway in a process of its own, and ten thousand clients in another.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde::Deserialize;
use wsfn::{ConnectionId, Push, Query, Result, Rooms, Text, on_connect, on_message};

use crate::client;
use crate::database::free_port;
use crate::measure::{self, Figures, Target};

/// The rooms, and how many are in each.
pub(crate) const ROOMS: [(&str, usize); 3] = [("ten", 10), ("thousand", 1000), ("all", 10_000)];

/// The rooms of a member.
pub(crate) fn rooms_of(member: usize) -> impl Iterator<Item = &'static str> {
    let rooms = ROOMS.into_iter();
    rooms.filter_map(move |(room, members)| (member < members).then_some(room))
}

#[derive(Deserialize)]
struct Enter {
    member: Option<usize>,
}

#[on_connect]
async fn enter(id: &ConnectionId, rooms: &Rooms, Query(enter): Query<Enter>) -> Result<()> {
    for room in enter.member.into_iter().flat_map(rooms_of) {
        rooms.join(room, id).await?;
    }
    Ok(())
}

/// Measures from inside: only a handler has the rooms of the gateway that is in its process.
#[on_message]
async fn measured(rooms: &Rooms, _line: &str) -> Result<Text> {
    let ids = rooms.members("all").all().await?;
    let figures = measure::time(&Target::gateway(rooms.clone(), ids)).await;
    Ok(Text(serde_json::to_string(&figures)?))
}

pub(crate) struct Gateway {
    gateway: Child,
    members: Child,
    address: String,
    push_port: u16,
}

impl Gateway {
    pub(crate) async fn start() -> Self {
        let program = std::env::current_exe().expect("this program");
        let (port, push_port) = (free_port(), free_port());
        let address = format!("127.0.0.1:{port}");
        let mut gateway = Command::new(&program)
            .arg("gateway")
            .env("WSFN_LISTEN", &address)
            .env("WSFN_PUSH_LISTEN", format!("127.0.0.1:{push_port}"))
            // Its members answer no pings, and a measurement is one long handler.
            .env("WSFN_PING_INTERVAL", "24h")
            .env("WSFN_INVOKE_TIMEOUT", "10m")
            .env("WSFN_DATA", "none")
            .env("RUST_LOG", "error")
            .stdout(Stdio::null())
            .spawn()
            .expect("a process");
        while tokio::net::TcpStream::connect(&address).await.is_err() {
            let ended = gateway.try_wait().expect("a process");
            assert!(ended.is_none(), "the gateway ended: {ended:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let (_, number) = ROOMS[ROOMS.len() - 1];
        let mut members = Command::new(program)
            .args(["members", &address, &number.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let said = members.stdout.take().expect("a pipe");
        let mut line = String::new();
        let read = BufReader::new(said).read_line(&mut line);
        read.expect("the members are connected");
        Self {
            gateway,
            members,
            address,
            push_port,
        }
    }

    pub(crate) const fn push_port(&self) -> u16 {
        self.push_port
    }

    pub(crate) fn push(&self, port: u16) -> Push {
        Push::to_url(&format!("http://127.0.0.1:{port}/api-wsfn")).expect("an address")
    }

    pub(crate) fn rooms(&self, port: u16) -> Rooms {
        self.push(port).rooms()
    }

    /// Who is there: those of the smallest room first, as in [`rooms_of`].
    pub(crate) async fn ids(&self) -> Vec<ConnectionId> {
        let rooms = self.rooms(self.push_port);
        let mut ids = Vec::new();
        for (room, members) in ROOMS {
            let there = rooms.members(room).all().await.expect("members");
            assert_eq!(there.len(), members, "{room}");
            let known: std::collections::HashSet<_> = ids.iter().cloned().collect();
            ids.extend(there.into_iter().filter(|id| !known.contains(id)));
        }
        ids
    }

    pub(crate) async fn in_process(&self) -> Vec<Figures> {
        let mut stream = client::connect(&self.address, "/").await;
        let answer = client::ask(&mut stream, "measure").await;
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer}"))
    }
}

/// The program of that process.
pub(crate) fn run() -> Result<()> {
    wsfn::app![enter, measured].run()
}

impl Drop for Gateway {
    fn drop(&mut self) {
        for child in [&mut self.members, &mut self.gateway] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

//! Rooms as applications see them, wherever they are: at our gateway, in process and over its push endpoint, in memory,
//! and in each store.

mod fan_out;
mod ghosts;
mod same;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::process::Command;

use futures_util::SinkExt as _;
use tokio_tungstenite::tungstenite::Message;
use wsfn_tests::Example;
use wsfn_tests::database::free_port;
use wsfn_tests::rooms::{Ask, Told};

use super::command::wsfn;
use super::gateway::{Client, connect, text};

/// Does with rooms what a message asks for.
fn stored() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_stored"))
}

/// Nothing is given up because the machine is busy: a disk may keep everyone waiting, and people who wait for others
/// answer no pings.
fn patient(command: &mut Command) {
    command
        .env("WSFN_STORE_TIMEOUT", "60s")
        .env("WSFN_PING_INTERVAL", "24h");
}

/// A file of SQLite that goes away with this value.
pub(super) struct File(PathBuf);

impl File {
    pub(super) fn new() -> Self {
        let name = format!("wsfn-stored-{}.db", free_port());
        let file = Self(std::env::temp_dir().join(name));
        // A run that was killed may have left one behind.
        file.remove();
        file
    }

    fn remove(&self) {
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{suffix}", self.0.display()));
        }
    }

    pub(super) fn url(&self) -> String {
        format!("sqlite://{}", self.0.display())
    }
}

impl Drop for File {
    fn drop(&mut self) {
        self.remove();
    }
}

/// An application that runs.
struct World {
    /// The gateway, and the function where that is another process.
    processes: Vec<Example>,
}

impl World {
    /// The gateway in the process of the application, with rooms at it.
    fn in_process() -> Self {
        Self::with(&[], &[])
    }

    /// The same, with rooms in a store.
    fn on(store: &str) -> Self {
        Self::with(&[], &[("WSFN_STORE", store)])
    }

    fn with(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(stored());
        command.args(arguments).envs(environment.iter().copied());
        patient(&mut command);
        let process = Example::listening_command(command, &Example::free_address());
        Self {
            processes: vec![process],
        }
    }

    /// The application as a function behind our gateway, which it reaches at its push endpoint.
    fn over_http() -> Self {
        let pushes = Example::free_address();
        let push_url = format!("http://{pushes}/api-wsfn");
        let environment = [("WSFN_MODE", "event-invoke"), ("WSFN_PUSH_URL", &*push_url)];
        let function = Example::listening(stored(), &Example::free_address(), &environment);
        let url = format!("http://{}/event-invoke", function.address());
        let mut command = wsfn(&["gateway", "--push-listen", &pushes, "--function", &url]);
        patient(&mut command);
        let gateway = Example::listening_command(command, &Example::free_address());
        Self {
            processes: vec![gateway, function],
        }
    }

    fn address(&self) -> &str {
        self.processes[0].address()
    }

    async fn person(&self) -> Person {
        Person::connect(self.address()).await
    }
}

/// A client.
struct Person {
    client: Client,
    id: String,
    /// What came between answers.
    heard: VecDeque<String>,
}

impl Person {
    async fn connect(address: &str) -> Self {
        let mut person = Self {
            client: connect(address).await,
            id: String::new(),
            heard: VecDeque::new(),
        };
        person.id = person.ask(&Ask::Me).await.names.remove(0);
        person
    }

    async fn ask(&mut self, ask: &Ask) -> Told {
        let line = serde_json::to_string(ask).expect("JSON");
        self.client.send(Message::text(line)).await.expect("sent");
        loop {
            let text = text(&mut self.client).await;
            match serde_json::from_str::<Told>(&text) {
                Ok(told) if told.told => return told,
                _ => self.heard.push_back(text),
            }
        }
    }

    /// The next text that is no answer.
    async fn hears(&mut self) -> String {
        match self.heard.pop_front() {
            Some(text) => text,
            None => text(&mut self.client).await,
        }
    }

    async fn join(&mut self, room: &str, id: &str) -> Told {
        let (room, id) = (room.to_owned(), id.to_owned());
        self.ask(&Ask::Join { room, id }).await
    }

    async fn leave(&mut self, room: &str, id: &str) -> Told {
        let (room, id) = (room.to_owned(), id.to_owned());
        self.ask(&Ask::Leave { room, id }).await
    }

    async fn of(&mut self, id: &str) -> Told {
        self.ask(&Ask::Of { id: id.to_owned() }).await
    }

    async fn count(&mut self, room: &str) -> usize {
        let room = room.to_owned();
        self.ask(&Ask::Count { room }).await.count
    }

    /// Who is in a room, in pages of this size.
    async fn members(&mut self, room: &str, limit: usize) -> Told {
        let room = room.to_owned();
        self.ask(&Ask::Members { room, limit }).await
    }

    async fn broadcast(&mut self, rooms: &[&str], text: &str, except: &[&str]) -> Told {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        self.ask(&Ask::Broadcast {
            rooms: owned(rooms),
            text: text.to_owned(),
            except: owned(except),
        })
        .await
    }
}

//! The recipe of `examples/chat/README.md`: three functions behind the gateway, with rooms there, in a file, and in Redis.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use futures_util::SinkExt as _;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use wsfn_tests::database::{Database, Kind, free_port};

use super::command::wsfn;
use super::gateway::{Client, connect, text};
use super::stores::File;

/// Between two looks at a port.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(20);

/// What the README has people type, on ports of our own.
pub(crate) struct Recipe {
    shell: Child,
    script: String,
    /// That of each function and of the gateway, under the number in the README.
    ports: [(&'static str, u16); 5],
}

impl Recipe {
    pub(crate) fn start(store: Option<&str>) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .expect("the root");
        let readme = std::fs::read_to_string(root.join("examples/chat/README.md"));
        let readme = readme.expect("the README");
        let blocks: Vec<&str> = readme.split("```sh\n").skip(1).collect();
        let (recipe, _) = blocks[0].split_once("```").expect("the end of a block");
        // Built before, where everything else that the tests need is built too.
        let (build, recipe) = recipe.split_once('\n').expect("the first line");
        let chat = built(root, build);
        let ports = ["9001", "9002", "9011", "9012", "9013"].map(|port| (port, free_port()));
        let gateway = wsfn(&[]).get_program().to_string_lossy().into_owned();
        // All of the README's first: one of ours may hold one of them, as may a path.
        let mut script = recipe.to_owned();
        for (at, (written, _)) in ports.iter().enumerate() {
            script = script.replace(written, &format!("@{at}@"));
        }
        for (at, (_, port)) in ports.iter().enumerate() {
            script = script.replace(&format!("@{at}@"), &port.to_string());
        }
        let mut script = script
            .replace("target/debug/chat", &chat.to_string_lossy())
            .replace("\nwsfn ", &format!("\n{gateway} "));
        if let Some(store) = store {
            script = format!("export WSFN_STORE={store}\n{script}");
        }
        Self {
            shell: Self::run(&script),
            script,
            ports,
        }
    }

    fn run(script: &str) -> Child {
        Command::new("bash")
            .args(["-c", script])
            .env("WSFN_ADMIN_LISTEN", "off")
            .env("WSFN_DATA", "none")
            .current_dir(std::env::temp_dir())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("a shell")
    }

    fn port(&self, written: &str) -> u16 {
        let found = self.ports.iter().find(|(name, _)| *name == written);
        found.expect("a port of the README").1
    }

    /// Where clients connect.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port("9001"))
    }

    /// Waits until all of them listen.
    pub(crate) async fn listens(&self) {
        for (_, port) in &self.ports {
            while !listens(*port).await {
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// Kills a function, and starts it again with the line that the README has for it.
    pub(crate) async fn lose(&self, handler: &str) -> Group {
        let mine = format!("WSFN_LISTEN=127.0.0.1:{}", self.port("9012"));
        let mut killed = false;
        for process in std::fs::read_dir("/proc").expect("processes").flatten() {
            let environment = std::fs::read(process.path().join("environ")).unwrap_or_default();
            let is_it = environment
                .split(|byte| *byte == 0)
                .any(|variable| variable == mine.as_bytes());
            if is_it {
                let id = process.file_name();
                let status = Command::new("kill").arg("-9").arg(id).status();
                killed |= status.expect("kill").success();
            }
        }
        assert!(killed, "{handler} did not run");
        // It listens until it is gone: what is sent meanwhile is lost with it, as D1 says.
        while listens(self.port("9012")).await {
            tokio::time::sleep(PAUSE).await;
        }
        let line = format!("run {handler} {}", self.port("9012"));
        let until = self.script.find(&line).expect("its line") + line.len();
        let before = self.script[..until].lines();
        let kept = before.filter(|other| !other.starts_with("run ") || other.contains(&line));
        let script = kept.collect::<Vec<_>>().join("\n") + "\nwait";
        let group = Group(Self::run(&script));
        self.listens().await;
        group
    }
}

async fn listens(port: u16) -> bool {
    tokio::net::TcpStream::connect(("127.0.0.1", port))
        .await
        .is_ok()
}

impl Drop for Recipe {
    fn drop(&mut self) {
        end(&mut self.shell);
    }
}

/// A shell and what it started.
pub(crate) struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        end(&mut self.0);
    }
}

fn end(shell: &mut Child) {
    let group = format!("-{}", shell.id());
    let _ = Command::new("kill").args(["-9", "--", &group]).status();
    let _ = shell.wait();
}

/// The program, built as the README says.
fn built(root: &Path, line: &str) -> PathBuf {
    let words: Vec<&str> = line.split(' ').collect();
    assert_eq!(words[..2], ["cargo", "build"], "{line}");
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(&words[1..])
        .args(["--quiet", "--message-format=json"])
        .current_dir(root)
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{line}");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .expect("a program")
}

async fn send(client: &mut Client, line: Value) {
    client
        .send(Message::text(line.to_string()))
        .await
        .expect("sent");
}

async fn hears(client: &mut Client) -> Value {
    serde_json::from_str(&text(client).await).expect("JSON")
}

async fn people_talk(recipe: Recipe) {
    recipe.listens().await;
    let address = recipe.address();
    let (mut ann, mut bob) = (connect(&address).await, connect(&address).await);
    send(
        &mut ann,
        json!({"type": "join", "room": "hall", "name": "ann"}),
    )
    .await;
    let joined = json!({"type": "join", "name": "ann", "here": ["ann"]});
    assert_eq!(hears(&mut ann).await, joined);
    send(
        &mut bob,
        json!({"type": "join", "room": "hall", "name": "bob"}),
    )
    .await;
    for client in [&mut ann, &mut bob] {
        let news = hears(client).await;
        assert_eq!(
            (&news["type"], &news["name"]),
            (&json!("join"), &json!("bob"))
        );
        assert_eq!(news["here"].as_array().map(Vec::len), Some(2), "{news}");
    }
    // A refusal comes with the answer to its call: no call is under way any more.
    for client in [&mut ann, &mut bob] {
        send(
            client,
            json!({"type": "join", "room": "hall", "name": "again"}),
        )
        .await;
        assert_eq!(hears(client).await["errNo"], 4001);
    }
    let _again = recipe.lose("talk.main").await;
    send(&mut ann, json!({"type": "say", "text": "still here"})).await;
    for client in [&mut ann, &mut bob] {
        let news = json!({"type": "say", "name": "ann", "text": "still here"});
        assert_eq!(hears(client).await, news);
    }
    ann.close(None).await.expect("closed");
    let left = json!({"type": "leave", "name": "ann", "here": ["bob"]});
    assert_eq!(hears(&mut bob).await, left);
}

#[tokio::test]
async fn three_functions_without_a_database() {
    people_talk(Recipe::start(None)).await;
}

#[tokio::test]
async fn three_functions_on_one_file() {
    let file = File::new();
    people_talk(Recipe::start(Some(&file.url()))).await;
}

#[tokio::test]
async fn three_functions_on_redis() {
    let Some(server) = Database::start(Kind::Redis, "three_functions_on_redis") else {
        return;
    };
    people_talk(Recipe::start(Some(&server.url()))).await;
}

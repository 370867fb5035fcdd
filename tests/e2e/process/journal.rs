//! D5, D6, D2 across restarts and B5, by the real binary: it is killed, its function is down, its disk is full.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::SinkExt as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use wsfn_tests::{Deed, Example, HttpFunction, SeenEvent, skip};

use super::command::wsfn;
use super::gateway::{Client, connect};

/// Longer than anything here takes on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A directory for the journal and the settings, which goes with the test.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("wsfn-e2e-{}-{count}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir(&path).expect("made");
        Self(path)
    }

    pub(crate) fn data(&self) -> String {
        self.0.join("data").to_string_lossy().into_owned()
    }

    /// The command, in front of one function.
    pub(super) fn gateway(&self, function: &str) -> Command {
        let mut command = wsfn(&["gateway", "--push-listen", "off", "--function", function]);
        command.env("WSFN_DATA", self.data());
        command
    }

    fn start(&self, function: &str) -> Example {
        Example::listening_command(self.gateway(function), &Example::free_address())
    }

    /// What `--check` says.
    pub(crate) fn check(&self, function: &str, admin: &str) -> String {
        let mut command = self.gateway(function);
        command.arg("--check").env("WSFN_ADMIN_LISTEN", admin);
        let output = command.output().expect("it runs");
        let (out, err) = (&output.stdout, &output.stderr);
        [out, err]
            .map(|text| String::from_utf8_lossy(text))
            .concat()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn connect_many(gateway: &Example, count: usize) -> Vec<Client> {
    let mut clients = Vec::new();
    for _ in 0..count {
        clients.push(connect(gateway.address()).await);
    }
    clients
}

/// The status with which a handshake is refused.
async fn refused(address: &str) -> u16 {
    match tokio_tungstenite::connect_async(format!("ws://{address}/")).await {
        Err(Error::Http(response)) => response.status().as_u16(),
        other => panic!("not refused: {other:?}"),
    }
}

/// What the admin endpoint answers, head and all.
fn ask(admin: &str, path: &str) -> String {
    use std::io::{Read as _, Write as _};

    let mut stream = std::net::TcpStream::connect(admin).expect("it listens");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {admin}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("asked");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    answer
}

fn ids(events: &[SeenEvent]) -> BTreeSet<&str> {
    events.iter().map(|event| &*event.id).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_kill_9_the_next_start_closes_each_once() {
    let folder = Folder::new();
    let function = HttpFunction::start().await;
    let admin = Example::free_address();
    let mut command = folder.gateway(&function.url());
    command.env("WSFN_ADMIN_LISTEN", &admin);
    let gateway = Example::listening_command(command, &Example::free_address());
    let mut clients = connect_many(&gateway, 10).await;
    // One that has left is none of the next start's business.
    clients.remove(0).close(None).await.expect("closed");
    let left = function.wait_for("closing", 1).await.remove(0);
    assert_eq!(left.seq, Some(1));
    // Once its removal is on disk, which may take its time where others keep the disk busy.
    let begun = Instant::now();
    while !ask(&admin, "/metrics").contains("wsfn_journal_entries 9\n") {
        assert!(begun.elapsed() < PATIENCE, "{}", ask(&admin, "/metrics"));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drop(gateway);

    let said = folder.check(&function.url(), "off");
    assert!(
        said.contains("9 close events of earlier runs wait, the oldest for"),
        "{said}"
    );
    let gateway = folder.start(&function.url());
    let closes = function.wait_for("closing", 10).await;
    let (opened, closed) = (function.seen_of("connecting"), ids(&closes));
    assert_eq!(closed, ids(&opened));
    for close in &closes[1..] {
        assert_eq!((close.code, close.seq), (Some(1006), None));
    }
    let events: BTreeSet<_> = closes.iter().map(|close| &close.event_id).collect();
    assert_eq!(events.len(), 10, "an event has an id of its own");
    gateway.terminate();
    let mut gateway = gateway;
    assert!(gateway.ended().0.success());
    // Nothing is left for a third.
    let third = folder.start(&function.url());
    let said = folder.check(&function.url(), "off");
    assert!(said.contains("belongs to a gateway that runs"), "{said}");
    let mut client = connect(third.address()).await;
    client.close(None).await.expect("closed");
    let closes = function.wait_for("closing", 11).await;
    assert_eq!(closes.len(), 11);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_that_is_down_at_the_restart_is_told_later() {
    let folder = Folder::new();
    let address = Example::free_address();
    let function = HttpFunction::scripted(&address, |_| Deed::Answer(0)).await;
    let url = function.url();
    let gateway = folder.start(&url);
    let clients = connect_many(&gateway, 3).await;
    let opened = function.seen_of("connecting");
    drop(gateway);
    drop(function);
    drop(clients);
    while tokio::net::TcpStream::connect(&address).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }

    let admin = Example::free_address();
    let mut command = folder.gateway(&url);
    command.env("WSFN_ADMIN_LISTEN", &admin);
    let gateway = Example::listening_command(command, &Example::free_address());
    let _ = gateway.says("3 close events of earlier runs are sent now");
    let said = folder.check(&url, &admin);
    assert!(
        said.contains("a gateway that runs, and has 3 connections in it")
            && said.contains("3 close events of earlier runs wait"),
        "{said}"
    );
    let page = ask(&admin, "/metrics");
    for line in [
        "wsfn_journal_entries 3\n",
        "wsfn_journal_left 3\n",
        "wsfn_journal_takes 1\n",
        "wsfn_journal_errors_total 0\n",
        "wsfn_journal_left_oldest_seconds ",
        "wsfn_journal_commits_total ",
        "wsfn_journal_changes_total ",
        "wsfn_journal_commit_seconds_total ",
    ] {
        assert!(page.contains(line), "{line}: {page}");
    }
    let function = HttpFunction::scripted(&address, |_| Deed::Answer(0)).await;
    let closes = function.wait_for("closing", 3).await;
    assert_eq!(ids(&closes), ids(&opened));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connect_that_is_refused_leaves_nothing_behind() {
    let folder = Folder::new();
    let function = HttpFunction::scripted("127.0.0.1:0", |event| match &*event.action {
        "connecting" => Deed::Answer(403),
        _ => Deed::Answer(0),
    })
    .await;
    let gateway = folder.start(&function.url());
    for _ in 0..3 {
        assert_eq!(refused(gateway.address()).await, 403);
    }
    // The end writes what waits.
    gateway.terminate();
    let mut gateway = gateway;
    assert!(gateway.ended().0.success());
    let said = folder.check(&function.url(), "off");
    assert!(said.contains("has 0 connections in it"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_shutdown_did_not_get_answered_is_sent_again_as_the_same_event() {
    let folder = Folder::new();
    let up = std::sync::Arc::new(AtomicBool::new(false));
    let is_up = std::sync::Arc::clone(&up);
    let function = HttpFunction::scripted("127.0.0.1:0", move |event| {
        if event.action == "closing" && !is_up.load(Ordering::Relaxed) {
            Deed::Hang
        } else {
            Deed::Answer(0)
        }
    })
    .await;
    let mut command = folder.gateway(&function.url());
    command
        // Within that the close events are sent, also on a busy machine, and not answered.
        .env("WSFN_DRAIN", "5s")
        .env("WSFN_CLOSE_TIMEOUT", "100ms");
    let mut gateway = Example::listening_command(command, &Example::free_address());
    let clients = connect_many(&gateway, 2).await;
    gateway.terminate();
    assert!(gateway.ended().0.success());
    drop(clients);
    let first = function.seen_of("closing");
    assert_eq!(first.len(), 2);

    up.store(true, Ordering::Relaxed);
    let _gateway = folder.start(&function.url());
    let closes = function.wait_for("closing", 4).await;
    let facts = |closes: &[SeenEvent]| -> BTreeSet<_> {
        let facts = closes
            .iter()
            .map(|close| (close.id.clone(), close.event_id.clone(), close.code));
        facts.collect()
    };
    assert_eq!(facts(&closes[..2]), facts(&closes[2..]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closes_of_a_route_that_is_gone_are_kept_and_listed() {
    let folder = Folder::new();
    let function = HttpFunction::start().await;
    let url = function.url();
    let settings = folder.0.join("wsfn.toml");
    let write = |routes: &str| std::fs::write(&settings, routes).expect("written");
    let kept = format!("[[route]]\npath = \"/kept\"\nfunction = \"{url}\"\n");
    let moved = format!("[[route]]\npath = \"/moved\"\nfunction = \"{url}\"\n");
    let admin = Example::free_address();
    let start = || {
        let config = settings.to_string_lossy();
        let mut command = wsfn(&["gateway", "--push-listen", "off", "--config", &config]);
        command
            .env("WSFN_DATA", folder.data())
            .env("WSFN_ADMIN_LISTEN", &admin);
        command
    };
    write(&format!("{kept}{moved}"));
    let gateway = Example::listening_command(start(), &Example::free_address());
    let moved_client = super::gateway::connect_to(gateway.address(), "/moved").await;
    let kept_client = super::gateway::connect_to(gateway.address(), "/kept").await;
    drop(gateway);
    drop((moved_client, kept_client));
    let opened = function.seen_of("connecting");

    write(&kept);
    let gateway = Example::listening_command(start(), &Example::free_address());
    let lines = gateway.says("have no close function for");
    let line = lines.last().expect("a line");
    assert!(
        line.contains("route any host, /moved: 1 close events"),
        "{line}"
    );
    let closes = function.wait_for("closing", 1).await;
    assert_eq!(closes[0].id, opened[1].id, "the other one is sent");
    let mut check = start();
    let output = check.arg("--check").output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.contains("warning: route any host, /moved: 1 close events wait"),
        "{said}"
    );
    drop(gateway);

    write(&format!("{kept}{moved}"));
    let _gateway = Example::listening_command(start(), &Example::free_address());
    let closes = function.wait_for("closing", 2).await;
    assert_eq!(closes[1].id, opened[0].id);
}

/// The command in a namespace of its own, where the directory is a disk mounted with these options; what is missing where
/// that cannot be had.
fn on_a_disk(options: &str, gateway: &Command) -> Result<Command, &'static str> {
    let mounts = Command::new("unshare")
        .args(["-rm", "mount", "-t", "tmpfs", "none", "/mnt"])
        .output();
    if !mounts.is_ok_and(|output| output.status.success()) {
        return Err("no file system may be mounted here");
    }
    let mut command = Command::new("unshare");
    let script = format!("mount -t tmpfs -o {options} none \"$WSFN_DATA\" && exec \"$0\" \"$@\"");
    command
        .args(["-rm", "sh", "-c", &script])
        .arg(gateway.get_program())
        .args(gateway.get_args())
        .envs(
            gateway
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
    Ok(command)
}

/// No file of a disk that is made read-only later may be open for writing, so only a start can meet one.
#[test]
fn a_disk_that_is_read_only_is_refused_at_the_start() {
    let test = "a_disk_that_is_read_only_is_refused_at_the_start";
    let folder = Folder::new();
    std::fs::create_dir(folder.data()).expect("made");
    let gateway = folder.gateway("http://127.0.0.1:9/");
    let mut command = match on_a_disk("ro", &gateway) {
        Ok(command) => command,
        Err(why) => return skip(test, why),
    };
    let output = command.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{said}");
    assert!(
        said.contains("data") && said.contains(&folder.data()) && said.contains("Read-only"),
        "{said}"
    );
    assert!(!said.contains("panicked"), "{said}");
}

/// Writes zeros until the disk takes no more.
fn fill(ballast: &Path) {
    use std::io::Write as _;

    let mut file = std::fs::File::create(ballast).expect("made");
    for size in [65_536, 4096] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_disk_is_full_new_clients_are_refused_and_others_live_on() {
    let test = "while_the_disk_is_full_new_clients_are_refused_and_others_live_on";
    let folder = Folder::new();
    std::fs::create_dir(folder.data()).expect("made");
    let function = HttpFunction::start().await;
    let mut gateway = folder.gateway(&function.url());
    let admin = Example::free_address();
    gateway.env("WSFN_ADMIN_LISTEN", &admin);
    // Four megabytes.
    let command = match on_a_disk("size=4m", &gateway) {
        Ok(command) => command,
        Err(why) => return skip(test, why),
    };
    let gateway = Example::listening_command(command, &Example::free_address());
    let mut client = connect(gateway.address()).await;

    let root = PathBuf::from(format!("/proc/{}/root", gateway.id()));
    let ballast = root
        .join(folder.data().trim_start_matches('/'))
        .join("ballast");
    fill(&ballast);
    // Some more fit into what the file has taken already.
    let mut others = Vec::new();
    let status = loop {
        match tokio_tungstenite::connect_async(format!("ws://{}/", gateway.address())).await {
            Ok((client, _)) => others.push(client),
            Err(Error::Http(response)) => break response.status().as_u16(),
            Err(other) => panic!("{other:?}"),
        }
        assert!(others.len() < 50_000, "the disk never gets full");
    };
    assert_eq!(status, 503);
    let _ = gateway.says("the journal cannot be written");
    assert_eq!(refused(gateway.address()).await, 503);
    let ready = ask(&admin, "/readyz");
    assert!(ready.starts_with("HTTP/1.1 503"), "{ready}");
    let before = function.seen_of("data send").len();
    client
        .send(Message::text("still here"))
        .await
        .expect("sent");
    function.wait_for("data send", before + 1).await;
    let closes = function.seen_of("closing").len();
    client.close(None).await.expect("closed");
    function.wait_for("closing", closes + 1).await;

    std::fs::remove_file(&ballast).expect("removed");
    let _ = gateway.says("the journal can be written again");
    let _client = connect(gateway.address()).await;
    let ready = ask(&admin, "/readyz");
    assert!(ready.starts_with("HTTP/1.1 200"), "{ready}");
}

//! SQLite has no round trips. What an operation waits for is the disk.

use std::path::PathBuf;
use std::process::Command;

use wsfn::ConnectionId;
use wsfn::rooms::{PageRequest, Terms, open};

use crate::measure::Figures;

/// A folder that goes away with this value.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("wsfn-bench-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    pub(crate) fn url(&self) -> String {
        format!("sqlite://{}/rooms.db", self.0.display())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Does nothing but one operation, many times.
pub(crate) async fn work(url: &str, operation: &str, times: usize) {
    let store = open(url).expect("an address");
    for at in 0..times {
        let id = ConnectionId::new(format!("{times}-{at}"));
        match operation {
            "join" => {
                let joined = store.join(&id, "worked", &Terms::default()).await;
                joined.expect("joined");
            }
            "leave" => store.leave(&id, "worked").await.expect("left"),
            "forget" => {
                let forgotten = store.forget(&id, &Terms::default()).await;
                forgotten.expect("forgotten");
            }
            _ => {
                let page = PageRequest::new(Some("all"), 100);
                store.members(page).await.expect("a page");
            }
        }
    }
}

/// Counts how often the disk is waited for, by `strace` around processes that do one operation more or less often.
pub(crate) fn count(url: &str, figures: &mut [Figures]) {
    for figures in figures {
        let operation = match &*figures.operation {
            known @ ("join" | "leave" | "forget") => known,
            "page of 100, first" | "page of 100, next" => "page",
            _ => continue,
        };
        if operation == "leave" {
            // Who leaves has joined.
            for times in [100, 300] {
                syncs(url, "join", times);
            }
        }
        let (few, many) = (syncs(url, operation, 100), syncs(url, operation, 300));
        if let (Some(few), Some(many)) = (few, many) {
            figures.trips = Some((many - few) / 200.0);
        }
    }
}

fn syncs(url: &str, operation: &str, times: usize) -> Option<f64> {
    let output = Command::new("strace")
        .args(["-f", "-qq", "-e", "trace=fsync,fdatasync"])
        .arg(std::env::current_exe().expect("this program"))
        .args(["sqlite", url, operation, &times.to_string()])
        .output()
        .ok()?;
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8_lossy(&output.stderr);
    Some(text.lines().filter(|line| line.contains("sync(")).count() as f64)
}

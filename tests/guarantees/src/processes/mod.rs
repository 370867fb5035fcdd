//! Random lives of the real gateway: its process, real sockets, a function that is a process, and real kills.
//!
//! The three logs are on the machine's monotonic clock: clients and pushes are logged here, the function writes its own
//! file. A seed says what is done; when it happens is the machine's business, so it may be another history each time.
//! The log of one that fails is kept, and can be checked again.

mod history;
mod http;
mod kills;
mod parts;
mod tcp;
pub mod witness;

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::{Number, check};
pub use history::run;
pub use kills::endure;

/// How many histories there are at once.
const AT_ONCE: usize = 6;
/// The log of a history, in its folder.
const LOG: &str = "log.jsonl";

/// The programs, which are built already.
#[derive(Debug, Clone)]
pub struct Programs {
    /// `wsfn`.
    pub gateway: PathBuf,
    /// `witness`: the function.
    pub witness: PathBuf,
}

/// What stands behind the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behind {
    /// A server.
    Http,
    /// Processes that the gateway starts.
    Exec,
}

impl Programs {
    /// Builds them, and says where they are.
    ///
    /// # Errors
    /// When they cannot be built.
    pub fn build(manifest: &Path) -> Result<Self, String> {
        Ok(Self {
            // One after the other: together, the gateway would get what tests want of it.
            gateway: build(manifest, "wsfn-cli", "wsfn")?,
            witness: build(manifest, "wsfn-guarantees", "witness")?,
        })
    }
}

fn build(manifest: &Path, package: &str, program: &str) -> Result<PathBuf, String> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "build",
            "--quiet",
            "--message-format=json",
            "--manifest-path",
        ])
        .arg(manifest)
        .args(["-p", package, "--bin", program])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo: {error}"))?;
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .find_map(|line| {
            let message: serde_json::Value = serde_json::from_str(line).ok()?;
            let path = message["executable"].as_str().map(PathBuf::from);
            path.filter(|_| message["target"]["name"] == program)
        })
        .ok_or_else(|| format!("{program} cannot be built"))
}

/// Carries these seeds out, several at once since they wait most of the time, and tells in how many each promise could
/// have been broken.
///
/// # Errors
/// When one was broken, with the history's seed and the place of its log; when a process does not start.
pub fn hold(seeds: Range<u64>, programs: &Programs) -> Result<BTreeMap<Number, u64>, String> {
    let held: Mutex<BTreeMap<Number, u64>> = Mutex::default();
    let next = AtomicU64::new(seeds.start);
    let work = || -> Result<(), String> {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return Ok(());
            }
            let behind = if seed % 3 == 2 {
                Behind::Exec
            } else {
                Behind::Http
            };
            let name = format!("wsfn-history-{}-{seed}", std::process::id());
            let folder = std::env::temp_dir().join(name);
            let log = run(seed, behind, programs, &folder)?;
            let verdicts = check(&log);
            if !verdicts.violations().is_empty() {
                // Nothing is begun any more.
                next.store(seeds.end, Ordering::Relaxed);
                let broken: Vec<_> = verdicts
                    .violations()
                    .iter()
                    .map(ToString::to_string)
                    .collect();
                let log = folder.join(LOG).display().to_string();
                return Err(format!(
                    "seed {seed}, its log is {log}:\n{}",
                    broken.join("\n")
                ));
            }
            fs::remove_dir_all(&folder)
                .map_err(|error| format!("{}: {error}", folder.display()))?;
            let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
            for number in Number::ALL {
                *held.entry(number).or_default() += u64::from(verdicts.tried(number) > 0);
            }
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        let ended = |worker: std::thread::ScopedJoinHandle<'_, Result<(), String>>| {
            worker
                .join()
                .unwrap_or_else(|_| Err("a history panicked".into()))
        };
        workers.into_iter().map(ended).fold(Ok(()), Result::and)
    })?;
    Ok(held.into_inner().unwrap_or_else(PoisonError::into_inner))
}

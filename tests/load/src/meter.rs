//! What processes use, seen from outside.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

/// Some processes whose costs are counted together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Processes {
    /// There are none, or somebody else's machine has them.
    #[default]
    None,
    /// These.
    Are(Vec<u32>),
    /// This one and all that it has started, directly or not.
    Tree(u32),
    /// All that this one has started.
    Below(u32),
}

impl Processes {
    pub(crate) fn ids(&self) -> Vec<u32> {
        match self {
            Self::None => Vec::new(),
            Self::Are(ids) => ids.clone(),
            Self::Below(id) => below(*id),
            Self::Tree(id) => std::iter::once(*id).chain(below(*id)).collect(),
        }
    }

    pub(crate) const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    pub(crate) fn cpu(&self) -> Cpu {
        let mut threads = HashMap::new();
        for id in self.ids() {
            // Processes and threads may end meanwhile.
            let Ok(tasks) = fs::read_dir(format!("/proc/{id}/task")) else {
                continue;
            };
            for task in tasks.flatten() {
                let name = task.file_name().to_string_lossy().parse();
                let text = fs::read_to_string(task.path().join("schedstat"));
                if let (Ok(thread), Ok(text)) = (name, text)
                    && let Some(time) = text.split(' ').next().and_then(|time| time.parse().ok())
                {
                    threads.insert((id, thread), time);
                }
            }
        }
        Cpu { threads }
    }

    /// Private memory in bytes.
    pub(crate) fn memory(&self) -> u64 {
        self.ids()
            .into_iter()
            .map(wsfn_bench::private_memory_of)
            .sum()
    }

    /// Open file descriptors.
    pub(crate) fn files(&self) -> usize {
        let count = |id| fs::read_dir(format!("/proc/{id}/fd")).map_or(0, Iterator::count);
        self.ids().into_iter().map(count).sum()
    }
}

/// CPU time, user and system, that threads have used so far, to the nanosecond, as the scheduler counts.
#[derive(Debug, Clone)]
pub(crate) struct Cpu {
    threads: HashMap<(u32, u32), u64>,
}

impl Cpu {
    /// What was used since `before`. A thread that has ended since then is left out.
    pub(crate) fn since(&self, before: &Self) -> Duration {
        let used = self.threads.iter().map(|(thread, now)| {
            let then = before.threads.get(thread).copied().unwrap_or_default();
            now.saturating_sub(then)
        });
        Duration::from_nanos(used.sum())
    }
}

/// The name of the program that a process runs; empty where it is gone.
pub(crate) fn name(id: u32) -> String {
    let name = fs::read_to_string(format!("/proc/{id}/comm"));
    name.unwrap_or_default().trim_end().to_owned()
}

/// Sends a signal to a process, which may be gone already.
pub(crate) fn signal(id: u32, signal: rustix::process::Signal) {
    let id = i32::try_from(id)
        .ok()
        .and_then(rustix::process::Pid::from_raw);
    if let Some(id) = id {
        let _ = rustix::process::kill_process(id, signal);
    }
}

fn below(ancestor: u32) -> Vec<u32> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Ok(id) = entry.file_name().to_string_lossy().parse::<u32>() else {
            continue;
        };
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else {
            continue;
        };
        // The name, in parentheses, may have spaces: the state is the first field behind it, the parent the second.
        let parent = stat
            .rsplit(')')
            .next()
            .and_then(|rest| rest.split_whitespace().nth(1));
        if let Some(parent) = parent.and_then(|parent| parent.parse::<u32>().ok()) {
            parents.push((id, parent));
        }
    }
    let mut found = HashSet::from([ancestor]);
    loop {
        let before = found.len();
        let more = parents.iter().filter(|(_, parent)| found.contains(parent));
        let more: Vec<u32> = more.map(|(id, _)| *id).collect();
        found.extend(more);
        if found.len() == before {
            found.remove(&ancestor);
            return found.into_iter().collect();
        }
    }
}

/// Sees to it that this process and those that it starts may open as many files as the machine allows.
pub(crate) fn raise_file_limit(needed: usize) -> Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum;
    setrlimit(
        Resource::Nofile,
        Rlimit {
            current: most,
            maximum: most,
        },
    )
    .context("cannot raise the limit of open files")?;
    ensure!(
        most.is_none_or(|most| needed as u64 + 200 <= most),
        "{needed} connections: the limit is {most:?} open files a process; ask for fewer"
    );
    Ok(())
}

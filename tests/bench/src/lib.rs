//! What the benchmarks share: events, the same work by hand, CPU time of this process and of another.

pub mod by_hand;
pub mod events;
pub mod runtime_api;

use std::time::Duration;

/// CPU time, user and system, that this process has used.
pub fn cpu_time() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

/// CPU time, user and system, of the processes that this one has waited for, and of those that they have: in steps of a
/// hundredth of a second.
pub fn cpu_time_of_children() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("a process");
    // The name, in parentheses, may have spaces: fields are counted from behind it. cutime and cstime are 16 and 17.
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .expect("a stat line")
        .split_whitespace()
        .collect();
    let ticks: u64 =
        fields[13].parse::<u64>().expect("cutime") + fields[14].parse::<u64>().expect("cstime");
    Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second())
}

/// CPU time, user and system, of all threads that another process has now: to the nanosecond, as its scheduler counts.
pub fn scheduled_time_of(pid: u32) -> Duration {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).expect("the process lives");
    let times = tasks.filter_map(|task| {
        let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(times.sum())
}

/// Private memory of another process in bytes.
pub fn private_memory_of(pid: u32) -> u64 {
    let rollup =
        std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).expect("the process lives");
    let kib = rollup
        .lines()
        .filter(|line| line.starts_with("Private_"))
        .filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.sum::<u64>() * 1024
}

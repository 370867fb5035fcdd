//! What kills the processes of a gateway that was killed itself.

use std::fs::File;
use std::io::{self, Write as _};
use std::process::Stdio;

use rustix::process::Pid;
use tokio::process::Command;

/// Remembers the groups that it is told of, `+ 17`, until it is told that they are gone, `- 17`. Its input ends with
/// whoever holds the other end, however that ends; then it kills those that are left.
const SCRIPT: &str = r#"
all=
while read -r sign group; do
    case $sign in
    +) all="$all $group" ;;
    -)
        rest=
        for one in $all; do [ "$one" = "$group" ] || rest="$rest $one"; done
        all=$rest
        ;;
    esac
done
for group in $all; do kill -s KILL -- "-$group"; done
"#;

/// A shell that outlives the gateway for a moment. Nothing that a process is given tells it that its parent was killed
/// with SIGKILL: a program in any language would wait for its next event for ever, and hold ports and files.
#[derive(Debug)]
pub(super) struct Watchdog(File);

impl Watchdog {
    /// Starts it, inside a tokio runtime, which asks after it when it has ended.
    ///
    /// # Errors
    /// Where there is no `sh`.
    pub(super) fn start() -> io::Result<Self> {
        let mut shell = Command::new("sh")
            .args(["-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // What is sent to the gateway's group, Ctrl-C for one, is not for it.
            .process_group(0)
            .spawn()?;
        let input = shell.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let input = input.into_owned_fd()?;
        // Somebody may have stopped it: that must not stop the gateway.
        rustix::io::ioctl_fionbio(&input, true)?;
        Ok(Self(input.into()))
    }

    /// A group runs. Whether there is somebody to tell.
    pub(super) fn add(&mut self, group: Pid) -> bool {
        self.tell('+', group)
    }

    /// A group was killed, and its number may become another's. Whether there is somebody to tell.
    pub(super) fn remove(&mut self, group: Pid) -> bool {
        self.tell('-', group)
    }

    fn tell(&mut self, sign: char, group: Pid) -> bool {
        // So short a line is written whole or not at all. Not at all where it was stopped thousands of lines ago: then
        // this group is not watched over, which is no reason to end those that are.
        let line = format!("{sign} {}\n", group.as_raw_nonzero());
        let told = self.0.write_all(line.as_bytes());
        !told.is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    }
}

//! The processes of a history.

use std::fs::{self, File, OpenOptions};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::history::{GRACE, STALL, TIMEOUT};
use super::{Behind, Programs, witness};

/// How the gateway is set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setup {
    pub(super) behind: Behind,
    pub(super) tell: bool,
    pub(super) out_max_messages: usize,
    pub(super) in_max_messages: usize,
    pub(super) seed: u64,
}

impl Setup {
    /// Whether it has a directory, so that close events outlive it.
    pub(super) const fn journal(self) -> bool {
        self.seed % 4 != 3
    }
}

/// A process that is killed when it goes out of scope.
#[derive(Debug, Default)]
pub(super) struct Process(Option<Child>);

impl Process {
    pub(super) fn kill(&mut self) {
        if let Some(mut child) = self.0.take() {
            // One that has ended by itself is dead as well.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// All of them, and where they are.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) setup: Setup,
    programs: Programs,
    folder: PathBuf,
    pub(super) listen: SocketAddr,
    pushes: SocketAddr,
    served: SocketAddr,
    pub(super) gateway: Process,
    function: Process,
}

impl Parts {
    pub(super) fn new(setup: Setup, programs: &Programs, folder: &Path) -> Result<Self, String> {
        // Held until all are chosen, so that no two are the same.
        let free =
            || TcpListener::bind("127.0.0.1:0").map_err(|error| format!("no free port: {error}"));
        let free = [free()?, free()?, free()?];
        let [listen, pushes, served] = free.each_ref().map(TcpListener::local_addr);
        let failed = |error: std::io::Error| error.to_string();
        Ok(Self {
            setup,
            programs: programs.clone(),
            folder: folder.to_owned(),
            listen: listen.map_err(failed)?,
            pushes: pushes.map_err(failed)?,
            served: served.map_err(failed)?,
            gateway: Process::default(),
            function: Process::default(),
        })
    }

    pub(super) fn push_url(&self) -> String {
        self.pushes.to_string()
    }

    /// Where what a process says is kept.
    fn output(&self) -> Result<File, String> {
        let path = self.folder.join("output");
        let file = OpenOptions::new().create(true).append(true).open(&path);
        file.map_err(|error| format!("{}: {error}", path.display()))
    }

    pub(super) fn said(&self) -> String {
        fs::read_to_string(self.folder.join("output")).unwrap_or_default()
    }

    fn start(&self, command: &mut Command) -> Result<Process, String> {
        let started = command
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(self.output()?)
            .stderr(self.output()?)
            .spawn();
        match started {
            Ok(child) => Ok(Process(Some(child))),
            Err(error) => Err(format!("{}: {error}", command.get_program().display())),
        }
    }

    fn witness_arguments(&self) -> [String; 3] {
        [
            self.folder.display().to_string(),
            self.push_url(),
            self.setup.seed.to_string(),
        ]
    }

    /// Starts the server that is the function, where there is one.
    pub(super) fn start_function(&mut self) -> Result<(), String> {
        if self.setup.behind == Behind::Exec {
            return Ok(());
        }
        let mut command = Command::new(&self.programs.witness);
        command
            .args(self.witness_arguments())
            .arg(self.served.to_string());
        self.function = self.start(&mut command)?;
        for _ in 0..6000 {
            if TcpStream::connect(self.served).is_ok() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Err(format!("the function does not listen: {}", self.said()))
    }

    /// Kills the function; whether it has to be started again.
    pub(super) fn kill_function(&mut self) -> bool {
        match self.setup.behind {
            Behind::Http => {
                self.function.kill();
                true
            }
            Behind::Exec => {
                // The gateway starts them again by itself.
                for pid in witness::pids(&self.folder) {
                    let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
                }
                false
            }
        }
    }

    pub(super) fn start_gateway(&mut self) -> Result<(), String> {
        let milliseconds = |time: Duration| format!("{}ms", time.as_millis());
        let mut command = Command::new(&self.programs.gateway);
        command
            .arg("gateway")
            .env("WSFN_LISTEN", self.listen.to_string())
            .env("WSFN_PUSH_LISTEN", self.pushes.to_string())
            .env("WSFN_ADMIN_LISTEN", "off")
            .env(
                "WSFN_DATA",
                if self.setup.journal() { "data" } else { "none" },
            )
            .env("WSFN_INVOKE_TIMEOUT", milliseconds(TIMEOUT))
            .env("WSFN_WRITE_TIMEOUT", milliseconds(STALL))
            .env("WSFN_CLOSE_TIMEOUT", "1s")
            .env(
                "WSFN_OUT_MAX_MESSAGES",
                self.setup.out_max_messages.to_string(),
            )
            .env(
                "WSFN_IN_MAX_MESSAGES",
                self.setup.in_max_messages.to_string(),
            )
            .env(
                "WSFN_FAILED_MESSAGE",
                if self.setup.tell { "tell" } else { "close" },
            );
        match self.setup.behind {
            Behind::Http => {
                command
                    .env("WSFN_FUNCTION", format!("http://{}/", self.served))
                    .env("WSFN_CALL_GRACE", milliseconds(GRACE));
            }
            Behind::Exec => {
                let words: Vec<String> = self
                    .witness_arguments()
                    .iter()
                    .map(|word| format!("'{word}'"))
                    .collect();
                let function = format!(
                    "exec:'{}' {}",
                    self.programs.witness.display(),
                    words.join(" ")
                );
                command
                    .env("WSFN_FUNCTION", function)
                    .env("WSFN_EXEC_MIN", "2")
                    .env("WSFN_EXEC_MAX", "6");
            }
        }
        self.gateway = self.start(&mut command)?;
        Ok(())
    }

    pub(super) fn end(&mut self) {
        self.gateway.kill();
        self.function.kill();
    }
}

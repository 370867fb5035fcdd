//! The examples as processes.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::database::free_port;

/// How long a program may take until it listens, or says something; a loaded machine is slow.
const STARTS_WITHIN: Duration = Duration::from_secs(60);

/// A running example, killed when it goes out of scope.
#[derive(Debug)]
pub struct Example {
    child: Child,
    address: String,
    lines: mpsc::Receiver<String>,
}

impl Example {
    /// The program `binary` of the package `package`, built as `cargo run` would.
    ///
    /// # Panics
    /// When it cannot be built.
    #[must_use]
    pub fn program(package: &str, binary: &str) -> PathBuf {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
        Self::built(manifest, package, binary)
            .unwrap_or_else(|| panic!("{package} cannot be built"))
    }

    /// The program `binary` of a package with this manifest; `None` where it cannot be built.
    ///
    /// # Panics
    /// When there is no cargo.
    #[must_use]
    pub fn built(manifest: &str, package: &str, binary: &str) -> Option<PathBuf> {
        let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args([
                "build",
                "--quiet",
                "--message-format=json",
                "--manifest-path",
                manifest,
            ])
            .args(["-p", package, "--bin", binary])
            .stderr(Stdio::inherit())
            .output()
            .expect("cargo runs");
        if !output.status.success() {
            return None;
        }
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .find_map(|message| {
                (message["target"]["name"] == binary)
                    .then(|| message["executable"].as_str().map(PathBuf::from))?
            })
    }

    /// An address of loopback on which nobody listens, and which this process is given once.
    ///
    /// # Panics
    /// When the machine has no free port.
    #[must_use]
    pub fn free_address() -> String {
        format!("127.0.0.1:{}", free_port())
    }

    /// Starts a package's program of the same name, and waits until it listens.
    #[must_use]
    pub fn start(package: &str) -> Self {
        Self::start_with(package, package, &Self::free_address(), &[])
    }

    /// Starts a program on an address, with further environment variables, and waits until it listens.
    ///
    /// # Panics
    /// When it ends, or does not listen in time.
    #[must_use]
    pub fn start_with(
        package: &str,
        binary: &str,
        address: &str,
        environment: &[(&str, &str)],
    ) -> Self {
        Self::listening(&Self::program(package, binary), address, environment)
    }

    /// Starts a program that is built already, and waits until it listens.
    ///
    /// # Panics
    /// When it ends, or does not listen in time.
    #[must_use]
    pub fn listening(program: &Path, address: &str, environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(program);
        command.envs(environment.iter().copied());
        Self::listening_command(command, address)
    }

    /// Starts a command, told to listen on `address`, and waits until it does.
    ///
    /// # Panics
    /// When it ends, or does not listen in time.
    #[must_use]
    pub fn listening_command(command: Command, address: &str) -> Self {
        let binary = command.get_program().to_owned();
        let binary = binary.display();
        let mut example = Self::spawn_command(command, address);
        let start = Instant::now();
        while TcpStream::connect(address).is_err() {
            if let Ok(Some(status)) = example.child.try_wait() {
                panic!("{binary} ended with {status}: {:#?}", example.output());
            }
            assert!(
                start.elapsed() < STARTS_WITHIN,
                "{binary} does not listen: {:#?}",
                example.output()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        example
    }

    /// Starts a program that is built already, and does not wait for it.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn spawn(program: &Path, address: &str, environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(program);
        command.envs(environment.iter().copied());
        Self::spawn_command(command, address)
    }

    /// Starts a command, and does not wait for it.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn spawn_command(mut command: Command, address: &str) -> Self {
        let mut child = command
            .env("WSFN_LISTEN", address)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let (sender, lines) = mpsc::channel();
        for stream in [
            child
                .stdout
                .take()
                .map(|stream| Box::new(stream) as Box<dyn std::io::Read + Send>),
            child
                .stderr
                .take()
                .map(|stream| Box::new(stream) as Box<dyn std::io::Read + Send>),
        ] {
            let (sender, stream) = (sender.clone(), stream.expect("a pipe"));
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    let _ = sender.send(line);
                }
            });
        }
        Self {
            child,
            address: address.to_owned(),
            lines,
        }
    }

    /// Asks it to end, as a platform does: SIGTERM.
    ///
    /// # Panics
    /// When there is no `kill`.
    pub fn terminate(&self) {
        let id = self.id().to_string();
        let killed = Command::new("kill").args(["-TERM", &id]).status();
        assert!(killed.expect("kill runs").success(), "kill -TERM {id}");
    }

    /// Waits until it ends; its exit status, and what it printed since the last call of [`Example::output`].
    ///
    /// # Panics
    /// When it does not end.
    pub fn ended(&mut self) -> (std::process::ExitStatus, Vec<String>) {
        let start = Instant::now();
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                // The pipes end with the process, and their readers with the pipes.
                let lines = self.lines.iter().collect();
                return (status, lines);
            }
            assert!(
                start.elapsed() < STARTS_WITHIN,
                "it does not end: {:#?}",
                self.output()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// `host:port` on which it listens.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it prints a line with this in it; all lines since the last call, up to that one.
    ///
    /// # Panics
    /// When it does not, or ends.
    #[must_use]
    pub fn says(&self, part: &str) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            match self.lines.recv_timeout(STARTS_WITHIN) {
                Ok(line) => lines.push(line),
                Err(_) => panic!("{part:?} is not said: {lines:#?}"),
            }
            if lines.last().is_some_and(|line| line.contains(part)) {
                return lines;
            }
        }
    }

    /// What it has printed since the last call, on both streams.
    #[must_use]
    pub fn output(&self) -> Vec<String> {
        self.lines.try_iter().collect()
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

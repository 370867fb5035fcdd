//! Servers of databases, as Debian has them: on a free port of loopback, in a folder of their own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `redis-server`, which writes each change to its disk before it answers.
    Redis,
    /// `mariadbd`.
    MySql,
    /// `postgres`.
    Postgres,
}

/// A running server. It ends with this value, and its folder with it.
#[derive(Debug)]
pub struct Database {
    kind: Kind,
    folder: PathBuf,
    port: u16,
    program: PathBuf,
    child: Option<Child>,
    /// Whether its folder is a disk of its own, and a small one.
    is_small: bool,
    /// Whether it answers before what it was told is on the disk.
    is_hasty: bool,
}

/// The password of the user `wsfn`, which no log may hold.
pub const PASSWORD: &str = "s3cr3t-p4ssw0rd";

/// How long a server may take to start. One that takes longer does not start at all.
const STARTS_WITHIN: Duration = Duration::from_secs(60);

/// How long one may take to start whose predecessor was killed, and whose helpers may be ending still.
const RESTARTS_WITHIN: Duration = Duration::from_secs(180);

/// The first of the ports that programs are told to listen on.
const FIRST_PORT: u16 = 10_000;

impl Database {
    /// Makes an empty one and waits until it is ready. `None` where it is not installed: then `test` has been skipped,
    /// visibly.
    ///
    /// # Panics
    /// Where it is installed and does not start.
    #[must_use]
    pub fn start(kind: Kind, test: &str) -> Option<Self> {
        Self::start_on(kind, test, None, false)
    }

    /// The same, but it answers before what it was told is on the disk: for tests of everything else, which so do not
    /// wait for a disk that others keep busy.
    ///
    /// # Panics
    /// As [`Database::start`].
    #[must_use]
    pub fn start_hasty(kind: Kind, test: &str) -> Option<Self> {
        Self::start_on(kind, test, None, true)
    }

    /// The same on a disk that is small enough to be filled, in memory. `None` also where nothing may be mounted.
    ///
    /// # Panics
    /// As [`Database::start`].
    #[must_use]
    pub fn start_small(kind: Kind, test: &str) -> Option<Self> {
        let size = match kind {
            Kind::Redis => "size=8m",
            // What an empty one takes, and some more.
            Kind::MySql => "size=400m",
            Kind::Postgres => "size=160m",
        };
        Self::start_on(kind, test, Some(size), false)
    }

    fn start_on(kind: Kind, test: &str, size: Option<&str>, is_hasty: bool) -> Option<Self> {
        let name = match kind {
            Kind::Redis => "redis-server",
            Kind::MySql => "mariadbd",
            Kind::Postgres => "postgres",
        };
        let Some(program) = installed(name) else {
            crate::skip(test, &format!("{name} is not installed"));
            return None;
        };
        let port = free_port();
        let folder = std::env::temp_dir().join(format!("wsfn-{name}-{port}"));
        // One that was killed has left its own behind.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        let mut database = Self {
            kind,
            folder,
            port,
            program,
            child: None,
            is_small: false,
            is_hasty,
        };
        if let Some(size) = size {
            let mut command = Command::new("mount");
            command.args(["-t", "tmpfs", "-o", size, "tmpfs"]);
            let mounted = command.arg(&database.folder).output();
            database.is_small = mounted.is_ok_and(|mounted| mounted.status.success());
            if !database.is_small {
                crate::skip(test, "mounts are not permitted");
                return None;
            }
        }
        database.make();
        database.restart();
        Some(database)
    }

    /// Where it is, with user and password.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_as("wsfn", PASSWORD)
    }

    /// Where it is, for another user.
    #[must_use]
    pub fn url_as(&self, user: &str, password: &str) -> String {
        let port = self.port;
        match self.kind {
            Kind::Redis => format!("redis://default:{password}@127.0.0.1:{port}"),
            Kind::MySql => format!("mysql://{user}:{password}@127.0.0.1:{port}/wsfn"),
            Kind::Postgres => format!("postgres://{user}:{password}@127.0.0.1:{port}/postgres"),
        }
    }

    /// Its port on loopback.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Ends it at once, as a machine that loses its power does, with all of its helpers.
    ///
    /// # Panics
    /// Where it does not run.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        let id = child.id();
        let helpers = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        let helpers = helpers.unwrap_or_default();
        let helpers = helpers.split_whitespace();
        let own = id.to_string();
        let ids = std::iter::once(own.as_str()).chain(helpers);
        let killed = Command::new("kill").arg("-9").args(ids).status();
        killed.expect("it can be killed");
        child.wait().expect("it ends");
    }

    /// Fills its disk to the last byte, as something else on the machine might. Only for one with a small disk.
    ///
    /// # Panics
    /// Where its disk is that of everything else.
    pub fn fill(&self) {
        assert!(self.is_small, "its disk is not its own");
        let mut file = std::fs::File::create(self.folder.join("filler")).expect("a file");
        let mut zeros = &[0; 1 << 16][..];
        while !zeros.is_empty() {
            if file.write_all(zeros).is_err() {
                zeros = &zeros[..zeros.len() / 2];
            }
        }
    }

    /// Gives the disk back what [`Database::fill`] took.
    ///
    /// # Panics
    /// Where it was not filled.
    pub fn free(&self) {
        std::fs::remove_file(self.folder.join("filler")).expect("it was filled");
    }

    /// Starts it on what it had written.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn restart(&mut self) {
        let begun = Instant::now();
        while begun.elapsed() < RESTARTS_WITHIN {
            if let Some(child) = self.try_start() {
                self.child = Some(child);
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("{:?} does not start", self.kind);
    }

    /// What a client program of it says to these words.
    ///
    /// # Panics
    /// Where it cannot be asked.
    #[must_use]
    pub fn ask(&self, words: &str) -> String {
        let (port, mut command) = (self.port.to_string(), Command::new("env"));
        match self.kind {
            Kind::Redis => {
                let words = words.split(' ');
                command.args(["redis-cli", "-h", "127.0.0.1", "-p", &port, "-a", PASSWORD]);
                command.arg("--no-auth-warning").args(words);
            }
            Kind::MySql => {
                command.args([
                    "mariadb",
                    "--no-defaults",
                    "-h",
                    "127.0.0.1",
                    "-u",
                    "wsfn",
                    "-N",
                ]);
                command.args([&format!("-p{PASSWORD}"), "-P", &port, "wsfn", "-e", words]);
            }
            Kind::Postgres => {
                command.args([&format!("PGPASSWORD={PASSWORD}"), "psql", "-h", "127.0.0.1"]);
                command.args(["-p", &port, "-U", "wsfn", "-d", "postgres", "-tAc", words]);
            }
        }
        let output = command.output().expect("it can be asked");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Fills the folder.
    fn make(&self) {
        let folder = self.folder.to_string_lossy().into_owned();
        match self.kind {
            Kind::Redis => {}
            Kind::MySql => {
                let start = format!(
                    "CREATE DATABASE IF NOT EXISTS wsfn;\n\
                     CREATE USER IF NOT EXISTS wsfn@'%' IDENTIFIED BY '{PASSWORD}';\n\
                     GRANT ALL ON wsfn.* TO wsfn@'%';\n"
                );
                std::fs::write(self.folder.join("start.sql"), start).expect("a file");
                let program = installed("mariadb-install-db").expect("it comes with the server");
                self.own();
                let mut command = self.command(&program);
                command.args(["--no-defaults", "--auth-root-authentication-method=normal"]);
                command.arg(format!("--datadir={folder}/data"));
                done(&mut command);
            }
            Kind::Postgres => {
                std::fs::write(self.folder.join("password"), PASSWORD).expect("a file");
                let program = installed("initdb").expect("it comes with the server");
                self.own();
                let mut command = self.command(&program);
                command.args(["-D", &format!("{folder}/data"), "-U", "wsfn", "-E", "UTF8"]);
                command.args([
                    "--auth=scram-sha-256",
                    &format!("--pwfile={folder}/password"),
                ]);
                done(&mut command);
            }
        }
    }

    fn try_start(&self) -> Option<Child> {
        let folder = self.folder.to_string_lossy().into_owned();
        let port = self.port.to_string();
        let mut command = self.command(&self.program);
        match self.kind {
            Kind::Redis => command
                .args(["--port", &port, "--bind", "127.0.0.1", "--dir", &folder])
                .args(["--requirepass", PASSWORD, "--save", ""])
                .args(["--appendonly", "yes", "--appendfsync", "always"]),
            Kind::MySql => command
                .args([
                    "--no-defaults",
                    "--bind-address=127.0.0.1",
                    "--skip-name-resolve",
                ])
                .args([format!("--datadir={folder}/data"), format!("--port={port}")])
                .args([
                    format!("--socket={folder}/socket"),
                    format!("--init-file={folder}/start.sql"),
                ]),
            Kind::Postgres => command
                .args(["-D", &format!("{folder}/data"), "-p", &port])
                .args(["-k", &folder, "-h", "127.0.0.1"]),
        };
        if self.is_hasty {
            match self.kind {
                Kind::Redis => command.args(["--appendfsync", "no"]),
                Kind::MySql => command.arg("--innodb-flush-log-at-trx-commit=0"),
                Kind::Postgres => command.args(["-c", "fsync=off", "-c", "synchronous_commit=off"]),
            };
        }
        command.stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let (tell, told) = mpsc::channel();
        let streams: [Option<Box<dyn std::io::Read + Send>>; 2] = [
            child.stdout.take().map(|stream| Box::new(stream) as _),
            child.stderr.take().map(|stream| Box::new(stream) as _),
        ];
        for stream in streams.into_iter().flatten() {
            let tell = tell.clone();
            std::thread::spawn(move || {
                // To its end, or it would wait for a reader.
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    let line = line.to_lowercase();
                    if line.contains("ready to accept connections")
                        || line.contains("ready for connections")
                    {
                        let _ = tell.send(());
                    }
                }
            });
        }
        drop(tell);
        match told.recv_timeout(STARTS_WITHIN) {
            Ok(()) => Some(child),
            Err(_) => {
                let _ = child.kill();
                let _ = child.wait();
                None
            }
        }
    }

    /// A command as a user whom the server accepts: some refuse to be root.
    fn command(&self, program: &Path) -> Command {
        let mut command = match self.user() {
            None => Command::new(program),
            Some(user) => {
                let mut command = Command::new("setpriv");
                command.args([format!("--reuid={user}"), format!("--regid={user}")]);
                command.args(["--clear-groups", "--"]).arg(program);
                command.current_dir(&self.folder);
                command
            }
        };
        // MariaDB begins with the removal of what others of its kind have in the folder of all.
        command.env("TMPDIR", &self.folder);
        command
    }

    fn user(&self) -> Option<&'static str> {
        let is_root = std::fs::metadata("/proc/self").is_ok_and(|about| {
            use std::os::unix::fs::MetadataExt as _;
            about.uid() == 0
        });
        match self.kind {
            Kind::MySql if is_root => Some("mysql"),
            Kind::Postgres if is_root => Some("postgres"),
            Kind::Redis | Kind::MySql | Kind::Postgres => None,
        }
    }

    /// Gives the folder to that user.
    fn own(&self) {
        if let Some(user) = self.user() {
            let mut command = Command::new("chown");
            command.arg("-R").arg(format!("{user}:{user}"));
            done(command.arg(&self.folder));
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.kill();
        }
        if self.is_small {
            let _ = Command::new("umount").arg("-l").arg(&self.folder).status();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A port on which nobody listens, and which this process is given once.
///
/// It is none of those that the system gives to whoever asks for any: such a one would be free for everybody else too,
/// until the program listens there that is told to, and again while that is killed and started anew.
///
/// # Panics
/// Where there is none.
#[must_use]
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range");
    let range = range.unwrap_or_default();
    let of_the_system = range.split_whitespace().next();
    // Where the system does not say so, what the IANA has for it.
    let of_the_system = of_the_system
        .map_or(Ok(49_152), str::parse)
        .expect("a port");
    assert!(
        of_the_system > FIRST_PORT + 1000,
        "ip_local_port_range = {range}"
    );
    let count = of_the_system - FIRST_PORT;
    // Processes that run side by side begin at places of their own.
    let begin = (std::process::id() % 997 * 61 % u32::from(count)) as u16;
    for _ in 0..count {
        let next = begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = FIRST_PORT + next % count;
        if TcpListener::bind(("0.0.0.0", port)).is_ok() {
            return port;
        }
    }
    panic!("each port from {FIRST_PORT} to {of_the_system} is in use");
}

fn done(command: &mut Command) {
    let output = command.output().expect("it starts");
    assert!(output.status.success(), "{command:?}: {output:?}");
}

/// Where a program is, also where Debian keeps those that nobody calls by hand.
fn installed(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.push("/usr/sbin".into());
    let versions = std::fs::read_dir("/usr/lib/postgresql");
    for version in versions.into_iter().flatten().flatten() {
        folders.push(version.path().join("bin"));
    }
    let mut files = folders.into_iter().map(|folder| folder.join(name));
    files.find(|file| file.is_file())
}

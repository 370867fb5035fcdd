//! The servers that load is put on: started here, or running somewhere.

mod certificate;
mod ours;
mod peers;
mod publisher;

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use tokio::net::{TcpStream, lookup_host};

use crate::client::{Client, Endpoint};
use crate::meter::{Processes, signal};
pub(crate) use certificate::Certificate;
pub(crate) use ours::SOAK;
pub(crate) use publisher::{Publisher, Publishing};

/// How long a program may take until it listens.
const STARTS_WITHIN: Duration = Duration::from_secs(30);
/// For one handshake, of which a server that has just been started may lose the first.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// What can be started, with what is said about it.
pub(crate) const KINDS: [(&str, &str); 10] = [
    (
        "bare",
        "the codec alone: the example bare_echo of wsfn-gateway",
    ),
    (
        "bare-fan-out",
        "the codec, and a frame written straight to each socket",
    ),
    (
        "in-process",
        "the example echo: gateway and function in one process",
    ),
    (
        "http-reply",
        "`wsfn gateway` with a function behind HTTP that answers in its reply",
    ),
    ("http-push", "the same; it answers with a push of its own"),
    ("exec", "`wsfn gateway` that starts its function"),
    (
        "scf",
        "`wsfn gateway` with a function behind an endpoint like SCF's",
    ),
    ("nchan", "nginx with nchan, whose upstream answers"),
    ("pushpin", "pushpin, whose upstream answers"),
    (
        "ws[s]://HOST:PORT/PATH#PID[,PID][;PID…]",
        "what runs there: its processes, and those of its function",
    ),
];

/// How servers are started.
#[derive(Debug, Default)]
pub(crate) struct How {
    /// Clients speak TLS.
    pub(crate) tls: bool,
    /// Where the gateways of ours have their journal.
    pub(crate) data: Option<PathBuf>,
    /// Further settings of theirs.
    pub(crate) settings: Vec<(&'static str, String)>,
    /// Who vouches for a server that runs already.
    pub(crate) authority: Option<PathBuf>,
    /// How many clients it has to let in.
    pub(crate) clients: usize,
}

/// One server. What was started for it ends with it.
pub(crate) struct Server {
    pub(crate) name: String,
    pub(crate) endpoint: Endpoint,
    pub(crate) gateway: Processes,
    pub(crate) function: Processes,
    publishing: Option<Publishing>,
    /// Where a gateway of ours says how it is.
    pub(crate) admin: Option<SocketAddr>,
    /// In the order in which they end.
    programs: Vec<Program>,
    /// The folder of its files.
    _folder: Option<Folder>,
}

impl Server {
    pub(crate) async fn start(kind: &str, how: &How) -> Result<Self> {
        let server = match kind {
            "bare" | "bare-fan-out" | "in-process" | "http-reply" | "http-push" | "exec"
            | "scf" | SOAK => ours::start(kind, how).await,
            "nchan" | "pushpin" => peers::start(kind, how).await,
            url => Self::running(url, how).await,
        };
        let server = server.with_context(|| format!("{kind} cannot be started"))?;
        // Only when a connection is let in is it there: a server of several processes listens before all of them do.
        let begun = Instant::now();
        loop {
            let probe = Client::connect(&server.endpoint, &server.endpoint.path, false);
            match tokio::time::timeout(PROBE_TIMEOUT, probe).await {
                Ok(Ok(_)) => break,
                Ok(Err(error)) if begun.elapsed() > STARTS_WITHIN => {
                    return Err(error.context(format!("{kind} lets nobody in")));
                }
                Err(_) if begun.elapsed() > STARTS_WITHIN => {
                    bail!("{kind} does not answer a handshake within {PROBE_TIMEOUT:?}")
                }
                _ => tokio::time::sleep(LOOK_AGAIN).await,
            }
        }
        Ok(server)
    }

    /// One that nobody here has started.
    async fn running(url: &str, how: &How) -> Result<Self> {
        let (address, processes) = url.split_once('#').unwrap_or((url, ""));
        let tls = address.starts_with("wss://");
        let rest = address.strip_prefix(if tls { "wss://" } else { "ws://" });
        let Some(rest) = rest else {
            let kinds = KINDS.map(|(kind, what)| format!("  {kind}: {what}"));
            bail!("no such server; there are\n{}", kinds.join("\n"));
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let found = lookup_host(authority)
            .await
            .with_context(|| format!("{authority}: want HOST:PORT"))?
            .next();
        let host = authority
            .rsplit_once(':')
            .map_or(authority, |(host, _)| host);
        let (gateway, function) = processes.split_once(';').unwrap_or((processes, ""));
        let tls = match tls {
            false => None,
            true => {
                let file = how
                    .authority
                    .as_deref()
                    .context("a `wss` address needs --ca FILE")?;
                Some((host.to_owned().try_into()?, Certificate::trust_file(file)?))
            }
        };
        Ok(Self {
            name: authority.to_owned(),
            endpoint: Endpoint {
                address: found.context("an unknown host")?,
                tls,
                path: if path.is_empty() { "/" } else { path }.to_owned(),
                receive_buffer: None,
            },
            gateway: processes_of(gateway)?,
            function: processes_of(function)?,
            publishing: None,
            admin: None,
            programs: Vec::new(),
            _folder: None,
        })
    }

    /// Who publishes to a room of this server.
    pub(crate) fn publisher(&self, room: &str) -> Result<Publisher> {
        let publishing = self.publishing.clone();
        let publishing =
            publishing.with_context(|| format!("{} has nobody who publishes", self.name))?;
        Ok(Publisher::new(publishing, room))
    }

    /// What a client asks for that is to be in this room.
    pub(crate) fn path_of_room(&self, room: &str) -> String {
        match &self.publishing {
            Some(Publishing::Nchan(_)) => format!("/room?id={room}"),
            _ => format!("/{room}"),
        }
    }

    /// What a client asks for that wants its texts back.
    pub(crate) fn path_of_echo(&self, client: usize) -> String {
        match &self.publishing {
            // A channel for each client.
            Some(Publishing::Nchan(_)) => format!("/echo?id={client}"),
            Some(Publishing::Pushpin(_)) => "/echo".to_owned(),
            _ => self.endpoint.path.clone(),
        }
    }

    /// The program of the function, where that is one of its own.
    pub(crate) fn function_program(&mut self) -> Option<&mut Program> {
        self.programs
            .iter_mut()
            .find(|program| program.name == "function")
    }

    /// Whether all that was started for it still runs.
    pub(crate) fn lives(&mut self) -> Result<()> {
        self.programs.iter_mut().try_for_each(Program::lives)
    }
}

fn processes_of(text: &str) -> Result<Processes> {
    if text.is_empty() {
        return Ok(Processes::None);
    }
    let ids = text.split(',').map(|id| {
        let id: u32 = id
            .parse()
            .with_context(|| format!("{id:?} is no process id"))?;
        ensure!(
            Path::new(&format!("/proc/{id}")).exists(),
            "there is no process {id}"
        );
        Ok(id)
    });
    Ok(Processes::Are(ids.collect::<Result<_>>()?))
}

/// A program that was started, and is killed in the end.
pub(crate) struct Program {
    name: String,
    command: Command,
    child: Child,
    address: SocketAddr,
}

impl Program {
    /// Starts a command and waits until it listens on this address.
    pub(crate) async fn start(
        name: &str,
        mut command: Command,
        address: SocketAddr,
    ) -> Result<Self> {
        command.stdout(Stdio::null()).stdin(Stdio::null());
        let shown = command.get_program().to_string_lossy().into_owned();
        let child = command
            .spawn()
            .with_context(|| format!("{shown} does not start"))?;
        let mut program = Self {
            name: name.to_owned(),
            command,
            child,
            address,
        };
        program.listens().await?;
        Ok(program)
    }

    async fn listens(&mut self) -> Result<()> {
        let waiting = async {
            while TcpStream::connect(self.address).await.is_err() {
                self.lives()?;
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            Ok(())
        };
        let waited = tokio::time::timeout(STARTS_WITHIN, waiting).await;
        waited.unwrap_or_else(|_| bail!("{} does not listen on {}", self.name, self.address))
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn lives(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("{} has ended: {status}", self.name),
        }
    }

    /// Kills it without a word.
    pub(crate) fn kill(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it anew after it was killed.
    pub(crate) async fn restart(&mut self) -> Result<()> {
        self.child = self.command.spawn()?;
        self.listens().await
    }

    /// Asks it to end, and waits; kills it where it does not.
    fn end(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            signal(self.id(), rustix::process::Signal::TERM);
            let asked = Instant::now();
            while asked.elapsed() < ENDS_WITHIN && matches!(self.child.try_wait(), Ok(None)) {
                std::thread::sleep(LOOK_AGAIN);
            }
        }
        self.kill();
    }
}

/// How long a program may take to end: a gateway whose clients are gone needs no more.
const ENDS_WITHIN: Duration = Duration::from_secs(3);

impl Drop for Program {
    fn drop(&mut self) {
        self.end();
    }
}

/// A folder for the files of a server, removed in the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Result<Self> {
        let unique = format!("wsfn-load-{}-{name}", std::process::id());
        let folder = std::env::temp_dir().join(unique);
        // Of an earlier process with this id.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }

    pub(crate) fn join(&self, file: &str) -> PathBuf {
        self.0.join(file)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// An address on which nobody listened a moment ago.
pub(crate) fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    Ok(listener.local_addr()?)
}

/// A program of this package, or of the workspace, built for release.
fn program(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/release");
    let folders = [own.parent().map(Path::to_owned), Some(workspace)];
    let places = folders
        .into_iter()
        .flatten()
        .flat_map(|folder| [folder.join(name), folder.join("examples").join(name)]);
    let mut places = places.filter(|place| place.is_file());
    places
        .next()
        .with_context(|| format!("{name} is not built: tests/load/run builds everything"))
}

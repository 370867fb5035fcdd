//! The directory of a gateway: who it is, and that nobody else is it.

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::hub::id::INSTANCE;
use crate::journal::OpenError;

/// Held as long as the process lives; a second gateway on the same directory would answer for the same connections.
const LOCK: &str = "lock";
/// The bytes with which the ids of this gateway's connections begin.
const NAME: &str = "gateway-id";

/// A directory that this process has for itself.
#[derive(Debug)]
pub(crate) struct Data {
    pub(crate) instance: [u8; INSTANCE],
    /// Dropping it lets the next one in.
    _lock: File,
}

impl Data {
    /// Locks a directory that is there already, and changes nothing in it; `None` where no gateway has been.
    ///
    /// # Errors
    /// When it cannot be read, or a gateway has it.
    pub(crate) fn look(path: &Path) -> Result<Option<Self>, DataError> {
        if path.join(LOCK).exists() {
            Self::open(path).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Makes the directory where it is absent, closes it to other users, and locks it.
    ///
    /// # Errors
    /// When it cannot be made or written, another gateway has it, or what it holds was not written by one.
    pub(crate) fn open(path: &Path) -> Result<Self, DataError> {
        let failed = |reason| DataError {
            path: path.to_owned(),
            reason,
        };
        fs::create_dir_all(path).map_err(|error| failed(Reason::Io("cannot be made", error)))?;
        tighten(path)
            .map_err(|error| failed(Reason::Io("cannot be closed to other users", error)))?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join(LOCK))
            .map_err(|error| failed(Reason::Io("cannot be written", error)))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(failed(Reason::Taken)),
            Err(TryLockError::Error(error)) => {
                return Err(failed(Reason::Io("cannot be locked", error)));
            }
        }
        let instance = instance(&path.join(NAME)).map_err(failed)?;
        Ok(Self {
            instance,
            _lock: lock,
        })
    }
}

/// Closes the directory to other users: ids of connections will stand in it.
#[cfg(unix)]
fn tighten(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    const OWN: u32 = 0o700;
    let mode = fs::metadata(path)?.permissions().mode() & 0o777;
    if mode & !OWN != 0 {
        // One that was just made has the mode that the process gives to everything.
        let is_new = fs::read_dir(path)?.next().is_none();
        if !is_new {
            tracing::warn!(
                "data: {} was open to other users (mode {mode:o}) and is closed now (700)",
                path.display()
            );
        }
        fs::set_permissions(path, fs::Permissions::from_mode(OWN))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn tighten(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Reads the bytes, or makes them.
fn instance(path: &Path) -> Result<[u8; INSTANCE], Reason> {
    let mut bytes = [0; INSTANCE];
    match File::open(path) {
        Ok(mut file) => {
            let mut more = [0];
            let whole = file.read_exact(&mut bytes).is_ok()
                && file.read(&mut more).is_ok_and(|read| read == 0);
            if whole {
                Ok(bytes)
            } else {
                Err(Reason::Foreign)
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            getrandom::fill(&mut bytes).map_err(|_| Reason::NoChance)?;
            write_whole(path, &bytes).map_err(|error| Reason::Io("cannot be written", error))?;
            Ok(bytes)
        }
        Err(error) => Err(Reason::Io("cannot be read", error)),
    }
}

/// Writes a file that is there whole or not at all, also after a power cut.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)
}

/// Why a directory cannot be used.
#[derive(Debug)]
pub struct DataError {
    path: PathBuf,
    reason: Reason,
}

impl From<OpenError> for DataError {
    fn from(error: OpenError) -> Self {
        Self {
            path: PathBuf::new(),
            reason: Reason::Journal(error),
        }
    }
}

#[derive(Debug)]
enum Reason {
    Journal(OpenError),
    Io(&'static str, io::Error),
    Taken,
    Foreign,
    NoChance,
}

impl DataError {
    /// Whether it is only that a gateway runs which uses the directory.
    #[must_use]
    pub const fn is_taken(&self) -> bool {
        matches!(self.reason, Reason::Taken)
    }
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.reason {
            Reason::Journal(error) => error.fmt(f),
            Reason::Io(what, error) => write!(f, "data: {path} {what}: {error}"),
            Reason::Taken => write!(
                f,
                "data: {path} belongs to another gateway that runs; give each a directory of its own"
            ),
            Reason::Foreign => write!(
                f,
                "data: {path} holds a {NAME} that no gateway wrote; choose another directory, or remove it"
            ),
            Reason::NoChance => write!(f, "data: {path}: the system has no random numbers"),
        }
    }
}

impl std::error::Error for DataError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.reason {
            Reason::Io(_, error) => Some(error),
            Reason::Journal(error) => Some(error),
            Reason::Taken | Reason::Foreign | Reason::NoChance => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path =
                std::env::temp_dir().join(format!("wsfn-data-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_gateway_keeps_its_name_and_shares_it_with_nobody() {
        let folder = Folder::new("name");
        let first = Data::open(&folder.0).expect("a directory");
        let error = Data::open(&folder.0).expect_err("taken").to_string();
        assert!(error.contains("another gateway"), "{error}");
        let name = first.instance;
        drop(first);
        assert_eq!(Data::open(&folder.0).expect("free again").instance, name);
        let other = Folder::new("other");
        assert_ne!(Data::open(&other.0).expect("a directory").instance, name);
    }

    #[test]
    fn what_no_gateway_wrote_is_left_alone() {
        for wrong in [&b"abc"[..], b"abcde", b""] {
            let folder = Folder::new("foreign");
            fs::create_dir_all(&folder.0).expect("a directory");
            fs::write(folder.0.join(NAME), wrong).expect("written");
            let error = Data::open(&folder.0).expect_err("foreign").to_string();
            assert!(error.contains(NAME), "{error}");
            assert_eq!(fs::read(folder.0.join(NAME)).expect("still there"), wrong);
        }
        // A file is no directory.
        let folder = Folder::new("file");
        fs::write(&folder.0, "x").expect("written");
        let error = Data::open(&folder.0).expect_err("a file").to_string();
        assert!(error.contains("cannot be made"), "{error}");
        fs::remove_file(&folder.0).expect("removed");
    }

    #[cfg(unix)]
    #[test]
    fn it_is_closed_to_other_users() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = Folder::new("mode");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        drop(Data::open(&folder.0).expect("a directory"));
        assert_eq!(mode(&folder.0), 0o700);
        fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o755)).expect("opened");
        drop(Data::open(&folder.0).expect("a directory"));
        assert_eq!(mode(&folder.0), 0o700);
    }
}

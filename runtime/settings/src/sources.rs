//! Where settings come from: flags, the environment and a file.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

/// What was written for a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Raw {
    /// One text; where a list is wanted, with commas.
    One(String),
    /// A list that the file wrote as one.
    Many(Vec<String>),
}

impl Raw {
    pub(crate) fn one(&self) -> Result<&str, String> {
        match self {
            Self::One(text) => Ok(text.trim()),
            Self::Many(_) => Err("expected one value, found a list".into()),
        }
    }

    /// The items, without surrounding spaces and without empty ones.
    pub(crate) fn list(&self) -> Vec<&str> {
        let items: Vec<&str> = match self {
            Self::One(text) => text.split([',', '\n']).collect(),
            Self::Many(items) => items.iter().map(String::as_str).collect(),
        };
        items
            .into_iter()
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .collect()
    }

    pub(crate) fn is_empty_list(&self) -> bool {
        matches!(self, Self::Many(items) if items.is_empty())
    }

    /// As it is shown in an error.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::One(text) => text.clone(),
            Self::Many(items) => format!("[{}]", items.join(", ")),
        }
    }
}

/// Where a setting was set.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// A flag of the command `wsfn`.
    Flag,
    /// An environment variable.
    Environment,
    /// The settings file.
    File {
        /// Which.
        path: PathBuf,
        /// The line of the key, from 1; 0 where no line is to blame.
        line: usize,
    },
    /// The program, by [`Sources::set`].
    Program,
    /// Several settings that do not go together.
    Together,
}

impl Origin {
    /// What goes over what: the higher counts.
    pub(crate) const fn rank(&self) -> u8 {
        match self {
            Self::Together => 0,
            Self::File { .. } => 1,
            Self::Environment => 2,
            Self::Flag => 3,
            Self::Program => 4,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("command line"),
            Self::Environment => f.write_str("environment"),
            Self::File { path, line: 0 } => write!(f, "{}", path.display()),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Program => f.write_str("set by the program"),
            Self::Together => f.write_str("settings together"),
        }
    }
}

/// Where settings are read from.
///
/// Flags go over the environment, and that over the file. An empty variable counts as unset, because that is what `NAME=${NAME:-}` in a
/// compose file and an unset field in a console produce; in the file an empty value is a value, and refused.
/// Where Kubernetes runs the process, the variables that it makes for a service called `wsfn…`
/// (`WSFN_SERVICE_HOST`, `WSFN_PORT_9001_TCP`, …) are none of ours and are left alone.
///
/// ```
/// use wsfn_settings::{Settings, Sources};
///
/// let settings = Settings::load(&Sources::new().env("WSFN_MAX_MESSAGE", "64KiB")).unwrap();
/// assert_eq!(settings.max_message, 64 * 1024);
/// ```
#[derive(Clone, Default)]
pub struct Sources {
    pub(crate) flags: Vec<(String, String)>,
    pub(crate) env: BTreeMap<OsString, OsString>,
    pub(crate) file: FileSource,
    /// Whether the command `wsfn gateway` asks, and no app.
    pub(crate) command: bool,
    pub(crate) set: Vec<(String, String)>,
}

/// The settings file.
#[derive(Clone, Default)]
pub(crate) enum FileSource {
    /// None at all.
    #[default]
    None,
    /// `wsfn.toml` of the working directory if it is there, or the one that `WSFN_CONFIG` names.
    Disk,
    /// A text, for tests.
    Text(PathBuf, String),
}

impl Sources {
    /// Nothing: every setting has its default.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The environment of this process, and `wsfn.toml` in its working directory or the file that `WSFN_CONFIG`
    /// names.
    #[must_use]
    pub fn from_process() -> Self {
        Self {
            env: std::env::vars_os().collect(),
            file: FileSource::Disk,
            ..Self::default()
        }
    }

    /// The same for the command `wsfn gateway`: with its defaults, its functions, and always in the mode `gateway`.
    #[must_use]
    pub const fn for_command(mut self) -> Self {
        self.command = true;
        self
    }

    /// Adds a flag; `name` is the setting's, without the dashes.
    #[must_use]
    pub fn flag(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.flags.push((name.into(), value.into()));
        self
    }

    /// Adds an environment variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// Sets a setting by its name (`idle-timeout`), over environment and file; of two values the later counts.
    ///
    /// ```
    /// use wsfn_settings::{Settings, Sources};
    /// let problems = Settings::load(&Sources::new().set("idle-timeuot", "10m")).unwrap_err();
    /// assert!(problems.to_string().contains("did you mean idle-timeout?"));
    /// ```
    #[must_use]
    pub fn set(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = name.into();
        self.set.retain(|(earlier, _)| *earlier != name);
        self.set.push((name, value.into()));
        self
    }

    /// Takes this text as the settings file; `path` is what errors call it.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        self.file = FileSource::Text(path.into(), text.into());
        self
    }

    /// A variable, where it is set, not empty and UTF-8.
    pub(crate) fn var(&self, name: &str) -> Option<&str> {
        self.env
            .get(std::ffi::OsStr::new(name))?
            .to_str()
            .filter(|value| !value.is_empty())
    }
}

/// Shows names only: values may be secrets.
impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = match &self.file {
            FileSource::None => None,
            FileSource::Disk => Some(PathBuf::from("wsfn.toml")),
            FileSource::Text(path, _) => Some(path.clone()),
        };
        f.debug_struct("Sources")
            .field(
                "flags",
                &self.flags.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            )
            .field("env", &self.env.keys().collect::<Vec<_>>())
            .field("file", &file)
            .field(
                "set",
                &self.set.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            )
            .finish()
    }
}

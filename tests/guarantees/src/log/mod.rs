//! The three logs of a history, in one row.

mod entry;

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

pub use entry::{Action, Answer, Client, End, Entry, Function, Gateway, Kind, Push, What};

/// What happened, oldest first, and the settings that it happened under.
///
/// Who logs does so before it sends and after it has received. So whatever was logged later than the cause of
/// something may have been its consequence, and whatever was logged earlier cannot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// The bounds that the promises name.
    pub rules: Rules,
    /// What happened.
    pub entries: Vec<Entry>,
}

/// The settings that the promises name, and how exact the clock's times are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// `invoke-timeout` in milliseconds.
    pub invoke_timeout: u64,
    /// `call-grace` in milliseconds.
    pub call_grace: u64,
    /// For how many milliseconds a client may stop reading before its connection may be ended for that.
    pub stall: u64,
    /// `failed-message = tell`.
    pub tell: bool,
    /// Whether the gateway has a journal (`data`).
    pub journal: bool,
    /// How many milliseconds what was done may take to be seen by others.
    pub slack: u64,
}

impl Log {
    /// One line of JSON for the rules, and one for each entry.
    #[must_use]
    pub fn to_lines(&self) -> String {
        let mut lines = String::new();
        // Numbers, texts and lists of them: nothing that JSON cannot hold.
        let _ = writeln!(lines, "{}", json(&self.rules));
        for entry in &self.entries {
            let _ = writeln!(lines, "{}", json(entry));
        }
        lines
    }

    /// Reads what [`Log::to_lines`] wrote.
    ///
    /// # Errors
    /// When a line is not one of a log.
    pub fn from_lines(text: &str) -> Result<Self, String> {
        let mut lines = text.lines();
        let rules = lines.next().ok_or("an empty log")?;
        let rules = serde_json::from_str(rules).map_err(|error| format!("line 1: {error}"))?;
        let mut entries = Vec::new();
        for (at, line) in lines.enumerate() {
            let entry =
                serde_json::from_str(line).map_err(|error| format!("line {}: {error}", at + 2))?;
            entries.push(entry);
        }
        Ok(Self { rules, entries })
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

//! Which promises a log shows to be kept, and which broken.

mod delivery;
mod facts;
mod number;
mod order;
mod rooms;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

pub use number::Number;

use crate::log::{Entry, Log};
use facts::Facts;

/// Decides every promise that a log can decide.
///
/// ```
/// use wsfn_guarantees::{Log, Number, check};
///
/// let log = Log::from_lines(
///     r#"{"invoke_timeout":5000,"call_grace":0,"stall":9000,"tell":false,"journal":false,"slack":1}
/// {"at":1,"what":{"client":["ann","dialled"]}}
/// {"at":2,"what":{"function":[1,{"begin":{"kind":"connect","connection":"x==","event_id":"e1","seq":0,"text":"ann"}}]}}
/// {"at":3,"what":{"client":["ann",{"sent":"hello"}]}}
/// {"at":4,"what":{"function":[2,{"begin":{"kind":"message","connection":"x==","event_id":"e2","seq":1,"text":"hello"}}]}}
/// "#,
/// )?;
/// let verdicts = check(&log);
/// assert!(verdicts.broken(Number::O1));
/// assert!(verdicts.violations()[0].to_string().starts_with("O1: a message was sent before the connect was answered"));
/// # Ok::<(), String>(())
/// ```
#[must_use]
pub fn check(log: &Log) -> Verdicts {
    let facts = Facts::new(log);
    let mut verdicts = Verdicts::default();
    order::check(&facts, &mut verdicts);
    delivery::check(&facts, &mut verdicts);
    rooms::check(&facts, &mut verdicts);
    verdicts
}

/// What a log says about each number.
#[derive(Debug, Default)]
pub struct Verdicts {
    violations: Vec<Violation>,
    tried: BTreeMap<Number, usize>,
}

impl Verdicts {
    /// All violations.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// Whether the log shows that this promise was broken.
    #[must_use]
    pub fn broken(&self, number: Number) -> bool {
        self.violations.iter().any(|broken| broken.number == number)
    }

    /// How many things in the log could have broken this promise. With none, that it was kept says nothing.
    #[must_use]
    pub fn tried(&self, number: Number) -> usize {
        self.tried.get(&number).copied().unwrap_or_default()
    }

    /// Something could have broken the promise; with `holds` it has not.
    fn decide(
        &mut self,
        number: Number,
        holds: bool,
        facts: &Facts<'_>,
        shown: &[usize],
        what: impl FnOnce() -> String,
    ) {
        *self.tried.entry(number).or_default() += 1;
        if holds {
            return;
        }
        let entries = &facts.log.entries;
        let mut shown = shown.to_vec();
        shown.sort_unstable();
        shown.dedup();
        self.violations.push(Violation {
            number,
            what: what(),
            entries: shown
                .into_iter()
                .filter_map(|at| Some((at, entries.get(at)?.clone())))
                .collect(),
        });
    }
}

/// A promise that was broken.
#[derive(Debug, Clone)]
pub struct Violation {
    /// Which one.
    pub number: Number,
    /// How, in a sentence.
    pub what: String,
    /// The entries that show it, with their places in the log.
    pub entries: Vec<(usize, Entry)>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.number, self.what)?;
        for (at, entry) in &self.entries {
            write!(f, "\n  {at:>5} {:>12} µs  {:?}", entry.at, entry.what)?;
        }
        Ok(())
    }
}

//! What is wrong with the settings, all of it at once.

use std::fmt;

use crate::sources::Origin;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The setting as it was spelled where it was set: `WSFN_PUSH_LISTEN` or `push-listen`. Several, with commas,
    /// where they do not go together.
    pub name: String,
    /// What it was set to, shortened; `None` where that may be a secret.
    pub value: Option<String>,
    /// Where it was set.
    pub origin: Origin,
    /// What is wrong, and what was expected.
    pub reason: String,
    /// The nearest valid name in the same spelling, where the name is unknown.
    pub nearest: Option<String>,
}

impl Problem {
    /// The most characters of a value that an error repeats.
    const VALUE_MAX: usize = 80;

    pub(crate) fn new(name: impl Into<String>, origin: Origin, reason: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: None,
            origin,
            reason: reason.into(),
            nearest: None,
        }
    }

    pub(crate) fn value(mut self, value: &str) -> Self {
        let mut shown: String = value
            .chars()
            .take(Self::VALUE_MAX)
            .flat_map(|c| {
                if c.is_control() {
                    c.escape_default().collect()
                } else {
                    vec![c]
                }
            })
            .collect();
        if value.chars().nth(Self::VALUE_MAX).is_some() {
            shown.push('…');
        }
        self.value = Some(shown);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if let Some(value) = &self.value {
            write!(f, " = `{value}`")?;
        }
        write!(f, " ({}): {}", self.origin, self.reason)?;
        if let Some(nearest) = &self.nearest {
            write!(f, "; did you mean {nearest}?")?;
        }
        Ok(())
    }
}

/// Everything that is wrong with the settings.
///
/// `Display` is a line that counts, then a line for each problem.
///
/// ```
/// use wsfn_settings::{Settings, Sources};
///
/// let sources = Sources::new().env("WSFN_MAX_MESAGE", "64KiB").env("WSFN_DRAIN", "soon");
/// let problems = Settings::load(&sources).unwrap_err().to_string();
/// assert!(problems.contains("WSFN_MAX_MESSAGE"), "the nearest name: {problems}");
/// assert!(problems.contains("WSFN_DRAIN"), "and everything else: {problems}");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub(crate) Vec<Problem>);

impl Problems {
    /// The problems; there is at least one.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => f.write_str("a setting cannot be used:")?,
            count => write!(f, "{count} settings cannot be used:")?,
        }
        for problem in &self.0 {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

//! The numbers of the promises.

use std::fmt;

/// A promise that the checker decides, under the number that the page `guarantees` of the docs gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the page of the docs says what each promises")]
pub enum Number {
    O1,
    O2,
    O3,
    O4,
    O5,
    D1,
    D2,
    D3,
    D4,
    D5,
    R1,
    R2,
    R3,
    R4,
    R5,
}

impl Number {
    /// All of them, in the order of the page.
    pub const ALL: [Self; 15] = [
        Self::O1,
        Self::O2,
        Self::O3,
        Self::O4,
        Self::O5,
        Self::D1,
        Self::D2,
        Self::D3,
        Self::D4,
        Self::D5,
        Self::R1,
        Self::R2,
        Self::R3,
        Self::R4,
        Self::R5,
    ];

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|number| number.to_string() == name)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

//! What serde has against a value, taken apart instead of written down.

use std::fmt;

use serde::de::{Error, Expected, Unexpected};

use super::tree::{Step, Tree};

/// Why a value is not of a type, and where.
#[derive(Debug, PartialEq)]
pub(super) struct Problem {
    pub(super) what: What,
    pub(super) place: Place,
    /// From the value to the root.
    pub(super) steps: Vec<Step<'static>>,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum What {
    /// Another type or another value than expected; what was expected is in serde's words.
    Unexpected {
        found: Found,
        expected: String,
    },
    /// Another number of elements.
    Length {
        found: usize,
        expected: String,
    },
    /// A name that is none of these.
    Variant {
        found: String,
        expected: &'static [&'static str],
    },
    UnknownField {
        found: String,
        expected: &'static [&'static str],
    },
    MissingField(&'static str),
    DuplicateField(&'static str),
    /// In the words of a type's own code.
    Custom(String),
}

/// How well `steps` says where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It was found by code that has no place to name: serde's, with what it read into a buffer, or the type's own.
    Unknown,
    /// There.
    Here,
    /// There or somewhere inside: serde reads the values of some enums and of flattened structs into a buffer first,
    /// and what it says later does not say where.
    Within,
}

/// What stood there.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Found {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(String),
    List,
    Object,
    Other(String),
}

impl Found {
    pub(super) fn of(tree: &Tree<'_>) -> Self {
        match tree {
            Tree::Null => Self::Null,
            Tree::Bool(value) => Self::Bool(*value),
            Tree::Unsigned(value) => Self::Unsigned(*value),
            Tree::Signed(value) => Self::Signed(*value),
            Tree::Float(value) => Self::Float(*value),
            Tree::Text(text) | Tree::Word(text) => Self::Text(text.clone().into_owned()),
            Tree::List(_) => Self::List,
            Tree::Object(_) => Self::Object,
        }
    }
}

impl From<Unexpected<'_>> for Found {
    fn from(unexpected: Unexpected<'_>) -> Self {
        match unexpected {
            Unexpected::Bool(value) => Self::Bool(value),
            Unexpected::Unsigned(value) => Self::Unsigned(value),
            Unexpected::Signed(value) => Self::Signed(value),
            Unexpected::Float(value) => Self::Float(value),
            Unexpected::Char(value) => Self::Text(value.to_string()),
            Unexpected::Str(value) => Self::Text(value.to_owned()),
            Unexpected::Unit | Unexpected::Option => Self::Null,
            Unexpected::Seq => Self::List,
            Unexpected::Map => Self::Object,
            other => Self::Other(other.to_string()),
        }
    }
}

impl Problem {
    pub(super) const fn new(what: What) -> Self {
        Self {
            what,
            place: Place::Unknown,
            steps: Vec::new(),
        }
    }

    /// It is this value itself, unless it is known to be one inside.
    pub(super) fn at(mut self, place: Place) -> Self {
        if self.place == Place::Unknown {
            self.place = place;
        }
        self
    }

    /// It is in a value that stands there.
    pub(super) fn inside(mut self, step: Step<'_>) -> Self {
        self.steps.push(step.owned());
        self
    }
}

impl Error for Problem {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self::new(What::Custom(text.to_string()))
    }
    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let (found, expected) = (found.into(), expected.to_string());
        Self::new(What::Unexpected { found, expected })
    }
    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }
    fn invalid_length(found: usize, expected: &dyn Expected) -> Self {
        let expected = expected.to_string();
        Self::new(What::Length { found, expected })
    }
    fn unknown_variant(found: &str, expected: &'static [&'static str]) -> Self {
        let found = found.to_owned();
        Self::new(What::Variant { found, expected })
    }
    fn unknown_field(found: &str, expected: &'static [&'static str]) -> Self {
        let found = found.to_owned();
        Self::new(What::UnknownField { found, expected })
    }
    fn missing_field(field: &'static str) -> Self {
        Self::new(What::MissingField(field))
    }
    fn duplicate_field(field: &'static str) -> Self {
        Self::new(What::DuplicateField(field))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Who wants to read it writes it with `words`; serde asks for something.
        write!(f, "{:?}", self.what)
    }
}

impl std::error::Error for Problem {}

//! A JSON text as it is: order and repeated keys kept, strings borrowed where they have no escapes.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

/// A value of a text, or of a query string.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tree<'t> {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(Cow<'t, str>),
    /// Of a query string, where a number is written like a text.
    Word(Cow<'t, str>),
    List(Vec<Self>),
    Object(Vec<(Cow<'t, str>, Self)>),
}

impl<'t> Tree<'t> {
    /// The values inside, each with where it stands.
    pub(super) fn inside(&self) -> impl Iterator<Item = (Step<'_>, &Self)> {
        let (items, entries): (&[Self], &[_]) = match self {
            Self::List(items) => (items, &[]),
            Self::Object(entries) => (&[], entries),
            _ => (&[], &[]),
        };
        let items = items.iter().enumerate();
        let items = items.map(|(index, item)| (Step::Index(index), item));
        let entries = entries.iter();
        items.chain(entries.map(|(key, value)| (Step::Key(Cow::Borrowed(&**key)), value)))
    }

    /// Every string that had escapes, in the order of the text: to be changed, or looked at.
    pub(super) fn unescaped(&mut self, see: &mut impl FnMut(&mut Cow<'t, str>)) {
        let mut owned = |text: &mut Cow<'t, str>| {
            if matches!(text, Cow::Owned(_)) {
                see(text);
            }
        };
        match self {
            Self::Text(text) => owned(text),
            Self::List(items) => items.iter_mut().for_each(|item| item.unescaped(see)),
            Self::Object(entries) => {
                for (key, value) in entries {
                    if matches!(key, Cow::Owned(_)) {
                        see(key);
                    }
                    value.unescaped(see);
                }
            }
            _ => {}
        }
    }
}

/// Where a value stands in the one around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step<'s> {
    Key(Cow<'s, str>),
    Index(usize),
}

impl Step<'_> {
    pub(super) fn owned(self) -> Step<'static> {
        match self {
            Self::Key(key) => Step::Key(Cow::Owned(key.into_owned())),
            Self::Index(index) => Step::Index(index),
        }
    }
}

impl<'de> Deserialize<'de> for Tree<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reads)
    }
}

/// How serde_json hands over a number where a crate has asked for its feature `arbitrary_precision`: in an object, as
/// text.
const NUMBER: &str = "$serde_json::private::Number";

fn number<'t>(text: &str) -> Tree<'t> {
    let unsigned = text.parse().map(Tree::Unsigned);
    let number = unsigned.or_else(|_| text.parse().map(Tree::Signed));
    number.unwrap_or_else(|_| Tree::Float(text.parse().unwrap_or(f64::NAN)))
}

/// A key, borrowed where it can be.
#[derive(Deserialize)]
#[serde(transparent)]
struct Key<'t>(#[serde(borrow)] Cow<'t, str>);

struct Reads;

impl<'de> Visitor<'de> for Reads {
    type Value = Tree<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_unit<E>(self) -> Result<Tree<'de>, E> {
        Ok(Tree::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Tree<'de>, E> {
        Ok(Tree::Bool(value))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Tree<'de>, E> {
        Ok(Tree::Unsigned(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Tree<'de>, E> {
        Ok(Tree::Signed(value))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Tree<'de>, E> {
        Ok(Tree::Float(value))
    }
    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Tree<'de>, E> {
        Ok(Tree::Text(Cow::Borrowed(value)))
    }
    fn visit_str<E>(self, value: &str) -> Result<Tree<'de>, E> {
        Ok(Tree::Text(Cow::Owned(value.to_owned())))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree<'de>, A::Error> {
        let mut object = Vec::new();
        while let Some((Key(key), value)) = entries.next_entry()? {
            object.push((key, value));
        }
        Ok(match &object[..] {
            [(key, Tree::Text(text))] if key == NUMBER => number(text),
            _ => Tree::Object(object),
        })
    }
}

//! Why a value is not of a type, for whoever sent it: `lines[0].text: expected a string, got 7`.
//!
//! Serde's own texts are for those who wrote the type. They name Rust's types, they do not say where, and of an enum
//! with a tag not even which field. So a text that could not be read is read once more, slowly, through a
//! deserializer whose errors are not texts.

mod locate;
mod node;
mod problem;
#[cfg(test)]
mod tests;
mod tree;
mod word;
mod words;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::OnceLock;

use serde::de::{Deserialize, DeserializeOwned};

use node::Node;
use tree::Tree;

/// The strings of a text that have escapes, as what they say: kept beside the text, so that a `&str` can borrow them.
#[derive(Debug, Default)]
pub(crate) struct Unescaped(OnceLock<Vec<Box<str>>>);

/// Reads a text again that was no `T` at first. A field of the type `&str` cannot be borrowed from a string with
/// escapes; it is borrowed from `unescaped` then. For everything else it says what is wrong.
#[cold]
pub(super) fn read_again<'t, T: Deserialize<'t>>(
    text: &'t str,
    error: &serde_json::Error,
    unescaped: &'t Unescaped,
) -> Result<T, String> {
    let mut tree: Tree<'t> = serde_json::from_str(text).map_err(|error| no_json(text, &error))?;
    let kept = unescaped.0.get_or_init(|| {
        let mut strings = Vec::new();
        tree.unescaped(&mut |string| strings.push(Box::from(&**string)));
        strings
    });
    let mut strings = kept.iter();
    tree.unescaped(&mut |string| {
        if let Some(kept) = strings.next() {
            *string = Cow::Borrowed(kept);
        }
    });
    let error = without_position(error);
    // Any other text that can be read now is of a type that does not take each deserializer for what it is.
    let escaped = error.ends_with("expected a borrowed string");
    match T::deserialize(Node(&tree)) {
        Ok(value) if escaped => Ok(value),
        Ok(_) => Err(error),
        Err(problem) => Err(written::<T>(problem, &tree)),
    }
}

/// Why this JSON text is no `T`, of which nothing borrows that has escapes.
#[cold]
pub(crate) fn json<'t, T: Deserialize<'t>>(text: &'t str, error: &serde_json::Error) -> String {
    match serde_json::from_str(text) {
        Ok(tree) => of_tree::<T>(&tree, &without_position(error)),
        Err(error) => no_json(text, &error),
    }
}

/// Why this query string is no `T`.
#[cold]
pub(super) fn query<T: DeserializeOwned>(text: &str, error: &impl Display) -> String {
    let fields: BTreeMap<String, Vec<String>> = serde_html_form::from_str(text).unwrap_or_default();
    let entries = fields.into_iter().map(|(name, values)| {
        let mut words: Vec<_> = values
            .into_iter()
            .map(|value| Tree::Word(value.into()))
            .collect();
        let value = match words.len() {
            1 => words.remove(0),
            _ => Tree::List(words),
        };
        (Cow::Owned(name), value)
    });
    of_tree::<T>(&Tree::Object(entries.collect()), error)
}

fn of_tree<'t, T: Deserialize<'t>>(tree: &Tree<'t>, error: &impl Display) -> String {
    match T::deserialize(Node(tree)) {
        Ok(_) => error.to_string(),
        Err(problem) => written::<T>(problem, tree),
    }
}

fn written<'t, T: Deserialize<'t>>(mut problem: problem::Problem, tree: &Tree<'t>) -> String {
    locate::locate(&mut problem, tree, |changed| {
        T::deserialize(Node(changed)).err()
    });
    words::write(&problem)
}

fn no_json(text: &str, error: &serde_json::Error) -> String {
    if text.trim().is_empty() {
        return "not JSON: it is empty".to_owned();
    }
    let error = error.to_string();
    match error.strip_prefix("EOF while parsing ") {
        Some(what) => format!("not JSON: it ends inside {what}"),
        None => format!("not JSON: {error}"),
    }
}

/// An error of serde_json's without line and column, which say little about a text that a program wrote.
fn without_position(error: &serde_json::Error) -> String {
    let mut error = error.to_string();
    if let Some(position) = error.rfind(" at line ") {
        error.truncate(position);
    }
    error
}

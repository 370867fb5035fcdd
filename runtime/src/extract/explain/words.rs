//! A problem in the words of whoever sent the value.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::problem::{Found, Problem, What};
use super::tree::Step;

/// The most characters of a text, or of a key, that are repeated: its sender knows the rest.
const SHOWN: usize = 40;

/// The most steps of a path that are shown, the innermost.
const STEPS: usize = 8;

/// The most names that are listed.
const NAMES: usize = 12;

/// What is wrong and where: `lines[0].text: expected a string, got 7`.
pub(super) fn write(problem: &Problem) -> String {
    let (name, text) = match &problem.what {
        What::Unexpected { found, expected } => (
            None,
            format!("expected {}, got {}", words(expected), got(found)),
        ),
        What::Length { found, expected } => (None, length(*found, expected)),
        What::Variant { found, expected } => (
            None,
            format!("expected {}, got {}", one_of(expected), quoted(found)),
        ),
        What::UnknownField { found, expected } => {
            let known = match expected {
                [] => "there is none to set".to_owned(),
                _ => format!("expected {}", one_of(expected)),
            };
            (Some(&**found), format!("unknown field, {known}"))
        }
        What::MissingField(field) => (Some(*field), "missing field".to_owned()),
        What::DuplicateField(field) => (Some(*field), "given more than once".to_owned()),
        What::Custom(text) => (None, custom(text).into_owned()),
    };
    let path = path(problem, name);
    if path.is_empty() {
        text
    } else {
        format!("{path}: {text}")
    }
}

/// Where it is, with the name of a field that is not there behind it.
fn path(problem: &Problem, name: Option<&str>) -> String {
    let mut path = String::new();
    let hidden = problem.steps.len().saturating_sub(STEPS);
    if hidden > 0 {
        path.push('…');
    }
    // They stand from the inside to the outside.
    for step in problem.steps.iter().rev().skip(hidden) {
        match step {
            Step::Key(name) => key(&mut path, name),
            // Writing to a string cannot fail.
            Step::Index(index) => drop(write!(path, "[{index}]")),
        }
    }
    if let Some(name) = name {
        key(&mut path, name);
    }
    path
}

fn key(path: &mut String, name: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    let plain = |char: char| char.is_alphanumeric() || matches!(char, '_' | '-' | '$' | '@');
    if name.is_empty() || !name.chars().all(plain) || name.chars().count() > SHOWN {
        path.push_str(&quoted(name));
    } else {
        path.push_str(name);
    }
}

fn got(found: &Found) -> String {
    match found {
        Found::Null => "null".to_owned(),
        Found::Bool(value) => value.to_string(),
        Found::Unsigned(value) => value.to_string(),
        Found::Signed(value) => value.to_string(),
        Found::Float(value) => value.to_string(),
        Found::Text(text) => quoted(text),
        Found::List => "an array".to_owned(),
        Found::Object => "an object".to_owned(),
        Found::Other(text) => short(text).into_owned(),
    }
}

/// The text as JSON has it, cut where it is long.
fn quoted(text: &str) -> String {
    // A string is always JSON.
    let mut quoted = serde_json::to_string(&short(text)).unwrap_or_default();
    if quoted.is_empty() {
        quoted.push_str("a text");
    }
    quoted
}

fn short(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(SHOWN) {
        None => text.into(),
        Some((end, _)) => format!("{}…", &text[..end]).into(),
    }
}

fn length(found: usize, expected: &str) -> String {
    let elements = if found == 1 {
        "1 element"
    } else {
        &format!("{found} elements")
    };
    let expected = words(expected);
    // What an object is for takes an array too, which nobody means who sends one that is too short.
    let of = if expected == "an object" {
        "an array of "
    } else {
        ""
    };
    format!("expected {expected}, got {of}{elements}")
}

/// These names, as the texts that can be sent.
pub(super) fn one_of(names: &[&str]) -> String {
    let mut listed = String::new();
    for (index, name) in names.iter().take(NAMES).enumerate() {
        let last = index + 1 == names.len();
        let between = match (index, last) {
            (0, _) => "",
            (_, true) => " or ",
            _ => ", ",
        };
        listed += between;
        listed += &quoted(name);
    }
    match names.len() {
        0 => "nothing".to_owned(),
        count if count > NAMES => format!("{listed} or one of {} more", count - NAMES),
        _ => listed,
    }
}

/// What a type says of its own, without the name of a type: whoever sent the value does not know it.
fn custom(text: &str) -> Cow<'_, str> {
    if text.starts_with("data did not match any variant of untagged enum ") {
        return "expected another form of value: none of those that are known fits".into();
    }
    // A text of another crate may hold the value, whatever its size.
    match text.char_indices().nth(5 * SHOWN) {
        None => text.into(),
        Some((end, _)) => format!("{}…", &text[..end]).into(),
    }
}

/// Serde's words for what is expected, in words that need no Rust.
fn words(expected: &str) -> Cow<'_, str> {
    // As serde and its derive have them.
    const SAME: [(&str, &str); 16] = [
        ("a borrowed string", "a string"),
        ("a string", "a string"),
        ("a boolean", "true or false"),
        ("a character", "a string of one character"),
        ("f32", "a number"),
        ("f64", "a number"),
        ("a sequence", "an array"),
        ("a map", "an object"),
        ("unit", "null"),
        ("a byte array", "an array of bytes"),
        ("byte array", "an array of bytes"),
        ("a borrowed byte array", "a string"),
        ("field identifier", "a string"),
        ("variant identifier", "a string"),
        ("identifier", "a string"),
        ("option", "a value or null"),
    ];
    const BEGINNINGS: [(&str, &str); 11] = [
        ("struct variant ", "an object"),
        ("struct ", "an object"),
        ("internally tagged enum ", "an object"),
        ("adjacently tagged enum ", "an object"),
        ("unit struct ", "null"),
        ("unit variant ", "null"),
        ("variant index ", "a string"),
        ("enum ", "a string or an object with one key"),
        ("newtype variant ", "a value"),
        ("tuple struct ", "an array"),
        ("tuple variant ", "an array"),
    ];
    if let Some((_, words)) = SAME.iter().find(|(serde, _)| *serde == expected) {
        return (*words).into();
    }
    if let Some(number) = number(expected) {
        return number.into();
    }
    // `tuple struct X with 2 elements`, `a tuple of size 2`, `an array of length 2`.
    let size = |before| {
        expected
            .split_once(before)
            .map(|(_, size)| size.trim_end_matches(" elements"))
    };
    let tuple = expected
        .starts_with("tuple ")
        .then(|| size(" with "))
        .flatten();
    let size = tuple
        .or_else(|| size("a tuple of size "))
        .or_else(|| size("an array of length "));
    if let Some(size) = size {
        let plural = if size.starts_with("1 ") || size == "1" {
            ""
        } else {
            "s"
        };
        let size = size.trim_end_matches(" element");
        return format!("an array of {size} element{plural}").into();
    }
    match BEGINNINGS
        .iter()
        .find(|(serde, _)| expected.starts_with(serde))
    {
        Some((_, words)) => (*words).into(),
        None => expected.into(),
    }
}

/// `u8`, `a nonzero i32` and the like.
fn number(expected: &str) -> Option<String> {
    let (name, nonzero) = match expected.strip_prefix("a nonzero ") {
        Some(name) => (name, true),
        None => (expected, false),
    };
    let (least, most) = match name {
        "u8" => ("0".to_owned(), u8::MAX.to_string()),
        "u16" => ("0".to_owned(), u16::MAX.to_string()),
        "u32" => ("0".to_owned(), u32::MAX.to_string()),
        "u64" | "usize" => ("0".to_owned(), u64::MAX.to_string()),
        "u128" => ("0".to_owned(), u128::MAX.to_string()),
        "i8" => (i8::MIN.to_string(), i8::MAX.to_string()),
        "i16" => (i16::MIN.to_string(), i16::MAX.to_string()),
        "i32" => (i32::MIN.to_string(), i32::MAX.to_string()),
        "i64" | "isize" => (i64::MIN.to_string(), i64::MAX.to_string()),
        "i128" => (i128::MIN.to_string(), i128::MAX.to_string()),
        _ => return None,
    };
    Some(match (nonzero, &*least) {
        (true, "0") => format!("a whole number from 1 to {most}"),
        (true, _) => format!("a whole number from {least} to {most} other than 0"),
        (false, _) => format!("a whole number from {least} to {most}"),
    })
}

//! JSON in a message.

use std::borrow::Cow;

use serde::Deserialize;

use super::body::text;
use super::{Extracted, FromEvent};
use crate::error::Rejection;
use crate::event::{Event, HasBody};
use crate::message::Json;

impl<'e, E: HasBody<Self>, T: Deserialize<'e> + Send + 'e> FromEvent<'e, E> for Json<T> {
    async fn from_event(event: &'e Event<E>) -> Result<Self, Rejection> {
        Self::__extract(event).await
    }

    fn __extract(event: &'e Event<E>) -> Extracted<'e, Self> {
        Extracted::now(text(event).and_then(|text| read(text).map(Json)))
    }
}

fn read<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T, Rejection> {
    serde_json::from_str(text).map_err(|error| explain::<T>(text, &error))
}

/// Which field is wrong and why. Read once more to find the field, which the fast way does not track.
#[cold]
fn explain<'t, T: Deserialize<'t>>(text: &'t str, error: &serde_json::Error) -> Rejection {
    if !error.is_data() {
        return Rejection::new(format!("not JSON: {error}"));
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let (path, error) = match serde_path_to_error::deserialize::<_, T>(&mut json) {
        Err(error) => (error.path().to_string(), error.inner().to_string()),
        // What is wrong is behind the value.
        Ok(_) => (".".to_owned(), error.to_string()),
    };
    let path = if path == "." { "" } else { &path };
    let error = without_position(&error);
    // serde names a missing field in the text and not in the path.
    let missing = error.strip_prefix("missing field `");
    if let Some(field) = missing.and_then(|rest| rest.strip_suffix('`')) {
        let dot = if path.is_empty() { "" } else { "." };
        return Rejection::new(format!("{path}{dot}{field}: missing field"));
    }
    let colon = if path.is_empty() { "" } else { ": " };
    Rejection::new(format!("{path}{colon}{}", without_type(error)))
}

/// An error of serde's without the name of the program's type: the client gets to know its shape.
fn without_type(error: &str) -> Cow<'_, str> {
    // As serde's derive has them.
    const SHAPES: [(&str, &str); 9] = [
        ("expected struct ", "an object"),
        ("expected tuple struct ", "an array"),
        ("expected unit struct ", "null"),
        ("expected internally tagged enum ", "an object"),
        ("expected adjacently tagged enum ", "an object"),
        ("expected struct variant ", "an object"),
        ("expected tuple variant ", "an array"),
        ("expected unit variant ", "null"),
        ("expected enum ", "a string or an object with one key"),
    ];
    if error.starts_with("data did not match any variant of untagged enum ") {
        return "none of the forms that are expected".into();
    }
    for (prefix, shape) in SHAPES {
        if let Some(at) = error.find(prefix) {
            return format!("{}expected {shape}", &error[..at]).into();
        }
    }
    error.into()
}

/// An error of serde_json's without line and column, which say little about a text that a program wrote.
pub(crate) fn without_position(error: &str) -> &str {
    error
        .rfind(" at line ")
        .map_or(error, |position| &error[..position])
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::read;

    #[derive(Debug, Deserialize)]
    #[serde(tag = "type", rename_all = "lowercase")]
    #[expect(dead_code, reason = "only read")]
    enum Line {
        Say { name: String, text: String },
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read")]
    struct Outer {
        lines: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read")]
    struct Inner {
        text: String,
    }

    #[test]
    fn a_rejection_names_the_field() {
        let line = |text| read::<Line>(text).expect_err("no line").to_string();
        assert_eq!(line(r#"{"type":"say","name":"n"}"#), "text: missing field");
        assert_eq!(
            line(r#"{"type":"shout"}"#),
            "type: unknown variant `shout`, expected `say`"
        );
        let outer = |text| read::<Outer>(text).expect_err("no outer").to_string();
        assert_eq!(
            outer(r#"{"lines":[{"text":"a"},{}]}"#),
            "lines[1].text: missing field"
        );
        assert_eq!(
            outer(r#"{"lines":[{"text":7}]}"#),
            "lines[0].text: invalid type: integer `7`, expected a string"
        );
        assert_eq!(outer("7"), "invalid type: integer `7`, expected an object");
    }

    #[test]
    fn a_rejection_does_not_name_the_type() {
        #[derive(Debug, Deserialize)]
        #[serde(untagged)]
        enum Untagged {
            #[expect(dead_code, reason = "only read")]
            Number(u8),
        }
        let untagged = read::<Untagged>("\"x\"").expect_err("no number");
        assert_eq!(untagged.to_string(), "none of the forms that are expected");
        let line = read::<Line>("[7]").expect_err("no line");
        assert!(!line.to_string().contains("Line"), "{line}");
    }

    #[test]
    fn what_is_no_json_says_where() {
        assert_eq!(
            read::<Outer>("{").expect_err("no JSON").to_string(),
            "not JSON: EOF while parsing an object at line 1 column 1"
        );
        assert_eq!(
            read::<u8>("7 8").expect_err("two values").to_string(),
            "not JSON: trailing characters at line 1 column 3"
        );
    }
}

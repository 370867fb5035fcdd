//! What clients are told, type by type.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU8;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::tree::Tree;
use super::{Unescaped, query, read_again};

/// What is wrong with a text that is no `T`.
fn why<T: DeserializeOwned>(text: &str) -> String {
    let unescaped = Unescaped::default();
    let Err(error) = serde_json::from_str::<T>(text) else {
        panic!("{text} can be read")
    };
    read_again::<T>(text, &error, &unescaped)
        .err()
        .expect("it cannot be read")
}

/// The same of a type that borrows.
macro_rules! why {
    ($type:ty, $text:expr) => {{
        let (text, unescaped) = ($text, Unescaped::default());
        let error = serde_json::from_str::<$type>(text)
            .err()
            .expect("it cannot be read");
        read_again::<$type>(text, &error, &unescaped)
            .err()
            .expect("it cannot be read")
    }};
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
#[expect(dead_code, reason = "only read")]
enum Line {
    Join {
        room: String,
        name: String,
        seat: u8,
    },
    Say {
        author: Author,
        text: String,
        loud: bool,
        tags: Vec<String>,
    },
    Leave,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only read")]
struct Author {
    name: String,
    age: Option<u8>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only read")]
struct Strict {
    lines: Vec<Author>,
    #[serde(default)]
    size: Size,
}

#[derive(Debug, Default, Deserialize)]
enum Size {
    #[default]
    Small,
    Large,
    #[expect(dead_code, reason = "only read")]
    Exact(u16, u16),
    #[expect(dead_code, reason = "only read")]
    Named {
        name: String,
    },
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only read")]
struct Borrows<'a> {
    room: &'a str,
    #[serde(borrow)]
    text: Cow<'a, str>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind", content = "value")]
#[expect(dead_code, reason = "only read")]
enum Adjacent {
    Number(u8),
    Pair(u8, u8),
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
#[expect(dead_code, reason = "only read")]
enum Untagged {
    Number(u8),
    Named { name: String },
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only read")]
struct Flat {
    id: u32,
    #[serde(flatten)]
    author: Author,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only read")]
struct Newtype(Author);

#[derive(Debug, Deserialize)]
struct Unit;

/// A type with code of its own.
#[derive(Debug)]
struct Even;
impl<'de> Deserialize<'de> for Even {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u32::deserialize(deserializer)?;
        match number % 2 {
            0 => Ok(Self),
            _ => Err(serde::de::Error::custom(format!("{number} is odd"))),
        }
    }
}

#[test]
fn what_clients_are_told() {
    for (told, expected) in [
        // The field, what was expected, and what came.
        (
            why!(Borrows<'_>, r#"{"room":5}"#),
            "room: expected a string, got 5",
        ),
        (
            why!(Borrows<'_>, r#"{"room":"r","text":[]}"#),
            "text: expected a string, got an array",
        ),
        (why!(&str, "7"), "expected a string, got 7"),
        (
            why::<Author>(r#"{"name":null}"#),
            "name: expected a string, got null",
        ),
        (
            why::<Author>(r#"{"name":{}}"#),
            "name: expected a string, got an object",
        ),
        (
            why::<Author>(r#"{"name":true}"#),
            "name: expected a string, got true",
        ),
        (
            why::<Author>(r#"{"name":1.5}"#),
            "name: expected a string, got 1.5",
        ),
        (why::<Author>("7"), "expected an object, got 7"),
        (
            why::<Author>(r#""ann""#),
            r#"expected an object, got "ann""#,
        ),
        (
            why::<Author>("[]"),
            "expected an object, got an array of 0 elements",
        ),
        (why::<Newtype>("7"), "expected an object, got 7"),
        (why::<Unit>("7"), "expected null, got 7"),
        (why::<bool>("1"), "expected true or false, got 1"),
        (
            why::<char>(r#""ab""#),
            r#"expected a string of one character, got "ab""#,
        ),
        (why::<Vec<u8>>("{}"), "expected an array, got an object"),
        (
            why::<HashMap<String, u8>>("[]"),
            "expected an object, got an array",
        ),
        // Missing, repeated, unknown.
        (why::<Author>("{}"), "name: missing field"),
        (
            why::<Vec<Author>>(r#"[{"name":"a"},{}]"#),
            "[1].name: missing field",
        ),
        (
            why::<Strict>(r#"{"lines":[{"name":"a"},{}]}"#),
            "lines[1].name: missing field",
        ),
        (
            why::<Author>(r#"{"name":"a","name":"b"}"#),
            "name: given more than once",
        ),
        (
            why::<Strict>(r#"{"lines":[],"colour":1}"#),
            r#"colour: unknown field, expected "lines" or "size""#,
        ),
        // Numbers.
        (
            why::<u8>("300"),
            "expected a whole number from 0 to 255, got 300",
        ),
        (
            why::<u8>("-1"),
            "expected a whole number from 0 to 255, got -1",
        ),
        (
            why::<u8>("1.5"),
            "expected a whole number from 0 to 255, got 1.5",
        ),
        (
            why::<i16>("40000"),
            "expected a whole number from -32768 to 32767, got 40000",
        ),
        (
            why::<u64>("-1"),
            "expected a whole number from 0 to 18446744073709551615, got -1",
        ),
        (why::<f64>(r#""1""#), r#"expected a number, got "1""#),
        (
            why::<NonZeroU8>("0"),
            "expected a whole number from 1 to 255, got 0",
        ),
        (
            why::<BTreeMap<u8, u8>>(r#"{"x":1}"#),
            r#"expected a whole number from 0 to 255, got "x""#,
        ),
        (
            why::<Author>(r#"{"name":"a","age":1000}"#),
            "age: expected a whole number from 0 to 255, got 1000",
        ),
        // Lengths.
        (
            why::<(u8, u8)>("[1]"),
            "expected an array of 2 elements, got 1 element",
        ),
        (
            why::<(u8, u8)>("[1,2,3]"),
            "expected an array of 2 elements, got 3 elements",
        ),
        (
            why::<[u8; 1]>("[]"),
            "expected an array of 1 element, got 0 elements",
        ),
        // Enums.
        (
            why::<Line>(r#"{"type":"shout"}"#),
            r#"type: expected "join", "say" or "leave", got "shout""#,
        ),
        (why::<Line>("{}"), "type: missing field"),
        (
            why::<Line>(r#"{"type":5}"#),
            "type: expected a string, got 5",
        ),
        (
            why::<Line>(r#"{"type":null}"#),
            "type: expected a string, got null",
        ),
        (why::<Line>("[7]"), "[0]: expected a string, got 7"),
        (why::<Line>("7"), "expected an object, got 7"),
        (
            why::<Size>(r#""Huge""#),
            r#"expected "Small", "Large", "Exact" or "Named", got "Huge""#,
        ),
        (
            why::<Size>("7"),
            r#"expected "Small", "Large", "Exact" or "Named", got 7"#,
        ),
        (
            why::<Size>(r#"{"Small":null,"Large":null}"#),
            r#"expected "Small", "Large", "Exact" or "Named", got an object"#,
        ),
        (why::<Size>(r#"{"Small":1}"#), "Small: expected null, got 1"),
        (
            why::<Size>(r#""Named""#),
            r#"expected an object with one key, got "Named""#,
        ),
        (
            why::<Size>(r#"{"Exact":[1]}"#),
            "Exact: expected an array of 2 elements, got 1 element",
        ),
        (
            why::<Size>(r#"{"Exact":[1,"2"]}"#),
            r#"Exact[1]: expected a whole number from 0 to 65535, got "2""#,
        ),
        (why::<Size>(r#"{"Named":{}}"#), "Named.name: missing field"),
        (
            why::<Adjacent>(r#"{"kind":"Number","value":"x"}"#),
            r#"value: expected a whole number from 0 to 255, got "x""#,
        ),
        (
            why::<Adjacent>(r#"{"value":"x","kind":"Number"}"#),
            r#"value: expected a whole number from 0 to 255, got "x""#,
        ),
        (
            why::<Adjacent>(r#"{"kind":"Pair","value":[1]}"#),
            "value: expected an array of 2 elements, got 1 element",
        ),
        (
            why::<Adjacent>("[]"),
            "expected an object, got an array of 0 elements",
        ),
        (
            why::<Untagged>(r#""x""#),
            "expected another form of value: none of those that are known fits",
        ),
        // A type's own words.
        (why::<Vec<Even>>("[2,3]"), "[1]: 3 is odd"),
        (
            why::<std::net::IpAddr>(r#""x""#),
            "invalid IP address syntax",
        ),
        // What is no JSON.
        (why::<u8>(""), "not JSON: it is empty"),
        (why::<u8>(" \n"), "not JSON: it is empty"),
        (
            why::<u8>("hello"),
            "not JSON: expected value at line 1 column 1",
        ),
        (
            why::<Author>("{"),
            "not JSON: it ends inside an object at line 1 column 1",
        ),
        (
            why::<Author>(r#"{"name":7"#),
            "not JSON: it ends inside an object at line 1 column 9",
        ),
        (
            why::<u8>("7 8"),
            "not JSON: trailing characters at line 1 column 3",
        ),
    ] {
        assert_eq!(told, expected);
    }
}

#[test]
fn a_value_is_found_where_serde_read_it_into_a_buffer() {
    let say = |rest: &str| why::<Line>(&format!(r#"{{"type":"say",{rest}}}"#));
    let author = r#""author":{"name":"a"}"#;
    for (told, expected) in [
        (
            why::<Line>(r#"{"type":"join","room":"r","name":7}"#),
            "name: expected a string, got 7",
        ),
        // Two values of which only one is wrong; it is not the first.
        (
            why::<Line>(r#"{"type":"join","seat":7,"name":"n","room":7}"#),
            "room: expected a string, got 7",
        ),
        // And not the last.
        (
            why::<Line>(r#"{"type":"join","room":255,"name":"n","seat":255}"#),
            "room: expected a string, got 255",
        ),
        (
            why::<Line>(r#"{"type":"join","seat":300,"name":"n","room":"300"}"#),
            "seat: expected a whole number from 0 to 255, got 300",
        ),
        (
            say(r#""author":{"name":[]},"text":"t""#),
            "author.name: expected a string, got an array",
        ),
        (
            say(r#""author":{"name":"a","age":"a"}"#),
            r#"author.age: expected a whole number from 0 to 255, got "a""#,
        ),
        (
            say(r#""author":{},"text":"t""#),
            "author.name: missing field",
        ),
        (say(author), "text: missing field"),
        (
            say(&format!(r#"{author},"text":"t","loud":"t""#)),
            r#"loud: expected true or false, got "t""#,
        ),
        (
            say(&format!(
                r#"{author},"text":"t","loud":true,"tags":["x",true]"#
            )),
            "tags[1]: expected a string, got true",
        ),
        (
            say(&format!(
                r#"{author},"text":"t","loud":true,"tags":[null,"x"],"more":null"#
            )),
            "tags[0]: expected a string, got null",
        ),
        (
            why::<Flat>(r#"{"id":1,"name":1}"#),
            "name: expected a string, got 1",
        ),
        (
            why::<Flat>(r#"{"id":1,"name":"n","age":[]}"#),
            "age: expected a whole number from 0 to 255, got an array",
        ),
        (why::<Flat>(r#"{"id":1}"#), "name: missing field"),
        (
            why::<Flat>(r#"{"name":"n","id":"n"}"#),
            r#"id: expected a whole number from 0 to 4294967295, got "n""#,
        ),
    ] {
        assert_eq!(told, expected);
    }
}

#[test]
fn what_a_client_sent_is_repeated_in_part_only() {
    let long = "x".repeat(1_000_000);
    let told = why::<Author>(&format!(r#"{{"name":["{long}"],"name":1}}"#));
    assert_eq!(told, "name: expected a string, got an array");
    let told = why::<Vec<u8>>(&format!(r#"["{long}"]"#));
    assert_eq!(
        told,
        format!(
            r#"[0]: expected a whole number from 0 to 255, got "{}…""#,
            "x".repeat(40)
        )
    );
    let told = why::<HashMap<String, u8>>(&format!(r#"{{"{long}":[]}}"#));
    assert!(told.len() < 200, "{told}");
    let told = why::<Strict>(&format!(r#"{{"{long}":[]}}"#));
    assert!(told.len() < 200, "{told}");
    let (open, shut) = ("[".repeat(100), "]".repeat(100));
    let told = why::<Untagged>(&format!("{open}{shut}"));
    assert!(told.len() < 200, "{told}");
    assert_eq!(
        why::<HashMap<String, HashMap<String, u8>>>("{\"a b\":{\"\\n\":\"\"}}"),
        r#""a b"."\n": expected a whole number from 0 to 255, got """#
    );
}

/// Many values that look alike: it still ends, and tells what it can.
#[test]
fn many_values_do_not_make_it_slow() {
    let join = |numbers: usize, room: &str| {
        let numbers = vec!["7"; numbers].join(",");
        why::<Line>(&format!(
            r#"{{"type":"join","room":{room},"numbers":[{numbers}],"seat":7,"name":"n"}}"#
        ))
    };
    assert_eq!(join(900, "7"), "room: expected a string, got 7");
    assert_eq!(join(100_000, "7"), "expected a string, got 7");
    // The only one of its kind is found among any number.
    assert_eq!(join(900, "8"), "room: expected a string, got 8");
}

/// With a feature of serde_json that another crate may ask for, numbers come as objects.
#[test]
fn numbers_of_any_precision_are_numbers() {
    use serde::de::value::MapDeserializer;

    for (number, read) in [
        ("7", Tree::Unsigned(7)),
        ("-7", Tree::Signed(-7)),
        ("1.5", Tree::Float(1.5)),
    ] {
        let entries = [("$serde_json::private::Number", number)];
        let number: MapDeserializer<'_, _, serde::de::value::Error> =
            MapDeserializer::new(entries.into_iter());
        assert_eq!(Tree::deserialize(number), Ok(read));
    }
}

#[test]
fn a_string_with_escapes_can_be_borrowed() {
    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(tag = "type")]
    enum Both<'a> {
        One { text: &'a str, more: &'a str },
    }
    let (text, unescaped) = (
        r#"{"more\n":"a","\u0074ype":"One","text":"a\"b","more":"c","other":["\n"]}"#,
        Unescaped::default(),
    );
    let error = serde_json::from_str::<Both<'_>>(text).expect_err("escapes");
    for _ in 0..2 {
        let value = read_again::<Both<'_>>(text, &error, &unescaped);
        assert_eq!(
            value,
            Ok(Both::One {
                text: "a\"b",
                more: "c"
            })
        );
    }
    assert_eq!(
        why!(Borrows<'_>, r#"{"room":"a\nb"}"#),
        "text: missing field"
    );
}

#[test]
fn raw_values_are_not_in_the_way() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read")]
    struct Parts<'a> {
        #[serde(borrow)]
        raw: &'a RawValue,
        owned: Box<RawValue>,
        number: u8,
    }
    assert_eq!(
        why!(Parts<'_>, r#"{"raw":{"a":[1]},"owned":[2],"number":"x"}"#),
        r#"number: expected a whole number from 0 to 255, got "x""#
    );
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only read")]
struct Asked {
    name: String,
    seats: Vec<u8>,
    loud: Option<bool>,
    size: Option<Size>,
}

#[test]
fn a_query_string_is_explained_likewise() {
    for (text, expected) in [
        ("", "name: missing field"),
        ("name=a", "seats: missing field"),
        (
            "name=a&seats=x",
            r#"seats: expected a whole number from 0 to 255, got "x""#,
        ),
        (
            "name=a&seats=1&seats=300",
            "seats[1]: expected a whole number from 0 to 255, got 300",
        ),
        (
            "name=a&name=b&seats=1",
            "name: expected a string, got an array",
        ),
        (
            "name=a&seats=1&loud=yes",
            r#"loud: expected true or false, got "yes""#,
        ),
        (
            "name=a&seats=1&size=huge",
            r#"size: expected "Small", "Large", "Exact" or "Named", got "huge""#,
        ),
    ] {
        let error = serde_html_form::from_str::<Asked>(text).expect_err(text);
        assert_eq!(query::<Asked>(text, &error), expected, "{text}");
    }
}

//! From statements to the text that a server gets.

use std::fmt::Write as _;
use std::time::Duration;

use super::super::Terms;
use super::server::Dialect;
use crate::connection_id::ConnectionId;

/// What may stand in statements.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Values<'a> {
    id: &'a str,
    room: &'a str,
    session: &'a str,
    after: &'a str,
    each: &'a [&'a ConnectionId],
    version: u64,
    lease: Duration,
    grace: Duration,
    remember: Duration,
    lapse: Duration,
    limit: usize,
    most: usize,
}

impl<'a> Values<'a> {
    pub(super) fn of(id: &'a ConnectionId) -> Self {
        Self {
            id: id.as_str(),
            ..Self::default()
        }
    }

    pub(super) const fn room(self, room: &'a str) -> Self {
        Self { room, ..self }
    }

    pub(super) const fn session(self, session: &'a str) -> Self {
        Self { session, ..self }
    }

    pub(super) const fn after(self, after: &'a str) -> Self {
        Self { after, ..self }
    }

    pub(super) const fn each(self, each: &'a [&'a ConnectionId]) -> Self {
        Self { each, ..self }
    }

    pub(super) const fn version(self, version: u64) -> Self {
        Self { version, ..self }
    }

    pub(super) const fn limit(self, limit: usize) -> Self {
        Self { limit, ..self }
    }

    pub(super) const fn lapse(self, lapse: Duration) -> Self {
        Self { lapse, ..self }
    }

    pub(super) const fn terms(self, terms: &Terms) -> Self {
        Self {
            lease: terms.lease,
            grace: terms.grace,
            remember: terms.remember,
            most: terms.rooms_per_connection,
            ..self
        }
    }
}

/// The statements with `:name` replaced by its value, `:now` by the server's clock in milliseconds, and `[…]` by what
/// stands in it for each of the ids, which is `:each` there.
///
/// Texts are written as the hexadecimal digits of their bytes, and numbers as digits: whatever anyone names a room, no
/// character of it gets into a statement.
pub(super) fn write(statements: &str, values: &Values<'_>, dialect: &Dialect) -> String {
    let mut text = String::with_capacity(statements.len() * 2);
    let mut rest = statements;
    while let Some((before, from)) = rest.split_once('[') {
        let (repeated, after) = from.split_once(']').unwrap_or((from, ""));
        put(&mut text, before, values, "", dialect);
        for (at, id) in values.each.iter().enumerate() {
            if at > 0 {
                text.push_str(", ");
            }
            put(&mut text, repeated, values, id.as_str(), dialect);
        }
        rest = after;
    }
    put(&mut text, rest, values, "", dialect);
    text
}

fn put(text: &mut String, statements: &str, values: &Values<'_>, each: &str, dialect: &Dialect) {
    let mut parts = statements.split(':');
    text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let end = part
            .find(|char: char| !char.is_ascii_lowercase())
            .unwrap_or(part.len());
        let (name, after) = part.split_at(end);
        match name {
            "now" => text.push_str(dialect.now),
            "id" => bytes(text, values.id, dialect),
            "room" => bytes(text, values.room, dialect),
            "session" => bytes(text, values.session, dialect),
            "after" => bytes(text, values.after, dialect),
            "each" => bytes(text, each, dialect),
            "version" => number(text, values.version),
            "limit" => number(text, values.limit as u64),
            "most" => number(text, values.most as u64),
            "lease" => milliseconds(text, values.lease),
            "grace" => milliseconds(text, values.grace),
            "remember" => milliseconds(text, values.remember),
            "lapse" => milliseconds(text, values.lapse),
            // The statements are ours, and tests run each of them.
            other => debug_assert!(false, "no value is called {other}"),
        }
        text.push_str(after);
    }
}

fn bytes(text: &mut String, value: &str, dialect: &Dialect) {
    let (before, after) = dialect.bytes;
    text.push_str(before);
    for byte in value.bytes() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.push_str(after);
}

/// The most that a column has room for, with a time added to it.
const NUMBER_MAX: u64 = 1 << 52;

fn number(text: &mut String, value: u64) {
    // Writing to a string cannot fail.
    let _ = write!(text, "{}", value.min(NUMBER_MAX));
}

fn milliseconds(text: &mut String, value: Duration) {
    number(text, u64::try_from(value.as_millis()).unwrap_or(NUMBER_MAX));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DIALECT: Dialect = Dialect {
        now: "NOW",
        bytes: ("x'", "'"),
        ..Dialect::EMPTY
    };

    #[test]
    fn names_become_values() {
        let (ann, bob) = (ConnectionId::new("a'"), ConnectionId::new("b"));
        let terms = Terms::default();
        let ids = [&ann, &bob];
        let values = Values::of(&ann).room("é").each(&ids).limit(7).terms(&terms);
        let text = write(
            "A :id, :room; B [(:each, :now + :grace)], [:each]; C :limit",
            &values,
            &DIALECT,
        );
        assert_eq!(
            text,
            "A x'6127', x'c3a9'; B (x'6127', NOW + 60000), (x'62', NOW + 60000), x'6127', x'62'; C 7"
        );
    }

    proptest! {
        #[test]
        fn no_name_gets_into_a_statement(room in any::<String>(), id in any::<String>()) {
            let id = ConnectionId::new(id);
            let each = [&id];
            let values = Values::of(&id).room(&room).session(&room).after(&room).each(&each);
            let text = write(":id :room :session :after [:each]", &values, &DIALECT);
            for value in text.split(' ') {
                let digits = value.strip_prefix("x'").and_then(|value| value.strip_suffix('\''));
                prop_assert!(digits.unwrap().bytes().all(|byte| byte.is_ascii_hexdigit()));
            }
        }
    }
}

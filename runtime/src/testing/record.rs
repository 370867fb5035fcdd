//! What happened, in order.

use std::fmt::Write as _;
use std::time::Duration;

/// The most characters of a message that stand in a line.
const SHOWN: usize = 300;
/// The most bytes of a binary message that stand in a line.
const SHOWN_BYTES: usize = 32;

/// The lines of a ping of the gateway and of its answer.
pub(super) const PING_CAME: &str = "← ping";
pub(super) const PONG_SENT: &str = "→ pong";
/// How many pings and pongs in a row are shown one by one.
const QUIET_MAX: usize = 4;

/// Everything that happened in a test, line by line.
#[derive(Debug, Default)]
pub(super) struct Record(Vec<Line>);

#[derive(Debug)]
struct Line {
    at: Duration,
    who: String,
    /// Whose wire this went over; `None` where it went over none.
    client: Option<usize>,
    what: String,
}

impl Line {
    fn is_keepalive(&self) -> bool {
        matches!(&*self.what, PING_CAME | PONG_SENT)
    }
}

impl Record {
    /// Something that went over a client's wire.
    pub(super) fn wire(&mut self, at: Duration, client: usize, name: &str, what: String) {
        self.0.push(Line {
            at,
            who: name.to_owned(),
            client: Some(client),
            what,
        });
    }

    /// Something else.
    pub(super) fn note(&mut self, at: Duration, who: String, what: String) {
        self.0.push(Line {
            at,
            who,
            client: None,
            what,
        });
    }

    /// What one client sent and got. Pings that only keep a quiet connection alive are one line.
    pub(super) fn conversation(&self, client: usize) -> String {
        let lines: Vec<&Line> = self
            .0
            .iter()
            .filter(|line| line.client == Some(client))
            .collect();
        let mut text = String::new();
        let mut at = 0;
        while let Some(line) = lines.get(at) {
            let quiet = lines[at..].iter().take_while(|line| line.is_keepalive());
            let quiet = quiet.count();
            let (shown, what) = if quiet > QUIET_MAX {
                (quiet, format!("… {quiet} pings and pongs"))
            } else {
                (1, line.what.clone())
            };
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{:>5} {}  {what}", at + 1, shown_time(line.at));
            at += shown;
        }
        text
    }

    /// Everything.
    pub(super) fn history(&self) -> String {
        let mut text = String::new();
        for line in &self.0 {
            let time = shown_time(line.at);
            let _ = writeln!(text, "{time}  {:<10} {}", line.who, line.what);
        }
        text
    }
}

fn shown_time(at: Duration) -> String {
    format!("{:>9.3} s", at.as_secs_f64())
}

/// A text as it stands in a line.
pub(super) fn shown_text(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}… ({} bytes)", escaped(&text[..end]), text.len()),
        None => escaped(text),
    }
}

/// Control characters would break the line; quotes are left as they are, or JSON could not be read.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if c.is_control() {
            escaped.extend(c.escape_default());
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Bytes as they stand in a line.
pub(super) fn shown_bytes(bytes: &[u8]) -> String {
    let mut text = format!("({} bytes)", bytes.len());
    for byte in bytes.iter().take(SHOWN_BYTES) {
        let _ = write!(text, " {byte:02x}");
    }
    if bytes.len() > SHOWN_BYTES {
        text.push_str(" …");
    }
    text
}

/// A close as it stands in a line.
pub(super) fn shown_close(code: Option<u16>, reason: &str) -> String {
    match (code, reason) {
        (None, _) => "close without a code".to_owned(),
        (Some(code), "") => format!("close {code}"),
        (Some(code), reason) => format!("close {code} ({})", escaped(reason)),
    }
}

/// The name of a type without the path to it.
pub(super) fn short_name<T>() -> &'static str {
    let name = std::any::type_name::<T>();
    match name.split_once('<') {
        None => name.rsplit("::").next().unwrap_or(name),
        Some(_) => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quiet_hour_is_one_line() {
        let mut record = Record::default();
        let mut say = |at: u64, what: &str| {
            record.wire(Duration::from_secs(at), 1, "ann", what.to_owned());
        };
        say(0, "← accepted");
        for at in [25, 50] {
            say(at, PING_CAME);
            say(at, PONG_SENT);
        }
        say(60, "→ text hi");
        for at in [85, 110, 135] {
            say(at, PING_CAME);
            say(at, PONG_SENT);
        }
        say(150, "← text ho");
        let text = record.conversation(1);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 8, "{text}");
        assert_eq!(lines[1], "    2    25.000 s  ← ping");
        assert_eq!(lines[6], "    7    85.000 s  … 6 pings and pongs");
        assert_eq!(lines[7], "   13   150.000 s  ← text ho");
    }

    #[test]
    fn lines_stay_lines() {
        assert_eq!(shown_text("{\"a\":\n\"ä\"}"), "{\"a\":\\n\"ä\"}");
        assert!(shown_text(&"ä".repeat(400)).ends_with("ä… (800 bytes)"));
        assert_eq!(shown_bytes(&[0, 255]), "(2 bytes) 00 ff");
        assert!(shown_bytes(&[1; 40]).ends_with(" 01 …"));
        assert_eq!(shown_close(Some(4408), "idle"), "close 4408 (idle)");
    }
}

//! Settings from `wsfn.toml`.

use std::io::{self, Read as _};
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Reading;
use crate::problem::Problem;
use crate::sources::{Origin, Raw};

/// The file in the working directory, which need not be there.
const DEFAULT_PATH: &str = "wsfn.toml";

/// A settings file is a page of text; a device or a disk image that is named by mistake is not read to its end.
const MAX_BYTES: u64 = 1 << 20;

/// Reads the file that `config` names, or the one that may stand in the working directory.
pub(super) fn read_disk(config: Option<&str>, reading: &mut Reading) {
    let path = Path::new(config.unwrap_or(DEFAULT_PATH));
    match read_text(path) {
        Ok(text) => read(path, &text, reading),
        Err(error) if config.is_none() && error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => {
            let reason = format!("cannot be read: {error}");
            reading.problems.push(match config {
                Some(config) => {
                    Problem::new("WSFN_CONFIG", Origin::Environment, reason).value(config)
                }
                None => Problem::new(
                    "config",
                    Origin::File {
                        path: path.into(),
                        line: 0,
                    },
                    reason,
                ),
            });
        }
    }
}

/// A text file of bounded size.
pub(super) fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let read = std::fs::File::open(path)?
        .take(MAX_BYTES + 1)
        .read_to_string(&mut text)?;
    if read as u64 > MAX_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "larger than 1MiB",
        ));
    }
    Ok(text)
}

/// Reads the text of a file.
pub(super) fn read(path: &Path, text: &str, reading: &mut Reading) {
    let origin = |at: usize| Origin::File {
        path: path.into(),
        line: line(text, at),
    };
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        // Not the error's own `Display`: it repeats the line, and that may hold a secret.
        let at = error.span().map_or(0, |span| span.start);
        reading.problems.push(Problem::new(
            "config",
            origin(at),
            format!("not TOML: {}", error.message()),
        ));
    }
    if !errors.is_empty() {
        return;
    }
    for (key, value) in table.get_ref() {
        let name = key.get_ref().to_string();
        let origin = origin(key.span().start);
        if name == super::routes::KEY {
            super::routes::read(value, origin, |at| line(text, at), reading);
            continue;
        }
        match raw(value) {
            Ok(raw) => reading.take(&name, name.clone(), raw, origin),
            // A table has the name of a setting at best.
            Err(expected) => match super::look_up(&name) {
                super::Named::Setting(_) => {
                    reading.problems.push(Problem::new(name, origin, expected));
                }
                _ => reading.take(&name, name.clone(), Raw::Many(Vec::new()), origin),
            },
        }
    }
}

/// A value as a text or a list of texts.
pub(super) fn raw(value: &Spanned<DeValue<'_>>) -> Result<Raw, String> {
    match value.get_ref() {
        DeValue::Array(items) => items
            .iter()
            .map(scalar)
            .collect::<Result<_, _>>()
            .map(Raw::Many),
        _ => scalar(value).map(Raw::One),
    }
}

fn scalar(value: &Spanned<DeValue<'_>>) -> Result<String, String> {
    match value.get_ref() {
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Ok(number.as_str().to_string()),
        DeValue::Boolean(on) => Ok(on.to_string()),
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Datetime(_) => Err(
            "expected a text in quotes, a decimal number, true, false, or a list of these".into(),
        ),
        DeValue::Array(_) | DeValue::Table(_) => {
            Err("expected a value, found a table or a list of lists".into())
        }
    }
}

/// The line, from 1, in which a byte stands.
fn line(text: &str, at: usize) -> usize {
    let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}

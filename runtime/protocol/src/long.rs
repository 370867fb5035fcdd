//! JSON of what carries long data.
//!
//! serde_json looks at a string byte by byte, so that a text of 256 KiB takes ten times as long to write as to copy. A
//! long one is looked at in one go here, and where nothing in it has to be escaped it is put into the JSON that was
//! written without it.

use crate::data::Data;
use crate::payload::Payload;

/// From so many bytes on it is worth a second look at the JSON.
const LONG: usize = 512;

/// The field in which it is missing. There is no other: within a string its quotes were escaped.
const MISSING: &str = r#""data":"""#;

/// The JSON that `write` makes of something with this data, if it is long and stands in JSON as it is. `write` is given
/// data of the same kind that is empty.
pub(crate) fn json(data: &Data<'_>, write: impl FnOnce(Data<'static>) -> String) -> Option<String> {
    if data.as_bytes().len() < LONG {
        return None;
    }
    let empty = match data {
        Data::Text(text) if stands_as_it_is(text) => Data::Text("".into()),
        Data::Text(_) => return None,
        // Base64 always does.
        Data::Binary(_) => Data::Binary([].as_slice().into()),
    };
    let data = data.to_wire();
    let mut json = write(empty);
    let at = json.find(MISSING)? + MISSING.len() - 1;
    json.reserve_exact(data.len());
    json.insert_str(at, &data);
    Some(json)
}

/// The same for a payload.
pub(crate) fn json_with_payload(
    payload: &Payload<'_>,
    write: impl FnOnce(Payload<'static>) -> String,
) -> Option<String> {
    json(&payload.data, |data| {
        write(Payload {
            data,
            compress: payload.compress,
        })
    })
}

fn stands_as_it_is(text: &str) -> bool {
    let is_escaped = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    // All of a piece before the answer, which a processor does for many bytes at once.
    let mut pieces = text.as_bytes().chunks(4096);
    pieces.all(|piece| {
        !piece
            .iter()
            .fold(false, |any, byte| any | is_escaped(*byte))
    })
}

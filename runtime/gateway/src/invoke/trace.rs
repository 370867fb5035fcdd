//! Traces across processes (W3C Trace Context).

/// What tells tracing libraries of any language that a call belongs to this event (`traceparent`). `None` for a request
/// id that is no UUID.
///
/// The trace is that of the client, where a proxy vouches for one, else one that is named by the request id, so that
/// logs and traces are found by the same digits. The span is named by the end of the request id either way: the end
/// counts, so it differs from span to span.
pub(super) fn parent(request_id: &str, client: Option<&str>) -> Option<String> {
    let mut digits = [0; 32];
    let mut places = digits.iter_mut();
    for digit in request_id.bytes().filter(|digit| *digit != b'-') {
        if !digit.is_ascii_hexdigit() {
            return None;
        }
        *places.next()? = digit.to_ascii_lowercase();
    }
    let is_whole = places.next().is_none();
    let (_, span) = digits.split_at(16);
    if !is_whole || is_zero(span) {
        return None;
    }
    let (trace, flags) = client
        .and_then(|client| Some((client.get(TRACE)?.as_bytes(), client.get(FLAGS)?.as_bytes())))
        .unwrap_or((&digits[..], &b"01"[..]));
    let bytes = [b"00-", trace, b"-", span, b"-", flags].concat();
    // Nothing but digits and hyphens.
    String::from_utf8(bytes).ok()
}

/// Where the parts of a `traceparent` stand.
const TRACE: std::ops::Range<usize> = 3..35;
const SPAN: std::ops::Range<usize> = 36..52;
const FLAGS: std::ops::Range<usize> = 53..55;
const LENGTH: usize = FLAGS.end;

/// A `traceparent` as version 00 writes it, with no flag but whether it is sampled; `None` where it is none, and a new
/// trace begins.
pub(crate) fn valid(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    // A later version may have more behind, which nobody here understands.
    let is_long_enough = match bytes.get(..3)? {
        b"00-" => bytes.len() == LENGTH,
        b"ff-" => false,
        _ => bytes.len() == LENGTH || bytes.get(LENGTH) == Some(&b'-'),
    };
    let is_well_formed = (0..LENGTH).all(|at| match (at, bytes.get(at)) {
        (2 | 35 | 52, byte) => byte == Some(&b'-'),
        (_, byte) => byte.is_some_and(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')),
    });
    if !is_long_enough || !is_well_formed || is_zero(&bytes[TRACE]) || is_zero(&bytes[SPAN]) {
        return None;
    }
    let flags = u8::from_str_radix(&text[FLAGS], 16).ok()?;
    Some(format!(
        "00-{}-{}-{:02x}",
        &text[TRACE],
        &text[SPAN],
        flags & 1
    ))
}

fn is_zero(digits: &[u8]) -> bool {
    digits.iter().all(|digit| *digit == b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_request_id_names_the_trace() {
        assert_eq!(
            parent("c6af9ac6-7b61-4000-8a41-93e8deadbeef", None).as_deref(),
            Some("00-c6af9ac67b6140008a4193e8deadbeef-8a4193e8deadbeef-01")
        );
        assert_eq!(
            parent("C6AF9AC6-7B61-4000-8A41-93E8DEADBEEF", None),
            parent("c6af9ac6-7b61-4000-8a41-93e8deadbeef", None)
        );
        for wrong in [
            "",
            "r-1",
            "c6af9ac6-7b61-4000-8a41-93e8deadbee",
            "c6af9ac6-7b61-4000-8a41-93e8deadbeef0",
            "c6af9ac6-7b61-4000-8a41-93e8deadbeeü",
            "c6af9ac6-7b61-4000-8a41-93e8deadbeeg",
            "c6af9ac6-7b61-4000-0000-000000000000",
        ] {
            assert_eq!(parent(wrong, None), None, "{wrong}");
            assert_eq!(parent(wrong, Some(CLIENT)), None, "{wrong}");
        }
    }

    #[test]
    fn the_trace_of_a_client_goes_on() {
        assert_eq!(
            parent("c6af9ac6-7b61-4000-8a41-93e8deadbeef", Some(CLIENT)).as_deref(),
            Some("00-0af7651916cd43dd8448eb211c80319c-8a4193e8deadbeef-01")
        );
    }

    #[test]
    fn only_what_the_standard_allows_is_a_traceparent() {
        let (trace, span) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
        for (text, flags) in [
            (format!("00-{trace}-{span}-01"), "01"),
            (format!("00-{trace}-{span}-00"), "00"),
            // Flags that are not known are not passed on.
            (format!("00-{trace}-{span}-ff"), "01"),
            // A later version.
            (format!("cc-{trace}-{span}-03"), "01"),
            (format!("cc-{trace}-{span}-00-more"), "00"),
        ] {
            let expected = format!("00-{trace}-{span}-{flags}");
            assert_eq!(valid(&text).as_deref(), Some(&*expected), "{text}");
        }
        for wrong in [
            String::new(),
            "00".into(),
            format!("ff-{trace}-{span}-01"),
            format!("00-{trace}-{span}-01-more"),
            format!("cc-{trace}-{span}-01more"),
            format!("00-{trace}-{span}-1"),
            format!("00-{}-{span}-01", trace.to_ascii_uppercase()),
            format!("00-{}-{span}-01", "0".repeat(32)),
            format!("00-{trace}-{}-01", "0".repeat(16)),
            format!("00-{trace}-{}-01", "g".repeat(16)),
            format!("00-{trace}_{span}-01"),
            format!("00-{trace}-{span}-0ä"),
            // Two headers, which are read as one list.
            format!("00-{trace}-{span}-01, 00-{trace}-{span}-01"),
        ] {
            assert_eq!(valid(&wrong), None, "{wrong}");
        }
    }
}

//! Traces across processes (W3C Trace Context).

/// What tells tracing libraries of any language that a call belongs to this event (`traceparent`). The trace is named
/// by the request id, which is a UUID, so that logs and traces are found by the same digits; `None` for an id that is
/// none.
pub(super) fn parent(request_id: &str) -> Option<String> {
    let mut trace = [0; 32];
    let mut places = trace.iter_mut();
    for digit in request_id.bytes().filter(|digit| *digit != b'-') {
        if !digit.is_ascii_hexdigit() {
            return None;
        }
        *places.next()? = digit.to_ascii_lowercase();
    }
    let is_whole = places.next().is_none();
    // The end of the id counts, so it differs from span to span.
    let (_, span) = trace.split_at(16);
    if !is_whole || span.iter().all(|digit| *digit == b'0') {
        return None;
    }
    let bytes = [b"00-", &trace[..], b"-", span, b"-01"].concat();
    // Nothing but digits and hyphens.
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_names_the_trace() {
        assert_eq!(
            parent("c6af9ac6-7b61-4000-8a41-93e8deadbeef").as_deref(),
            Some("00-c6af9ac67b6140008a4193e8deadbeef-8a4193e8deadbeef-01")
        );
        assert_eq!(
            parent("C6AF9AC6-7B61-4000-8A41-93E8DEADBEEF"),
            parent("c6af9ac6-7b61-4000-8a41-93e8deadbeef")
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
            assert_eq!(parent(wrong), None, "{wrong}");
        }
    }
}

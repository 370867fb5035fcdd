//! Traces across processes (W3C Trace Context).

/// What tells tracing libraries of any language that a call belongs to this event (`traceparent`). The trace is named
/// by the request id, which is a UUID, so that logs and traces are found by the same digits; `None` for an id that is
/// none.
pub(super) fn parent(request_id: &str) -> Option<String> {
    let trace: String = request_id.chars().filter(|digit| *digit != '-').collect();
    let is_hex = trace.len() == 32 && trace.bytes().all(|byte| byte.is_ascii_hexdigit());
    let zero = |text: &str| text.bytes().all(|byte| byte == b'0');
    // The end of the id counts, so it differs from span to span.
    let span = trace.get(16..)?;
    (is_hex && !zero(span)).then(|| {
        format!(
            "00-{}-{}-01",
            trace.to_ascii_lowercase(),
            span.to_ascii_lowercase()
        )
    })
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
        for wrong in [
            "",
            "r-1",
            "c6af9ac6-7b61-4000-8a41-93e8deadbeeg",
            "c6af9ac6-7b61-4000-0000-000000000000",
        ] {
            assert_eq!(parent(wrong), None, "{wrong}");
        }
    }
}

//! Which pages may connect.

/// The pages that may open a connection, by the `Origin` header that their browser sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowOrigin {
    /// Pages from the host and port that the request names; on a loopback listener, any loopback origin.
    SameHost,
    /// Any page: `*`.
    Any,
    /// These, in lower case: `https://app.example`, or `null` for pages without an origin.
    List(Vec<String>),
}

/// An origin as browsers send it, in lower case.
pub(super) fn parse(text: &str) -> Result<String, String> {
    let expected = || "expected origins such as https://app.example, or *".to_string();
    let lower = text.to_ascii_lowercase();
    if lower == "null" {
        return Ok(lower);
    }
    let (scheme, host) = lower.split_once("://").ok_or_else(expected)?;
    let scheme_is_name = scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let host_is_name = !host.is_empty()
        && host
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"/?#@\\*".contains(&byte));
    if !scheme_is_name || !host_is_name {
        return Err(expected());
    }
    // A browser leaves the default port out, so one that is written would never match.
    let default_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => "",
    };
    let host = if default_port.is_empty() {
        host
    } else {
        host.strip_suffix(default_port).unwrap_or(host)
    };
    Ok(format!("{scheme}://{host}"))
}

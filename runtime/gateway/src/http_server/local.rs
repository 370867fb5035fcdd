//! Whether a request can come from a web page.

use std::net::IpAddr;

use hyper::header::HOST;
use hyper::http::request::Parts;
use hyper::http::uri::Authority;

/// Whether every name that the request gives for its host is an address or `localhost`, for which no name server
/// answers: a web page reaches a port as if it were of the same origin, once its own name resolves to this address.
pub(crate) fn is_local(head: &Parts) -> bool {
    let mut hosts = head.headers.get_all(HOST).iter();
    let named = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().is_ok_and(is_local_host),
        _ => false,
    };
    named
        && head
            .uri
            .authority()
            .is_none_or(|authority| is_local_host(authority.as_str()))
}

fn is_local_host(text: &str) -> bool {
    let Ok(authority) = text.parse::<Authority>() else {
        return false;
    };
    let host = authority.host();
    let address = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    !text.contains('@')
        && (host.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok())
}

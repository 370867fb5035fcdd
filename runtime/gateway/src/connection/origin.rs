//! Which pages may connect.

use wsfn_settings::AllowOrigin;

/// Whether a handshake with this `Origin` and `Host` passes. Without an origin it is no browser, and passes.
///
/// Scheme aside, because the gateway does not know whether TLS ends before it. On a loopback listener any loopback
/// origin passes: a page that is served on another port there is the developer's own.
pub(super) fn is_allowed(
    allow: &AllowOrigin,
    origin: Option<&str>,
    host: Option<&str>,
    loopback_listener: bool,
) -> bool {
    let Some(origin) = origin else {
        return true;
    };
    match allow {
        AllowOrigin::Any => true,
        AllowOrigin::List(list) => list.iter().any(|one| one.eq_ignore_ascii_case(origin)),
        AllowOrigin::SameHost => {
            let Some((scheme, authority)) = origin.split_once("://") else {
                return false;
            };
            let same = host.is_some_and(|host| same_authority(scheme, authority, host));
            same || (loopback_listener && is_loopback(authority))
        }
    }
}

/// Whether origin and host name the same place; a browser leaves the default port out of both.
fn same_authority(scheme: &str, origin: &str, host: &str) -> bool {
    let default = match scheme {
        "https" => ":443",
        _ => ":80",
    };
    let plain = |text: &str| {
        let text = text.to_ascii_lowercase();
        text.strip_suffix(default)
            .map_or(text.clone(), str::to_owned)
    };
    plain(origin) == plain(host)
}

/// Whether an authority is this machine, by name or address.
fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => authority.split(':').next().unwrap_or(authority),
    };
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same_host(origin: &str, host: &str, loopback: bool) -> bool {
        is_allowed(&AllowOrigin::SameHost, Some(origin), Some(host), loopback)
    }

    #[test]
    fn same_host_and_port_scheme_aside() {
        assert!(same_host("https://a.example", "a.example", false));
        assert!(same_host("https://a.example", "A.example:443", false));
        assert!(same_host("http://a.example:81", "a.example:81", false));
        assert!(!same_host("http://a.example:81", "a.example", false));
        assert!(!same_host("https://b.example", "a.example", false));
        assert!(!same_host(
            "https://a.example.evil.example",
            "a.example",
            false
        ));
        assert!(!same_host("null", "a.example", false));
        assert!(!same_host("http://localhost:3000", "a.example", false));
    }

    #[test]
    fn any_loopback_origin_on_a_loopback_listener() {
        for origin in [
            "http://localhost:3000",
            "http://127.0.0.1:5173",
            "http://[::1]:80",
            "https://127.1.2.3",
        ] {
            assert!(same_host(origin, "127.0.0.1:9001", true), "{origin}");
        }
        for origin in [
            "http://localhost.evil.example",
            "http://127.0.0.1.evil.example",
            "http://10.0.0.1",
        ] {
            assert!(!same_host(origin, "127.0.0.1:9001", true), "{origin}");
        }
    }

    #[test]
    fn a_list_is_the_list_and_no_header_passes() {
        let list = AllowOrigin::List(vec!["https://a.example".into()]);
        assert!(is_allowed(&list, Some("https://A.example"), None, false));
        assert!(!is_allowed(
            &list,
            Some("http://a.example"),
            Some("a.example"),
            true
        ));
        assert!(is_allowed(&list, None, None, false));
        assert!(is_allowed(
            &AllowOrigin::Any,
            Some("https://x.example"),
            None,
            false
        ));
    }
}

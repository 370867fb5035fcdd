//! Settings from the environment.

use super::Reading;
use crate::problem::Problem;
use crate::sources::{Origin, Raw, Sources};
use crate::table::PREFIX;

/// What begins so says how tests run, such as the seed of the test kit, and is none of the program's business: a program
/// that a test starts inherits it.
const TESTS: &str = "TEST_";

pub(super) fn read(sources: &Sources, reading: &mut Reading) {
    let kubernetes = sources
        .env
        .contains_key(std::ffi::OsStr::new("KUBERNETES_SERVICE_HOST"));
    for (name, value) in &sources.env {
        let spelled = name.to_string_lossy();
        let Some(rest) = spelled.strip_prefix(PREFIX) else {
            continue;
        };
        let is_none = rest.starts_with(TESTS) || (kubernetes && is_service_link(rest));
        if value.is_empty() || is_none {
            continue;
        }
        let key = rest.to_ascii_lowercase().replace('_', "-");
        // `WSFN_push_listen` and `WSFN_PUSH-LISTEN` are not what the documentation says.
        let exact = !rest.contains('-') && !rest.bytes().any(|byte| byte.is_ascii_lowercase());
        match value.to_str() {
            Some(value) if exact => {
                reading.take(
                    &key,
                    spelled.into_owned(),
                    Raw::One(value.into()),
                    Origin::Environment,
                );
            }
            Some(value) => reading.unknown(
                spelled.into_owned(),
                &Raw::One(value.into()),
                Origin::Environment,
                crate::SETTINGS
                    .iter()
                    .map(|setting| setting.name)
                    .find(|name| *name == key),
            ),
            None => {
                reading
                    .problems
                    .push(Problem::new(spelled, Origin::Environment, "expected UTF-8"))
            }
        }
    }
}

/// Whether Kubernetes makes such a variable for a service whose name begins with `wsfn`: it gives every process
/// of a namespace the addresses of its services, in the style of old container links.
fn is_service_link(rest: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_port = |text: &str| {
        text.is_empty()
            || text.strip_prefix('_').is_some_and(|text| {
                text.split_once('_').is_some_and(|(port, rest)| {
                    let protocol = rest.split('_').next().unwrap_or(rest);
                    digits(port) && matches!(protocol, "TCP" | "UDP" | "SCTP")
                })
            })
    };
    let service = format!("_{rest}");
    service.ends_with("_SERVICE_HOST")
        || service.contains("_SERVICE_PORT")
        || service
            .match_indices("_PORT")
            .any(|(at, found)| is_port(&service[at + found.len()..]))
}

#[cfg(test)]
mod tests {
    use super::is_service_link;

    #[test]
    fn service_links_are_told_from_settings() {
        for link in [
            "SERVICE_HOST",
            "SERVICE_PORT",
            "SERVICE_PORT_PUSH",
            "PORT",
            "PORT_9001_TCP",
            "PORT_9001_TCP_ADDR",
            "GATEWAY_SERVICE_HOST",
            "GATEWAY_PORT",
            "GATEWAY_PORT_9001_TCP_PROTO",
        ] {
            assert!(is_service_link(link), "{link}");
        }
        for setting in crate::SETTINGS {
            let name = setting.env_name();
            assert!(!is_service_link(&name["WSFN_".len()..]), "{name}");
        }
    }
}

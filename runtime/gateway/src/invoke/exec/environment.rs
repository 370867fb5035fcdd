//! What a process sees of the world.

use std::ffi::OsString;
use std::net::SocketAddr;

use wsfn_settings::{Settings, near};

/// Variables of the gateway that every program needs, and that hold no secret.
const PASSED_ON: &[&str] = &[
    "PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "RUST_LOG",
];

/// What SCF gives its functions (583/38129, 583/56051), and what programs take for granted: one runtime library stops
/// at the first that is missing.
const OF_SCF: &[(&str, &str)] = &[
    ("_HANDLER", "index.main_handler"),
    ("SCF_NAMESPACE", "default"),
    ("SCF_FUNCTIONVERSION", "$LATEST"),
    ("TENCENTCLOUD_REGION", "local"),
    ("TENCENTCLOUD_APPID", "0"),
    ("TENCENTCLOUD_UIN", "0"),
];

/// The variables of every process of a command, but for the address of its runtime API.
pub(super) fn of(settings: &Settings) -> Vec<(String, OsString)> {
    let mut variables: Vec<(String, OsString)> = OF_SCF
        .iter()
        .map(|(name, value)| ((*name).to_owned(), OsString::from(value)))
        .collect();
    variables.push((
        "SCF_FUNCTIONNAME".to_owned(),
        settings.service_name.clone().into(),
    ));
    if let Some(url) = push_url(settings) {
        variables.push(("WSFN_PUSH_URL".to_owned(), url.into()));
    }
    let named = settings.exec_env.iter().map(String::as_str);
    // What somebody named goes over what we say.
    for name in PASSED_ON.iter().copied().chain(named) {
        if let Some(value) = std::env::var_os(name) {
            variables.retain(|(known, _)| known != name);
            variables.push((name.to_owned(), value));
        }
    }
    variables
}

/// Where our own programs push to: on loopback where that is possible, since no certificate has to fit there. A port
/// that the system is to choose is not known here.
fn push_url(settings: &Settings) -> Option<String> {
    let addresses = settings.push_listen.as_deref().unwrap_or_default();
    let mut known = addresses.iter().filter(|address| address.port() != 0);
    let is_near = |address: &&SocketAddr| address.ip().to_canonical().is_loopback();
    let address = *known.clone().find(is_near).or_else(|| known.next())?;
    let scheme = if settings.pushes_over_tls(address) {
        "https"
    } else {
        "http"
    };
    let address = near(address);
    let token = settings
        .push_token
        .first()
        .map_or_else(String::new, |token| format!("/{}", token.expose()));
    Some(format!("{scheme}://{address}{}{token}", settings.push_path))
}

#[cfg(test)]
mod tests {
    use wsfn_settings::Sources;

    use super::*;

    #[test]
    fn a_process_knows_where_to_push_and_not_what_the_gateway_keeps() {
        let sources = Sources::new()
            .for_command()
            .flag("function", "exec:true")
            .flag("push-listen", "0.0.0.0:9002")
            .flag("insecure", "push-plain")
            .env("WSFN_PUSH_TOKEN", "0123456789abcdef0123456789abcdef");
        let settings = Settings::load(&sources).expect("settings");
        let variables = of(&settings);
        let get = |name: &str| {
            let mut found = variables.iter().filter(|(known, _)| known == name);
            let value = found.next().map(|(_, value)| value.to_string_lossy());
            assert!(found.next().is_none(), "{name} twice");
            value
        };
        assert_eq!(
            get("WSFN_PUSH_URL").as_deref(),
            Some("http://127.0.0.1:9002/api-wsfn/0123456789abcdef0123456789abcdef")
        );
        for (listen, url) in [
            // What it hears over TLS has a certificate for another name: on loopback none is asked for.
            ("0.0.0.0:9002,127.0.0.1:9004", "http://127.0.0.1:9004/"),
            ("10.0.0.1:9002", "https://10.0.0.1:9002/"),
        ] {
            let addresses = listen
                .split(',')
                .map(|text| text.parse().expect("an address"));
            let settings = Settings {
                push_listen: Some(addresses.collect()),
                tls_cert: Some("cert.pem".into()),
                ..settings.clone()
            };
            let pushes = push_url(&settings).expect("an address");
            assert!(pushes.starts_with(url), "{pushes}");
        }
        assert_eq!(get("SCF_FUNCTIONNAME").as_deref(), Some("wsfn"));
        assert!(get("PATH").is_some());
        // Cargo sets it for tests, and nobody named it.
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
        assert!(get("CARGO_MANIFEST_DIR").is_none());
    }
}

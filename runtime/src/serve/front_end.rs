//! Which front end starts.

use wsfn_settings::{Mode, Settings};

/// Where the runtime API is, if this is a function in a zip.
const RUNTIME_API: &str = "SCF_RUNTIME_API";

/// Which front end starts: `mode` if it is set, else what the environment tells.
///
/// # Errors
/// When there is no gateway in this program and nothing says what else to be.
pub(crate) fn chosen(settings: &Settings) -> Result<Mode, String> {
    let mode = settings.mode.unwrap_or_else(|| {
        by_environment(settings.in_scf, std::env::var_os(RUNTIME_API).is_some())
    });
    if mode == Mode::Gateway && cfg!(not(feature = "gateway")) {
        return Err(
            "mode: this program has no gateway in it (feature `gateway` of the crate wsfn), and the environment \
             names neither SCF_RUNTIME_API nor TENCENTCLOUD_RUNENV=SCF; set WSFN_MODE to event-invoke or runtime-api"
                .to_owned(),
        );
    }
    Ok(mode)
}

const fn by_environment(in_scf: bool, has_runtime_api: bool) -> Mode {
    match (has_runtime_api, in_scf) {
        (true, _) => Mode::RuntimeApi,
        (false, true) => Mode::EventInvoke,
        (false, false) => Mode::Gateway,
    }
}

/// `host:port` of the runtime API.
///
/// # Errors
/// When the environment does not say.
pub(crate) fn runtime_api() -> Result<String, String> {
    let read = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let Some(host) = read(RUNTIME_API) else {
        return Err(
            "mode runtime-api needs SCF_RUNTIME_API and SCF_RUNTIME_API_PORT, which SCF sets"
                .to_owned(),
        );
    };
    Ok(match read("SCF_RUNTIME_API_PORT") {
        Some(port) => format!("{host}:{port}"),
        None => host,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runtime_api_before_the_image_before_the_gateway() {
        assert_eq!(by_environment(true, true), Mode::RuntimeApi);
        assert_eq!(by_environment(false, true), Mode::RuntimeApi);
        assert_eq!(by_environment(true, false), Mode::EventInvoke);
        assert_eq!(by_environment(false, false), Mode::Gateway);
    }

    #[test]
    fn the_setting_comes_first() {
        let settings = Settings {
            mode: Some(Mode::EventInvoke),
            ..Settings::default()
        };
        assert_eq!(chosen(&settings), Ok(Mode::EventInvoke));
    }
}

//! One request and its answer.

use std::time::Duration;

use wsfn_settings::HttpUrl;

use crate::{Failure, block_on};

/// As long as a function in SCF may run (583/11637).
const TIMEOUT: Duration = Duration::from_secs(900);

/// Sends a request, without proxy and redirects; the status and the body of its answer. Errors show no path.
pub(crate) fn ask(
    url: &HttpUrl,
    request: impl FnOnce(&reqwest::Client) -> reqwest::RequestBuilder,
) -> Result<(u16, String), Failure> {
    let failed = |error: reqwest::Error| format!("{url}: {}", cause(&error));
    block_on(async {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            .build()
            .map_err(failed)?;
        let response = request(&client).send().await.map_err(failed)?;
        let status = response.status().as_u16();
        Ok((status, response.text().await.map_err(failed)?))
    })?
}

/// The innermost cause: the outer texts hold the address.
fn cause(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(next) = innermost.source() {
        innermost = next;
    }
    innermost.to_string()
}

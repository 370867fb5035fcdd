//! The HTTP client that pushes are sent with.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Uri};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::error::Why;

/// The longest wait for a TCP connection, so that a dead address leaves time to say so.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long an unused connection is kept. A function may be frozen after each answer and its connections die
/// meanwhile; only one that was used just now is trusted.
const IDLE_TIMEOUT: Duration = Duration::from_secs(2);

/// The most of an answer that is read: a page of members is far below, and a wrong address may stream for ever.
const ANSWER_MAX: usize = 4 << 20;

#[cfg(not(feature = "push-tls"))]
type Connector = HttpConnector;
#[cfg(feature = "push-tls")]
type Connector = hyper_rustls::HttpsConnector<HttpConnector>;

/// A client of one address, with a pool of connections. It follows no redirect, since the address is exact and another
/// would see the messages, and it uses no proxy that a variable of the environment names, for the same reason.
pub(super) struct Client {
    pool: legacy::Client<Connector, Full<Bytes>>,
    uri: Uri,
}

impl Client {
    /// A client that keeps at most `idle_max` unused connections, inside a tokio runtime or not.
    ///
    /// # Errors
    /// When that is no address, or none that this program can speak to. The text does not repeat it.
    pub(super) fn new(address: &str, idle_max: usize) -> Result<Self, String> {
        let uri: Uri = address
            .parse()
            .map_err(|error| format!("is no address: {error}"))?;
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        connector.set_nodelay(true);
        let connector = secured(connector, uri.scheme_str() == Some("https"))?;
        let pool = legacy::Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(idle_max)
            .pool_timer(TokioTimer::new())
            .build(connector);
        Ok(Self { pool, uri })
    }

    /// The path of the address.
    pub(super) fn path(&self) -> &str {
        self.uri.path()
    }

    /// Sends `body`; the status and the body of the answer.
    pub(super) async fn post(&self, body: Bytes) -> Result<(u16, Bytes), Why> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, json);
        let response = self.pool.request(request).await.map_err(|error| {
            let why = cause(&error).to_string();
            if error.is_connect() {
                Why::NotSent(why)
            } else {
                Why::Broken(why)
            }
        })?;
        let status = response.status().as_u16();
        match Limited::new(response.into_body(), ANSWER_MAX)
            .collect()
            .await
        {
            Ok(body) => Ok((status, body.to_bytes())),
            Err(error) if error.is::<LengthLimitError>() => Err(Why::Broken(format!(
                "its answer is larger than {ANSWER_MAX} bytes"
            ))),
            Err(error) => Err(Why::Broken(cause(&*error).to_string())),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The path may hold a token.
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

#[cfg(not(feature = "push-tls"))]
fn secured(connector: HttpConnector, secure: bool) -> Result<Connector, String> {
    if secure {
        return Err("is https://, which needs the feature `push-tls` of the crate wsfn".into());
    }
    Ok(connector)
}

#[cfg(feature = "push-tls")]
fn secured(mut connector: HttpConnector, secure: bool) -> Result<Connector, String> {
    use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
    use rustls_platform_verifier::BuilderVerifierExt as _;

    // Given to whoever needs it: which library of ciphers a process has by default is not ours to decide.
    let provider = std::sync::Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            Ok(if secure {
                builder.with_platform_verifier()?
            } else {
                // Nobody asks it: so it trusts nobody, and no file is read for it.
                builder.with_root_certificates(RootCertStore::empty())
            })
        })
        .map_err(|error| {
            // An image with nothing in it has none.
            format!(
                "cannot be used: {error}; certificates of authorities are looked for where the system has them, or \
                 in the file that the environment variable SSL_CERT_FILE names"
            )
        })?
        .with_no_client_auth();
    connector.enforce_http(false);
    Ok(hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_or_http()
        .enable_http1()
        .wrap_connector(connector))
}

/// The innermost cause; the outer texts only say that a request failed.
fn cause<'e>(error: &'e (dyn Error + 'static)) -> &'e (dyn Error + 'static) {
    let mut innermost = error;
    while let Some(next) = innermost.source() {
        innermost = next;
    }
    innermost
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_needs_its_feature() {
        for address in ["https://h/api-x", "HTTPS://h/api-x"] {
            let made = Client::new(address, 1);
            assert_eq!(made.is_ok(), cfg!(feature = "push-tls"), "{made:?}");
            if let Err(why) = made {
                assert!(why.contains("`push-tls`"), "{why}");
            }
        }
        Client::new("HTTP://h/api-x", 1).expect("the case of the scheme does not matter");
    }
}

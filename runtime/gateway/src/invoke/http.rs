//! A function behind HTTP.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Request, StatusCode, Uri};
use wsfn_protocol::{Key, Signed, header};
use wsfn_settings::{HttpUrl, Settings};

use super::client::{Client, body, client, send};
use super::reply::{REPLY_MAX, failed, read};
use super::trace;
use super::{BoxFuture, Call, Invoke, InvokeAnswer, InvokeError};

/// The longest timeout that `X-Scf-Timeout` has in seconds (583/11637); above it is in milliseconds, as our runtime
/// reads it.
const LONGEST_SECONDS: u64 = 900;

/// Headers of the platform's own (583/56051).
const SCF_REQUEST_ID: &str = "x-scf-request-id";
const SCF_TIMEOUT: &str = "x-scf-timeout";

/// A function to which events are POSTed: `/event-invoke` of our runtime, or any other server that answers with
/// JSON. No redirect is followed and no proxy is used.
///
/// An event is sent again only where it provably was not sent: the connection was refused, or the HTTP client handed
/// the request back unsent. A message whose function refuses connections is tried until shortly before its deadline,
/// since a function that restarts is back within seconds; a connect and a close are not, because a client waits for
/// the one, and the gateway tries the other again by itself.
pub struct HttpFunction {
    client: Client,
    uri: Uri,
    timeout: HeaderValue,
    key: Option<Key>,
}

impl HttpFunction {
    /// A function at this address. It is told to have `invoke-timeout` for an event, and each event is signed where
    /// there is a `secret`.
    ///
    /// # Errors
    /// When the address is none that a request can be sent to, or it is `https://` and that cannot be spoken. The text does not repeat it.
    pub fn new(url: &HttpUrl, settings: &Settings) -> Result<Self, String> {
        let uri: Uri = url
            .expose()
            .parse()
            .map_err(|error| format!("{url} is no address: {error}"))?;
        Ok(Self {
            client: client(&uri)?,
            uri,
            timeout: HeaderValue::from(scf_timeout(settings.invoke_timeout)),
            key: settings
                .secret
                .first()
                .map(|secret| Key::new(secret.expose().as_bytes())),
        })
    }

    async fn call(&self, call: Call) -> Result<InvokeAnswer, InvokeError> {
        let response = send(&self.client, &call, || self.request(&call)).await?;
        if response.status() != StatusCode::OK {
            return Err(failed(format!(
                "answered with status {}",
                response.status()
            )));
        }
        read(call.kind, &body(response, REPLY_MAX).await?)
    }

    fn request(&self, call: &Call) -> Request<Full<Bytes>> {
        let mut request =
            Request::new(Full::new(Bytes::from_owner(Event(Arc::clone(&call.event)))));
        *request.method_mut() = hyper::Method::POST;
        *request.uri_mut() = self.uri.clone();
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(SCF_TIMEOUT, self.timeout.clone());
        headers.insert(header::GATEWAY, HeaderValue::from_static("1"));
        if let Some(seq) = call.seq {
            headers.insert(header::SEQ, HeaderValue::from(seq));
        }
        // Ids and signatures are our own, and plain text.
        let mut text = |name, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        let session = call.session_header();
        text(header::EVENT_ID, &call.event_id);
        text(header::SESSION, &session);
        text(SCF_REQUEST_ID, &call.request_id);
        if let Some(parent) = trace::parent(&call.request_id) {
            text(header::TRACE_PARENT, &parent);
        }
        if let Some(key) = &self.key {
            let signed = Signed {
                purpose: "invoke",
                timestamp: Signed::now(),
                method: "POST",
                path: self.uri.path_and_query().map_or("/", |path| path.as_str()),
                event_id: &call.event_id,
                session: &session,
                body: call.event.as_bytes(),
            };
            text(header::KEY, key.id());
            text(header::TIMESTAMP, &signed.timestamp.to_string());
            text(header::SIGNATURE, &key.sign(&signed));
        }
        request
    }
}

impl Invoke for HttpFunction {
    fn invoke<'a>(&'a self, call: Call) -> BoxFuture<'a, Result<InvokeAnswer, InvokeError>> {
        Box::pin(self.call(call))
    }
}

impl fmt::Debug for HttpFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpFunction")
            .field("host", &self.uri.host())
            .finish_non_exhaustive()
    }
}

/// The event as a body, without a copy.
struct Event(Arc<str>);

impl AsRef<[u8]> for Event {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// In whole seconds, so that a function is never told less than it has.
fn scf_timeout(timeout: Duration) -> u64 {
    let ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
    match ms.div_ceil(1000) {
        seconds @ ..=LONGEST_SECONDS => seconds,
        _ => ms,
    }
}

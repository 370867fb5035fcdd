//! A function behind HTTP.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::{Request, StatusCode, Uri};
use wsfn_protocol::{Key, Signed};
use wsfn_settings::{HttpUrl, Settings};

use super::client::{Client, body, client, send};
use super::reply::{REPLY_MAX, failed, read};
use super::trace;
use super::{BoxFuture, Call, Invoke, InvokeAnswer, InvokeError};

/// The longest timeout that `X-Scf-Timeout` has in seconds (583/11637); above it is in milliseconds, as our runtime
/// reads it.
const LONGEST_SECONDS: u64 = 900;

/// The names of what stands beside an event, in statics: a name that is read from its text for each call costs as much
/// as all the rest of the request. Two are headers of the platform's own (583/56051).
mod names {
    use hyper::header::HeaderName;
    use wsfn_protocol::header;

    pub(super) static SCF_REQUEST_ID: HeaderName = HeaderName::from_static("x-scf-request-id");
    pub(super) static SCF_TIMEOUT: HeaderName = HeaderName::from_static("x-scf-timeout");
    pub(super) static GATEWAY: HeaderName = HeaderName::from_static(header::GATEWAY);
    pub(super) static SEQ: HeaderName = HeaderName::from_static(header::SEQ);
    pub(super) static EVENT_ID: HeaderName = HeaderName::from_static(header::EVENT_ID);
    pub(super) static SESSION: HeaderName = HeaderName::from_static(header::SESSION);
    pub(super) static TRACE_PARENT: HeaderName = HeaderName::from_static(header::TRACE_PARENT);
    pub(super) static KEY: HeaderName = HeaderName::from_static(header::KEY);
    pub(super) static TIMESTAMP: HeaderName = HeaderName::from_static(header::TIMESTAMP);
    pub(super) static SIGNATURE: HeaderName = HeaderName::from_static(header::SIGNATURE);
}

/// Room for all headers of a call that is not signed, those of the client included: it is made once, and does not grow.
const HEADERS: usize = 12;

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
        *headers = HeaderMap::with_capacity(HEADERS);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(&names::SCF_TIMEOUT, self.timeout.clone());
        headers.insert(&names::GATEWAY, HeaderValue::from_static("1"));
        if let Some(seq) = call.seq {
            headers.insert(&names::SEQ, HeaderValue::from(seq));
        }
        // Ids and signatures are our own, and plain text.
        let mut text = |name: &'static HeaderName, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        let session = call.session_header();
        text(&names::EVENT_ID, &call.event_id);
        text(&names::SESSION, &session);
        text(&names::SCF_REQUEST_ID, &call.request_id);
        if let Some(parent) = trace::parent(&call.request_id, call.client_trace.as_deref()) {
            text(&names::TRACE_PARENT, &parent);
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
            text(&names::KEY, key.id());
            text(&names::TIMESTAMP, &signed.timestamp.to_string());
            text(&names::SIGNATURE, &key.sign(&signed));
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

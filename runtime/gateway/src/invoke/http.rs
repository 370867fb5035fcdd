//! A function behind HTTP.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Request, StatusCode, Uri};
use wsfn_protocol::{Key, Signed};
use wsfn_settings::{HttpUrl, Settings};

use super::client::{Client, path};
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

/// A function to which events are POSTed: `/event-invoke` of our runtime, or any other server that answers with
/// JSON. No redirect is followed and no proxy is used.
///
/// An event is sent again only where it provably was not sent: the connection was refused, or the HTTP client handed
/// the request back unsent. A message whose function refuses connections is tried until shortly before its deadline,
/// since a function that restarts is back within seconds; a connect and a close are not, because a client waits for
/// the one, and the gateway tries the other again by itself.
pub struct HttpFunction {
    client: Client,
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
            client: Client::new(uri)?,
            timeout: HeaderValue::from(scf_timeout(settings.invoke_timeout)),
            key: settings
                .secret
                .first()
                .map(|secret| Key::new(secret.expose().as_bytes())),
        })
    }

    async fn call(&self, call: Call) -> Result<InvokeAnswer, InvokeError> {
        let request = || self.request(&call);
        let answer = self.client.send(&call, REPLY_MAX, request).await?;
        if answer.status() != StatusCode::OK {
            return Err(failed(format!("answered with status {}", answer.status())));
        }
        read(call.kind, &answer.body()?)
    }

    fn request(&self, call: &Call) -> Request<Full<Bytes>> {
        let event = Bytes::from_owner(Event(Arc::clone(&call.event)));
        let mut request = self.client.post(event, "application/json");
        let headers = request.headers_mut();
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
                path: path(self.client.uri()),
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
            .field("host", &self.client.uri().host())
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

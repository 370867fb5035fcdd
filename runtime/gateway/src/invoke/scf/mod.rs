//! A function that is deployed in SCF, called through Tencent's API.

mod answer;
mod tc3;

use std::fmt;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{AUTHORIZATION, HOST, HeaderValue};
use hyper::{Request, StatusCode, Uri};
use serde::Serialize;
use wsfn_settings::{ScfCredentials, ScfName, Settings};

use super::client::Client;
use super::reply::{REPLY_MAX, failed};
use super::{BoxFuture, Call, Invoke, InvokeAnswer, InvokeError};
use tc3::Signed;

pub(crate) use answer::meaning;

const SERVICE: &str = "scf";
/// Synchronous, and held to 10,000 calls a second; `Invoke` would be held to 100.
const ACTION: &str = "InvokeFunction";
const VERSION: &str = "2018-04-16";

/// The largest event (583/58400).
const EVENT_MAX: usize = 6 << 20;

/// The largest answer that is read: the largest reply as a string in JSON, which takes up to twice as much where it is
/// text, and what stands around it.
const ANSWER_MAX: usize = 2 * REPLY_MAX + (64 << 10);

/// A function in SCF, called with `InvokeFunction` and TC3-HMAC-SHA256. It gets the event that it always got and
/// nothing else: there are no headers to tell it who calls, so what it says to clients it has to push.
///
/// An event is sent again only where nobody was there to take it. Where too many calls are made at once the API
/// says so, and the call came to nothing as where a queue is full.
pub struct ScfFunction {
    client: Client,
    name: ScfName,
    credentials: ScfCredentials,
    host: String,
}

impl ScfFunction {
    /// The function of this name, with `scf-credentials` and through `scf-endpoint`.
    ///
    /// # Errors
    /// When there are no credentials, or the endpoint is no address that a request can be sent to.
    pub fn new(name: &ScfName, settings: &Settings) -> Result<Self, String> {
        let credentials = settings
            .scf_credentials
            .clone()
            .ok_or("there are no scf-credentials")?;
        let endpoint: Uri = settings
            .scf_endpoint
            .expose()
            .parse()
            .map_err(|error| format!("scf-endpoint: {error}"))?;
        let host = endpoint
            .authority()
            .ok_or("scf-endpoint: expected a host")?
            .as_str()
            .to_owned();
        Ok(Self {
            client: Client::new(endpoint).map_err(|why| format!("scf-endpoint: {why}"))?,
            name: name.clone(),
            credentials,
            host,
        })
    }

    async fn call(&self, call: Call) -> Result<InvokeAnswer, InvokeError> {
        if call.event.len() > EVENT_MAX {
            return Err(failed(format!(
                "the event has {} bytes and SCF takes {EVENT_MAX}: max-message is too large for it",
                call.event.len()
            )));
        }
        let asked = Asked {
            function_name: &self.name.name,
            namespace: &self.name.namespace,
            qualifier: &self.name.qualifier,
            event: &call.event,
        };
        // Text in text: it cannot fail.
        let asked = Bytes::from(serde_json::to_vec(&asked).map_err(failed)?);
        // Signed anew each time, since a signature is as old as its request.
        let request = || self.request(&asked);
        let answer = self.client.send(&call, ANSWER_MAX, request).await?;
        let status = answer.status();
        // The API answers its own errors with 200 too; another status is that of something on the way.
        if status != StatusCode::OK {
            return Err(failed(format!("the API answered with status {status}")));
        }
        meaning(call.kind, &answer.body()?, &call.request_id)
    }

    fn request(&self, asked: &Bytes) -> Request<Full<Bytes>> {
        let timestamp = wsfn_protocol::Signed::now() / 1000;
        let signed = Signed {
            service: SERVICE,
            host: &self.host,
            action: ACTION,
            timestamp,
            body: asked,
        };
        let mut request = self.client.post(asked.clone(), tc3::CONTENT_TYPE);
        let headers = request.headers_mut();
        headers.insert("x-tc-action", HeaderValue::from_static(ACTION));
        headers.insert("x-tc-version", HeaderValue::from_static(VERSION));
        headers.insert("x-tc-timestamp", HeaderValue::from(timestamp));
        // The names and keys were read as plain text.
        let mut text = |name, value: &str, is_secret| {
            if let Ok(mut value) = HeaderValue::from_str(value) {
                value.set_sensitive(is_secret);
                headers.insert(name, value);
            }
        };
        text(HOST, &self.host, false);
        text(REGION, &self.name.region, false);
        text(
            AUTHORIZATION,
            &signed.authorization(&self.credentials),
            true,
        );
        if let Some(token) = &self.credentials.token {
            text(TOKEN, token.expose(), true);
        }
        request
    }
}

const REGION: hyper::header::HeaderName = hyper::header::HeaderName::from_static("x-tc-region");
const TOKEN: hyper::header::HeaderName = hyper::header::HeaderName::from_static("x-tc-token");

/// What `InvokeFunction` is given.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Asked<'a> {
    function_name: &'a str,
    namespace: &'a str,
    qualifier: &'a str,
    event: &'a str,
}

impl Invoke for ScfFunction {
    fn invoke<'a>(&'a self, call: Call) -> BoxFuture<'a, Result<InvokeAnswer, InvokeError>> {
        Box::pin(self.call(call))
    }
}

impl fmt::Debug for ScfFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScfFunction")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

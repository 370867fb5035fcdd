//! Events that come through a function URL.

mod envelope;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hyper::header::HeaderMap;
use hyper::{Method, StatusCode};
use wsfn_protocol::header;
use wsfn_settings::Settings;

use super::answers::{Answers, unreadable};
use super::signature::{Refused, Signatures, Signed};
use crate::context::Context;
use crate::session::Carried;
use envelope::{Envelope, answer};

/// Whether the gateway understands what we add to a reply.
fn is_ours(headers: &HeaderMap) -> bool {
    headers
        .get(header::GATEWAY)
        .is_some_and(|value| value == "1")
}

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

/// Takes events out of the HTTP requests that function URLs make of them, and answers in kind. Events that come bare,
/// from a gateway of Tencent's or by `InvokeFunction`, pass through.
///
/// Whoever knows the URL can send events, as through any open port: those inside a request have to be signed where
/// there is a secret. A bare one was let through by the platform, which knows who may call the function.
pub(crate) struct FunctionUrl<A> {
    answers: Arc<A>,
    signatures: Option<Signatures>,
    /// Whether it is still to be said that anyone can send events.
    warn: AtomicBool,
}

impl<A> FunctionUrl<A> {
    pub(crate) fn new(answers: Arc<A>, settings: &Settings) -> Self {
        Self {
            answers,
            signatures: Signatures::new(&settings.secret),
            warn: AtomicBool::new(!settings.insecure.invoke_unsigned),
        }
    }

    fn check(&self, envelope: &Envelope, event: &str) -> Result<(), Refused> {
        let Some(signatures) = &self.signatures else {
            if self.warn.swap(false, Ordering::Relaxed) {
                tracing::warn!(
                    "events come through a function URL, and whoever knows it can send them; set a secret, the \
                     gateway's own, or accept it with WSFN_INSECURE=invoke-unsigned"
                );
            }
            return Ok(());
        };
        let claimed = signatures.claimed(&envelope.headers)?;
        if envelope.has_query {
            return Err(Refused::Query);
        }
        signatures.check(&Signed {
            claimed: &claimed,
            method: &envelope.method,
            path: &envelope.path,
            body: event.as_bytes(),
        })
    }
}

impl<A: Answers> Answers for FunctionUrl<A> {
    async fn answer(&self, event: Arc<str>, mut context: Context) -> String {
        let Some(envelope) = Envelope::open(&event) else {
            return self.answers.answer(event, context).await;
        };
        drop(event);
        if envelope.method != Method::POST.as_str() {
            let why = format!(
                "events are POSTed here, and this is a {}\n",
                envelope.method
            );
            return answer(StatusCode::METHOD_NOT_ALLOWED, TEXT, &why);
        }
        let inner = match &envelope.event {
            Ok(event) => Arc::clone(event),
            Err(why) => return answer(StatusCode::OK, JSON, &unreadable(why)),
        };
        if let Err(why) = self.check(&envelope, &inner) {
            tracing::warn!(
                request_id = &*context.request_id,
                "an event through the function URL is refused: {why}"
            );
            return answer(StatusCode::UNAUTHORIZED, TEXT, &format!("{why}\n"));
        }
        // Only what a gateway of ours says: the rest of the context is the platform's, and comes beside the request.
        context.our_gateway = is_ours(&envelope.headers);
        context.session = Carried::from_headers(&envelope.headers);
        let reply = self.answers.answer(inner, context).await;
        answer(StatusCode::OK, JSON, &reply)
    }

    async fn blocked(&self, event: Arc<str>, mut context: Context) -> String {
        // Whether it may come at all was checked before its handler was called.
        let Some(Envelope {
            headers,
            event: Ok(inner),
            ..
        }) = Envelope::open(&event)
        else {
            return self.answers.blocked(event, context).await;
        };
        context.our_gateway = is_ours(&headers);
        let reply = self.answers.blocked(inner, context).await;
        answer(StatusCode::OK, JSON, &reply)
    }

    fn handler_of(&self, event: &str) -> &'static str {
        match Envelope::open(event) {
            Some(Envelope {
                event: Ok(event), ..
            }) => self.answers.handler_of(&event),
            Some(_) | None => self.answers.handler_of(event),
        }
    }
}

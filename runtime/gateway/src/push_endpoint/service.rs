//! From an HTTP request to a push, and back.

use std::sync::Arc;

use hyper::Request;
use hyper::body::Incoming;
use hyper::header::EXPECT;
use wsfn_protocol::{Answer, ErrNo, Request as Push};
use wsfn_settings::Settings;

use super::Act;
use super::access::Access;
use super::answer::{denied, no_body, reply};
use super::body::{Bodies, BodyError};
use super::tokens::PushTokens;
use crate::counters::Counters;
use crate::http_server::{Reply, Serve};
use crate::limit::Limit;

/// What every connection shares.
pub(super) struct Service {
    act: Arc<dyn Act>,
    access: Access,
    tokens: PushTokens,
    bodies: Bodies,
    body_max: usize,
    counters: Arc<Counters>,
}

impl Serve for Service {
    const NAME: &'static str = "push endpoint";

    async fn answer(&self, request: Request<Incoming>, _loopback: bool) -> Reply {
        self.reply(request).await
    }
}

impl Service {
    pub(super) fn new(act: Arc<dyn Act>, settings: &Settings, counters: Arc<Counters>) -> Self {
        let body_max = settings.push_max_body();
        let tokens = PushTokens::new(&settings.push_token);
        Self {
            act,
            access: Access::new(settings.push_path.clone(), tokens.clone()),
            tokens,
            bodies: Bodies::new(body_max, settings.message_timeout),
            body_max,
            counters,
        }
    }

    pub(super) const fn tokens(&self) -> &PushTokens {
        &self.tokens
    }

    async fn reply(&self, request: Request<Incoming>) -> Reply {
        let (head, body) = request.into_parts();
        if let Err(why) = self.access.check(&head) {
            tracing::debug!(?why, "push endpoint: request refused");
            return denied(why);
        }
        let body = match self
            .bodies
            .read(body, head.headers.contains_key(EXPECT))
            .await
        {
            Ok(body) => body,
            Err(error) => {
                tracing::debug!(%error, "push endpoint: no body");
                match error {
                    BodyError::TooLarge => self.counters.reached(Limit::PushMaxBody),
                    BodyError::TooSlow => self.counters.reached(Limit::MessageTimeout),
                    BodyError::Busy | BodyError::Broken(_) => {}
                }
                return no_body(&error, self.body_max);
            }
        };
        reply(&self.push(body.as_bytes()))
    }

    fn push(&self, body: &[u8]) -> Answer {
        let text = match std::str::from_utf8(body) {
            Ok(text) => text,
            Err(error) => {
                let at = error.valid_up_to();
                return Answer::error(
                    ErrNo::BAD_PUSH,
                    format!("not a push: the body is not UTF-8 from byte {at} on"),
                );
            }
        };
        let push = match Push::parse(text) {
            Ok(push) => push,
            Err(error) => return Answer::error(ErrNo::BAD_PUSH, error.to_string()),
        };
        let answer = self.act.act(&push);
        tracing::trace!(action = push.action(), err_no = answer.err_no, "push");
        answer
    }
}

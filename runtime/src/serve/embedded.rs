//! The gateway in this process.

use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use wsfn_gateway::{BoxFuture, Call, Invoke, InvokeAnswer, InvokeError};
use wsfn_settings::near;

use crate::app::{Instance, Outcome};
use crate::context::Context;
use crate::serve::blocking::watched;
use crate::session::Carried;

/// A handler runs on the task of its own socket: nothing stands between a message and its handler.
impl Invoke for Instance {
    fn invoke<'a>(&'a self, call: Call) -> BoxFuture<'a, Result<InvokeAnswer, InvokeError>> {
        Box::pin(async move {
            let context = Context {
                request_id: call.request_id,
                deadline: Some(call.deadline),
                our_gateway: true,
                session: Carried::from_call(call.session),
                ..Context::default()
            };
            let request_id = Arc::clone(&context.request_id);
            let handler = self.handler_for(call.kind);
            let mut handling = pin!(self.call(call.event, context));
            let outcome = poll_fn(|context| {
                watched(handler, &request_id, || handling.as_mut().poll(context))
            });
            Ok(answer(outcome.await))
        })
    }
}

fn answer(outcome: Outcome) -> InvokeAnswer {
    let socket = outcome.socket();
    let protocol = socket.and_then(|socket| socket.protocol().map(str::to_owned));
    InvokeAnswer {
        protocol,
        unordered: outcome.unordered,
        err_no: outcome.err_no,
        err_msg: outcome.err_msg,
        pushes: outcome.pushes,
    }
}

/// What people open: a line for the first address, and further ones.
pub(crate) fn invitation(addresses: &[SocketAddr], secure: bool) -> String {
    let s = if secure { "s" } else { "" };
    // A page for every interface is opened on this machine's own.
    let mut addresses = addresses.iter().map(|address| near(*address));
    let Some(first) = addresses.next() else {
        return "listening nowhere".to_owned();
    };
    let mut line = format!("open http{s}://{first}/ in a browser, or connect to ws{s}://{first}/");
    for other in addresses {
        line += &format!(", also on {other}");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::invitation;

    #[test]
    fn the_line_can_be_opened() {
        let addresses = ["0.0.0.0:80", "[::1]:9001"].map(|text| text.parse().expect("an address"));
        assert_eq!(
            invitation(&addresses, false),
            "open http://127.0.0.1:80/ in a browser, or connect to ws://127.0.0.1:80/, also on [::1]:9001"
        );
        assert_eq!(
            invitation(&addresses[..1], true),
            "open https://127.0.0.1:80/ in a browser, or connect to wss://127.0.0.1:80/"
        );
    }
}

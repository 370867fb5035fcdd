//! `failed-message = tell`: what the sender of a message that failed hears, and how often.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Message;
use wsfn_gateway::InvokeAnswer;
use wsfn_protocol::{Data, Kind, ReplyPush};
use wsfn_settings::{FailedMessage, Settings};

use crate::support::{SOON, Server, ok, text};

/// What a function of ours says of a handler that did not come to an end.
const OWN_NOTE: &str = r#"{"errNo":1006,"errMsg":"handler timed out","temporary":true}"#;
/// And of one that failed.
const FAILED: &str = r#"{"errNo":1004,"errMsg":"handler failed"}"#;

fn answer(texts: &[&str]) -> InvokeAnswer {
    let push = |text: &&str| ReplyPush::Send(Data::Text((*text).to_owned().into()).into());
    let mut answer = InvokeAnswer::ok();
    answer.pushes = texts.iter().map(push).collect();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sender_of_a_late_message_is_told_once() {
    let settings = Settings {
        failed_message: FailedMessage::Tell,
        // Long enough for an answer that is there at once.
        invoke_timeout: Duration::from_secs(2),
        ..Settings::default()
    };
    let answers = Arc::new(Notify::new());
    let awaited = Arc::clone(&answers);
    let server = Server::start(settings, move |call, _| {
        let awaited = Arc::clone(&awaited);
        async move {
            if call.kind != Kind::Message {
                return ok();
            }
            match &*text(&call) {
                "late" => {
                    awaited.notified().await;
                    // What else it says still goes out.
                    Ok(answer(&[OWN_NOTE, FAILED, "more"]))
                }
                // Nobody was told of this one yet.
                _ => Ok(answer(&[OWN_NOTE])),
            }
        }
    });
    let server = server.await;
    let mut client = server.connect().await;
    let mut hear = async |send: Option<&'static str>| {
        if let Some(text) = send {
            client.send(Message::text(text)).await.unwrap();
        }
        let next = tokio::time::timeout(SOON, client.next()).await.unwrap();
        next.unwrap().unwrap().into_text().unwrap().to_string()
    };
    let told = hear(Some("late")).await;
    assert!(
        told.starts_with(
            r#"{"errNo":1006,"errMsg":"the function did not answer within invoke-timeout""#
        ),
        "{told}"
    );
    answers.notify_one();
    assert_eq!(hear(None).await, FAILED);
    assert_eq!(hear(None).await, "more");
    assert_eq!(hear(Some("in time")).await, OWN_NOTE);
    server.stop().await;
}

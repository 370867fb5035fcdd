//! Requests that are no handshake, by the listener that they come in through.

use wsfn_settings::Settings;

use super::{connection, origin, serve, shared};
use crate::connection::Origin;
use crate::{BoxFuture, Call, Handle, Invoke, InvokeAnswer, InvokeError};

struct Unasked;

impl Invoke for Unasked {
    fn invoke<'a>(&'a self, _: Call) -> BoxFuture<'a, Result<InvokeAnswer, InvokeError>> {
        panic!("a page is no event")
    }
}

/// What a GET of `/` gets from a program without a page of its own.
async fn got(origin: Origin) -> String {
    let settings = Settings::default();
    let shared = shared(&Handle::new(&settings), &settings, Unasked);
    let (socket, client) = connection(1024).await;
    let place = shared.connections.clone().try_acquire_owned().unwrap();
    let serving = tokio::spawn(serve(shared, socket, origin, place));
    let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    client.write_all(request).await.unwrap();
    let mut buffer = [0; 1024];
    let mut answer = Vec::new();
    loop {
        let length = client.read(&mut buffer).await.unwrap();
        if length == 0 {
            break;
        }
        answer.extend_from_slice(&buffer[..length]);
    }
    drop(client);
    serving.await.unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_page_of_the_gateways_own_is_for_loopback_alone() {
    let answer = got(origin()).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let beyond = Origin {
        loopback: false,
        ..origin()
    };
    let answer = got(beyond).await;
    assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
    assert!(answer.contains("Sec-WebSocket-Version: 13\r\n"), "{answer}");
}

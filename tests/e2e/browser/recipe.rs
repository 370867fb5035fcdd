//! The chat's page against the chat as three functions: the recipe of `examples/chat/README.md`.

use std::io;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::chat::{enter, heard, say};
use super::chromium::with_browser;
use crate::process::recipe::Recipe;

const PAGE: &str = include_str!("../../../examples/chat/src/page.html");

/// Spoils what the page sends next, and nothing after it.
const SPOIL_ONE: &str = r#"WebSocket.prototype.send = ((send) => function (text) {
    WebSocket.prototype.send = send;
    send.call(this, text.replace('"text":', '"txet":'));
})(WebSocket.prototype.send)"#;

const JOINED: &str = "[...document.querySelectorAll('.joined')].filter((line) => line.textContent.startsWith('You')).length";

/// What a web server before the gateway does: it gives the page, and passes WebSockets on.
struct Front {
    address: String,
    serving: JoinHandle<()>,
}

impl Front {
    async fn start(gateway: String) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let serving = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let gateway = gateway.clone();
                // A browser that hangs up in the middle is no failure.
                tokio::spawn(async move { serve(client, &gateway).await.ok() });
            }
        });
        Ok(Self { address, serving })
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(mut client: TcpStream, gateway: &str) -> io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if client.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let head = String::from_utf8_lossy(&request).to_ascii_lowercase();
    if head.contains("upgrade: websocket") {
        let mut gateway = TcpStream::connect(gateway).await?;
        gateway.write_all(&request).await?;
        copy_bidirectional(&mut client, &mut gateway).await?;
        return Ok(());
    }
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{PAGE}",
        PAGE.len()
    );
    client.write_all(answer.as_bytes()).await
}

#[tokio::test]
async fn pages_talk_on_while_a_function_is_killed() {
    const TEST: &str = "pages_talk_on_while_a_function_is_killed";
    with_browser(TEST, async |driver| {
        let recipe = Recipe::start(None);
        recipe.listens().await;
        let front = Front::start(recipe.address()).await.expect("a free port");
        let ada = enter(&driver, &front.address, "garden", "Ada").await?;
        let ben = enter(&driver, &front.address, "garden", "Ben").await?;
        ada.shows("#here", "Here: Ben, You").await?;
        say(&ada, "good morning").await?;
        ben.shows(".said:not(.own)", "good morning").await?;
        say(&ben, "good morning Ada").await?;
        ada.shows(".said:not(.own)", "good morning Ada").await?;
        // An error comes with the answer to its call: no call is under way any more, and the kill is nobody's loss.
        for page in [&ada, &ben] {
            page.ask(SPOIL_ONE).await?;
            say(page, "hello").await?;
            page.shows("[role=alert] p", "Error 1003: ").await?;
            page.click("[role=alert] button").await?;
        }

        let _again = recipe.lose("talk.main").await;
        say(&ada, "still here?").await?;
        ben.shows(".said:not(.own)", "still here?").await?;
        say(&ben, "still here").await?;
        ada.shows(".said:not(.own)", "still here").await?;
        for page in [&ada, &ben] {
            assert_eq!(page.ask(JOINED).await?, json!(1), "nobody had to come back");
            assert_eq!(
                heard(page).await?,
                [
                    "good morning",
                    "good morning Ada",
                    "still here?",
                    "still here"
                ]
            );
        }
        // Who is there is known to the gateway, and no function forgot it.
        let cleo = enter(&driver, &front.address, "garden", "Cleo").await?;
        cleo.shows("#here", "Here: Ada, Ben, You").await?;
        ben.click("#leave").await?;
        ada.shows(".left", "Ben left garden").await?;
        ada.shows("#here", "Here: Cleo, You").await?;
        Ok(())
    })
    .await;
}

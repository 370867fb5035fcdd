//! Long texts in pieces, and clients that leave meanwhile.

use std::time::Duration;

use tokio::time::sleep;
use wsfn::testing::TestApp;
use wsfn::{ConnectionId, Gone, Push, Result, Rooms, on_close, on_message};
use wsfn_tests::PushAnswer;

use super::{OURS, gateway, id};

const FULL: PushAnswer = PushAnswer::Http(429, r#"{"errNo":1103,"errMsg":"full"}"#);
const GONE: PushAnswer = PushAnswer::Http(410, r#"{"errNo":1101,"errMsg":"no such connection"}"#);

/// Writes the letters of a line, each this many milliseconds after the one before: `20 abc`.
#[on_message]
async fn spell(id: &ConnectionId, push: &Push, line: &str) -> Result<()> {
    let (pause, letters) = line.split_once(' ').ok_or("two words")?;
    let mut answer = push.stream(id);
    for letter in letters.chars() {
        answer.write(letter).await?;
        sleep(Duration::from_millis(pause.parse()?)).await;
    }
    answer.finish().await?;
    push.text(id, "end").await?;
    Ok(())
}

#[tokio::test]
async fn pieces_go_together_by_time_and_size() {
    let app = TestApp::new(wsfn::app![spell]).start().await.unwrap();
    let mut ann = app.connect().await.unwrap();
    for (line, messages) in [
        // Within 50 ms of the first of them.
        ("20 abcdefg", &["abc", "def", "g"][..]),
        ("60 abc", &["a", "b", "c"]),
        ("0 abc", &["abc"]),
        ("0 ", &[]),
    ] {
        ann.send_text(line).await;
        for message in messages {
            assert_eq!(ann.expect_text().await, *message, "{line}");
        }
        assert_eq!(ann.expect_text().await, "end", "{line}");
    }
    ann.send_text(format!("0 {}", "x".repeat(3000))).await;
    for length in [1200, 1200, 600] {
        assert_eq!(ann.expect_text().await, "x".repeat(length));
    }
}

/// A client that does not read, whose queue has room for little.
#[tokio::test]
async fn it_waits_for_room_and_loses_nothing() {
    let app = TestApp::new(wsfn::app![spell])
        .setting("out-max-messages", "2")
        .setting("write-timeout", "60s")
        .start()
        .await
        .unwrap();
    let mut ann = app.connect().buffer(500).await.unwrap();
    ann.pause_reading();
    let text: String = (0..8000).map(|n| char::from(b'a' + n as u8 % 26)).collect();
    ann.send_text(format!("0 {}", &text[..7900])).await;
    sleep(Duration::from_secs(5)).await;
    ann.resume_reading();
    let mut got = String::new();
    loop {
        match ann.expect_text().await {
            end if end == "end" => break,
            part => got += &part,
        }
    }
    assert_eq!(got, text[..7900]);
}

#[tokio::test]
async fn a_queue_that_stays_full_is_tried_again_and_one_that_is_gone_is_not() {
    let (server, push) = gateway(OURS, PushAnswer::ok()).await;
    // Each push tries three times by itself.
    server.answer([FULL; 7]);
    let mut stream = push.stream(&id());
    for word in ["to ", "be ", "", "or"] {
        stream.write(word).await.expect("on its way");
    }
    stream.finish().await.expect("sent");
    let bodies = server.bodies();
    assert_eq!(bodies.len(), 8);
    assert!(
        bodies
            .iter()
            .all(|body| body.contains(r#""data":"to be or""#)),
        "{bodies:?}"
    );

    let (server, push) = gateway(OURS, GONE).await;
    let mut stream = push.stream(&id()).every(Duration::ZERO);
    let mut written = 0;
    let error = loop {
        match stream.write("x").await {
            Ok(()) => written += 1,
            Err(error) => break error,
        }
        tokio::task::yield_now().await;
    };
    assert!(error.is_gone() && written > 0, "{error}");
    assert!(!stream.write("x").await.expect_err("it is over").is_gone());
    stream.finish().await.expect_err("it is over");
    assert_eq!(server.bodies().len(), 1);

    let stream = push.stream(&id());
    stream.finish().await.expect("nothing to send");
    assert_eq!(server.bodies().len(), 1);
}

/// Writes until it cannot, and tells the others why.
#[on_message]
async fn drone(id: &ConnectionId, push: &Push, rooms: &Rooms, text: &str) -> Result<()> {
    let mut answer = push.stream(id);
    let error = loop {
        if let Err(error) = answer.write(text).await {
            break error;
        }
        sleep(Duration::from_millis(100)).await;
    };
    rooms
        .everyone(format!("{text} {}", error.is_gone()))
        .await?;
    Ok(())
}

#[tokio::test]
async fn it_ends_when_the_client_leaves() {
    let app = TestApp::new(wsfn::app![drone]).start().await.unwrap();
    let mut bob = app.connect().await.unwrap();
    for how in ["closes", "vanishes"] {
        let mut ann = app.connect().await.unwrap();
        ann.send_text(how).await;
        for _ in 0..3 {
            assert_eq!(ann.expect_text().await, how);
        }
        match how {
            "closes" => ann.close().await,
            _ => ann.vanish(),
        }
        assert_eq!(bob.expect_text().await, format!("{how} true"));
    }
}

/// Works until its client leaves, and tells the others.
#[on_message]
async fn work(rooms: &Rooms, gone: Gone, name: &str) -> Result<()> {
    assert!(!gone.is_true());
    gone.wait().await;
    assert!(gone.is_true());
    rooms.everyone(format!("{name} is gone")).await?;
    Ok(())
}

#[on_close]
async fn close(rooms: &Rooms, gone: Gone) -> Result<()> {
    rooms.everyone(format!("closed {}", gone.is_true())).await?;
    Ok(())
}

#[tokio::test]
async fn a_handler_knows_when_its_client_leaves() {
    let app = TestApp::new(wsfn::app![work, close]).start().await.unwrap();
    let mut bob = app.connect().await.unwrap();
    for how in ["closes", "vanishes", "is closed"] {
        let mut ann = app.connect().await.unwrap();
        ann.send_text(how).await;
        bob.expect_nothing().await;
        match how {
            "closes" => ann.close().await,
            "vanishes" => ann.vanish(),
            _ => {
                app.push().close(ann.id()).await.unwrap();
                ann.expect_closed(1000).await;
            }
        }
        assert_eq!(bob.expect_text().await, format!("{how} is gone"));
        assert_eq!(bob.expect_text().await, "closed true");
    }
}

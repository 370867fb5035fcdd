//! All connections of one person, and a room that is full.

use wsfn::testing::{Client, TestApp};
use wsfn::{ConnectionId, Result, Rooms, on_message};

/// `be NAME`, `tell NAME TEXT`, `enter ROOM`, `leave ROOM`.
#[on_message]
async fn act(id: &ConnectionId, rooms: &Rooms, line: &str) -> Result<String> {
    let (what, rest) = line.split_once(' ').ok_or("two words")?;
    match what {
        "be" => rooms.join(rooms.user(rest), id).await?,
        "tell" => {
            let (name, text) = rest.split_once(": ").ok_or("a name and a text")?;
            let report = rooms.broadcast(rooms.user(name), text).await?;
            return Ok(report.delivered().to_string());
        }
        "enter" => match rooms.join(rest, id).await {
            Err(error) if error.is_too_large() => return Ok(error.to_string()),
            other => other?,
        },
        _ => rooms.leave(rest, id).await?,
    }
    Ok("done".to_owned())
}

async fn says(client: &mut Client, line: &str) -> String {
    client.send_text(line).await;
    client.expect_text().await
}

#[tokio::test]
async fn a_user_is_reached_on_all_connections_and_nobody_else_is() {
    let app = TestApp::new(wsfn::app![act]).start().await.unwrap();
    let mut screens = Vec::new();
    // The last two are other people, however alike their names are.
    for name in ["ann", "ann", "user:ann", "Ann"] {
        let mut client = app.connect().await.unwrap();
        assert_eq!(says(&mut client, &format!("be {name}")).await, "done");
        screens.push(client);
    }
    let mut bob = app.connect().await.unwrap();
    assert_eq!(says(&mut bob, "tell ann: hi").await, "2");
    for client in &mut screens[..2] {
        assert_eq!(client.expect_text().await, "hi");
    }
    screens[0].vanish();
    screens.remove(0);
    screens[0].expect_nothing().await;
    assert_eq!(says(&mut bob, "tell ann: still there?").await, "1");
    assert_eq!(screens[0].expect_text().await, "still there?");
    assert_eq!(says(&mut bob, "tell user:ann: hello").await, "1");
    assert_eq!(screens[1].expect_text().await, "hello");
    assert_eq!(says(&mut bob, "tell zoe: hello").await, "0");
    for client in &mut screens {
        client.expect_nothing().await;
    }
}

#[tokio::test]
async fn a_room_that_is_full_says_which_limit_it_is() {
    let app = TestApp::new(wsfn::app![act])
        .setting("room-members", "2")
        .start()
        .await
        .unwrap();
    let mut clients = Vec::new();
    for _ in 0..3 {
        clients.push(app.connect().await.unwrap());
    }
    for client in &mut clients[..2] {
        assert_eq!(says(client, "enter hall").await, "done");
    }
    let full = says(&mut clients[2], "enter hall").await;
    assert!(full.contains("room-members = 2"), "{full}");
    assert_eq!(
        says(&mut clients[1], "enter hall").await,
        "done",
        "it is in"
    );
    assert_eq!(says(&mut clients[0], "leave hall").await, "done");
    assert_eq!(says(&mut clients[2], "enter hall").await, "done");
}

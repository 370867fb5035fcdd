//! Pushes and rooms by URL, from another process, to our own gateway.

use futures_util::StreamExt;
use tokio_tungstenite::tungstenite::Message;
use wsfn::{ConnectionId, Json, Push};
use wsfn_tests::Example;

use super::gateway::{connect, text};

#[tokio::test]
async fn another_process_reaches_rooms_and_clients() {
    let (address, push_address) = (Example::free_address(), Example::free_address());
    let environment = [
        ("WSFN_PUSH_LISTEN", &*push_address),
        ("WSFN_PUSH_TOKEN", "t0ken"),
        ("WSFN_LOG", "trace"),
        ("WSFN_DRAIN", "1s"),
    ];
    let mut lobby = Example::start_with("lobby", "lobby", &address, &environment);
    let mut anna = connect(&address).await;
    let mut berta = connect(&address).await;
    let push = Push::to_url(&format!("http://{push_address}/api-wsfn/t0ken")).expect("an address");
    let rooms = push.rooms();

    assert_eq!(rooms.count("lobby").await.expect("a count"), 2);
    let mut members = rooms.members("lobby").limit(1);
    let first = members.next().await.expect("a page").expect("a member");
    assert_eq!((first.ids.len(), first.count), (1, 2));
    let ids = rooms.members("lobby").all().await.expect("ids");
    assert_eq!(ids.len(), 2);
    assert_eq!(rooms.of(&ids[0]).await.expect("rooms"), ["lobby"]);
    let nobody = ConnectionId::new("AAAAAAAAAAAAAAAAAAAAAA==");
    let alive = rooms.alive(ids.iter().chain([&nobody])).await.expect("ids");
    assert_eq!(alive.len(), 2);

    let report = rooms.broadcast("lobby", "hello").await.expect("sent");
    assert_eq!((report.delivered(), report.failed().len()), (2, 0));
    let report = rooms.everyone(Json([1])).await.expect("sent");
    assert_eq!(report.delivered(), 2);
    let report = push
        .to_all(ids.iter().chain([&nobody]), "each")
        .await
        .expect("sent");
    assert_eq!(report.delivered(), 2);
    assert!(report.failed()[0].error.is_gone());
    for client in [&mut anna, &mut berta] {
        for line in ["hello", "[1]", "each"] {
            assert_eq!(text(client).await, line);
        }
    }
    let report = rooms.broadcast("nowhere", "hello").await.expect("sent");
    assert_eq!(report.delivered(), 0);

    // Which of the two is whose is not known here: move one, and see who hears what.
    rooms.leave("lobby", &ids[0]).await.expect("left");
    rooms.join("attic", &ids[0]).await.expect("joined");
    rooms
        .broadcast_many(["attic", "lobby"], "both")
        .await
        .expect("sent");
    assert_eq!(
        (text(&mut anna).await, text(&mut berta).await),
        ("both".into(), "both".into())
    );
    push.text(&ids[0], "you").await.expect("sent");
    push.close_with(&ids[0], 4001, "enough")
        .await
        .expect("closed");
    let (mut closed, mut left) = (0, 0);
    for client in [&mut anna, &mut berta] {
        match client.next().await.expect("open").expect("a frame") {
            Message::Text(line) if line == "you" => match client.next().await {
                Some(Ok(Message::Close(Some(frame)))) => {
                    assert_eq!((u16::from(frame.code), &*frame.reason), (4001, "enough"));
                    closed += 1;
                }
                other => panic!("not closed: {other:?}"),
            },
            Message::Text(line) if line == "someone left" => left += 1,
            other => panic!("{other:?}"),
        }
    }
    // The other one is in the lobby still, and its close handler told the lobby.
    assert_eq!(closed, 1);
    assert!(left <= 1);
    for error in [
        push.text(&nobody, "x").await.expect_err("gone"),
        push.close(&nobody).await.expect_err("gone"),
    ] {
        assert!(error.is_gone() && error.status() == Some(410), "{error}");
    }
    let large = push
        .text(&ids[1], "x".repeat(1_100_000))
        .await
        .expect_err("too large");
    assert!(large.is_too_large(), "{large}");
    let stranger =
        Push::to_url(&format!("http://{push_address}/api-wsfn/wr0ng")).expect("an address");
    let error = stranger.text(&ids[1], "x").await.expect_err("not allowed");
    assert_eq!(error.err_no(), Some(1105), "{error}");
    assert!(!error.to_string().contains("wr0ng"), "{error}");

    lobby.terminate();
    let (status, lines) = lobby.ended();
    assert!(status.success(), "{status}");
    let lines = lines.join("\n");
    assert!(lines.contains("taking pushes at"), "{lines}");
    for secret in ["t0ken", "wr0ng", ids[0].as_str(), ids[1].as_str()] {
        assert!(!lines.contains(secret), "{secret} is in the log");
    }
}

/// No name is more than a name, and what is beyond a limit is told which one.
#[tokio::test]
async fn any_text_is_the_name_of_a_room_within_the_limits() {
    let (address, push_address) = (Example::free_address(), Example::free_address());
    let environment = [
        ("WSFN_PUSH_LISTEN", &*push_address),
        ("WSFN_ROOMS_PER_CONNECTION", "9"),
        ("WSFN_ROOM_MEMBERS", "2"),
        ("WSFN_SESSION_MAX", "20"),
    ];
    let _lobby = Example::start_with("lobby", "lobby", &address, &environment);
    let mut anna = connect(&address).await;
    let _berta = connect(&address).await;
    let push = Push::to_url(&format!("http://{push_address}/api-wsfn")).expect("an address");
    let rooms = push.rooms();
    let ids = rooms.members("lobby").all().await.expect("ids");
    assert_eq!(ids.len(), 2);

    let longest = "x".repeat(256);
    let names = [
        " ",
        "'; DROP TABLE rooms; --",
        "\"quoted\" \\ and \u{0}\n\r\t",
        "a/b?c=d&e#f%20",
        "{lobby}:*:[a-z]",
        "大厅 \u{1f600} e\u{301}",
        "LOBBY",
        &longest,
    ];
    for name in names {
        rooms.join(name, &ids[0]).await.expect("joined");
        rooms.join(name, &ids[0]).await.expect("again");
    }
    let own = rooms.of(&ids[0]).await.expect("rooms");
    assert_eq!(own[0], "lobby");
    assert_eq!(own[1..], names);
    for name in names {
        assert_eq!(rooms.count(name).await.expect("a count"), 1, "{name:?}");
        let report = rooms.broadcast(name, name).except([&ids[1]]).await;
        assert_eq!(report.expect("sent").delivered(), 1, "{name:?}");
    }
    // What Anna hears, if it is she who is in them.
    rooms.everyone("end").await.expect("sent");
    let mut heard = Vec::new();
    while heard.last().is_none_or(|last| last != "end") {
        heard.push(text(&mut anna).await);
    }
    assert!(
        heard == ["end"] || heard[..names.len()] == names,
        "{heard:?}"
    );

    let too_many = rooms.join("one more", &ids[0]).await.expect_err("a limit");
    let too_long = rooms
        .join("x".repeat(257), &ids[1])
        .await
        .expect_err("a limit");
    let huge = rooms.count("ü".repeat(5 << 10)).await.expect_err("a limit");
    let mut session = rooms.session::<String>(&ids[0]).await.expect("a session");
    let too_large = session.set("x".repeat(19)).await.expect_err("a limit");
    // Who connects is refused by the handler, which cannot join the lobby.
    let refused = tokio_tungstenite::connect_async(format!("ws://{address}/")).await;
    assert!(refused.is_err());
    for (error, limit) in [
        (too_many, "rooms-per-connection = 9"),
        (too_long, "room-name is 256"),
        (huge, "room-name is 256"),
        (too_large, "session-max is 20"),
    ] {
        assert!(
            error.is_too_large() && error.err_no() == Some(1102),
            "{error}"
        );
        assert!(error.to_string().contains(limit), "{error}");
    }
    for error in [
        rooms.join("", &ids[0]).await.expect_err("no name"),
        rooms.leave("", &ids[0]).await.expect_err("no name"),
        rooms.count("").await.expect_err("no name"),
        rooms.broadcast("", "x").await.expect_err("no name"),
    ] {
        assert_eq!(error.err_no(), Some(1104), "{error}");
    }
    for name in names {
        rooms.leave(name, &ids[0]).await.expect("left");
    }
    assert_eq!(rooms.of(&ids[0]).await.expect("rooms"), ["lobby"]);
}

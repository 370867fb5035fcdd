//! Rooms by URL.

use wsfn_tests::PushAnswer;

use super::{OURS, TENCENT, gateway, id};

#[tokio::test]
async fn each_call_is_its_action() {
    let (server, push) = gateway(OURS, PushAnswer::ok()).await;
    let rooms = push.rooms();
    rooms.join("r", &id()).await.expect("joined");
    rooms.leave(String::from("r"), &id()).await.expect("left");
    rooms.leave_all(&id()).await.expect("left");
    let _ = rooms
        .broadcast("r", "hi")
        .except([&id()])
        .await
        .expect("sent");
    rooms.broadcast_many(["r", "s"], "hi").await.expect("sent");
    rooms.everyone("hi").await.expect("sent");
    assert!(rooms.of(&id()).await.expect("rooms").is_empty());
    assert!(rooms.alive([&id()]).await.expect("ids").is_empty());
    let i = "xawexasdfewezdfsdfeasdfffa==";
    let expected = [
        format!(r#"{{"websocket":{{"action":"join","secConnectionID":"{i}","room":"r"}}}}"#),
        format!(r#"{{"websocket":{{"action":"leave","secConnectionID":"{i}","room":"r"}}}}"#),
        format!(r#"{{"websocket":{{"action":"leave","secConnectionID":"{i}"}}}}"#),
        format!(
            r#"{{"websocket":{{"action":"broadcast","room":"r","except":["{i}"],"dataType":"text","data":"hi"}}}}"#
        ),
        r#"{"websocket":{"action":"broadcast","rooms":["r","s"],"dataType":"text","data":"hi"}}"#
            .to_owned(),
        r#"{"websocket":{"action":"broadcast","dataType":"text","data":"hi"}}"#.to_owned(),
        format!(r#"{{"websocket":{{"action":"rooms","secConnectionID":"{i}"}}}}"#),
        format!(r#"{{"websocket":{{"action":"alive","secConnectionIDs":["{i}"]}}}}"#),
    ];
    assert_eq!(server.bodies(), expected);
}

#[tokio::test]
async fn members_come_in_pages() {
    let (server, push) = gateway(OURS, PushAnswer::ok()).await;
    server.answer([
        PushAnswer::Http(
            200,
            r#"{"errNo":0,"members":["a","b"],"count":3,"next":"n1"}"#,
        ),
        PushAnswer::Http(200, r#"{"errNo":0,"members":["c"],"count":3}"#),
    ]);
    let rooms = push.rooms();
    let mut members = rooms.members("r").limit(2);
    let (mut ids, mut pages) = (Vec::new(), 0);
    while let Some(page) = members.next().await.expect("a page") {
        assert_eq!(page.count, 3);
        ids.extend(page.ids.iter().map(|id| id.as_str().to_owned()));
        pages += 1;
    }
    assert_eq!((ids.join(","), pages), ("a,b,c".to_owned(), 2));
    let bodies = server.bodies();
    assert!(
        bodies[1].contains(r#""after":"n1""#) && bodies[1].contains(r#""limit":"#),
        "{bodies:?}"
    );
    // A gateway that repeats itself makes no endless loop.
    let same = PushAnswer::Http(200, r#"{"errNo":0,"members":["a"],"count":1,"next":"n"}"#);
    let (_server, push) = gateway(OURS, same).await;
    assert_eq!(push.rooms().members("r").all().await.expect("ids").len(), 2);
}

#[tokio::test]
async fn a_gateway_without_rooms_is_not_asked() {
    let (server, push) = gateway(TENCENT, PushAnswer::ok()).await;
    let error = push
        .rooms()
        .join("r", &id())
        .await
        .expect_err("no rooms there");
    assert!(
        error.to_string().contains("action of our own gateway"),
        "{error}"
    );
    assert!(error.to_string().contains("push-path"), "{error}");
    assert_eq!(server.bodies().len(), 0);
}

#[tokio::test]
async fn a_page_of_html_is_no_room() {
    let (_server, push) = gateway(OURS, PushAnswer::Http(200, "<html>")).await;
    let error = push.rooms().join("r", &id()).await.expect_err("not joined");
    assert!(error.to_string().contains("not JSON"), "{error}");
}

#[tokio::test]
async fn who_is_gone_cannot_join() {
    let gone = PushAnswer::Http(410, r#"{"errNo":1101,"errMsg":"no such connection"}"#);
    let (_server, push) = gateway(OURS, gone).await;
    let error = push.rooms().join("r", &id()).await.expect_err("gone");
    assert!(error.is_gone() && !error.is_too_large(), "{error}");
}

#[tokio::test]
async fn members_come_with_their_sessions_in_one_request_for_a_page() {
    let (server, push) = gateway(OURS, PushAnswer::ok()).await;
    server.answer([
        PushAnswer::Http(
            200,
            r#"{"errNo":0,"members":["a","b","c","d"],"count":5,"next":"d",
                "sessions":{"a":{"value":7,"version":1},"b":{"value":null,"version":0},
                            "c":{"value":"no number","version":2}}}"#,
        ),
        // Whoever was in this page has left; the next one is asked for at once.
        PushAnswer::Http(200, r#"{"errNo":0,"members":[],"count":5,"next":"e"}"#),
        PushAnswer::Http(
            200,
            r#"{"errNo":0,"members":["e"],"count":5,"sessions":{"e":{"value":8,"version":1}}}"#,
        ),
    ]);
    let mut present = push.rooms().members_with::<u32>("r").limit(4);
    let mut found = Vec::new();
    while let Some(page) = present.next().await.expect("a page") {
        assert_eq!(page.count, 5);
        let members = page.members.into_iter();
        found.extend(members.map(|member| (member.id.as_str().to_owned(), member.session)));
    }
    let expected = [
        ("a", Some(7)),
        ("b", None),
        ("c", None),
        ("d", None),
        ("e", Some(8)),
    ];
    assert_eq!(
        found,
        expected.map(|(id, session)| (id.to_owned(), session))
    );
    let bodies = server.bodies();
    assert_eq!(bodies.len(), 3);
    assert_eq!(
        bodies[0],
        r#"{"websocket":{"action":"members","room":"r","limit":4,"with":"session"}}"#
    );
    assert!(bodies[1].contains(r#""after":"d""#), "{bodies:?}");
}

//! It travels with each event.

use serde_json::json;
use wsfn::testing::{Client, PushKind, TestApp};
use wsfn::{Rejection, Session, Text, on_message};
use wsfn_tests::sessions::User;

use super::keeper;

async fn says(client: &mut Client, line: &str) -> String {
    client.send_text(line).await;
    client.expect_text().await
}

#[tokio::test]
async fn it_is_set_changed_cleared_and_forgotten() {
    let mut app = keeper().await;
    let mut ann = app.connect().await.unwrap();
    let mut bob = app.connect().await.unwrap();
    for (line, answer) in [
        ("get", "nobody v0"),
        ("be ann", "ann 0 v1"),
        ("count", "ann 1 v2"),
        ("get", "ann 1 v2"),
        ("clear", "nobody v3"),
        ("count", "nobody v4"),
        ("be ann2", "ann2 0 v5"),
    ] {
        assert_eq!(says(&mut ann, line).await, answer, "{line}");
    }
    // Another connection has another one.
    assert_eq!(says(&mut bob, "get").await, "nobody v0");
    let id = ann.id().clone();
    ann.close().await;
    assert_eq!(bob.expect_text().await, "left: ann2 0 v5, true");
    app.settle().await;
    let forgotten = app.push().rooms().session::<User>(&id).await;
    assert!(forgotten.unwrap_err().is_gone());
}

#[tokio::test]
async fn to_read_it_costs_no_request() {
    let app = keeper().await;
    let mut ann = app.connect().await.unwrap();
    let requests = || {
        let pushes = app.pushes().into_iter();
        pushes.filter(|push| push.kind == PushKind::Session).count()
    };
    says(&mut ann, "get").await;
    assert_eq!(requests(), 0);
    says(&mut ann, "be ann").await;
    assert_eq!(says(&mut ann, "get").await, "ann 0 v1");
    assert_eq!(requests(), 1);
}

#[tokio::test]
async fn a_lost_race_is_an_error_or_tried_again() {
    let app = keeper().await;
    let mut ann = app.connect().await.unwrap();
    let lost = says(&mut ann, "lose other").await;
    assert!(
        lost.starts_with("true ") && lost.contains("errNo 1106"),
        "{lost}"
    );
    assert_eq!(says(&mut ann, "get").await, "other 0 v1");
    assert_eq!(says(&mut ann, "win third").await, "third 10 2");
    assert_eq!(says(&mut ann, "get").await, "third 10 v3");
}

#[tokio::test]
async fn it_can_be_set_from_outside() {
    let app = keeper().await;
    let mut ann = app.connect().await.unwrap();
    let rooms = app.push().rooms();
    let mut session = rooms.session::<User>(ann.id()).await.unwrap();
    assert_eq!((session.get(), session.version()), (None, 0));
    let user = User {
        name: "root".into(),
        lines: 3,
    };
    session.set(user.clone()).await.unwrap();
    assert_eq!((session.get(), session.version()), (Some(&user), 1));
    // Twice with one `Session`: it knows what it has set.
    session.set(user.clone()).await.unwrap();
    assert_eq!(says(&mut ann, "count").await, "root 4 v3");
    assert!(session.set(user).await.unwrap_err().is_conflict());
    session.reload().await.unwrap();
    assert_eq!(session.get().map(|user| user.lines), Some(4));
    assert_eq!(
        session.into_inner().map(|user| user.name).as_deref(),
        Some("root")
    );
}

#[tokio::test]
async fn updates_at_once_are_all_counted() {
    let app = keeper().await;
    let ann = app.connect().await.unwrap();
    let counting = (0..10).map(async |_| {
        let mut session = app.push().rooms().session::<u32>(ann.id()).await.unwrap();
        session
            .update(|count| *count.get_or_insert(0) += 1)
            .await
            .unwrap();
    });
    futures_util::future::join_all(counting).await;
    let count = app.push().rooms().session::<u32>(ann.id()).await.unwrap();
    assert_eq!((count.get(), count.version()), (Some(&10), 10));
}

#[tokio::test]
async fn its_size_has_a_limit() {
    let app = TestApp::new(wsfn_tests::sessions::app())
        .setting("session-max", "100")
        .start()
        .await
        .unwrap();
    let ann = app.connect().await.unwrap();
    let mut session = app
        .push()
        .rooms()
        .session::<String>(ann.id())
        .await
        .unwrap();
    session.set("x".repeat(98)).await.unwrap();
    let error = session.set("x".repeat(99)).await.unwrap_err();
    assert!(error.is_too_large(), "{error}");
    assert!(error.to_string().contains("session-max is 100"), "{error}");
    // What was refused is not taken for what is there.
    assert_eq!(session.get().map(String::len), Some(98));
    session.set(String::new()).await.unwrap();
}

#[on_message]
async fn strict(session: Session<User>) -> Text {
    Text(format!("{:?}", session.get()))
}

#[on_message]
async fn lenient(session: Result<Session<User>, Rejection>) -> Text {
    Text(match session {
        Ok(_) => "a user".to_owned(),
        Err(rejection) => format!("{} {rejection}", rejection.is_absent()),
    })
}

#[tokio::test]
async fn a_value_of_another_type_is_refused_and_not_repeated() {
    const REFUSED: &str = "session: not what the handler takes";
    let app = TestApp::new(wsfn::app![strict]).start().await.unwrap();
    let mut ann = app.connect().await.unwrap();
    let rooms = app.push().rooms();
    let mut other = rooms.session::<serde_json::Value>(ann.id()).await.unwrap();
    other
        .set(json!({ "name": 7, "password": "hunter2" }))
        .await
        .unwrap();
    ann.send_text("x").await;
    assert_eq!(ann.expect_error(1003).await, REFUSED);
    let error = rooms.session::<User>(ann.id()).await.unwrap_err();
    assert!(
        !error.to_string().contains("hunter2") && !error.is_gone(),
        "{error}"
    );
    // Null is nothing, however it came there.
    other.set(serde_json::Value::Null).await.unwrap();
    assert_eq!(says(&mut ann, "x").await, "None");

    let app = TestApp::new(wsfn::app![lenient]).start().await.unwrap();
    let mut ann = app.connect().await.unwrap();
    let mut other = app.push().rooms().session::<u8>(ann.id()).await.unwrap();
    other.set(7).await.unwrap();
    assert_eq!(says(&mut ann, "x").await, format!("false {REFUSED}"));
}

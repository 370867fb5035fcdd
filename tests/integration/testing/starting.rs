//! What keeps a test from starting, and what it starts with.

use wsfn::testing::TestApp;
use wsfn::{Result, State, Text, on_message};

use super::talk;

#[tokio::test]
async fn a_wrong_setting_is_the_error_that_it_is_elsewhere() {
    let app = TestApp::new(wsfn::app![talk])
        .setting("idle-timeout", "soon")
        .setting("pingg-interval", "1s");
    let error = format!("{:?}", app.start().await.unwrap_err());
    for part in [
        "2 settings cannot be used:",
        "idle-timeout = `soon` (set by the program): expected",
        "did you mean ping-interval?",
    ] {
        assert!(error.contains(part), "no {part:?} in {error}");
    }
    let app = TestApp::new(wsfn::app![talk]).setting("mode", "event-invoke");
    let error = format!("{:?}", app.start().await.unwrap_err());
    assert!(error.contains("leave it unset"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn several_threads_have_no_order() {
    let error = TestApp::new(wsfn::app![talk]).start().await.unwrap_err();
    let error = format!("{error:?}");
    assert!(
        error.contains("without flavor = \"multi_thread\""),
        "{error}"
    );
}

struct Name(&'static str);
impl State for Name {
    async fn init() -> Result<Self> {
        Err("a database that is not there")?
    }
}

#[on_message]
async fn who(name: &Name) -> Text {
    Text(name.0.to_owned())
}

#[tokio::test]
async fn a_state_is_the_tests_own_or_has_to_be_made() {
    let error = TestApp::new(wsfn::app![who]).start().await.unwrap_err();
    assert!(format!("{error:?}").contains("a database that is not there"));
    let app = TestApp::new(wsfn::app![who]).state(Name("fake"));
    let app = app.start().await.unwrap();
    let mut ann = app.connect().await.unwrap();
    ann.send_text("who?").await;
    assert_eq!(ann.expect_text().await, "fake");
}

#[tokio::test]
async fn a_handler_alone_is_a_function() {
    assert_eq!(who(&Name("alone")).await, Text("alone".to_owned()));
}

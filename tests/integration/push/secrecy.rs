//! No error and no log line holds the push address, a token, or a whole connection id.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use wsfn::Push;
use wsfn_tests::{Example, PushAnswer, PushServer};

use super::{OURS, id};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_error_and_no_line_holds_address_token_or_id() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let mut said = String::new();
    let server = PushServer::start(PushAnswer::ok()).await;
    let push = Push::to_url(&server.url(OURS)).expect("an address");
    push.text(&id(), "x").await.expect("delivered");
    server.answer([
        // A gateway that repeats the address.
        PushAnswer::Http(
            404,
            r#"{"errNo":404,"errMsg":"no POST /api-wsfn/s3cr3t-t0ken here"}"#,
        ),
        PushAnswer::Http(404, "no POST /api-wsfn/s3cr3t-t0ken here"),
        PushAnswer::Http(302, ""),
        PushAnswer::Hangup,
    ]);
    for _ in 0..4 {
        let error = push.text(&id(), "x").await.expect_err("not delivered");
        said += &format!("{error} {error:?} {error:#?}\n");
    }
    server.answer([PushAnswer::Late(Duration::from_millis(10))]);
    let _ = push.text(&id(), "x").await;
    let nobody =
        Push::to_url(&format!("http://{}{OURS}", Example::free_address())).expect("an address");
    let error = nobody.text(&id(), "x").await.expect_err("nobody is there");
    said += &format!("{error} {error:?} {nobody:?}\n");
    let error = nobody
        .rooms()
        .join("r", &id())
        .await
        .expect_err("nobody is there");
    said += &format!("{error} {error:?} {:?} {push:?}\n", nobody.rooms());
    for url in [
        "ftp://h/s3cr3t-t0ken",
        "http://u:s3cr3t-t0ken@h/",
        "http://h:99999/s3cr3t-t0ken",
    ] {
        let error = Push::to_url(url).expect_err("unusable");
        said += &format!("{error} {error:?}\n");
    }
    let logged = lines.0.lock().expect("no panic").clone();
    let logged = String::from_utf8_lossy(&logged);
    assert!(
        !logged.is_empty(),
        "nothing was logged, so nothing was checked"
    );
    for text in [&*said, &*logged] {
        assert!(!text.contains("s3cr3t"), "{text}");
        assert!(!text.contains(id().as_str()), "{text}");
    }
}

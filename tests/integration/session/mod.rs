//! The value that is kept with a connection.

mod asked;
mod carried;

use wsfn::testing::{RunningApp, TestApp};
use wsfn_tests::sessions;

/// The application, with the gateway in this process.
async fn keeper() -> RunningApp {
    let app = TestApp::new(sessions::app()).start();
    app.await.expect("it starts")
}

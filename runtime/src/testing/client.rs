//! A client that a test holds in its hand.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::failure::fail;
use super::record::{short_name, shown_bytes, shown_close, shown_text};
use super::seat::{Closed, Seat};
use super::wire;
use super::world::World;
use crate::connection_id::ConnectionId;
use crate::message::Message;

/// How long an expectation waits, in the test's own time: longer than `invoke-timeout`, so that what a handler that
/// hangs is answered with still comes.
pub(super) const WAIT: Duration = Duration::from_secs(60);
/// How long it takes to see that nothing happens any more. Time passes only where everything waits, so the shortest
/// is long enough.
pub(super) const QUIET: Duration = Duration::from_millis(1);
/// What a client says that closes without saying why.
const NORMAL: u16 = 1000;

/// A virtual client: [`RunningApp::connect`](super::RunningApp::connect).
///
/// It speaks the real wire with the real gateway, over memory instead of a socket. Pings are answered and a close
/// frame is too, as a browser does it, even while the test is busy elsewhere.
///
/// The `expect_…` take the next message that has come, and wait for one at most a minute of the test's own time, which
/// passes at once. Where something else comes they panic, and tell what was expected, what came, everything that this
/// client sent and got, and the seed. A client that is dropped closes its socket without a close frame.
///
/// ```
/// # use wsfn::{Result, on_message, testing::TestApp};
/// # #[on_message] async fn shout(line: &str) -> String { line.to_uppercase() }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<()> {
/// # let app = TestApp::new(wsfn::app![shout]).start().await?;
/// let mut ann = app.connect().await?;
/// ann.send_text("hello").await;
/// assert_eq!(ann.expect_text().await, "HELLO");
/// ann.close().await;
/// # Ok(()) }
/// ```
pub struct Client {
    world: Arc<World>,
    seat: Arc<Seat>,
    id: ConnectionId,
    protocol: Option<String>,
}

/// What comes next.
enum Next {
    Message(Message),
    Closed(Closed),
    Nothing,
}

impl Client {
    pub(super) fn new(world: Arc<World>, seat: Arc<Seat>, protocol: Option<String>) -> Self {
        let id = ConnectionId::new(seat.end.id().unwrap_or_default());
        Self {
            world,
            seat,
            id,
            protocol,
        }
    }

    /// Its connection id: what handlers have as `&ConnectionId`. A real client does not know it.
    ///
    /// ```
    /// # async fn example(ann: &mut wsfn::testing::Client) {
    /// println!("{:?}", ann.id());
    /// # }
    /// ```
    #[must_use]
    pub const fn id(&self) -> &ConnectionId {
        &self.id
    }

    /// The sub-protocol that was chosen.
    ///
    /// ```
    /// # async fn example(ann: &mut wsfn::testing::Client) {
    /// assert_eq!(ann.protocol(), Some("chat.v1"));
    /// # }
    /// ```
    #[must_use]
    pub fn protocol(&self) -> Option<&str> {
        self.protocol.as_deref()
    }

    /// Sends a text message. It is on its way when this returns, and not handled yet.
    ///
    /// ```
    /// # async fn example(ann: &mut wsfn::testing::Client) {
    /// ann.send_text("hello").await;
    /// # }
    /// ```
    ///
    /// # Panics
    /// When the connection is closed.
    #[track_caller]
    pub fn send_text(&mut self, text: impl AsRef<str>) -> impl Future<Output = ()> + Send {
        let text = text.as_ref();
        let shown = format!("→ text {}", shown_text(text));
        self.send(
            Location::caller(),
            shown,
            wire::frame(wire::TEXT, text.as_bytes()),
        )
    }

    /// Sends a binary message. It is on its way when this returns, and not handled yet.
    ///
    /// ```
    /// # async fn example(ann: &mut wsfn::testing::Client) {
    /// ann.send_binary([1, 2, 3]).await;
    /// # }
    /// ```
    ///
    /// # Panics
    /// When the connection is closed.
    #[track_caller]
    pub fn send_binary(&mut self, bytes: impl AsRef<[u8]>) -> impl Future<Output = ()> + Send {
        let bytes = bytes.as_ref();
        let shown = format!("→ binary {}", shown_bytes(bytes));
        self.send(Location::caller(), shown, wire::frame(wire::BINARY, bytes))
    }

    /// Sends a text message that is `value` as JSON. It is on its way when this returns, and not handled yet.
    ///
    /// ```
    /// # async fn example(ann: &mut wsfn::testing::Client) {
    /// ann.send_json(&["a", "list"]).await;
    /// # }
    /// ```
    ///
    /// # Panics
    /// When the connection is closed, or `value` cannot be written as JSON.
    #[track_caller]
    pub fn send_json(
        &mut self,
        value: &(impl Serialize + ?Sized),
    ) -> impl Future<Output = ()> + Send {
        match serde_json::to_string(value) {
            Ok(text) => self.send_text(text),
            Err(error) => panic!("this cannot be written as JSON: {error}"),
        }
    }

    /// Sends bytes as they are, in place of a frame: for what no client should send.
    ///
    /// ```
    /// # async fn example(ann: &mut wsfn::testing::Client) {
    /// // A text frame without a mask.
    /// ann.send_raw([0x81, 0x01, b'x']).await;
    /// ann.expect_closed(1002).await;
    /// # }
    /// ```
    ///
    /// # Panics
    /// When the connection is closed.
    #[track_caller]
    pub fn send_raw(&mut self, bytes: impl AsRef<[u8]>) -> impl Future<Output = ()> + Send {
        let bytes = bytes.as_ref();
        let shown = format!("→ raw {}", shown_bytes(bytes));
        self.send(Location::caller(), shown, bytes.to_vec())
    }

    async fn send(&mut self, at: &'static Location<'static>, shown: String, bytes: Vec<u8>) {
        self.must_be_open(at, "to send");
        self.world.wire(&self.seat, shown);
        self.seat.send(bytes);
    }

    /// Takes the next message, which is a text.
    ///
    /// ```
    /// # async fn example(ann: &mut wsfn::testing::Client) {
    /// assert_eq!(ann.expect_text().await, "hello");
    /// # }
    /// ```
    ///
    /// # Panics
    /// When something else comes, or nothing within a minute of the test's time.
    #[track_caller]
    pub fn expect_text(&mut self) -> impl Future<Output = String> + Send {
        let at = Location::caller();
        async move { self.text(at, "a text message").await }
    }

    /// Takes the next message, which is binary.
    ///
    /// ```
    /// # async fn example(ann: &mut wsfn::testing::Client) {
    /// assert_eq!(ann.expect_binary().await, [1, 2, 3]);
    /// # }
    /// ```
    ///
    /// # Panics
    /// When something else comes, or nothing within a minute of the test's time.
    #[track_caller]
    pub fn expect_binary(&mut self) -> impl Future<Output = Vec<u8>> + Send {
        let at = Location::caller();
        async move {
            let expected = "a binary message";
            match self.next().await {
                Next::Message(Message::Binary(bytes)) => bytes,
                other => self.fail_with(at, expected, &other),
            }
        }
    }

    /// Takes the next message, which is JSON of this type.
    ///
    /// ```
    /// # async fn example(ann: &mut wsfn::testing::Client) {
    /// let names: Vec<String> = ann.expect_json().await;
    /// # }
    /// ```
    ///
    /// # Panics
    /// When something else comes, or nothing within a minute of the test's time.
    #[track_caller]
    pub fn expect_json<T: DeserializeOwned>(&mut self) -> impl Future<Output = T> + Send {
        let at = Location::caller();
        async move {
            let expected = format!("JSON that is a `{}`", short_name::<T>());
            let text = self.text(at, &expected).await;
            serde_json::from_str(&text).unwrap_or_else(|error| {
                let came = format!("text {} came: {error}", shown_text(&text));
                self.fail(at, &expected, &came)
            })
        }
    }

    /// Takes the next message, which tells that one of the client's own failed: `{"errNo":…,"errMsg":…}`. Returns its
    /// `errMsg`.
    ///
    /// ```
    /// # async fn example(ann: &mut wsfn::testing::Client) {
    /// assert_eq!(ann.expect_error(1003).await, "text: missing field");
    /// # }
    /// ```
    ///
    /// # Panics
    /// When something else comes, another `errNo`, or nothing within a minute of the test's time.
    #[track_caller]
    pub fn expect_error(&mut self, err_no: i64) -> impl Future<Output = String> + Send {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Note {
            err_no: i64,
            #[serde(default)]
            err_msg: String,
        }
        let at = Location::caller();
        async move {
            let expected = format!("an error with errNo {err_no}");
            let text = self.text(at, &expected).await;
            match serde_json::from_str(&text) {
                Ok(Note {
                    err_no: came,
                    err_msg,
                }) if came == err_no => err_msg,
                _ => {
                    let came = format!("text {} came", shown_text(&text));
                    self.fail(at, &expected, &came)
                }
            }
        }
    }

    /// Waits until nobody has anything to do any more, and sees that nothing has come. That is exact, and takes a
    /// millisecond of the test's time; a handler that sleeps longer has not answered yet, and
    /// [`RunningApp::advance`](super::RunningApp::advance) lets that time pass.
    ///
    /// ```
    /// # async fn example(ann: &mut wsfn::testing::Client) {
    /// ann.expect_nothing().await;
    /// # }
    /// ```
    ///
    /// # Panics
    /// When a message is there, or the connection was closed.
    #[track_caller]
    pub fn expect_nothing(&mut self) -> impl Future<Output = ()> + Send {
        let at = Location::caller();
        async move {
            tokio::time::sleep(QUIET).await;
            match self.take() {
                Next::Nothing => {}
                Next::Closed(_) if self.seat.state().closed_is_known => {}
                other => self.fail_with(at, "nothing", &other),
            }
        }
    }

    /// Waits until the connection is closed, with this code, and returns the reason. 1005 is a close frame without a
    /// code, 1006 an end without a close frame.
    ///
    /// ```
    /// # async fn example(ann: &mut wsfn::testing::Client) {
    /// assert_eq!(ann.expect_closed(4001).await, "not today");
    /// # }
    /// ```
    ///
    /// # Panics
    /// When a message comes before, another code, or nothing within a minute of the test's time.
    #[track_caller]
    pub fn expect_closed(&mut self, code: u16) -> impl Future<Output = String> + Send {
        let at = Location::caller();
        async move {
            let expected = format!("to be closed with {code}");
            match self.next().await {
                Next::Closed(closed) if closed.code == code => {
                    self.seat.state().closed_is_known = true;
                    closed.reason
                }
                other => self.fail_with(at, &expected, &other),
            }
        }
    }

    /// Sends a ping and waits for its pong.
    ///
    /// ```
    /// # async fn example(ann: &mut wsfn::testing::Client) {
    /// ann.ping().await;
    /// # }
    /// ```
    ///
    /// # Panics
    /// When none comes within a minute of the test's time, or the connection is closed.
    #[track_caller]
    pub fn ping(&mut self) -> impl Future<Output = ()> + Send {
        let at = Location::caller();
        async move {
            self.must_be_open(at, "to send a ping");
            self.seat.state().pongs = 0;
            self.world.wire(&self.seat, "→ ping".to_owned());
            self.seat.send(wire::frame(wire::PING, b"ping"));
            let pong = self.wait(|seat| {
                let state = seat.state();
                state.pongs > 0 || state.closed.is_some()
            });
            pong.await;
            if self.seat.state().pongs == 0 {
                let next = self.take();
                self.fail_with(at, "a pong", &next);
            }
        }
    }

    /// Closes the connection with code 1000, and waits until it is closed. Messages that came before can still be
    /// taken.
    ///
    /// ```
    /// # async fn example(ann: &mut wsfn::testing::Client) {
    /// ann.close().await;
    /// # }
    /// ```
    ///
    /// # Panics
    /// When it is closed already, or not within a minute of the test's time.
    #[track_caller]
    pub fn close(&mut self) -> impl Future<Output = ()> + Send {
        self.close_inner(Location::caller(), NORMAL, "")
    }

    /// The same with another code and a reason.
    ///
    /// ```
    /// # async fn example(ann: &mut wsfn::testing::Client) {
    /// ann.close_with(4000, "enough").await;
    /// # }
    /// ```
    ///
    /// # Panics
    /// As [`Client::close`].
    #[track_caller]
    pub fn close_with(&mut self, code: u16, reason: &str) -> impl Future<Output = ()> + Send {
        self.close_inner(Location::caller(), code, reason)
    }

    async fn close_inner(&mut self, at: &'static Location<'static>, code: u16, reason: &str) {
        self.must_be_open(at, "to close the connection");
        self.world
            .wire(&self.seat, format!("→ {}", shown_close(Some(code), reason)));
        self.seat.send_close(Some(code), reason);
        self.wait(|seat| seat.state().ended).await;
        if !self.seat.state().ended {
            self.fail(at, "the end of the connection", "nothing came within 60 s");
        }
        self.seat.state().closed_is_known = true;
    }

    /// Is gone without a word: neither a close frame nor the end of the socket (FIN) is seen by the gateway, and what
    /// was on the way is lost (RST). The close event has code 1006.
    ///
    /// ```
    /// # async fn example(ann: &mut wsfn::testing::Client) {
    /// ann.vanish();
    /// # }
    /// ```
    pub fn vanish(&mut self) {
        self.world
            .wire(&self.seat, "→ vanished without a word".to_owned());
        self.seat.end.reset();
        self.seat.vanished();
    }

    /// Stops reading, as a client does that is too slow or whose tab sleeps: its socket fills, then its queue in the
    /// gateway, and pings are not answered. See [`Connect::buffer`](super::Connect::buffer).
    ///
    /// ```
    /// # async fn example(ann: &mut wsfn::testing::Client) {
    /// ann.pause_reading();
    /// # }
    /// ```
    pub fn pause_reading(&mut self) {
        self.world
            .wire(&self.seat, "→ reading is paused".to_owned());
        self.seat.pause(true);
    }

    /// Reads on.
    ///
    /// ```
    /// # async fn example(ann: &mut wsfn::testing::Client) {
    /// ann.resume_reading();
    /// # }
    /// ```
    pub fn resume_reading(&mut self) {
        self.world.wire(&self.seat, "→ reading goes on".to_owned());
        self.seat.pause(false);
    }

    async fn text(&self, at: &'static Location<'static>, expected: &str) -> String {
        match self.next().await {
            Next::Message(Message::Text(text)) => text,
            other => self.fail_with(at, expected, &other),
        }
    }

    /// Waits for what comes next.
    async fn next(&self) -> Next {
        self.wait(|seat| {
            let state = seat.state();
            !state.inbox.is_empty() || state.closed.is_some()
        })
        .await;
        self.take()
    }

    /// What has come next.
    fn take(&self) -> Next {
        let mut state = self.seat.state();
        match (state.inbox.pop_front(), &state.closed) {
            (Some(message), _) => Next::Message(message),
            (None, Some(closed)) => Next::Closed(closed.clone()),
            (None, None) => Next::Nothing,
        }
    }

    /// Waits until something holds, for so long.
    async fn wait(&self, holds: impl Fn(&Seat) -> bool) {
        let until = Instant::now() + WAIT;
        while !holds(&self.seat) {
            let changed = self.seat.changed.notified();
            if tokio::time::timeout_at(until, changed).await.is_err() {
                return;
            }
        }
    }

    fn must_be_open(&self, at: &Location<'_>, what: &str) {
        let closed = self.seat.state().closed.clone();
        if let Some(closed) = closed {
            self.fail_with(at, what, &Next::Closed(closed));
        }
    }

    fn fail_with(&self, at: &Location<'_>, expected: &str, came: &Next) -> ! {
        let paused = self.seat.state().is_paused;
        let came = match came {
            Next::Message(Message::Text(text)) => format!("text {} came", shown_text(text)),
            Next::Message(Message::Binary(bytes)) => format!("binary {} came", shown_bytes(bytes)),
            Next::Closed(closed) => {
                let Closed { code, reason } = closed;
                format!("it is closed: {}", shown_close(Some(*code), reason))
            }
            Next::Nothing if paused => "its reading is paused, so nothing can come".to_owned(),
            Next::Nothing => "nothing came within 60 s".to_owned(),
        };
        self.fail(at, expected, &came)
    }

    pub(super) fn fail(&self, at: &Location<'_>, expected: &str, came: &str) -> ! {
        fail(&self.world, &self.seat, at, expected, came)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // What it has sent still arrives; what comes is read by nobody.
        self.seat.pause(false);
        self.seat.finish();
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("name", &self.seat.name)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

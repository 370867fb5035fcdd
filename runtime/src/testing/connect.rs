//! A client on its way in.

use std::fmt;
use std::future::IntoFuture;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;

use serde::Deserialize;
use wsfn_gateway::testing::{ClientEnd, Dialer};

use super::client::{Client, WAIT};
use super::record::shown_text;
use super::seat::Seat;
use super::wire::{ACCEPT, Head, KEY};
use super::world::World;

/// How many bytes may be on the way in either direction: about what a system's socket buffers hold.
const BUFFER: usize = 64 << 10;
/// The first port that clients come from.
const FIRST_PORT: u16 = 40_000;

/// A client that is about to connect: [`RunningApp::connect`](super::RunningApp::connect).
///
/// Awaiting it gives the [`Client`], or [`Refused`]; [`Connect::refused`] is for tests that want it refused.
///
/// ```
/// # use wsfn::{Headers, Query, Result, on_connect, testing::TestApp};
/// # #[derive(serde::Deserialize)] struct Where { room: String }
/// # #[on_connect] async fn greet(headers: Headers, Query(w): Query<Where>) { assert_eq!((headers.get("x-user"), &*w.room), (Some("ann"), "1")); }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<()> {
/// # let app = TestApp::new(wsfn::app![greet]).setting("forward-headers", "x-user").start().await?;
/// let ann = app.connect().name("ann").path("/chat").query("room=1").header("x-user", "ann").await?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "nothing connects before it is awaited"]
pub struct Connect {
    world: Arc<World>,
    dialer: Dialer,
    name: Option<String>,
    path: String,
    query: Option<String>,
    protocols: Vec<String>,
    headers: Vec<(String, String)>,
    address: IpAddr,
    buffer: usize,
}

impl Connect {
    pub(super) fn new(world: Arc<World>, dialer: Dialer) -> Self {
        Self {
            world,
            dialer,
            name: None,
            path: "/".to_owned(),
            query: None,
            protocols: Vec::new(),
            headers: Vec::new(),
            address: Ipv4Addr::LOCALHOST.into(),
            buffer: BUFFER,
        }
    }

    /// What failures call it; `client 1`, `client 2` and so on unless it is named.
    ///
    /// ```
    /// # async fn example(app: &wsfn::testing::RunningApp) -> wsfn::Result<()> {
    /// let ann = app.connect().name("ann").await?;
    /// # Ok(()) }
    /// ```
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// The path of the handshake; `/` unless another is set.
    ///
    /// ```
    /// # async fn example(app: &wsfn::testing::RunningApp) -> wsfn::Result<()> {
    /// let ann = app.connect().path("/chat").await?;
    /// # Ok(()) }
    /// ```
    pub fn path(mut self, path: &str) -> Self {
        self.path = path.to_owned();
        self
    }

    /// The query string of the handshake, without its `?`.
    ///
    /// ```
    /// # async fn example(app: &wsfn::testing::RunningApp) -> wsfn::Result<()> {
    /// let ann = app.connect().query("room=1&room=2").await?;
    /// # Ok(()) }
    /// ```
    pub fn query(mut self, query: &str) -> Self {
        self.query = Some(query.to_owned());
        self
    }

    /// Offers a sub-protocol, after those that it offers already.
    ///
    /// ```
    /// # async fn example(app: &wsfn::testing::RunningApp) -> wsfn::Result<()> {
    /// let ann = app.connect().protocol("chat.v2").protocol("chat.v1").await?;
    /// # Ok(()) }
    /// ```
    pub fn protocol(mut self, protocol: &str) -> Self {
        self.protocols.push(protocol.to_owned());
        self
    }

    /// Adds a header to the handshake. The handlers see it where it is forwarded, as behind any gateway of ours: see
    /// the setting `forward-headers`.
    ///
    /// ```
    /// # async fn example(app: &wsfn::testing::RunningApp) -> wsfn::Result<()> {
    /// let ann = app.connect().header("authorization", "Bearer abc").await?;
    /// # Ok(()) }
    /// ```
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Where it comes from; 127.0.0.1 unless another is set.
    ///
    /// ```
    /// # async fn example(app: &wsfn::testing::RunningApp) -> wsfn::Result<()> {
    /// let ann = app.connect().address([192, 0, 2, 7]).await?;
    /// # Ok(()) }
    /// ```
    pub fn address(mut self, address: impl Into<IpAddr>) -> Self {
        self.address = address.into();
        self
    }

    /// How many bytes its socket holds in either direction, 64 KiB unless another is set. A small one makes a client
    /// that does not read slow at once.
    ///
    /// ```
    /// # async fn example(app: &wsfn::testing::RunningApp) -> wsfn::Result<()> {
    /// let mut slow = app.connect().buffer(1024).await?;
    /// slow.pause_reading();
    /// # Ok(()) }
    /// ```
    pub fn buffer(mut self, bytes: usize) -> Self {
        self.buffer = bytes.max(1);
        self
    }

    /// Connects, and expects to be refused.
    ///
    /// ```
    /// # async fn example(app: &wsfn::testing::RunningApp) -> wsfn::Result<()> {
    /// let refused = app.connect().query("token=wrong").refused().await;
    /// assert_eq!(refused.err_no(), 4001);
    /// # Ok(()) }
    /// ```
    ///
    /// # Panics
    /// When it is accepted, or the handshake is not answered within a minute of the test's time.
    #[track_caller]
    pub fn refused(self) -> impl Future<Output = Refused> + Send + 'static {
        let at = Location::caller();
        async move {
            match self.run(at).await {
                Err(refused) => refused,
                Ok(client) => client.fail(
                    at,
                    "a handshake that is refused",
                    "it was accepted, with errNo 0",
                ),
            }
        }
    }

    async fn run(self, at: &'static Location<'static>) -> Result<Client, Refused> {
        let world = self.world;
        let number = world.next_client();
        let name = self.name.unwrap_or_else(|| format!("client {number}"));
        let port = FIRST_PORT.saturating_add(u16::try_from(number).unwrap_or(u16::MAX));
        let address = SocketAddr::new(self.address, port);
        let random = Some(world.fork());
        let end = match self.dialer.dial(address, self.buffer, random).await {
            Ok(end) => end,
            // The gateway takes nobody any more.
            Err(_) => return Err(Refused::unanswered()),
        };
        let seat = Arc::new(Seat::new(number, name, end));
        world.seat(Arc::clone(&seat));
        let mut target = self.path;
        if let Some(query) = self.query {
            target = format!("{target}?{query}");
        }
        let mut request = format!(
            "GET {target} HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n"
        );
        let mut shown = format!("→ connect {target}");
        if !self.protocols.is_empty() {
            let protocols = self.protocols.join(", ");
            request += &format!("Sec-WebSocket-Protocol: {protocols}\r\n");
            shown += &format!(", offering {protocols}");
        }
        for (name, value) in &self.headers {
            request += &format!("{name}: {value}\r\n");
        }
        request += "\r\n";
        world.wire(&seat, shown);
        // An error here is a connection that was reset, which the reading tells.
        let _ = seat.end.write_all(request.as_bytes()).await;
        let Ok(read) = tokio::time::timeout(WAIT, read_answer(&seat.end)).await else {
            let came = "nothing came within 60 s";
            super::failure::fail(&world, &seat, at, "an answer to the handshake", came);
        };
        let (head, rest) = match read {
            Some(Ok(answer)) => answer,
            Some(Err(why)) => {
                super::failure::fail(&world, &seat, at, "an answer to the handshake", &why)
            }
            None => {
                world.wire(&seat, "← the end, without an answer".to_owned());
                return Err(Refused::unanswered());
            }
        };
        if head.status != 101 {
            let refused = Refused::new(head.status, &rest);
            world.wire(&seat, format!("← {refused}"));
            seat.end.finish();
            return Err(refused);
        }
        let protocol = head.get("sec-websocket-protocol").map(str::to_owned);
        let accepted = match &protocol {
            Some(protocol) => format!("← accepted, speaking {protocol}"),
            None => "← accepted".to_owned(),
        };
        world.wire(&seat, accepted);
        let client = Client::new(Arc::clone(&world), Arc::clone(&seat), protocol);
        if head.get("sec-websocket-accept") != Some(ACCEPT) {
            let came = "another one";
            client.fail(at, "the Sec-WebSocket-Accept of this key", came);
        }
        seat.start(world, &rest);
        Ok(client)
    }
}

/// The head of the answer and what comes behind it: all of it, unless it is the upgrade.
async fn read_answer(end: &ClientEnd) -> Option<Result<(Head, Vec<u8>), String>> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 1024];
    loop {
        let ended = match end.read(&mut buffer).await {
            Ok(count) => {
                bytes.extend_from_slice(&buffer[..count]);
                count == 0
            }
            Err(_) => true,
        };
        match Head::parse(&bytes) {
            Ok(Some(head)) if head.status == 101 || ended => {
                let rest = bytes.split_off(head.length);
                return Some(Ok((head, rest)));
            }
            Ok(_) if ended => return None,
            Ok(_) => {}
            Err(why) => return Some(Err(why)),
        }
    }
}

impl IntoFuture for Connect {
    type Output = Result<Client, Refused>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    #[track_caller]
    fn into_future(self) -> Self::IntoFuture {
        let at = Location::caller();
        Box::pin(self.run(at))
    }
}

/// A handshake that was not accepted.
///
/// ```
/// # use wsfn::{Refuse, Result, on_connect, testing::TestApp};
/// #[on_connect]
/// async fn greet() -> Result<(), Refuse> {
///     Err(Refuse::new(4001, "not today"))
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<()> {
/// let app = TestApp::new(wsfn::app![greet]).start().await?;
/// let refused = app.connect().refused().await;
/// assert_eq!((refused.status(), refused.err_no(), refused.err_msg()), (403, 4001, "not today"));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    status: u16,
    err_no: Option<i64>,
    err_msg: String,
}

impl Refused {
    fn new(status: u16, body: &[u8]) -> Self {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Body {
            err_no: i64,
            err_msg: String,
        }
        match serde_json::from_slice(body) {
            Ok(Body { err_no, err_msg }) => Self {
                status,
                err_no: Some(err_no),
                err_msg,
            },
            Err(_) => Self {
                status,
                err_no: None,
                err_msg: String::from_utf8_lossy(body).trim_end().to_owned(),
            },
        }
    }

    const fn unanswered() -> Self {
        Self {
            status: 0,
            err_no: None,
            err_msg: String::new(),
        }
    }

    /// The HTTP status; 0 where the connection was closed without an answer.
    ///
    /// ```
    /// # fn example(refused: wsfn::testing::Refused) {
    /// assert_eq!(refused.status(), 403);
    /// # }
    /// ```
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// `errNo` of the function's answer; 0 where the gateway refused it by itself.
    ///
    /// ```
    /// # fn example(refused: wsfn::testing::Refused) {
    /// assert_eq!(refused.err_no(), 4001);
    /// # }
    /// ```
    #[must_use]
    pub fn err_no(&self) -> i64 {
        self.err_no.unwrap_or_default()
    }

    /// `errMsg` of the function's answer, or what the gateway says.
    ///
    /// ```
    /// # fn example(refused: wsfn::testing::Refused) {
    /// assert_eq!(refused.err_msg(), "not today");
    /// # }
    /// ```
    #[must_use]
    pub fn err_msg(&self) -> &str {
        &self.err_msg
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.status, self.err_no) {
            (0, _) => f.write_str("the handshake was not answered"),
            (status, Some(err_no)) => write!(
                f,
                "the handshake was refused: HTTP {status}, errNo {err_no}, {}",
                shown_text(&self.err_msg)
            ),
            (status, None) => write!(
                f,
                "the handshake was refused: HTTP {status}, {}",
                shown_text(&self.err_msg)
            ),
        }
    }
}

impl std::error::Error for Refused {}

//! Pushes: how a function answers, and how it writes to anyone else.

mod error;
mod gone;
mod http;
mod report;
mod stream;

use std::fmt;
use std::sync::Arc;

use tokio::time::Instant;
use wsfn_protocol::{Answer, Data, Kind, Payload, Request};
use wsfn_settings::{HttpUrl, Settings};

pub use error::PushError;
pub use gone::Gone;
pub(crate) use gone::Watch;
pub use report::{Report, Undelivered};
pub use stream::Stream;

use crate::app::calling::{followed_up_by, given_up_at};
use crate::connection_id::ConnectionId;
use crate::message::IntoMessage;
use crate::rooms::Rooms;
use crate::rooms::store::Lent;
use error::Why;
use http::Http;

/// Writes to clients and closes their connections.
///
/// A handler gets it as an argument (`push: &Push`). Behind the embedded gateway a push is a function call; elsewhere
/// it is an HTTP request to `push-url`. A clone costs nothing and shares the connections.
///
/// `Ok` means that the gateway has taken the message (HTTP 200 and errNo 0), not that the client received it. A push
/// is sent again only where it provably was not sent (the connection was refused), or where our own gateway answered
/// that a queue is full (1103) or that it is busy (1107); it gives up before the invocation's deadline.
///
/// Inside a connect handler a push to the connecting client is safe on our gateway, which holds it until the
/// handshake is answered. On Tencent's API Gateway nothing says what becomes of it: push after the connect there.
///
/// ```no_run
/// # async fn example(id: wsfn::ConnectionId) -> wsfn::Result<()> {
/// let push = wsfn::Push::to_url("http://127.0.0.1:9002/api-wsfn")?;
/// match push.text(&id, "hello").await {
///     Ok(()) => {}
///     Err(error) if error.is_gone() => println!("{id:?} has left"),
///     Err(error) => return Err(error.into()),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Push {
    backend: Backend,
    deadline: Option<Instant>,
    /// Where its rooms are, if not at the gateway.
    store: Option<Lent>,
    /// Who is told what pushes say about the connection of an event.
    watch: Option<Arc<Watch>>,
}

#[derive(Clone)]
enum Backend {
    Http(Arc<Http>),
    #[cfg(feature = "gateway")]
    Embedded(wsfn_gateway::Handle),
    #[cfg(feature = "testing")]
    Recorded(Arc<crate::testing::Desk>),
    Unset,
}

impl Push {
    /// A push client for this address, for programs that are no function of the application: a job that announces
    /// something to a room. Inside a handler ask for `&Push` instead.
    ///
    /// The address is our own gateway's if its path is `/api-wsfn`, or begins with it; the additions of our gateway
    /// ([`Rooms`], one request for many connections, close codes) are used only there.
    ///
    /// ```
    /// use wsfn::Push;
    /// let push = Push::to_url("http://127.0.0.1:9002/api-wsfn")?;
    /// assert!(Push::to_url("127.0.0.1:9002").is_err());
    /// # Ok::<(), wsfn::PushError>(())
    /// ```
    ///
    /// # Errors
    /// When `url` is no `http://` address, or is `https://` without the feature `push-tls`.
    pub fn to_url(url: &str) -> Result<Self, PushError> {
        let url = HttpUrl::parse(url)
            .map_err(|why| PushError::from(Why::Unusable(format!("push-url: {why}"))))?;
        Self::http(&url, &Settings::default().push_path)
    }

    /// The client that the settings name: without `push-url` one that fails each push and says so.
    pub(crate) fn from_settings(settings: &Settings) -> Result<Self, PushError> {
        match &settings.push_url {
            Some(url) => Self::http(url, &settings.push_path),
            None => Ok(Self::unset()),
        }
    }

    fn http(url: &HttpUrl, push_path: &str) -> Result<Self, PushError> {
        Ok(Self::new(Backend::Http(Arc::new(Http::new(
            url, push_path,
        )?))))
    }

    /// Pushes are calls to the gateway in this process.
    #[cfg(feature = "gateway")]
    pub(crate) const fn embedded(handle: wsfn_gateway::Handle) -> Self {
        Self::new(Backend::Embedded(handle))
    }

    /// Pushes are calls to the gateway of a test, which records them.
    #[cfg(feature = "testing")]
    pub(crate) const fn recorded(desk: Arc<crate::testing::Desk>) -> Self {
        Self::new(Backend::Recorded(desk))
    }

    /// Every push fails and names the missing setting.
    pub(crate) const fn unset() -> Self {
        Self::new(Backend::Unset)
    }

    const fn new(backend: Backend) -> Self {
        Self {
            backend,
            deadline: None,
            store: None,
            watch: None,
        }
    }

    /// The same client for one event. It gives up before the handler is answered for, which so hears of it. Where
    /// nothing is waited for, no clock is read.
    #[must_use]
    pub(crate) fn for_event(
        &self,
        kind: Kind,
        id: &ConnectionId,
        deadline: Option<Instant>,
    ) -> Self {
        let store = self.store.as_ref();
        let waits = store.is_some() || matches!(self.backend, Backend::Http(_));
        let until = deadline.filter(|_| waits);
        let until = until.map(given_up_at);
        Self {
            backend: self.backend.clone(),
            deadline: until.or(deadline),
            store: store.map(|lent| lent.for_event(kind, id, deadline.map(followed_up_by))),
            watch: None,
        }
    }

    /// The same client with rooms in a store.
    #[must_use]
    pub(crate) fn on_store(&self, store: Option<Lent>) -> Self {
        Self {
            store,
            ..self.clone()
        }
    }

    /// Where its rooms are, if not at the gateway.
    pub(crate) const fn store(&self) -> Option<&Lent> {
        self.store.as_ref()
    }

    /// Until when anything has to be done.
    pub(crate) const fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// The same client, giving up at `deadline`.
    #[must_use]
    pub(crate) fn with_deadline(&self, deadline: Option<Instant>) -> Self {
        Self {
            backend: self.backend.clone(),
            deadline,
            store: self.store.clone(),
            watch: None,
        }
    }

    /// The same client with connections of its own, for when whatever moves this one's may be blocked.
    #[must_use]
    pub(crate) fn afresh(&self) -> Self {
        let mut push = self.clone();
        if let Backend::Http(http) = &self.backend {
            push.backend = Backend::Http(Arc::new(http.afresh()));
        }
        push
    }

    /// The same client, which remembers when a push says that this connection is gone.
    #[must_use]
    pub(crate) fn watching(mut self, id: &ConnectionId) -> Self {
        if matches!(self.backend, Backend::Http(_)) {
            self.watch = Some(Arc::new(Watch::new(id.clone())));
        }
        self
    }

    /// Whether a push can reach anyone: `push-url` is set, or the gateway is in this process.
    pub(crate) const fn is_set(&self) -> bool {
        !matches!(self.backend, Backend::Unset)
    }

    /// The rooms of the gateway that this client pushes to, or, in an application on a store, those in the store.
    ///
    /// ```no_run
    /// # async fn example(push: &wsfn::Push, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// push.rooms().broadcast("lobby", "the server restarts in a minute").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn rooms(&self) -> Rooms {
        Rooms::new(self.clone())
    }

    /// Sends a text message.
    ///
    /// ```no_run
    /// # async fn example(push: &wsfn::Push, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// push.text(id, "hello").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`PushError`].
    ///
    /// # Cancel safety
    /// A push that is dropped before it ends may or may not have been delivered.
    pub async fn text(&self, id: &ConnectionId, text: impl AsRef<str>) -> Result<(), PushError> {
        self.send(id, Data::Text(text.as_ref().into()).into()).await
    }

    /// Sends a binary message.
    ///
    /// ```no_run
    /// # async fn example(push: &wsfn::Push, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// push.binary(id, [1, 2, 3]).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`PushError`].
    ///
    /// # Cancel safety
    /// A push that is dropped before it ends may or may not have been delivered.
    pub async fn binary(
        &self,
        id: &ConnectionId,
        bytes: impl AsRef<[u8]>,
    ) -> Result<(), PushError> {
        self.send(id, Data::Binary(bytes.as_ref().into()).into())
            .await
    }

    /// Sends a text message that is `value` as JSON.
    ///
    /// ```no_run
    /// # async fn example(push: &wsfn::Push, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// push.json(id, &["a", "list"]).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`PushError`]; also when `value` cannot be written as JSON.
    ///
    /// # Cancel safety
    /// A push that is dropped before it ends may or may not have been delivered.
    pub async fn json(
        &self,
        id: &ConnectionId,
        value: &(impl serde::Serialize + ?Sized),
    ) -> Result<(), PushError> {
        let text = serde_json::to_string(value).map_err(|error| Why::Message(error.to_string()))?;
        self.send(id, Data::Text(text.into()).into()).await
    }

    /// Sends a message of any kind.
    ///
    /// ```no_run
    /// # async fn example(push: &wsfn::Push, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// push.message(id, wsfn::Json(["a", "list"])).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`PushError`]; also when the message cannot be written as JSON.
    ///
    /// # Cancel safety
    /// A push that is dropped before it ends may or may not have been delivered.
    pub async fn message(
        &self,
        id: &ConnectionId,
        message: impl IntoMessage,
    ) -> Result<(), PushError> {
        self.send(id, encode(message)?).await
    }

    /// Closes the connection; our own gateway does so with code 1000.
    ///
    /// ```no_run
    /// # async fn example(push: &wsfn::Push, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// push.close(id).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`PushError`].
    ///
    /// # Cancel safety
    /// A push that is dropped before it ends may or may not have been delivered.
    pub async fn close(&self, id: &ConnectionId) -> Result<(), PushError> {
        self.close_inner(id, None, None).await
    }

    /// Closes the connection with a code that may stand in a close frame (1000, 1008, 3000 to 4999, …) and a reason
    /// of at most 123 bytes. On Tencent's gateway, which knows neither, it is [`Push::close`].
    ///
    /// ```no_run
    /// # async fn example(push: &wsfn::Push, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// push.close_with(id, 4000, "enough").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`PushError`]; our gateway answers 1104 to a code that may not be sent and to a longer reason.
    ///
    /// # Cancel safety
    /// A push that is dropped before it ends may or may not have been delivered.
    pub async fn close_with(
        &self,
        id: &ConnectionId,
        code: u16,
        reason: &str,
    ) -> Result<(), PushError> {
        self.close_inner(id, Some(code), Some(reason)).await
    }

    async fn close_inner(
        &self,
        id: &ConnectionId,
        code: Option<u16>,
        reason: Option<&str>,
    ) -> Result<(), PushError> {
        let to = id.as_str().into();
        // Tencent's gateway documents no code and no reason (protocol.md, section 3).
        let (code, reason) = if self.is_ours() {
            (code, reason)
        } else {
            (None, None)
        };
        let reason = reason.map(Into::into);
        self.act(Request::Close { to, code, reason }).await?;
        Ok(())
    }

    /// A long text for one client, which is sent in pieces while it is made: see [`Stream`].
    #[must_use]
    pub fn stream(&self, id: &ConnectionId) -> Stream {
        Stream::new(self.clone(), id.clone())
    }

    /// Sends one message to many connections and reports what became of each.
    ///
    /// The message is encoded once. To our own gateway it is one request; to Tencent's it is one request per
    /// connection, 32 at a time. That a connection is gone or its queue full stands in the [`Report`] and is no error.
    ///
    /// ```no_run
    /// # async fn example(push: &wsfn::Push, ids: Vec<wsfn::ConnectionId>) -> wsfn::Result<()> {
    /// let report = push.to_all(&ids, "dinner is ready").await?;
    /// println!("{} have it", report.delivered());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the message cannot be written as JSON, or, to our own gateway, the request itself failed.
    ///
    /// # Cancel safety
    /// When dropped before it ends, some connections may have been sent the message and others not.
    pub async fn to_all<'i>(
        &self,
        ids: impl IntoIterator<Item = &'i ConnectionId>,
        message: impl IntoMessage,
    ) -> Result<Report, PushError> {
        let ids: Vec<&ConnectionId> = ids.into_iter().collect();
        self.deliver(&ids, &encode(message)?).await
    }

    /// The same with an encoded message.
    pub(crate) async fn deliver(
        &self,
        ids: &[&ConnectionId],
        data: &Payload<'_>,
    ) -> Result<Report, PushError> {
        if ids.is_empty() {
            return Ok(Report::default());
        }
        let mut data = data.borrowed();
        data.compress |= !self.is_ours();
        match &self.backend {
            Backend::Http(http) if !http.is_ours() => {
                Ok(http.send_each(ids, &data, self.deadline).await)
            }
            _ => {
                let to = ids.iter().map(|id| id.as_str().into()).collect();
                let answer = self.act(Request::SendMany { to, data }).await?;
                Ok(Report::from_answer(answer))
            }
        }
    }

    async fn send(&self, id: &ConnectionId, mut data: Payload<'_>) -> Result<(), PushError> {
        let to = id.as_str().into();
        // Tencent's gateway documents no such field.
        data.compress |= !self.is_ours();
        self.act(Request::Send { to, data }).await?;
        Ok(())
    }

    /// What every push and everything about rooms comes down to: one request to the gateway.
    pub(crate) async fn act(&self, request: Request<'_>) -> Result<Answer, PushError> {
        match &self.backend {
            Backend::Http(http) => {
                let answered = http.act(&request, self.deadline).await;
                if let (Err(error), Some(watch)) = (&answered, &self.watch)
                    && error.is_gone()
                    && let Some(id) = target(&request)
                {
                    watch.tell(id);
                }
                answered
            }
            #[cfg(feature = "gateway")]
            Backend::Embedded(handle) => PushError::check(handle.act(&request)),
            #[cfg(feature = "testing")]
            Backend::Recorded(desk) => match desk.act(request, self.deadline).await {
                Some(answer) => PushError::check(answer),
                None => Err(Why::TimedOut.into()),
            },
            Backend::Unset => Err(Why::Unset.into()),
        }
    }

    /// Whether it is our gateway that is pushed to.
    pub(crate) fn is_ours(&self) -> bool {
        match &self.backend {
            Backend::Http(http) => http.is_ours(),
            #[cfg(feature = "gateway")]
            Backend::Embedded(_) => true,
            #[cfg(feature = "testing")]
            Backend::Recorded(_) => true,
            Backend::Unset => true,
        }
    }
}

impl fmt::Debug for Push {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.backend {
            Backend::Http(http) => write!(f, "Push({})", http.shown()),
            #[cfg(feature = "gateway")]
            Backend::Embedded(_) => f.write_str("Push(embedded gateway)"),
            #[cfg(feature = "testing")]
            Backend::Recorded(_) => f.write_str("Push(gateway of a test)"),
            Backend::Unset => f.write_str("Push(push-url is not set)"),
        }
    }
}

/// The connection that a push is for, where it is for one.
fn target<'r>(request: &'r Request<'_>) -> Option<&'r str> {
    match request {
        Request::Send { to, .. } | Request::Close { to, .. } => Some(to),
        Request::Join { id, .. }
        | Request::Leave { id, .. }
        | Request::Rooms { id }
        | Request::Session { id, .. } => Some(id),
        _ => None,
    }
}

/// The payload of a message.
pub(crate) fn encode<'m, M: IntoMessage + 'm>(message: M) -> Result<Payload<'m>, PushError> {
    message
        .into_message()
        .map_err(|error| Why::Message(error.to_string()).into())
}

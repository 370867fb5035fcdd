//! A client is let in.

/// Accepts a connect, with a sub-protocol or without.
///
/// ```
/// use wsfn::{Accept, on_connect};
///
/// #[on_connect]
/// async fn greet() -> Accept {
///     Accept::with_protocol("chat.v1")
/// }
/// # fn main() {}
/// ```
///
/// The protocol has to be one that the client offered, or it drops the connection (RFC 6455, section 4.1):
/// [`Protocols::choose`](crate::Protocols::choose) looks after that.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accept(Option<String>);

impl Accept {
    /// Without a sub-protocol.
    ///
    /// ```
    /// assert_eq!(wsfn::Accept::new().protocol(), None);
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self(None)
    }

    /// With this sub-protocol, which is answered as it is written here: of several, with commas between, a gateway
    /// takes the first, so the whole offer can be echoed.
    ///
    /// ```
    /// assert_eq!(wsfn::Accept::with_protocol("chat.v1").protocol(), Some("chat.v1"));
    /// ```
    #[must_use]
    pub fn with_protocol(protocol: impl Into<String>) -> Self {
        Self(Some(protocol.into()))
    }

    /// The sub-protocol.
    ///
    /// ```
    /// assert_eq!(wsfn::Accept::with_protocol("chat.v1").protocol(), Some("chat.v1"));
    /// ```
    #[must_use]
    pub fn protocol(&self) -> Option<&str> {
        self.0.as_deref()
    }

    pub(crate) fn into_protocol(self) -> Option<String> {
        self.0
    }
}

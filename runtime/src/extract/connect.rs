//! What only a connect event has.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::de::DeserializeOwned;
use wsfn_protocol::{ErrNo, RequestContext};

use super::{explain, ready};
use crate::error::{Refuse, Rejection};
use crate::event::{Event, Handshake, HasHandshake, Slot};
use crate::reply::Accept;

/// The sub-protocols that a client offers (`new WebSocket(url, ["chat.v1"])`). Empty when it offers none, where an
/// `Option<Protocols>` is `None`.
///
/// ```
/// use wsfn::{Accept, Protocols, Refuse, on_connect};
///
/// #[on_connect]
/// async fn greet(offered: Protocols) -> Result<Accept, Refuse> {
///     offered.choose(&["chat.v2", "chat.v1"])
/// }
/// # fn main() {}
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Protocols(Box<str>);

impl Protocols {
    /// As the client wrote them; empty when it offered none.
    ///
    /// ```
    /// # fn example(offered: wsfn::Protocols) {
    /// println!("{}", offered.as_str());
    /// # }
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// One by one, in the order of the client's preference.
    ///
    /// ```
    /// # fn example(offered: wsfn::Protocols) {
    /// let versions = offered.iter().filter(|one| one.starts_with("chat.")).count();
    /// # }
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        listed(&self.0)
    }

    /// Whether the client offered none.
    ///
    /// ```
    /// # fn example(offered: wsfn::Protocols) {
    /// let browser_without_any = offered.is_empty();
    /// # }
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// Accepts with the first of `ours` that the client offers, or without one when it offers none (as wscat and
    /// `new WebSocket(url)` do).
    ///
    /// ```
    /// use wsfn::{Accept, Protocols, Refuse, on_connect};
    ///
    /// #[on_connect]
    /// async fn greet(offered: Protocols) -> Result<Accept, Refuse> {
    ///     offered.choose(&["chat.v2", "chat.v1"])
    /// }
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// Refuses with 1007 when it offers some and none of ours.
    pub fn choose(&self, ours: &[&str]) -> Result<Accept, Refuse> {
        if self.is_empty() {
            return Ok(Accept::new());
        }
        self.require(ours)
    }

    /// Accepts with the first of `ours` that the client offers.
    ///
    /// ```
    /// use wsfn::{Accept, Protocols, Refuse, on_connect};
    ///
    /// #[on_connect]
    /// async fn greet(offered: Protocols) -> Result<Accept, Refuse> {
    ///     offered.require(&["chat.v2", "chat.v1"])
    /// }
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// Refuses with 1007 when it offers none of ours, or none at all.
    pub fn require(&self, ours: &[&str]) -> Result<Accept, Refuse> {
        let spoken = ours
            .iter()
            .find(|ours| self.iter().any(|offer| offer == **ours));
        match spoken {
            Some(protocol) => Ok(Accept::with_protocol(*protocol)),
            None => Err(Refuse::new(
                ErrNo::NO_PROTOCOL.0,
                "none of the offered sub-protocols is spoken here",
            )),
        }
    }
}

/// The WebSocket extensions that a client offers. Compression is the gateway's business: a handler sees messages as
/// they were before it.
///
/// ```
/// use wsfn::{Extensions, on_connect};
///
/// #[on_connect]
/// async fn greet(offered: Extensions) {
///     let compresses = offered.iter().any(|one| one.starts_with("permessage-deflate"));
///     println!("can compress: {compresses}");
/// }
/// # fn main() {}
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extensions(Box<str>);

impl Extensions {
    /// As the client wrote them; empty when it offered none.
    ///
    /// ```
    /// # fn example(offered: wsfn::Extensions) {
    /// println!("{}", offered.as_str());
    /// # }
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// One by one, each with its parameters.
    ///
    /// ```
    /// # fn example(offered: wsfn::Extensions) {
    /// let compresses = offered.iter().any(|one| one.starts_with("permessage-deflate"));
    /// # }
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        listed(&self.0)
    }
}

fn listed(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|one| !one.is_empty())
}

/// The headers of the handshake that the gateway forwards, with lower-case names: our gateway those of the setting
/// `forward-headers`. Tencent's gateway documents none.
///
/// ```
/// use wsfn::{Headers, on_connect};
///
/// #[on_connect]
/// async fn greet(headers: Headers) {
///     println!("{:?}", headers.get("User-Agent"));
/// }
/// # fn main() {}
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(BTreeMap<String, String>);

impl Headers {
    /// The value of a header, by its name in any case.
    ///
    /// ```
    /// # fn example(headers: wsfn::Headers) {
    /// let agent = headers.get("User-Agent").unwrap_or("unknown");
    /// # }
    /// ```
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(&name.to_ascii_lowercase()).map(String::as_str)
    }

    /// All of them, by name.
    ///
    /// ```
    /// # fn example(headers: wsfn::Headers) {
    /// for (name, value) in headers.iter() {
    ///     println!("{name}: {} bytes", value.len());
    /// }
    /// # }
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// The query string of the address that the client connected to, as a type of yours. The embedded gateway forwards
/// it when a handler asks for it; another gateway of ours does with `forward-query = true`; Tencent's documents none.
///
/// A name that may come several times is a `Vec`: `?room=1&room=2`. Where it may come not at all, the `Vec` needs
/// `#[serde(default)]`, and anything else is an `Option`.
///
/// ```
/// use serde::Deserialize;
/// use wsfn::{Query, Refuse, on_connect};
///
/// #[derive(Deserialize)]
/// struct Ticket {
///     token: String,
/// }
///
/// #[on_connect]
/// async fn enter(Query(ticket): Query<Ticket>) -> Result<(), Refuse> {
///     if ticket.token == "open sesame" { Ok(()) } else { Err(Refuse::new(4001, "unknown token")) }
/// }
/// # fn main() {}
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Query<T>(
    /// The value.
    pub T,
);

/// The address that the client connects from (`requestContext.sourceIp`).
///
/// ```
/// use wsfn::{ClientAddr, Refuse, on_connect};
///
/// #[on_connect]
/// async fn greet(ClientAddr(address): ClientAddr) -> Result<(), Refuse> {
///     if address.is_loopback() { Ok(()) } else { Err(Refuse::new(4001, "from this machine only")) }
/// }
/// # fn main() {}
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddr(
    /// The address.
    pub IpAddr,
);

fn headers<E: Slot<Content = Handshake>>(event: &Event<E>) -> Result<Headers, Rejection> {
    let context = event.read_request_context()?;
    let headers = context.headers.into_iter();
    Ok(Headers(
        headers
            .map(|(name, value)| (name.to_ascii_lowercase(), value.into_owned()))
            .collect(),
    ))
}

fn query<E: Slot<Content = Handshake>, T: DeserializeOwned>(
    event: &Event<E>,
) -> Result<Query<T>, Rejection> {
    let context = event.read_request_context()?;
    let text = context.query_string.as_deref().unwrap_or_default();
    serde_html_form::from_str(text).map(Query).map_err(|error| {
        let why = format!("query string: {}", explain::query::<T>(text, &error));
        match text {
            "" => Rejection::absent(why),
            _ => Rejection::new(why),
        }
    })
}

fn client_addr<E: Slot<Content = Handshake>>(event: &Event<E>) -> Result<ClientAddr, Rejection> {
    let context = event.read_request_context()?;
    let Some(text) = context.source_ip else {
        return Err(Rejection::absent("requestContext.sourceIp: missing field"));
    };
    text.parse().map(ClientAddr).map_err(|_| {
        Rejection::new(format!(
            "requestContext.sourceIp: expected an IP address, found `{text}`"
        ))
    })
}

ready!([] Protocols, HasHandshake<Protocols>, event => event.protocols().map(|offered| Protocols(offered.unwrap_or_default().into())); event absent if event.protocols().is_ok_and(|offered| offered.is_none()));
ready!([] Extensions, HasHandshake<Extensions>, event => event.extensions().map(|offered| Extensions(offered.unwrap_or_default().into())); event absent if event.extensions().is_ok_and(|offered| offered.is_none()));
ready!([] Headers, HasHandshake<Headers>, event => headers(event); event absent if event.read_request_context().is_ok_and(|context| context.headers.is_empty()));
ready!([] ClientAddr, HasHandshake<ClientAddr>, event => client_addr(event));
ready!([] RequestContext<'e>, HasHandshake<RequestContext<'e>>, event => event.read_request_context());
ready!([T: DeserializeOwned + Send + 'e] Query<T>, HasHandshake<Query<T>>, event => query(event), setup => setup.forward_query());

#[cfg(test)]
mod tests {
    use super::Protocols;

    #[test]
    fn a_sub_protocol_is_chosen_by_our_preference() {
        let offered = Protocols("a, b,c".into());
        let chosen = offered.choose(&["c", "a"]).expect("spoken");
        assert_eq!(chosen.protocol(), Some("c"));
        assert_eq!(
            offered.choose(&["d"]).expect_err("not spoken").err_no(),
            1007
        );
        assert_eq!(offered.choose(&[]).expect_err("not spoken").err_no(), 1007);
    }

    #[test]
    fn an_empty_offer_is_accepted_by_choose_alone() {
        for offered in [Protocols::default(), Protocols(" , ".into())] {
            assert_eq!(offered.choose(&["a"]).expect("accepted").protocol(), None);
            assert_eq!(
                offered.require(&["a"]).expect_err("required").err_no(),
                1007
            );
        }
    }
}

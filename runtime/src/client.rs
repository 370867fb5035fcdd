//! The gateway, for a program that is no function.

use std::fmt;
use std::sync::Arc;

use wsfn_settings::{Settings, Sources, percent_encoded};

use crate::error::Result;
use crate::push::Push;
use crate::rooms::Rooms;
use crate::rooms::store::{self, Lent, Stored};

/// The gateway, for a program without handlers: a job that announces something, a service that knows who has paid.
/// It has the same [`Push`] and [`Rooms`] that handlers get. A clone is the same client; make one and keep it.
///
/// ```no_run
/// # async fn example() -> wsfn::Result<()> {
/// let gateway = wsfn::Client::from_settings()?;
/// gateway.rooms().broadcast("lobby", "dinner is ready").await?;
/// println!("{} are here", gateway.rooms().count("lobby").await?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    rooms: Rooms,
}

impl Client {
    /// The gateway at this address, which may end with a push token:
    /// `http://127.0.0.1:9002/api-wsfn/TOKEN`.
    ///
    /// It is our own gateway's if its path begins with `/api-wsfn`; rooms and sessions are only there.
    ///
    /// ```
    /// let gateway = wsfn::Client::new("http://127.0.0.1:9002/api-wsfn")?;
    /// # Ok::<(), wsfn::Error>(())
    /// ```
    ///
    /// # Errors
    /// When `url` is no `http://` address, or is `https://` without the feature `push-tls`.
    pub fn new(url: &str) -> Result<Self> {
        Ok(Self::of(&Push::to_url(url)?))
    }

    /// The gateway at this address, with a token that is not part of it.
    ///
    /// ```
    /// let gateway = wsfn::Client::with_token("http://gateway.internal:9002/api-wsfn", "t0ken")?;
    /// # Ok::<(), wsfn::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Client::new`]; also when the token is empty.
    pub fn with_token(url: &str, token: &str) -> Result<Self> {
        if token.is_empty() {
            return Err(
                "push-token: the token is empty; an address without one is for Client::new".into(),
            );
        }
        Self::new(&format!(
            "{}/{}",
            url.trim_end_matches('/'),
            percent_encoded(token)
        ))
    }

    /// The gateway that the settings name: `WSFN_PUSH_URL` in the environment, or `push-url` in `wsfn.toml`. Rooms
    /// and sessions are in [a store](crate::guide::stores) where the setting `store` names one.
    ///
    /// ```no_run
    /// # fn example() -> wsfn::Result<()> {
    /// let gateway = wsfn::Client::from_settings()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When there is no such setting, its address cannot be used, or any other setting is wrong; the text says which,
    /// and what to write.
    pub fn from_settings() -> Result<Self> {
        Self::of_settings(&settings()?)
    }

    fn of_settings(settings: &Settings) -> Result<Self> {
        let push = Push::from_settings(settings)?;
        if !push.is_set() {
            return Err(
                "push-url is not set: it is the address at which the gateway takes pushes. Set it in the \
                 environment, for example WSFN_PUSH_URL=http://127.0.0.1:9002/api-wsfn, or in wsfn.toml, or give it \
                 to Client::new"
                    .into(),
            );
        }
        let store = store::of_settings(settings)?;
        let store = store.map(|store| Lent::new(Arc::new(Stored::new(store, settings))));
        Ok(Self::of(&push.on_store(store)))
    }

    fn of(push: &Push) -> Self {
        Self {
            rooms: push.rooms(),
        }
    }

    /// Writes to single connections, and closes them.
    ///
    /// ```no_run
    /// # async fn example(gateway: &wsfn::Client, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// gateway.push().text(id, "your order is on its way").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn push(&self) -> &Push {
        self.rooms.push()
    }

    /// Rooms, sessions, and who is there.
    ///
    /// ```no_run
    /// # async fn example(gateway: &wsfn::Client) -> wsfn::Result<()> {
    /// println!("{} are here", gateway.rooms().count("lobby").await?);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn rooms(&self) -> &Rooms {
        &self.rooms
    }
}

/// The settings of a program that is a client of the gateway.
pub(crate) fn settings() -> Result<Settings> {
    // The mode whose settings are those of a client: it listens nowhere.
    let sources = Sources::from_process().flag("mode", "runtime-api");
    Ok(Settings::load(&sources)?)
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").field(self.push()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_said() {
        let error = Client::of_settings(&Settings::default()).expect_err("no address");
        let error = error.to_string();
        assert!(
            error.contains("push-url is not set") && error.contains("WSFN_PUSH_URL="),
            "{error}"
        );
        for (wrong, why) in [
            ("", "http://"),
            ("gateway:9002", "http://"),
            ("ftp://gateway/api-wsfn", "http://"),
        ] {
            let error = Client::new(wrong).expect_err(wrong).to_string();
            assert!(
                error.contains("push-url") && error.contains(why),
                "{wrong}: {error}"
            );
        }
        let error = Client::with_token("http://gateway/api-wsfn", "").expect_err("no token");
        assert!(error.to_string().contains("empty"), "{error}");
    }

    #[test]
    fn rooms_are_where_the_setting_store_says() {
        let sources = Sources::new()
            .env("WSFN_PUSH_URL", "http://gateway/api-z")
            .env("WSFN_STORE", "redis://:s3cr3t@127.0.0.1")
            .flag("mode", "runtime-api");
        let settings = Settings::load(&sources).expect("settings");
        match Client::of_settings(&settings) {
            Ok(client) => assert!(cfg!(feature = "redis") && client.push().store().is_some()),
            Err(error) => {
                let error = error.to_string();
                assert!(error.contains("needs the feature `redis`"), "{error}");
                assert!(!error.contains("s3cr3t"), "{error}");
            }
        }
    }

    #[test]
    fn a_token_is_not_shown() {
        let client =
            Client::with_token("http://gateway:9002/api-wsfn/", "s3cr3t").expect("a client");
        let shown = format!("{client:?}");
        assert!(
            shown.contains("gateway") && !shown.contains("s3cr3t"),
            "{shown}"
        );
    }
}

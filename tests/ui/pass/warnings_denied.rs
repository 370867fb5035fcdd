//! A library whose every lint is an error gets handlers in every form.
#![deny(
    warnings,
    missing_docs,
    missing_debug_implementations,
    rust_2018_idioms,
    unreachable_pub,
    unused,
    unused_qualifications
)]
#![forbid(unsafe_code)]

use wsfn::{App, ConnectionId, Json, Result, Rooms, State, Text, on_close, on_connect, on_message};

mod handlers {
    use super::{ConnectionId, Json, Result, Rooms, State, Text, on_close, on_message};

    struct Private;

    impl State for Private {
        async fn init() -> Result<Self> {
            Ok(Self)
        }
    }

    /// Talks; two of the arguments are for other systems.
    #[on_message]
    pub(crate) async fn talk(
        id: &ConnectionId,
        #[cfg(any())] nothing: Missing,
        #[cfg(not(any()))] rooms: &Rooms,
        #[allow(unused_variables)] count: Option<Json<u8>>,
    ) -> Result<()> {
        rooms.join("lobby", id).await?;
        Ok(())
    }

    /// Is not there.
    #[on_close]
    #[cfg(any())]
    pub(crate) async fn above(missing: Missing) {}

    /// Is not there either.
    #[cfg(any())]
    #[on_close]
    pub(crate) async fn below(missing: Missing) {}

    #[on_close]
    async fn private(state: &Private) {
        let _ = state;
    }

    #[on_close]
    pub(in crate::handlers) async fn somewhat_private() {}

    pub(crate) fn private_apps() -> [super::App; 2] {
        [wsfn::app![private], wsfn::app![somewhat_private]]
    }

    /// Warns whoever calls it, and not whoever lists it.
    #[deprecated]
    #[on_message]
    pub(crate) async fn old() {}

    /// Warns whoever drops what it returns.
    #[must_use]
    #[on_message]
    pub(crate) async fn important() -> Text {
        Text("x".to_owned())
    }
}

#[on_connect]
async fn greet(mut id: ConnectionId) {
    id = id.clone();
    let _ = id;
}

fn main() -> Result<()> {
    let _ = handlers::private_apps();
    let _ = (handlers::old::entry(), handlers::important::entry());
    if std::env::args().count() > 9 {
        return wsfn::app![greet, handlers::talk].run();
    }
    Ok(())
}

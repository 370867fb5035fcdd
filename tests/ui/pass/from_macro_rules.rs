//! Handlers that a `macro_rules!` writes, with every part passed in.
#![deny(warnings)]

use wsfn::{ConnectionId, Result};

macro_rules! handler {
    ($attribute:ident, $name:ident, $ty:ty, $returned:ty) => {
        #[wsfn::$attribute]
        async fn $name(first: $ty, second: Option<$ty>) -> $returned {
            let _ = (first, second);
            Ok(())
        }
    };
    ($name:ident) => {
        #[wsfn::on_close]
        async fn $name(id: &ConnectionId) {
            let _ = id;
        }
    };
}

handler!(on_connect, greet, &ConnectionId, Result<()>);
handler!(on_message, talk, &str, Result<()>);
handler!(leave);

macro_rules! application {
    ($($name:path),*) => { wsfn::main!($($name),*); };
}

application!(greet, talk, leave);

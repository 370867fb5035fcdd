//! What representative handlers and lists expand to, printed and committed, so that a change of the
//! generated code is seen where changes are read. `TRYBUILD=overwrite cargo test -p wsfn-macros` writes
//! them anew.

use std::{env, fs, path::Path};

use proc_macro2::TokenStream;
use quote::quote;

use crate::slot::Slot;
use crate::{entries, expand};

/// Compares with `expansion/{name}.rs`, or writes it.
fn check(name: &str, expansion: TokenStream) {
    let file = syn::parse2(expansion).expect("an expansion is a list of items");
    let printed = prettyplease::unparse(&file);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("expansion/{name}.rs"));
    if env::var_os("TRYBUILD").is_some_and(|mode| mode == "overwrite") {
        fs::write(&path, &printed).expect("the folder is part of the repository");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        printed == committed,
        "{} differs from what is generated now; if that is meant, run again with \
         TRYBUILD=overwrite and read the difference:\n{printed}",
        path.display()
    );
}

#[test]
fn message() {
    let item = quote! {
        /// Says to the room what somebody says.
        pub async fn talk(
            id: &ConnectionId,
            #[cfg(feature = "rooms")] rooms: &Rooms,
            Json(line): Json<Line<'_>>,
        ) -> Result<Option<Text>> {
            rooms.join(line.room, id).await?;
            Ok(None)
        }
    };
    check(
        "message",
        expand::handler(Slot::Message, TokenStream::new(), item),
    );
}

#[test]
fn unordered() {
    let item = quote!(
        async fn answer(question: &str) {}
    );
    check(
        "unordered",
        expand::handler(Slot::Message, quote!(unordered), item),
    );
}

#[test]
fn close_that_never_returns() {
    let item = quote!(
        async fn r#loop() -> ! {
            loop {}
        }
    );
    check(
        "close_that_never_returns",
        expand::handler(Slot::Close, quote!(crate = renamed), item),
    );
}

#[test]
fn broken() {
    let item = quote!(
        pub fn greet<T>(offered: T) {}
    );
    check(
        "broken",
        expand::handler(Slot::Connect, TokenStream::new(), item),
    );
}

#[test]
fn main() {
    check("main", entries::main(quote!(enter, handlers::talk)));
}

//! The attribute macros of [wsfn](https://docs.rs/wsfn), WebSocket functions in Rust.
//!
//! Depend on `wsfn`, which re-exports and documents them: this crate only spells paths into it, and
//! the two work together in exactly one version.
//!
//! A macro is four words and four files: *item → validate → expand*, with *errors* collected on the
//! way. Each is a function from tokens to tokens, so that unit tests can look at what comes out.

mod args;
mod entries;
mod errors;
mod expand;
mod item;
mod paths;
mod slot;
#[cfg(test)]
mod snapshot;
mod validate;

use proc_macro::TokenStream;

/// Makes an `async fn` the handler of connect events; see `wsfn::on_connect`.
#[proc_macro_attribute]
pub fn on_connect(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::handler(slot::Slot::Connect, args.into(), item.into()).into()
}

/// Makes an `async fn` the handler of messages; see `wsfn::on_message`.
#[proc_macro_attribute]
pub fn on_message(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::handler(slot::Slot::Message, args.into(), item.into()).into()
}

/// Makes an `async fn` the handler of close events; see `wsfn::on_close`.
#[proc_macro_attribute]
pub fn on_close(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::handler(slot::Slot::Close, args.into(), item.into()).into()
}

/// Makes an application of the listed handlers; see `wsfn::app`.
#[proc_macro]
pub fn app(list: TokenStream) -> TokenStream {
    entries::app(list.into()).into()
}

/// Writes the `fn main` that runs the listed handlers; see `wsfn::main`.
#[proc_macro]
pub fn main(list: TokenStream) -> TokenStream {
    entries::main(list.into()).into()
}

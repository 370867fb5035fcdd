//! Nothing of the standard prelude is in scope, and its names mean something else.
#![no_implicit_prelude]
#![deny(warnings)]
#![forbid(unsafe_code)]
#![allow(dead_code, unused_macros, non_upper_case_globals, non_camel_case_types)]

// A constant captures a pattern of the same name; a type, a path.
const v: u8 = 1;
const event: u8 = 1;
const phase: u8 = 1;
const value: u8 = 1;
const context: u8 = 1;
struct Result;
struct Ok;
struct Err;
struct Some;
struct None;
struct Box;
struct String;
struct Option;
struct Future;
struct Send;
struct Handler;
struct FromEvent;
struct OnMessage;
struct Event;
struct Reply;
mod std {}
mod core {}
mod wsfn {}
mod tokio {}
mod __private {}

// Methods on everything.
trait IntoReply {
    fn into_reply(self)
    where
        Self: ::core::marker::Sized,
    {
    }
    fn setup(&self) {}
    fn entry() {}
    fn run(self)
    where
        Self: ::core::marker::Sized,
    {
    }
}
impl<T> IntoReply for T {}

macro_rules! panic {
    () => {
        compile_error!("captured")
    };
}

#[::wsfn::on_connect]
async fn call(__arg0: &::wsfn::ConnectionId) {
    let _ = __arg0;
}

#[::wsfn::on_message]
async fn talk(id: &::wsfn::ConnectionId, rooms: &::wsfn::Rooms) -> ::wsfn::Result<()> {
    rooms.join("lobby", id).await?;
    ::wsfn::Result::Ok(())
}

#[::wsfn::on_close]
async fn r#match(id: &::wsfn::ConnectionId) {
    let _ = id;
}

::wsfn::main!(call, talk, r#match);

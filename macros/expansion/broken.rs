#[allow(clippy::unused_async)]
pub fn greet<T>(offered: T) {}
#[doc(hidden)]
#[allow(non_camel_case_types)]
pub enum greet {}
#[automatically_derived]
#[allow(deprecated, unused_mut)]
impl ::wsfn::__private::Handler for greet {
    type Slot = ::wsfn::__private::OnConnect;
    const NAME: &'static str = "greet";
    fn call(
        __phase: ::wsfn::__private::Phase<'_, ::wsfn::__private::OnConnect>,
    ) -> ::wsfn::__private::BoxFuture<'_, ::wsfn::__private::Reply> {
        let _ = (Self::entry, Self::main_handler);
        loop {}
    }
}
#[automatically_derived]
impl greet {
    #[doc(hidden)]
    pub fn entry() -> ::wsfn::__private::Entry {
        ::wsfn::__private::entry::<Self>()
    }
    #[doc(hidden)]
    pub async fn main_handler(
        __event: &str,
        __context: &::wsfn::__private::Context,
    ) -> ::wsfn::__private::String {
        static __APP: ::wsfn::__private::Alone = ::wsfn::__private::Alone::new();
        ::wsfn::__private::alone(&__APP, Self::entry, __event, __context).await
    }
}
::core::compile_error! {
    "a handler must be an `async fn`\nhelp: `#[on_connect]` expects\n    async fn greet(id: &ConnectionId, offered: Protocols, rooms: &Rooms, push: &Push, state: &MyState) -> Result<Accept>\nnote: take only the arguments you need, in any order; there are also `Headers`, `Query<T>`, `ClientAddr` and other parts of the handshake\nnote: return `()`, `Accept`, or a `Result` of these"
}
::core::compile_error! {
    "a handler cannot be generic: nobody says which types to call it with, so write them"
}

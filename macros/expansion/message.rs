#[allow(clippy::unused_async)]
/// Says to the room what somebody says.
pub async fn talk(
    id: &ConnectionId,
    #[cfg(feature = "rooms")]
    rooms: &Rooms,
    Json(line): Json<Line<'_>>,
) -> Result<Option<Text>> {
    rooms.join(line.room, id).await?;
    Ok(None)
}
#[doc(hidden)]
#[allow(non_camel_case_types)]
pub enum talk {}
#[automatically_derived]
#[allow(deprecated, unused_mut)]
impl ::wsfn::__private::Handler for talk {
    type Slot = ::wsfn::__private::OnMessage;
    const NAME: &'static str = "talk";
    fn call(
        __phase: ::wsfn::__private::Phase<'_, ::wsfn::__private::OnMessage>,
    ) -> ::wsfn::__private::BoxFuture<'_, ::wsfn::__private::Reply> {
        let _ = (Self::entry, Self::main_handler);
        enum __Call {}
        impl __Call {
            async fn talk(
                mut __phase: ::wsfn::__private::Phase<'_, ::wsfn::__private::OnMessage>,
            ) -> ::wsfn::__private::Reply {
                let __arg0 = <<() as ::wsfn::__private::Inferred>::Type<
                    _,
                > as ::wsfn::__private::FromEvent<
                    '_,
                    ::wsfn::__private::OnMessage,
                >>::__argument(&mut __phase);
                #[cfg(feature = "rooms")]
                let __arg1 = <<() as ::wsfn::__private::Inferred>::Type<
                    _,
                > as ::wsfn::__private::FromEvent<
                    '_,
                    ::wsfn::__private::OnMessage,
                >>::__argument(&mut __phase);
                let __arg2 = <<() as ::wsfn::__private::Inferred>::Type<
                    _,
                > as ::wsfn::__private::FromEvent<
                    '_,
                    ::wsfn::__private::OnMessage,
                >>::__argument(&mut __phase);
                let __reply = <<() as ::wsfn::__private::Inferred>::Type<
                    _,
                > as ::wsfn::__private::IntoReply<
                    ::wsfn::__private::OnMessage,
                >>::__reply(&mut __phase);
                let ::wsfn::__private::Phase::Event(__event) = __phase else {
                    return ::wsfn::__private::prepared();
                };
                let __arg0 = match __arg0(__event).await {
                    ::wsfn::__private::Ok(__value) => __value,
                    ::wsfn::__private::Err(__rejection) => {
                        return ::wsfn::__private::rejected("id", __rejection);
                    }
                };
                #[cfg(feature = "rooms")]
                let __arg1 = match __arg1(__event).await {
                    ::wsfn::__private::Ok(__value) => __value,
                    ::wsfn::__private::Err(__rejection) => {
                        return ::wsfn::__private::rejected("rooms", __rejection);
                    }
                };
                let __arg2 = match __arg2(__event).await {
                    ::wsfn::__private::Ok(__value) => __value,
                    ::wsfn::__private::Err(__rejection) => {
                        return ::wsfn::__private::rejected("Json(line)", __rejection);
                    }
                };
                __reply(talk(__arg0, #[cfg(feature = "rooms")] __arg1, __arg2).await)
            }
        }
        ::wsfn::__private::boxed(__Call::talk(__phase))
    }
}
#[automatically_derived]
impl talk {
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

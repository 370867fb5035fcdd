#[allow(clippy::unused_async)]
async fn answer(question: &str) {}
#[doc(hidden)]
#[allow(non_camel_case_types)]
enum answer {}
#[automatically_derived]
#[allow(deprecated, unused_mut)]
impl ::wsfn::__private::Handler for answer {
    type Slot = ::wsfn::__private::OnMessage;
    const NAME: &'static str = "answer";
    const UNORDERED: bool = true;
    fn call(
        __phase: ::wsfn::__private::Phase<'_, ::wsfn::__private::OnMessage>,
    ) -> ::wsfn::__private::BoxFuture<'_, ::wsfn::__private::Reply> {
        let _ = (Self::entry, Self::main_handler);
        enum __Call {}
        impl __Call {
            async fn answer(
                mut __phase: ::wsfn::__private::Phase<'_, ::wsfn::__private::OnMessage>,
            ) -> ::wsfn::__private::Reply {
                let __arg0 = <<() as ::wsfn::__private::Inferred>::Type<
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
                        return ::wsfn::__private::rejected("question", __rejection);
                    }
                };
                __reply(answer(__arg0).await)
            }
        }
        ::wsfn::__private::boxed(__Call::answer(__phase))
    }
}
#[automatically_derived]
impl answer {
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

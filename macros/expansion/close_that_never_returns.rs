#[allow(clippy::unused_async)]
async fn r#loop() -> ! {
    loop {}
}
#[doc(hidden)]
#[allow(non_camel_case_types)]
enum r#loop {}
#[automatically_derived]
#[allow(deprecated, unused_mut)]
impl renamed::__private::Handler for r#loop {
    type Slot = renamed::__private::OnClose;
    const NAME: &'static str = "loop";
    fn call(
        __phase: renamed::__private::Phase<'_, renamed::__private::OnClose>,
    ) -> renamed::__private::BoxFuture<'_, renamed::__private::Reply> {
        let _ = (Self::entry, Self::main_handler);
        enum __Call {}
        impl __Call {
            async fn r#loop(
                mut __phase: renamed::__private::Phase<'_, renamed::__private::OnClose>,
            ) -> renamed::__private::Reply {
                let renamed::__private::Phase::Event(__event) = __phase else {
                    return renamed::__private::prepared();
                };
                r#loop().await
            }
        }
        renamed::__private::boxed(__Call::r#loop(__phase))
    }
}
#[automatically_derived]
impl r#loop {
    #[doc(hidden)]
    pub fn entry() -> renamed::__private::Entry {
        renamed::__private::entry::<Self>()
    }
    #[doc(hidden)]
    pub async fn main_handler(
        __event: &str,
        __context: &renamed::__private::Context,
    ) -> renamed::__private::String {
        static __APP: renamed::__private::Alone = renamed::__private::Alone::new();
        renamed::__private::alone(&__APP, Self::entry, __event, __context).await
    }
}

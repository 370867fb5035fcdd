fn main() -> ::wsfn::Result<()> {
    {
        const __LISTED0: ::wsfn::__private::Listed = <enter as ::wsfn::__private::Handler>::LISTED;
        const __LISTED1: ::wsfn::__private::Listed = <handlers::talk as ::wsfn::__private::Handler>::LISTED;
        const _: () = {
            if ::wsfn::__private::same(__LISTED0, __LISTED1) {
                match ::wsfn::__private::kind(__LISTED1) {
                    ::wsfn::__private::Kind::Connect => {
                        ::wsfn::__private::clash(
                            "two functions for one event: `enter` and `handlers::talk` both have `#[on_connect]`; list one of them",
                        )
                    }
                    ::wsfn::__private::Kind::Message => {
                        ::wsfn::__private::clash(
                            "two functions for one event: `enter` and `handlers::talk` both have `#[on_message]`; list one of them",
                        )
                    }
                    ::wsfn::__private::Kind::Close => {
                        ::wsfn::__private::clash(
                            "two functions for one event: `enter` and `handlers::talk` both have `#[on_close]`; list one of them",
                        )
                    }
                }
            }
        };
        ::wsfn::__private::app([("enter", __LISTED0), ("talk", __LISTED1)])
    }
        .run()
}

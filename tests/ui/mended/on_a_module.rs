// Put it on the function inside.

mod handlers {
    use wsfn::on_close;

    #[on_close]
    pub async fn leave() {}
}

wsfn::main!(handlers::leave);

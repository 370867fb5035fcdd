// Put it where the function is written. Its path can be listed from anywhere.

mod handlers {
    #[wsfn::on_message]
    pub async fn talk() {}
}

wsfn::main!(handlers::talk);

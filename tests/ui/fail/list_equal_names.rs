// `_HANDLER` has to mean one handler.

mod chat {
    #[wsfn::on_connect]
    pub async fn open() {}
}

#[wsfn::on_message]
async fn open() {}

wsfn::main!(open, chat::open);

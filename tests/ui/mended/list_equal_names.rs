// Give each a name of its own, since the setting `_HANDLER` chooses by name.

mod chat {
    #[wsfn::on_connect]
    pub async fn open() {}
}

#[wsfn::on_message]
async fn talk() {}

wsfn::main!(talk, chat::open);

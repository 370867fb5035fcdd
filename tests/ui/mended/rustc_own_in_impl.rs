// Put the attribute on a function outside of the `impl`; it can call the one inside.

struct Chat;

impl Chat {
    fn talk() {}
}

#[wsfn::on_message]
async fn talk() {
    Chat::talk();
}

wsfn::main!(talk);

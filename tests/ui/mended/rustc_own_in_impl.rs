// On a function outside of the `impl`.

struct Chat;

impl Chat {
    fn talk() {}
}

#[wsfn::on_message]
async fn talk() {
    Chat::talk();
}

wsfn::main!(talk);

// Put the attribute on a function outside of the trait; it can call the one inside.

trait Chat {
    fn talk();
}

struct Loud;

impl Chat for Loud {
    fn talk() {}
}

#[wsfn::on_message]
async fn talk() {
    Loud::talk();
}

wsfn::main!(talk);

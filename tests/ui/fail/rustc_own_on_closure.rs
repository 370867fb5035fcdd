// An attribute does not go on a closure.

fn main() {
    #[wsfn::on_message]
    let _talk = async || {};
}

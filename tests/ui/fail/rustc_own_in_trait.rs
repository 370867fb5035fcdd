// An attribute does not go into a trait: a type cannot stand there.

trait Chat {
    #[wsfn::on_message]
    async fn talk() {}
}

fn main() {}

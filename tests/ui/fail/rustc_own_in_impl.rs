// An attribute does not go into an `impl`: a type cannot stand there.

struct Chat;

impl Chat {
    #[wsfn::on_message]
    async fn talk() {}
}

fn main() {}

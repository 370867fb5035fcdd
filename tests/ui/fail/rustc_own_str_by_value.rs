// A text is lent.

#[wsfn::on_message]
async fn talk(text: str) {
    let _ = text;
}

fn main() {}

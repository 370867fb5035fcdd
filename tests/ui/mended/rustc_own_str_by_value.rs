// Borrow it: `&str`.

#[wsfn::on_message]
async fn talk(text: &str) {
    println!("{text}");
}

wsfn::main!(talk);

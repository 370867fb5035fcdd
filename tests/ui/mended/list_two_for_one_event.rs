// One function, which looks at what came.

use wsfn::on_message;

#[on_message]
async fn talk(text: &str) {
    match text.strip_prefix("/say ") {
        Some(text) => say(text),
        None => println!("{text}"),
    }
}

fn say(text: &str) {
    println!("said: {text}");
}

wsfn::main!(talk);

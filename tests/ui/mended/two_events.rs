// A function for each; both can call a third.

use wsfn::{on_close, on_connect};

#[on_connect]
async fn enter() {
    count(1);
}

#[on_close]
async fn leave() {
    count(-1);
}

fn count(difference: i32) {
    println!("{difference:+}");
}

wsfn::main!(enter, leave);

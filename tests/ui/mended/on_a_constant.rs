// The attribute is for the function that uses it.

use wsfn::on_connect;

const GREETING: &str = "hello";

#[on_connect]
async fn greet() {
    println!("{GREETING}");
}

wsfn::main!(greet);

// Write the number into the body.

use wsfn::on_connect;

const N: usize = 3;

#[on_connect]
async fn greet() {
    println!("{N}");
}

wsfn::main!(greet);

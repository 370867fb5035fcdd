// Accept in the function for connects; here, return what goes back to the sender.

use wsfn::{Accept, on_connect};

#[on_connect]
async fn greet() -> Accept {
    Accept::new()
}

wsfn::main!(greet);

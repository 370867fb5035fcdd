// Who accepts is the function for connects.

use wsfn::{Accept, on_connect};

#[on_connect]
async fn greet() -> Accept {
    Accept::new()
}

wsfn::main!(greet);

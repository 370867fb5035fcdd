// The name that the crate has in your `Cargo.toml`; without the option that is `wsfn`.

use wsfn::on_close;

#[on_close(crate = wsfn)]
async fn leave() {}

wsfn::main!(leave);

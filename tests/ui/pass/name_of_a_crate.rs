//! Handlers that are called like a dependency, or like the crate itself.
#![deny(warnings)]

#[::wsfn::on_connect]
async fn serde() {}

#[::wsfn::on_message]
async fn tracing() {}

#[::wsfn::on_close]
async fn wsfn() {}

::wsfn::main!(serde, tracing, wsfn);

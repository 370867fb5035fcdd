//! The first program that somebody writes: default features, so with the embedded gateway. It is built, not run.

use wsfn::on_message;

#[on_message]
async fn echo(line: &str) -> &str {
    line
}

wsfn::main!(echo);

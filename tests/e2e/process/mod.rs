//! Programs as processes, each front end from outside.

mod captured;
mod check;
mod clock;
mod command;
pub(crate) mod event_invoke;
mod examples;
mod exec;
mod first_app;
mod foreign;
mod function_url;
mod garbage;
mod gateway;
mod journal;
mod kinds;
mod open_files;
mod otlp;
mod proxies;
mod push;
mod push_tls;
#[cfg(target_os = "linux")]
pub(crate) mod recipe;
mod reload;
mod runtime_api;
mod session;
mod start;
#[cfg(target_os = "linux")]
mod stores;
mod tls;

use std::path::Path;

#[cfg(target_os = "linux")]
pub(crate) use command::wsfn;
#[cfg(target_os = "linux")]
pub(crate) use journal::Folder;

/// A program whose one handler does what the message says.
fn misbehave() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_misbehave"))
}

/// The event of a text message.
fn message(text: &str) -> String {
    let text = serde_json::to_string(text).expect("a string");
    format!(
        r#"{{"websocket":{{"action":"data send","secConnectionID":"xawexasdfewezdfsdfeasdfffa==","dataType":"text","data":{text}}}}}"#
    )
}

const OK: &str = r#"{"errNo":0,"errMsg":"ok"}"#;

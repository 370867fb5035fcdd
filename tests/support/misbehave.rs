//! A program with one handler, which does what the message says: well, or not.

use std::time::Duration;

use wsfn::{Result, Text, on_message};

#[on_message]
async fn obey(line: &str) -> Result<Text> {
    match line {
        "block" => std::thread::sleep(Duration::from_secs(3600)),
        "nap" => std::thread::sleep(Duration::from_millis(700)),
        "hang" => std::future::pending().await,
        "panic" => panic!("as told"),
        "exit" => std::process::exit(3),
        "fail" => return Err("the password is hunter2".into()),
        _ => {}
    }
    Ok(Text(line.to_owned()))
}

wsfn::main!(obey);

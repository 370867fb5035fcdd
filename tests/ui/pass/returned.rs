//! Everything a handler can return.
#![deny(warnings)]

use std::error::Error as StdError;
use std::fmt;

use serde::Serialize;
use wsfn::{
    Accept, Binary, Error, IntoReply, Json, Message, OnMessage, Protocols, Refuse, Result, Text,
    on_close, on_connect, on_message,
};

#[on_connect]
async fn chosen(offered: Protocols) -> Result<Accept, Refuse> {
    offered.choose(&["chat.v1"])
}

#[on_close]
async fn closed() -> Result<()> {
    Ok(())
}

#[on_message]
async fn opaque() -> impl IntoReply<OnMessage> {
    Text("x")
}

#[on_message]
async fn opaque_inside() -> Result<Json<impl Serialize>> {
    Ok(Json(1))
}

#[on_message]
async fn never() -> ! {
    loop {
        std::future::pending::<()>().await;
    }
}

#[on_message]
async fn binary() -> Binary {
    Binary(vec![1])
}

#[on_message]
async fn message(received: Message) -> Message {
    received
}

#[on_message]
async fn optional() -> Result<Option<Text>, Refuse> {
    Err(Refuse::new(7, "no"))
}

#[on_message]
async fn anyhow_result(number: &str) -> anyhow::Result<()> {
    let _: u8 = number.parse()?;
    anyhow::bail!("no")
}

#[on_message]
async fn question_marks(number: &str) -> Result<()> {
    fn other(number: &str) -> anyhow::Result<u8> {
        Ok(number.parse()?)
    }
    let _: u8 = number.parse()?;
    other(number)?;
    Err("plain")?
}

#[derive(Debug)]
struct Mine;

impl fmt::Display for Mine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("mine")
    }
}

impl StdError for Mine {}

#[on_message]
async fn mine() -> Result<(), Mine> {
    Err(Mine)
}

// No std error, but one that chooses its code.
struct Coded(i32);

impl From<Coded> for Error {
    fn from(coded: Coded) -> Self {
        Refuse::new(coded.0.into(), "coded").into()
    }
}

#[on_message]
async fn coded() -> Result<(), Coded> {
    Err(Coded(9))
}

#[on_message]
async fn text_error() -> Result<(), String> {
    Err("x".to_owned())
}

#[on_message]
async fn boxed() -> Result<(), Box<dyn StdError + Send + Sync>> {
    Err("x".into())
}

fn main() {
    let _ = (chosen::entry(), closed::entry(), opaque::entry(), opaque_inside::entry());
    let _ = (never::entry(), binary::entry(), message::entry(), optional::entry());
    let _ = (anyhow_result::entry(), question_marks::entry(), mine::entry());
    let _ = (coded::entry(), text_error::entry(), boxed::entry());
}

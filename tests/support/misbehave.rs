//! A program with one handler, which does what the message says: well, or not.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Barrier;
use wsfn::{ConnectionId, Context, Result, State, Text, on_message};

/// Where `meet` messages wait until three of them are here at once.
struct Meeting {
    barrier: Barrier,
    met: AtomicUsize,
}

impl State for Meeting {
    async fn init() -> Result<Self> {
        if std::env::var_os("MISBEHAVE_NO_STATE").is_some() {
            return Err("the hall is closed".into());
        }
        Ok(Self {
            barrier: Barrier::new(3),
            met: AtomicUsize::new(0),
        })
    }
}

#[on_message]
async fn obey(id: &ConnectionId, line: &str, context: &Context, meeting: &Meeting) -> Result<Text> {
    match line {
        "block" => std::thread::sleep(Duration::from_secs(3600)),
        "nap" => std::thread::sleep(Duration::from_secs(5)),
        "hang" => {
            println!("it hangs");
            std::future::pending().await
        }
        "panic" => panic!("as told"),
        "exit" => std::process::exit(3),
        "fail" => return Err("the password is hunter2".into()),
        _ => {}
    }
    if line.starts_with("meet") {
        meeting.met.fetch_add(1, Ordering::SeqCst);
        meeting.barrier.wait().await;
        let met = meeting.met.load(Ordering::SeqCst);
        let (id, request) = (id.as_str(), &context.request_id);
        return Ok(Text(format!("{line} {id} {request} {met}")));
    }
    Ok(Text(line.to_owned()))
}

/// Standard output, where each line says that it comes from the program's own subscriber.
struct Own;

impl Write for Own {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        let line = [b"own: ", line].concat();
        std::io::stdout().lock().write_all(&line)?;
        Ok(line.len() - b"own: ".len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stdout().flush()
    }
}

fn main() -> Result<()> {
    if std::env::var_os("MISBEHAVE_OWN_LOG").is_some() {
        tracing_subscriber::fmt()
            .with_writer(|| Own)
            .with_ansi(false)
            .init();
    }
    wsfn::app![obey].run()
}

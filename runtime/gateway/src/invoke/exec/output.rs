//! What processes print, in the log.

use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

use super::exchange::Exchange;
use crate::hub::id::shown;

/// The longest line of a process that is logged whole; the rest of a longer one is dropped.
const LINE_MAX: usize = 8 * 1024;

/// Logs each line, with the ids of the event that the process is at, until the stream ends.
pub(super) async fn log(
    stream: impl AsyncRead + Unpin,
    name: &'static str,
    pid: u32,
    exchange: Arc<Exchange>,
) {
    let mut stream = BufReader::new(stream);
    let mut line = Vec::new();
    loop {
        match read_line(&mut stream, &mut line).await {
            Ok(true) => {}
            Ok(false) | Err(_) => return,
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end();
        match exchange.logged() {
            Some(call) => tracing::info!(
                target: "wsfn::function",
                pid,
                stream = name,
                connection = shown(&call.connection_id),
                request_id = &*call.request_id,
                "{text}"
            ),
            None => tracing::info!(target: "wsfn::function", pid, stream = name, "{text}"),
        }
    }
}

/// Reads a line of bounded length; false at the end.
async fn read_line(
    stream: &mut (impl AsyncBufReadExt + Unpin),
    line: &mut Vec<u8>,
) -> std::io::Result<bool> {
    line.clear();
    let mut any = false;
    loop {
        let buffer = stream.fill_buf().await?;
        if buffer.is_empty() {
            return Ok(any);
        }
        any = true;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(buffer.len(), |end| end + 1);
        let room = LINE_MAX.saturating_sub(line.len());
        line.extend_from_slice(&buffer[..used.min(room)]);
        stream.consume(used);
        if end.is_some() {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_bounded_and_none_is_lost() {
        let long = "x".repeat(LINE_MAX * 3);
        let text = format!("one\n\n{long}\nlast");
        let mut stream = BufReader::with_capacity(100, text.as_bytes());
        let mut lines = Vec::new();
        let mut line = Vec::new();
        while read_line(&mut stream, &mut line).await.expect("memory") {
            lines.push(String::from_utf8_lossy(&line).trim_end().to_owned());
        }
        assert_eq!(lines.len(), 4);
        assert_eq!(
            (&*lines[0], &*lines[1], lines[2].len(), &*lines[3]),
            ("one", "", LINE_MAX, "last")
        );
    }
}

//! The least that a function on tokio can be: one socket, requests that are ready-made, events that nobody reads. How
//! long it takes to start, and what an event costs it, is what the others are measured against.

use std::env::var;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const READY: &str = "POST /runtime/init/ready HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\n ";
const NEXT: &str = "GET /runtime/invocation/next HTTP/1.1\r\nhost: x\r\n\r\n";
const RESPONSE: &str = "POST /runtime/invocation/response HTTP/1.1\r\nhost: x\r\n\
    content-type: application/json\r\ncontent-length: 25\r\n\r\n{\"errNo\":0,\"errMsg\":\"ok\"}";

fn main() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let host = var("SCF_RUNTIME_API").expect("a host");
        let port = var("SCF_RUNTIME_API_PORT").expect("a port");
        let mut stream = TcpStream::connect(format!("{host}:{port}")).await?;
        stream.set_nodelay(true)?;
        // An answer of the benchmark's API is one segment, and fits.
        let mut answer = [0; 16 << 10];
        stream.write_all(READY.as_bytes()).await?;
        while stream.read(&mut answer).await? > 0 {
            stream.write_all(NEXT.as_bytes()).await?;
            if stream.read(&mut answer).await? == 0 {
                break;
            }
            stream.write_all(RESPONSE.as_bytes()).await?;
        }
        Ok(())
    })
}

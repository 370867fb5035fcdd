//! What no listener wants.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

/// Whoever waits for an answer to garbage waits no longer than this.
const PATIENCE: Duration = Duration::from_millis(20);

/// The next number of a generator that a seed starts (xorshift).
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

/// Something that is no request, or half of one. The same seed is the same bytes.
#[must_use]
pub fn garbage(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let whole: &[u8] = match next(&mut state) % 9 {
        // The beginning of a TLS ClientHello.
        0 => b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        1 => b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x12\x04\0\0\0\0\0",
        2 => b"*1\r\n$4\r\nPING\r\n",
        3 => &[0; 64 * 1024],
        4 => b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
               Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        5 => b"POST /api-wsfn HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n{\"websocket\":{\"action\":",
        6 => b"POST /runtime/invocation/response HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n{\"errNo\":",
        // A whole ClientHello as a record says it, of random bytes.
        7 => {
            let mut record = vec![0x16, 3, 1, 1, 0, 1, 0, 0, 0xfc, 3, 3];
            record.extend((0..250).map(|_| next(&mut state) as u8));
            return record;
        }
        _ => {
            let length = next(&mut state) as usize % 3_000;
            return (0..length).map(|_| next(&mut state) as u8).collect();
        }
    };
    // The whole of it, or what came before the line broke.
    let length = match next(&mut state) % 3 {
        0 => whole.len(),
        _ => next(&mut state) as usize % (whole.len() + 1),
    };
    whole[..length].to_vec()
}

/// Sends garbage, and hangs up: at once, after its own end, or after a look at what comes back.
///
/// # Panics
/// When nobody accepts.
pub fn throw(address: &str, seed: u64) {
    let mut stream = TcpStream::connect(address).expect("it accepts");
    // It may have had enough before all is sent.
    let _ = stream.write_all(&garbage(seed));
    match seed % 3 {
        0 => {}
        1 => {
            let _ = stream.shutdown(Shutdown::Write);
        }
        _ => {
            let _ = stream.set_read_timeout(Some(PATIENCE));
            let _ = stream.read(&mut [0; 1024]);
        }
    }
}

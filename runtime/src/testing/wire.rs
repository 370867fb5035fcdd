//! The client's side of the wire: what it sends and what it reads.

/// The key that every test client sends: nothing is protected by it, and the answer to it is known.
pub(super) const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAA==";
/// What RFC 6455 wants as the answer to [`KEY`].
pub(super) const ACCEPT: &str = "ICX+Yqv66kxgM0FcWaLWlFLwTAI=";

pub(super) const TEXT: u8 = 1;
pub(super) const BINARY: u8 = 2;
pub(super) const CLOSE: u8 = 8;
pub(super) const PING: u8 = 9;
pub(super) const PONG: u8 = 10;

/// A whole frame from a client. Its mask is zero, which is a mask like any other and leaves the payload as it is.
pub(super) fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x80 | opcode];
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length @ 0..=125), _) => bytes.push(0x80 | length),
        (_, Ok(length)) => {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&length.to_be_bytes());
        }
        _ => {
            bytes.push(0x80 | 127);
            bytes.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(payload);
    bytes
}

/// A close frame; without a code it says nothing.
pub(super) fn close_frame(code: Option<u16>, reason: &str) -> Vec<u8> {
    let mut payload = Vec::new();
    if let Some(code) = code {
        payload.extend_from_slice(&code.to_be_bytes());
        payload.extend_from_slice(reason.as_bytes());
    }
    frame(CLOSE, &payload)
}

/// What a client gets.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Came {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong,
    Close(Option<u16>, String),
}

/// Frames from a server, as their bytes come in.
#[derive(Debug, Default)]
pub(super) struct Frames {
    bytes: Vec<u8>,
    /// A message of which not all frames are there.
    message: Option<(u8, Vec<u8>)>,
}

impl Frames {
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next message or control frame that is complete.
    ///
    /// # Errors
    /// When a server must not send this.
    pub(super) fn next(&mut self) -> Result<Option<Came>, String> {
        while let Some((first, payload)) = self.take()? {
            let (last, opcode) = (first & 0x80 != 0, first & 0x0f);
            if first & 0x70 != 0 {
                return Err("a frame with RSV bits, though no extension was agreed upon".into());
            }
            match opcode {
                PING => return Ok(Some(Came::Ping(payload))),
                PONG => return Ok(Some(Came::Pong)),
                CLOSE => return close(&payload).map(Some),
                0 => match &mut self.message {
                    Some((_, begun)) => begun.extend_from_slice(&payload),
                    None => return Err("a continuation of nothing".into()),
                },
                TEXT | BINARY if self.message.is_none() => {
                    self.message = Some((opcode, payload));
                }
                other => return Err(format!("a frame with opcode {other}")),
            }
            if last && let Some((opcode, payload)) = self.message.take() {
                return Ok(Some(match opcode {
                    TEXT => Came::Text(text(payload)?),
                    _ => Came::Binary(payload),
                }));
            }
        }
        Ok(None)
    }

    /// The first byte and the payload of the next frame that is complete.
    fn take(&mut self) -> Result<Option<(u8, Vec<u8>)>, String> {
        let [first, second, rest @ ..] = &self.bytes[..] else {
            return Ok(None);
        };
        if second & 0x80 != 0 {
            return Err("a masked frame".into());
        }
        let extra = match second {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        if rest.len() < extra {
            return Ok(None);
        }
        let length = match extra {
            0 => u64::from(*second),
            _ => rest[..extra]
                .iter()
                .fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
        };
        let end = usize::try_from(length).map_err(|_| format!("a frame of {length} bytes"))?;
        let Some(payload) = rest[extra..].get(..end) else {
            return Ok(None);
        };
        let taken = (*first, payload.to_vec());
        self.bytes.drain(..2 + extra + end);
        Ok(Some(taken))
    }
}

fn close(payload: &[u8]) -> Result<Came, String> {
    match payload {
        [] => Ok(Came::Close(None, String::new())),
        [high, low, reason @ ..] => Ok(Came::Close(
            Some(u16::from_be_bytes([*high, *low])),
            text(reason.to_vec())?,
        )),
        [_] => Err("a close frame with half a code".into()),
    }
}

fn text(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|error| format!("a text that is not UTF-8: {error}"))
}

/// The head of the answer to a handshake.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) status: u16,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    /// Where it ends.
    pub(super) length: usize,
}

impl Head {
    /// The head, once it is complete.
    ///
    /// # Errors
    /// When it is none.
    pub(super) fn parse(bytes: &[u8]) -> Result<Option<Self>, String> {
        const END: &[u8] = b"\r\n\r\n";
        let Some(end) = bytes.windows(END.len()).position(|four| four == END) else {
            return Ok(None);
        };
        let text = String::from_utf8_lossy(&bytes[..end]);
        let mut lines = text.split("\r\n");
        let status = lines.next().unwrap_or_default();
        let number = status
            .strip_prefix("HTTP/1.1 ")
            .and_then(|rest| rest.get(..3)?.parse().ok())
            .ok_or_else(|| format!("not an HTTP answer: {status:?}"))?;
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Ok(Some(Self {
            status: number,
            headers,
            length: end + END.len(),
        }))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> Result<Vec<Came>, String> {
        let mut frames = Frames::default();
        let mut came = Vec::new();
        for byte in bytes {
            frames.feed(&[*byte]);
            while let Some(one) = frames.next()? {
                came.push(one);
            }
        }
        Ok(came)
    }

    #[test]
    fn what_a_server_sends_is_read_byte_by_byte() {
        let mut bytes = b"\x01\x02he\x89\x01!\x80\x03llo\x82\x7e\x00\x80".to_vec();
        bytes.extend_from_slice(&[7; 128]);
        bytes.extend_from_slice(b"\x8a\x00\x88\x06\x11\x38idle");
        let came = all(&bytes).unwrap();
        assert_eq!(
            came,
            [
                Came::Ping(b"!".to_vec()),
                Came::Text("hello".into()),
                Came::Binary(vec![7; 128]),
                Came::Pong,
                Came::Close(Some(4408), "idle".into()),
            ]
        );
    }

    #[test]
    fn what_a_server_must_not_send_is_refused() {
        for wrong in [
            &b"\x81\x80\0\0\0\0"[..],
            b"\xc1\x00",
            b"\x80\x00",
            b"\x83\x00",
            b"\x01\x00\x01\x00",
            b"\x81\x01\xff",
            b"\x88\x01\x03",
        ] {
            assert!(all(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn lengths_are_written_as_short_as_they_can_be() {
        assert_eq!(frame(TEXT, b"hi"), b"\x81\x82\0\0\0\0hi");
        assert_eq!(frame(BINARY, &[0; 126])[..4], [0x82, 0xfe, 0, 126]);
        assert_eq!(frame(BINARY, &[0; 1 << 16])[..4], [0x82, 0xff, 0, 0]);
        assert_eq!(close_frame(Some(1000), ""), b"\x88\x82\0\0\0\0\x03\xe8");
        assert_eq!(close_frame(None, "dropped"), b"\x88\x80\0\0\0\0");
    }
}

//! A request's head, put together from whatever pieces it comes in.

use super::{HandshakeError, Head};

/// Gathers a request's head. It holds at most `header-max` bytes until the head is complete, and where the bytes were
/// cut changes nothing.
#[derive(Debug)]
pub struct HeadReader {
    bytes: Vec<u8>,
    max: usize,
    /// Bytes of the head, once it is complete.
    length: usize,
}

impl HeadReader {
    /// For a head of at most `header_max` bytes, its empty line included.
    #[must_use]
    pub const fn new(header_max: usize) -> Self {
        Self {
            bytes: Vec::new(),
            max: header_max,
            length: 0,
        }
    }

    /// Takes more of what was received; true once the head is complete.
    ///
    /// # Errors
    /// When the bytes cannot become a head of HTTP/1, or not one within `header-max`. Nothing more is to be pushed.
    pub fn push(&mut self, received: &[u8]) -> Result<bool, HandshakeError> {
        let room = self.max.saturating_sub(self.bytes.len());
        let (received, behind) = received.split_at(received.len().min(room));
        self.bytes.extend_from_slice(received);
        match Head::parse(&self.bytes)? {
            Some(head) => {
                self.length = head.length;
                self.bytes.extend_from_slice(behind);
                Ok(true)
            }
            None if self.bytes.len() >= self.max => Err(HandshakeError::TooLarge),
            None => Ok(false),
        }
    }

    /// The head.
    ///
    /// # Errors
    /// When it is not complete.
    pub fn head(&self) -> Result<Head<'_>, HandshakeError> {
        let head = self.bytes.get(..self.length).unwrap_or_default();
        Head::parse(head)?.ok_or(HandshakeError::Incomplete)
    }

    /// What came in the packets of the head and stands behind it: the first frames of a client that does not wait for
    /// the answer.
    #[must_use]
    pub fn behind(&self) -> &[u8] {
        self.bytes.get(self.length..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";

    #[test]
    fn header_max_holds_to_the_byte_in_any_pieces() {
        for step in 1..=HEAD.len() {
            for (max, expected) in [
                (HEAD.len(), Ok(true)),
                (HEAD.len() - 1, Err(HandshakeError::TooLarge)),
            ] {
                let mut reader = HeadReader::new(max);
                let last = HEAD
                    .chunks(step)
                    .map(|piece| reader.push(piece))
                    .find(|result| *result != Ok(false));
                assert_eq!(last, Some(expected), "{max} in pieces of {step}");
            }
        }
    }

    #[test]
    fn no_more_is_held_than_header_max() {
        let mut reader = HeadReader::new(100);
        assert_eq!(reader.push(b"GET / HTTP/1.1\r\nX: "), Ok(false));
        assert_eq!(reader.push(&[b'x'; 1 << 16]), Err(HandshakeError::TooLarge));
        assert_eq!(reader.bytes.len(), 100);
        assert!(reader.bytes.capacity() < 256, "{}", reader.bytes.capacity());
    }

    #[test]
    fn what_comes_behind_is_kept() {
        let mut reader = HeadReader::new(HEAD.len());
        assert_eq!(reader.push(&[HEAD, b"frames"].concat()), Ok(true));
        assert_eq!(reader.head().unwrap().length, HEAD.len());
        assert_eq!(reader.behind(), b"frames");
    }

    #[test]
    fn an_incomplete_head_is_none() {
        let mut reader = HeadReader::new(1000);
        assert_eq!(reader.push(b"GET / HTTP/1.1\r\n"), Ok(false));
        assert_eq!(reader.head().unwrap_err(), HandshakeError::Incomplete);
    }
}

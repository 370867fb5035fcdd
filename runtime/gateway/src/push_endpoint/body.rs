//! The body of a push: bounded in size, time and in memory with all the others.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::{Body, Bytes};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

/// Memory for the bodies that are being read, all together: 64 MiB hold thousands of usual pushes at once, and at
/// least two of the largest fit whatever `push-max-body` is.
const MEMORY: usize = 64 << 20;

/// How much of a body that is too large is read before the answer, and for how long: a client that is cut while it
/// sends sees a broken connection and not the answer.
const DISCARD_BYTES: usize = 8 << 20;
const DISCARD_TIME: Duration = Duration::from_secs(2);

/// Why there is no body.
#[derive(Debug)]
pub(super) enum BodyError {
    /// Above `push-max-body`.
    TooLarge,
    /// Not complete within `message-timeout`.
    TooSlow,
    /// No memory for it at the moment.
    Busy,
    /// The connection ended, or it was no HTTP.
    Broken(String),
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => f.write_str("larger than push-max-body"),
            Self::TooSlow => f.write_str("not complete within message-timeout"),
            Self::Busy => f.write_str("no memory left for bodies"),
            Self::Broken(error) => write!(f, "cut off: {error}"),
        }
    }
}

/// Reads bodies.
pub(super) struct Bodies {
    max: usize,
    timeout: Duration,
    memory: Arc<Semaphore>,
}

/// A body, and the memory that is set aside for it.
pub(super) struct Whole {
    bytes: Vec<u8>,
    _memory: Option<OwnedSemaphorePermit>,
}

impl Whole {
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Bodies {
    pub(super) fn new(max: usize, timeout: Duration) -> Self {
        Self::with_memory(max, timeout, MEMORY)
    }

    fn with_memory(max: usize, timeout: Duration, memory: usize) -> Self {
        let memory = memory
            .max(max.saturating_mul(2))
            .min(Semaphore::MAX_PERMITS);
        Self {
            max,
            timeout,
            memory: Arc::new(Semaphore::new(memory)),
        }
    }

    /// Reads a body. Memory grows with what arrives, never with the length that was announced.
    pub(super) async fn read<B>(
        &self,
        mut body: B,
        expects_continue: bool,
    ) -> Result<Whole, BodyError>
    where
        B: Body<Data = Bytes, Error: fmt::Display> + Unpin,
    {
        let announced = body.size_hint().lower();
        if usize::try_from(announced).map_or(true, |announced| announced > self.max) {
            // Who asks before sending has sent nothing yet.
            if !expects_continue {
                discard(&mut body).await;
            }
            return Err(BodyError::TooLarge);
        }
        let deadline = Instant::now() + self.timeout;
        let mut whole = Whole {
            bytes: Vec::new(),
            _memory: None,
        };
        loop {
            let frame = match timeout_at(deadline, body.frame()).await {
                Err(_) => return Err(BodyError::TooSlow),
                Ok(None) => return Ok(whole),
                Ok(Some(Err(error))) => return Err(BodyError::Broken(error.to_string())),
                Ok(Some(Ok(frame))) => frame,
            };
            // Trailers say nothing to a push.
            let Ok(data) = frame.into_data() else {
                continue;
            };
            if data.len() > self.max - whole.bytes.len() {
                drop(whole);
                discard(&mut body).await;
                return Err(BodyError::TooLarge);
            }
            self.set_aside(&mut whole, data.len())
                .ok_or(BodyError::Busy)?;
            whole.bytes.extend_from_slice(&data);
        }
    }

    fn set_aside(&self, whole: &mut Whole, bytes: usize) -> Option<()> {
        let more = Arc::clone(&self.memory)
            .try_acquire_many_owned(u32::try_from(bytes).ok()?)
            .ok()?;
        match &mut whole._memory {
            Some(memory) => memory.merge(more),
            none => *none = Some(more),
        }
        Some(())
    }
}

/// Reads on for a while and throws away.
async fn discard<B: Body<Data = Bytes> + Unpin>(body: &mut B) {
    let mut left = DISCARD_BYTES;
    let reading = async {
        while let Some(Ok(frame)) = body.frame().await {
            let read = frame.data_ref().map_or(0, Bytes::len);
            match left.checked_sub(read) {
                Some(rest) => left = rest,
                None => break,
            }
        }
    };
    // Running out of time is what the limit is for.
    let _ = tokio::time::timeout(DISCARD_TIME, reading).await;
}

#[cfg(test)]
mod tests {
    use http_body_util::Full;

    use super::*;

    #[tokio::test]
    async fn memory_is_shared_and_comes_back() {
        let bodies = Bodies::with_memory(10, Duration::from_secs(10), 0);
        let read = || bodies.read(Full::from("0123456789"), false);
        // At least two of the largest fit.
        let first = read().await.unwrap();
        let second = read().await.unwrap();
        assert_eq!(second.as_bytes(), b"0123456789");
        assert!(matches!(read().await, Err(BodyError::Busy)));
        drop(first);
        assert!(read().await.is_ok());
    }
}

//! Buffers that every connection of a thread shares.
//!
//! A connection that has nothing to say holds no buffer: the one it reads into is the thread's, lent for one closure
//! and so never across an await. Ten thousand idle sockets cost one buffer per thread.

use std::cell::RefCell;

/// Bytes read from a socket at once. Larger reads save few system calls (messages are short), smaller ones cost them.
pub const READ_SIZE: usize = 64 << 10;
/// The most that a thread keeps of a growing buffer after a large message.
pub const KEEP_MAX: usize = 64 << 10;

thread_local! {
    static READ: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    #[cfg(feature = "tls")]
    static RECORDS: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static OUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static INFLATED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Lends the thread's read buffer, [`READ_SIZE`] bytes of what the last user left there.
///
/// A closure that asks for it again gets a buffer of its own.
pub fn with_read<R>(use_it: impl FnOnce(&mut [u8]) -> R) -> R {
    with_whole(&READ, use_it)
}

/// Lends the thread's buffer for encrypted records, [`READ_SIZE`] bytes as well. It is another one, because what is
/// decrypted goes into that of [`with_read`].
#[cfg(feature = "tls")]
pub(crate) fn with_records<R>(use_it: impl FnOnce(&mut [u8]) -> R) -> R {
    with_whole(&RECORDS, use_it)
}

/// Lends an empty buffer to gather what is written to a socket; it keeps at most [`KEEP_MAX`] bytes afterwards.
///
/// A closure that asks for it again gets a buffer of its own.
pub fn with_out<R>(use_it: impl FnOnce(&mut Vec<u8>) -> R) -> R {
    with(&OUT, |buffer| {
        buffer.clear();
        let result = use_it(buffer);
        if buffer.capacity() > KEEP_MAX {
            *buffer = Vec::new();
        }
        result
    })
}

/// Lends an empty buffer to inflate into. What the closure leaves there is bounded as [`with_out`] bounds it.
pub(super) fn with_inflated<R>(use_it: impl FnOnce(&mut Vec<u8>) -> R) -> R {
    with(&INFLATED, |buffer| {
        buffer.clear();
        let result = use_it(buffer);
        if buffer.capacity() > KEEP_MAX {
            *buffer = Vec::new();
        }
        result
    })
}

fn with_whole<R>(
    buffer: &'static std::thread::LocalKey<RefCell<Vec<u8>>>,
    use_it: impl FnOnce(&mut [u8]) -> R,
) -> R {
    with(buffer, |buffer| {
        if buffer.len() < READ_SIZE {
            buffer.resize(READ_SIZE, 0);
        }
        use_it(buffer)
    })
}

fn with<R>(
    buffer: &'static std::thread::LocalKey<RefCell<Vec<u8>>>,
    use_it: impl FnOnce(&mut Vec<u8>) -> R,
) -> R {
    buffer.with(|buffer| match buffer.try_borrow_mut() {
        Ok(mut buffer) => use_it(&mut buffer),
        Err(_) => use_it(&mut Vec::new()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_message_leaves_no_large_buffer() {
        with_out(|out| out.resize(16 << 20, 1));
        with_out(|out| assert!(out.is_empty() && out.capacity() <= KEEP_MAX));
        with_inflated(|out| out.resize(16 << 20, 1));
        with_inflated(|out| assert!(out.is_empty() && out.capacity() <= KEEP_MAX));
    }

    #[test]
    fn a_nested_use_gets_its_own() {
        with_read(|outer| {
            outer[0] = 7;
            with_read(|inner| assert_eq!((inner[0], inner.len()), (0, READ_SIZE)));
        });
    }
}

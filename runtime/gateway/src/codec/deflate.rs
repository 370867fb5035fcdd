//! Compressing a message of ours.

use std::cell::RefCell;

use flate2::{Compress, Compression, FlushCompress};

use super::DeflateParams;

/// Compressors that a thread keeps, for all windows together; one is used at a time.
const POOL: usize = 4;
/// What a flush ends with, and the message does without (RFC 7692, section 7.2.1).
const TAIL: &[u8] = &[0, 0, 0xFF, 0xFF];
/// The least that the output grows by.
const GROWTH: usize = 1024;

thread_local! {
    static IDLE: RefCell<Vec<(u8, Compress)>> = const { RefCell::new(Vec::new()) };
}

/// Appends the compressed `data` to `out`; `false` when that is not possible, and `out` is as it was.
pub(super) fn deflate(params: DeflateParams, data: &[u8], out: &mut Vec<u8>) -> bool {
    #[cfg(test)]
    RUNS.set(RUNS.get() + 1);
    let bits = params.server_max_window_bits();
    let idle = IDLE.with_borrow_mut(|idle| {
        let at = idle.iter().position(|(window, _)| *window == bits)?;
        Some(idle.swap_remove(at).1)
    });
    // The fastest level: the next makes JSON of a few KB a quarter smaller and takes two to three times as long.
    let mut state =
        idle.unwrap_or_else(|| Compress::new_with_window_bits(Compression::fast(), false, bits));
    let start = out.len();
    let done = run(&mut state, data, out);
    if !done {
        out.truncate(start);
        return false;
    }
    if out[start..].ends_with(TAIL) {
        out.truncate(out.len() - TAIL.len());
    }
    if out.len() == start {
        // An empty message is one empty block (section 7.2.3.6).
        out.push(0);
    }
    state.reset();
    IDLE.with_borrow_mut(|idle| {
        if idle.len() < POOL {
            idle.push((bits, state));
        }
    });
    true
}

fn run(state: &mut Compress, mut data: &[u8], out: &mut Vec<u8>) -> bool {
    out.reserve(data.len() / 2 + GROWTH);
    loop {
        let read = state.total_in();
        if state.compress_vec(data, out, FlushCompress::Sync).is_err() {
            return false;
        }
        // Not more than `data` has.
        let used = (state.total_in() - read) as usize;
        data = data.get(used..).unwrap_or_default();
        if data.is_empty() && out.len() < out.capacity() {
            return true;
        }
        out.reserve(GROWTH);
    }
}

#[cfg(test)]
thread_local! {
    static RUNS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// How often this thread has compressed something.
#[cfg(test)]
pub(super) fn runs() -> usize {
    RUNS.get()
}

//! How functions are understood, without any.

use wsfn_protocol::Kind;

use crate::invoke::{InvokeAnswer, InvokeError, reply, scf};

/// What a reply means that came over HTTP, or from a process.
///
/// # Errors
/// When it is none.
pub fn reply(kind: Kind, body: &[u8]) -> Result<InvokeAnswer, InvokeError> {
    reply::read(kind, body)
}

/// What an answer of Tencent's API means.
///
/// # Errors
/// When it is none, or says that no function answered.
pub fn scf(kind: Kind, body: &[u8]) -> Result<InvokeAnswer, InvokeError> {
    scf::meaning(kind, body, "r-1")
}

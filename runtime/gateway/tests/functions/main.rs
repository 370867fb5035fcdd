//! Functions elsewhere.

mod http;
mod scf;
mod support;

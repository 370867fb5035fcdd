//! Functions elsewhere.

mod http;
mod node;
mod scf;
mod support;

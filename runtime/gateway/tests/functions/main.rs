//! Functions elsewhere.

mod http;

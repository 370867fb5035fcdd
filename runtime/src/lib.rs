//! WebSocket functions in Rust.

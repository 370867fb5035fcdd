//! A WebSocket gateway for the three-function protocol.

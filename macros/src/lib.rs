//! The attribute macros of wsfn.

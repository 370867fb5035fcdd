//! The pages in a real browser: headless Chromium, driven over WebDriver, against the real example binaries.
//!
//! What a laptop may lack (Chromium, its driver, npm for axe-core) makes a case skip itself with a visible line; with
//! `CI=true` it fails instead, so that nothing goes unproved there.

mod axe;
mod builtin;
mod chat;
mod chromium;
mod page;
#[cfg(target_os = "linux")]
mod recipe;

//! The pages in a real browser: headless Chromium, driven over WebDriver, against the real example binaries.
//!
//! What a laptop may lack (Chromium, its driver, npm for axe-core) makes a case skip itself with a visible line; with
//! `CI=true` it fails instead, so that nothing goes unproved there.

mod axe;
mod builtin;
mod chat;
mod chromium;
mod page;

use std::path::PathBuf;

/// Where cargo builds to, whatever `CARGO_TARGET_DIR` says: the test itself lies in `<target>/<profile>/deps`.
fn target() -> PathBuf {
    let test = std::env::current_exe().expect("a running test has a path");
    let target = test.ancestors().nth(3);
    target
        .expect("a test binary lies three folders below the target folder")
        .to_owned()
}

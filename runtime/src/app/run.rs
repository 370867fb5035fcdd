//! Running an application.

use super::App;
use crate::error::Result;

impl App {
    /// Runs the application where it is.
    ///
    /// # Errors
    /// When it cannot start.
    pub fn run(self) -> Result<()> {
        let _ = self;
        Err("no front end is built in yet".into())
    }
}

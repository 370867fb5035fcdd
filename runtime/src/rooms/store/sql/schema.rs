//! The tables, and which version of them there is.

use super::super::StoreError;
use super::Server;

/// The version that this program knows. Version 1 is [`Dialect::tables`](super::server::Dialect); a later one is made of
/// the one before it, under the lock that makes the first.
const VERSION: i64 = 1;

/// Finds the tables, or makes them.
///
/// # Errors
/// Where they are of a newer version.
pub(super) async fn make(server: &impl Server) -> Result<(), StoreError> {
    match version(server).await? {
        Some(version) => check(version),
        None => {
            // Others may be making them at the same time: all of it is harmless when it is done twice.
            let made = server.make(dialect(server).tables).await;
            made.map_err(|failure| failure.error)?;
            check(version(server).await?.unwrap_or_default())
        }
    }
}

async fn version(server: &impl Server) -> Result<Option<i64>, StoreError> {
    match server.run(dialect(server).version).await {
        // A table without a row is one that is being made.
        Ok(rows) => Ok(rows.first().map(|row| row.number).filter(|at| *at > 0)),
        Err(failure) if failure.no_table => Ok(None),
        Err(failure) => Err(failure.error),
    }
}

const fn dialect<S: Server>(_: &S) -> super::server::Dialect {
    S::DIALECT
}

fn check(version: i64) -> Result<(), StoreError> {
    if version == VERSION {
        return Ok(());
    }
    Err(StoreError::refused(format!(
        "its tables are of version {version}, and this program knows version {VERSION}; a newer wsfn made them, so \
         build this program with one as new"
    )))
}

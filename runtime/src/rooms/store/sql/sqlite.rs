//! SQLite: one file, for functions on one machine.

use std::sync::Arc;

use sqlx::error::DatabaseError as _;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteError, SqliteJournalMode, SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, ConnectOptions as _};
use wsfn_settings::{Settings, StoreUrl};

use super::super::StoreError;
use super::server::{COMMON, Dialect, Waits};
use super::{Failure, Pool, Row, Server, failed, row};

/// A file of SQLite.
pub(in crate::rooms::store) struct Sqlite {
    pool: Arc<Pool<SqliteConnection>>,
    waits: Waits,
    shown: String,
}

impl Sqlite {
    pub(in crate::rooms::store) fn open(url: &StoreUrl, settings: &Settings) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(url.path())
            .create_if_missing(true)
            // Readers do not wait for whoever writes, and what is acknowledged is on the disk.
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(settings.store_timeout)
            // Statements hold ids, which are no matter for a log.
            .disable_statement_logging();
        let waits = Waits::new(settings);
        Self {
            pool: Arc::new(Pool::new(options, waits)),
            waits,
            shown: url.to_string(),
        }
    }
}

impl Server for Sqlite {
    const DIALECT: Dialect = Dialect {
        now: "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
        bytes: ("x'", "'"),
        tables: "
            CREATE TABLE IF NOT EXISTS wsfn_schema (version INTEGER PRIMARY KEY);
            CREATE TABLE IF NOT EXISTS wsfn_connections (
                id BLOB PRIMARY KEY, state INTEGER NOT NULL, due INTEGER NOT NULL,
                version INTEGER NOT NULL DEFAULT 0, session BLOB
            ) WITHOUT ROWID;
            CREATE INDEX IF NOT EXISTS wsfn_due ON wsfn_connections (state, due);
            CREATE TABLE IF NOT EXISTS wsfn_members (
                room BLOB NOT NULL, id BLOB NOT NULL, PRIMARY KEY (room, id)
            ) WITHOUT ROWID;
            CREATE INDEX IF NOT EXISTS wsfn_rooms ON wsfn_members (id);
            INSERT OR IGNORE INTO wsfn_schema VALUES (1)",
        claim: "
            DELETE FROM wsfn_connections WHERE state = 2 AND due <= :now;
            UPDATE wsfn_connections SET due = :now + :lapse WHERE id IN (
                SELECT id FROM wsfn_connections WHERE state IN (0, 1) AND due <= :now ORDER BY due LIMIT :limit
            ) RETURNING id, NULL, 0",
        forget: "
            INSERT INTO wsfn_connections (id, state, due) VALUES (:id, 2, :now + :remember)
            ON CONFLICT (id) DO UPDATE SET state = 2, due = excluded.due, version = 0, session = NULL;
            DELETE FROM wsfn_members WHERE id = :id;
            DELETE FROM wsfn_connections WHERE id <> :id AND id IN (
                SELECT id FROM wsfn_connections WHERE state = 2 AND due <= :now ORDER BY due LIMIT 4
            )",
        ..COMMON
    };

    fn shown(&self) -> &str {
        &self.shown
    }

    async fn run(&self, text: &str) -> Result<Vec<Row>, Failure> {
        // Who only reads waits for nobody who writes; who writes waits at once, and not in the middle.
        let kind = match text.starts_with("SELECT") {
            true => "DEFERRED",
            false => "IMMEDIATE",
        };
        let text = format!("BEGIN {kind};\n{text};\nCOMMIT");
        let (pool, waits) = (Arc::clone(&self.pool), self.waits);
        // Dropped in the middle, it would leave a transaction open that keeps everyone else from writing.
        let task = tokio::spawn(async move {
            let failed = |error: &sqlx::Error| why(error, &waits);
            let mut connection = pool.acquire().await.map_err(|error| failed(&error))?;
            let done = sqlx::raw_sql(AssertSqlSafe(text)).fetch_all(&mut *connection);
            match done.await {
                Ok(rows) => {
                    connection.give_back();
                    rows.iter().map(|found| row(found, &waits)).collect()
                }
                Err(error) => {
                    let undone = sqlx::raw_sql("ROLLBACK").execute(&mut *connection).await;
                    // Where there is nothing to take back, it says so.
                    drop(undone);
                    connection.give_back();
                    Err(failed(&error))
                }
            }
        });
        let lost = |_| Failure::new(StoreError::unavailable("the program is ending"));
        task.await.map_err(lost)?
    }
}

/// What went wrong, from the codes of SQLite.
fn why(error: &sqlx::Error, waits: &Waits) -> Failure {
    let sqlx::Error::Database(database) = error else {
        return failed(error, waits);
    };
    let error = database.downcast_ref::<SqliteError>();
    // The lower byte is the kind, the others say more (https://www.sqlite.org/rescode.html).
    let code = error.code().and_then(|code| code.parse::<u32>().ok());
    let message = error.message();
    match code.unwrap_or_default() & 0xff {
        5 | 6 => Failure::new(StoreError::unavailable(
            "others write, and did not end within store-timeout",
        )),
        13 => Failure::new(StoreError::unavailable("the disk is full")),
        8 => Failure::new(StoreError::refused("the file may only be read")),
        14 => Failure::new(StoreError::refused(
            "the file cannot be opened: its folder has to exist, and to be writable",
        )),
        26 => Failure::new(StoreError::refused("the file is no database of SQLite")),
        _ => Failure {
            no_table: message.starts_with("no such table"),
            ..Failure::new(StoreError::unavailable(message.to_owned()))
        },
    }
}

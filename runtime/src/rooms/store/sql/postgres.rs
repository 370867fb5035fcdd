//! PostgreSQL, from 9.5 on.

use std::str::FromStr as _;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgDatabaseError};
use sqlx::{AssertSqlSafe, ConnectOptions as _};
use wsfn_settings::{Secret, Settings, StoreUrl};

use super::super::StoreError;
use super::server::{COMMON, Dialect, Waits};
use super::{Failure, Pool, Row, Server, failed, row};

/// A server of PostgreSQL.
pub(in crate::rooms::store) struct Postgres {
    pool: Pool<PgConnection>,
    waits: Waits,
    shown: String,
}

impl Postgres {
    pub(in crate::rooms::store) fn open(
        url: &StoreUrl,
        settings: &Settings,
    ) -> Result<Self, StoreError> {
        // Its error would repeat the address.
        let mut options = PgConnectOptions::from_str(url.expose())
            .map_err(|_| StoreError::refused("its address cannot be read"))?;
        if let Some(user) = &settings.store_user {
            options = options.username(user);
        }
        if let Some(password) = &settings.store_password {
            options = options.password(Secret::expose(password));
        }
        // Statements hold ids, which are no matter for a log.
        let (options, waits) = (options.disable_statement_logging(), Waits::new(settings));
        Ok(Self {
            pool: Pool::new(options, waits),
            waits,
            shown: url.to_string(),
        })
    }
}

/// The statements of a page. Until its statistics are there, the planner takes every room for a small one: it would read
/// all members, and sort them, for each page. In this transaction it walks along the index.
macro_rules! page {
    ($statement:literal) => {
        concat!(
            "SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off; \
             SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; ",
            $statement
        )
    };
}

impl Server for Postgres {
    /// Statements that come together are one transaction here, and each sees what was committed before it.
    const DIALECT: Dialect = Dialect {
        now: "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
        bytes: ("decode('", "', 'hex')"),
        // Two that make the same table at once fail, `IF NOT EXISTS` or not: hence the lock, whose number is any.
        tables: "
            DO $$ BEGIN PERFORM pg_advisory_xact_lock(7817284921); END $$;
            CREATE TABLE IF NOT EXISTS wsfn_schema (version BIGINT PRIMARY KEY);
            CREATE TABLE IF NOT EXISTS wsfn_connections (
                id BYTEA PRIMARY KEY, state SMALLINT NOT NULL, due BIGINT NOT NULL,
                version BIGINT NOT NULL DEFAULT 0, session BYTEA
            );
            CREATE INDEX IF NOT EXISTS wsfn_due ON wsfn_connections (state, due);
            CREATE TABLE IF NOT EXISTS wsfn_members (
                room BYTEA NOT NULL, id BYTEA NOT NULL, PRIMARY KEY (room, id)
            );
            CREATE INDEX IF NOT EXISTS wsfn_rooms ON wsfn_members (id);
            INSERT INTO wsfn_schema VALUES (1) ON CONFLICT DO NOTHING",
        members: page!(
            "SELECT m.id, NULL, c.version FROM wsfn_members AS m \
             JOIN wsfn_connections AS c ON c.id = m.id \
             WHERE m.room = :room AND m.id > :after AND c.state = 0 ORDER BY m.id LIMIT :limit"
        ),
        members_with_sessions: page!(
            "SELECT m.id, c.session, c.version FROM wsfn_members AS m \
             JOIN wsfn_connections AS c ON c.id = m.id \
             WHERE m.room = :room AND m.id > :after AND c.state = 0 ORDER BY m.id LIMIT :limit"
        ),
        everyone: page!(
            "SELECT id, NULL, version FROM wsfn_connections \
             WHERE id > :after AND state = 0 ORDER BY id LIMIT :limit"
        ),
        everyone_with_sessions: page!(
            "SELECT id, session, version FROM wsfn_connections \
             WHERE id > :after AND state = 0 ORDER BY id LIMIT :limit"
        ),
        claim: "
            DELETE FROM wsfn_connections WHERE id IN (
                SELECT id FROM wsfn_connections WHERE state = 2 AND due <= :now ORDER BY due LIMIT 1000
                FOR UPDATE SKIP LOCKED
            );
            UPDATE wsfn_connections SET due = :now + :lapse WHERE id IN (
                SELECT id FROM wsfn_connections WHERE state IN (0, 1) AND due <= :now ORDER BY due LIMIT :limit
                FOR UPDATE SKIP LOCKED
            ) RETURNING id, NULL, 0",
        forget: "
            INSERT INTO wsfn_connections (id, state, due) VALUES (:id, 2, :now + :remember)
            ON CONFLICT (id) DO UPDATE SET state = 2, due = excluded.due, version = 0, session = NULL;
            DELETE FROM wsfn_members WHERE id = :id;
            DELETE FROM wsfn_connections WHERE id <> :id AND id IN (
                SELECT id FROM wsfn_connections WHERE state = 2 AND due <= :now ORDER BY due LIMIT 4
                FOR UPDATE SKIP LOCKED
            )",
        ..COMMON
    };

    fn shown(&self) -> &str {
        &self.shown
    }

    async fn run(&self, text: &str) -> Result<Vec<Row>, Failure> {
        let failed = |error: sqlx::Error| why(&error, &self.waits);
        let mut connection = self.pool.acquire().await.map_err(failed)?;
        let done = sqlx::raw_sql(AssertSqlSafe(text.to_owned())).fetch_all(&mut *connection);
        let rows = done.await.map_err(failed)?;
        connection.give_back();
        rows.iter().map(|found| row(found, &self.waits)).collect()
    }
}

/// What went wrong, from the codes of PostgreSQL.
fn why(error: &sqlx::Error, waits: &Waits) -> Failure {
    let sqlx::Error::Database(database) = error else {
        return failed(error, waits);
    };
    let error = database.downcast_ref::<PgDatabaseError>();
    match error.code() {
        "28000" | "28P01" => Failure::new(StoreError::refused(
            "it does not take these credentials: look at store, store-user and store-password",
        )),
        "3D000" => Failure::new(StoreError::refused(
            "it has no database of this name; make it",
        )),
        "42501" => Failure::new(StoreError::refused(
            "the user may not do what is needed: CREATE in the schema, SELECT, INSERT, UPDATE and DELETE",
        )),
        "53100" => Failure::new(StoreError::unavailable("its disk is full")),
        "53300" => Failure::new(StoreError::unavailable("it has too many connections")),
        // A deadlock, or transactions that cannot be put in order: this one is taken back.
        "40001" | "40P01" => Failure::again(StoreError::unavailable(
            "transactions waited for each other",
        )),
        // The server ends, or was ended by somebody: what was under way is taken back, and the next try gets another
        // connection.
        "57P01" | "57P02" | "57P03" => {
            Failure::again(StoreError::unavailable("it is being stopped or started"))
        }
        "42P01" => Failure {
            no_table: true,
            ..Failure::new(StoreError::unavailable("its tables are gone"))
        },
        code => Failure::new(StoreError::unavailable(format!(
            "error {code}: {}",
            error.message()
        ))),
    }
}

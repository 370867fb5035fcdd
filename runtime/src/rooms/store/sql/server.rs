//! What the databases differ in.

use std::time::Duration;

use wsfn_settings::{Settings, show_duration};

use super::super::StoreError;
use super::Row;

/// How a database says what all of them say.
#[derive(Debug)]
pub(in crate::rooms::store) struct Dialect {
    /// Its clock, in milliseconds since 1970.
    pub(super) now: &'static str,
    /// What stands around hexadecimal digits to make bytes of them.
    pub(super) bytes: (&'static str, &'static str),
    /// The version of the schema.
    pub(super) version: &'static str,
    /// The tables of version 1.
    pub(super) tables: &'static str,
    pub(super) join: &'static str,
    pub(super) members: &'static str,
    pub(super) members_with_sessions: &'static str,
    pub(super) everyone: &'static str,
    pub(super) everyone_with_sessions: &'static str,
    pub(super) set_session: &'static str,
    pub(super) set_session_of_version: &'static str,
    pub(super) seen: &'static str,
    pub(super) claim: &'static str,
    pub(super) forget: &'static str,
}

/// Statements that most of them understand as they are.
pub(super) const COMMON: Dialect = Dialect {
    version: "SELECT NULL, NULL, COALESCE(MAX(version), 0) FROM wsfn_schema",
    members: "SELECT m.id, NULL, c.version FROM wsfn_members AS m \
        JOIN wsfn_connections AS c ON c.id = m.id \
        WHERE m.room = :room AND m.id > :after AND c.state = 0 ORDER BY m.id LIMIT :limit",
    members_with_sessions: "SELECT m.id, c.session, c.version FROM wsfn_members AS m \
        JOIN wsfn_connections AS c ON c.id = m.id \
        WHERE m.room = :room AND m.id > :after AND c.state = 0 ORDER BY m.id LIMIT :limit",
    everyone: "SELECT id, NULL, version FROM wsfn_connections \
        WHERE id > :after AND state = 0 ORDER BY id LIMIT :limit",
    everyone_with_sessions: "SELECT id, session, version FROM wsfn_connections \
        WHERE id > :after AND state = 0 ORDER BY id LIMIT :limit",
    join: "
        INSERT INTO wsfn_connections (id, state, due) VALUES (:id, 0, :now + :lease)
        ON CONFLICT (id) DO UPDATE SET due = excluded.due WHERE wsfn_connections.state = 0;
        INSERT INTO wsfn_members (room, id)
        SELECT :room, id FROM wsfn_connections WHERE id = :id AND state = 0
        AND (SELECT COUNT(*) FROM wsfn_members WHERE id = :id) < :most
        ON CONFLICT DO NOTHING;
        SELECT NULL, NULL, CASE WHEN state <> 0 THEN 1
            WHEN EXISTS (SELECT 1 FROM wsfn_members WHERE room = :room AND id = :id) THEN 0 ELSE 2 END
        FROM wsfn_connections WHERE id = :id",
    set_session: "
        INSERT INTO wsfn_connections (id, state, due) VALUES (:id, 0, :now + :lease)
        ON CONFLICT (id) DO UPDATE SET due = excluded.due WHERE wsfn_connections.state = 0;
        UPDATE wsfn_connections SET session = :session, version = wsfn_connections.version + 1 WHERE id = :id AND state = 0
        RETURNING id, NULL, version;
        SELECT NULL, NULL, state FROM wsfn_connections WHERE id = :id",
    set_session_of_version: "
        INSERT INTO wsfn_connections (id, state, due) VALUES (:id, 0, :now + :lease)
        ON CONFLICT (id) DO UPDATE SET due = excluded.due WHERE wsfn_connections.state = 0;
        UPDATE wsfn_connections SET session = :session, version = wsfn_connections.version + 1
        WHERE id = :id AND state = 0 AND version = :version
        RETURNING id, NULL, version;
        SELECT NULL, NULL, state FROM wsfn_connections WHERE id = :id",
    seen: "
        INSERT INTO wsfn_connections (id, state, due) VALUES [(:each, 0, :now + :lease)]
        ON CONFLICT (id) DO UPDATE SET due = excluded.due WHERE wsfn_connections.state = 0",
    ..Dialect::EMPTY
};

impl Dialect {
    pub(super) const EMPTY: Self = Self {
        now: "",
        bytes: ("", ""),
        version: "",
        tables: "",
        join: "",
        members: "",
        members_with_sessions: "",
        everyone: "",
        everyone_with_sessions: "",
        set_session: "",
        set_session_of_version: "",
        seen: "",
        claim: "",
        forget: "",
    };
}

/// A server, or a file, that does statements.
pub(in crate::rooms::store) trait Server: Send + Sync + 'static {
    /// How it says things.
    const DIALECT: Dialect;

    /// Its address as logs show it.
    fn shown(&self) -> &str;

    /// Does all of the statements in one transaction, or none, and gives the rows of all that have some.
    fn run(&self, text: &str) -> impl Future<Output = Result<Vec<Row>, Failure>> + Send;

    /// Makes the tables, each statement by itself where the database cannot take them back.
    fn make(&self, text: &str) -> impl Future<Output = Result<Vec<Row>, Failure>> + Send {
        self.run(text)
    }
}

/// Why statements were not done.
pub(in crate::rooms::store) struct Failure {
    pub(super) error: StoreError,
    /// Whether to try again at once: nothing was done, or doing it twice is the same.
    pub(super) again: bool,
    /// Whether a table is missing.
    pub(super) no_table: bool,
}

impl Failure {
    pub(super) const fn new(error: StoreError) -> Self {
        Self {
            error,
            again: false,
            no_table: false,
        }
    }

    pub(super) fn again(error: StoreError) -> Self {
        Self {
            again: true,
            ..Self::new(error)
        }
    }
}

/// What went wrong, where the database itself said nothing.
pub(in crate::rooms::store) fn failed(error: &sqlx::Error, settings: &Waits) -> Failure {
    match error {
        sqlx::Error::PoolTimedOut => Failure::new(StoreError::timed_out(format!(
            "no connection within store-timeout = {}: the server is not reachable, or all store-connections = {} are \
             in use",
            show_duration(settings.timeout),
            settings.connections
        ))),
        sqlx::Error::Io(error) => {
            let unavailable = StoreError::unavailable(format!("its connection: {error}"));
            match error.kind() {
                // A server that is not there was waited for.
                std::io::ErrorKind::ConnectionRefused
                | std::io::ErrorKind::NotFound
                | std::io::ErrorKind::PermissionDenied => Failure::new(unavailable),
                _ => Failure::again(unavailable),
            }
        }
        sqlx::Error::Tls(error) => Failure::new(StoreError::refused(format!("its TLS: {error}"))),
        sqlx::Error::Configuration(_) => {
            Failure::new(StoreError::refused("its address cannot be read"))
        }
        // Neither statements nor addresses stand in these.
        other => Failure::new(StoreError::unavailable(other.to_string())),
    }
}

/// A row, whatever the database.
pub(in crate::rooms::store) fn row<R>(found: &R, waits: &Waits) -> Result<Row, Failure>
where
    R: sqlx::Row,
    usize: sqlx::ColumnIndex<R>,
    Option<Vec<u8>>: for<'r> sqlx::Decode<'r, R::Database>,
    i64: for<'r> sqlx::Decode<'r, R::Database>,
{
    let read = || {
        Ok(Row {
            name: found.try_get_unchecked(0)?,
            session: found.try_get_unchecked(1)?,
            number: found.try_get_unchecked(2)?,
        })
    };
    read().map_err(|error| failed(&error, waits))
}

/// How long is waited for how many connections.
#[derive(Debug, Clone, Copy)]
pub(in crate::rooms::store) struct Waits {
    pub(super) timeout: Duration,
    pub(super) connections: usize,
}

impl Waits {
    pub(super) const fn new(settings: &Settings) -> Self {
        Self {
            timeout: settings.store_timeout,
            connections: settings.store_connections,
        }
    }
}

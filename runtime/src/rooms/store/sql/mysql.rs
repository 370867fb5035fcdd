//! MySQL, from 5.7 on, and MariaDB.

use std::str::FromStr as _;

use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlDatabaseError};
use sqlx::{AssertSqlSafe, ConnectOptions as _};
use wsfn_settings::{Secret, Settings, StoreUrl};

use super::super::StoreError;
use super::server::{COMMON, Dialect, Waits};
use super::{Failure, Pool, Row, Server, failed, row};

/// A server of MySQL or MariaDB.
pub(in crate::rooms::store) struct MySql {
    pool: Pool<MySqlConnection>,
    waits: Waits,
    shown: String,
}

impl MySql {
    pub(in crate::rooms::store) fn open(
        url: &StoreUrl,
        settings: &Settings,
    ) -> Result<Self, StoreError> {
        // Its error would repeat the address.
        let mut options = MySqlConnectOptions::from_str(url.expose())
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

impl Server for MySql {
    /// Ids and names are bytes here, and compared as bytes: a collation would take `a` for `A`, or for `a `.
    const DIALECT: Dialect = Dialect {
        now: "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)",
        bytes: ("x'", "'"),
        tables: "
            CREATE TABLE IF NOT EXISTS wsfn_schema (version BIGINT PRIMARY KEY) ENGINE = InnoDB;
            CREATE TABLE IF NOT EXISTS wsfn_connections (
                id VARBINARY(512) PRIMARY KEY, state TINYINT NOT NULL, due BIGINT NOT NULL,
                claim BIGINT UNSIGNED NOT NULL DEFAULT 0, version BIGINT NOT NULL DEFAULT 0, session LONGBLOB,
                INDEX wsfn_due (state, due), INDEX wsfn_claim (claim)
            ) ENGINE = InnoDB;
            CREATE TABLE IF NOT EXISTS wsfn_members (
                room VARBINARY(1024) NOT NULL, id VARBINARY(512) NOT NULL, PRIMARY KEY (room, id),
                INDEX wsfn_rooms (id)
            ) ENGINE = InnoDB;
            INSERT IGNORE INTO wsfn_schema VALUES (1)",
        join: "
            INSERT INTO wsfn_connections (id, state, due) VALUES (:id, 0, :now + :lease)
            ON DUPLICATE KEY UPDATE due = IF(state = 0, VALUES(due), due);
            INSERT INTO wsfn_members (room, id)
            SELECT :room, c.id FROM wsfn_connections AS c WHERE c.id = :id AND c.state = 0
            AND (SELECT COUNT(*) FROM (SELECT room FROM wsfn_members WHERE id = :id) AS mine) < :most
            ON DUPLICATE KEY UPDATE id = VALUES(id);
            SELECT NULL, NULL, CASE WHEN state <> 0 THEN 1
                WHEN EXISTS (SELECT 1 FROM wsfn_members WHERE room = :room AND id = :id) THEN 0 ELSE 2 END
            FROM wsfn_connections WHERE id = :id",
        set_session: "
            INSERT INTO wsfn_connections (id, state, due) VALUES (:id, 0, :now + :lease)
            ON DUPLICATE KEY UPDATE due = IF(state = 0, VALUES(due), due);
            UPDATE wsfn_connections SET session = :session, version = version + 1 WHERE id = :id AND state = 0;
            SELECT id, NULL, version FROM wsfn_connections WHERE id = :id AND ROW_COUNT() > 0;
            SELECT NULL, NULL, state FROM wsfn_connections WHERE id = :id",
        set_session_of_version: "
            INSERT INTO wsfn_connections (id, state, due) VALUES (:id, 0, :now + :lease)
            ON DUPLICATE KEY UPDATE due = IF(state = 0, VALUES(due), due);
            UPDATE wsfn_connections SET session = :session, version = version + 1
            WHERE id = :id AND state = 0 AND version = :version;
            SELECT id, NULL, version FROM wsfn_connections WHERE id = :id AND ROW_COUNT() > 0;
            SELECT NULL, NULL, state FROM wsfn_connections WHERE id = :id",
        seen: "
            INSERT INTO wsfn_connections (id, state, due) VALUES [(:each, 0, :now + :lease)]
            ON DUPLICATE KEY UPDATE due = IF(state = 0, VALUES(due), due)",
        // `SKIP LOCKED` and `RETURNING` are not in every version: whoever claims writes its number beside the rows.
        claim: "
            DELETE FROM wsfn_connections WHERE state = 2 AND due <= :now ORDER BY due LIMIT 1000;
            SET @wsfn_claim = UUID_SHORT();
            UPDATE wsfn_connections SET due = :now + :lapse, claim = @wsfn_claim
            WHERE state IN (0, 1) AND due <= :now ORDER BY due LIMIT :limit;
            SELECT id, NULL, 0 FROM wsfn_connections WHERE claim = @wsfn_claim",
        forget: "
            INSERT INTO wsfn_connections (id, state, due) VALUES (:id, 2, :now + :remember)
            ON DUPLICATE KEY UPDATE state = 2, due = VALUES(due), version = 0, session = NULL;
            DELETE FROM wsfn_members WHERE id = :id;
            DELETE FROM wsfn_connections WHERE state = 2 AND due <= :now AND id <> :id ORDER BY due LIMIT 4",
        ..COMMON
    };

    fn shown(&self) -> &str {
        &self.shown
    }

    async fn run(&self, text: &str) -> Result<Vec<Row>, Failure> {
        // With the default, `REPEATABLE READ`, joins to one room would lock each other's gaps.
        let text = format!(
            "SET TRANSACTION ISOLATION LEVEL READ COMMITTED;\nSTART TRANSACTION;\n{text};\nCOMMIT"
        );
        let failed = |error: &sqlx::Error| why(error, &self.waits);
        let mut connection = self.pool.acquire().await.map_err(|error| failed(&error))?;
        let done = sqlx::raw_sql(AssertSqlSafe(text)).fetch_all(&mut *connection);
        match done.await {
            Ok(rows) => {
                connection.give_back();
                rows.iter().map(|found| row(found, &self.waits)).collect()
            }
            // It is not given back: with it ends the transaction.
            Err(error) => Err(failed(&error)),
        }
    }
}

/// What went wrong, from the numbers of MySQL.
fn why(error: &sqlx::Error, waits: &Waits) -> Failure {
    let sqlx::Error::Database(database) = error else {
        return failed(error, waits);
    };
    let error = database.downcast_ref::<MySqlDatabaseError>();
    match error.number() {
        1045 | 1698 => Failure::new(StoreError::refused(
            "it does not take these credentials: look at store, store-user and store-password",
        )),
        // Without a right to a database one is not told whether it is there.
        1044 => Failure::new(StoreError::refused(
            "it has no database of this name, or the user has no right to it",
        )),
        1049 => Failure::new(StoreError::refused(
            "it has no database of this name; make it",
        )),
        1142 | 1227 => Failure::new(StoreError::refused(
            "the user may not do what is needed: CREATE, INDEX, SELECT, INSERT, UPDATE and DELETE",
        )),
        1021 | 1114 => Failure::new(StoreError::unavailable("its disk is full")),
        1040 | 1203 => Failure::new(StoreError::unavailable("it has too many connections")),
        // A deadlock, or a lock that was waited for too long: the transaction is taken back.
        1205 | 1213 => Failure::again(StoreError::unavailable(
            "transactions waited for each other",
        )),
        // The server ends, or somebody ended the connection: the next try gets another one.
        1053 | 1927 | 4031 => {
            Failure::again(StoreError::unavailable("it is being stopped or started"))
        }
        1146 => Failure {
            no_table: true,
            ..Failure::new(StoreError::unavailable("its tables are gone"))
        },
        number => Failure::new(StoreError::unavailable(format!(
            "error {number}: {}",
            error.message()
        ))),
    }
}

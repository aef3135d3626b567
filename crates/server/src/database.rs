//! The database: one writer, four readers, migrations at start.
//!
//! Guarantees: what was committed survives a power cut (WAL with `synchronous=FULL`); two writers never deadlock, for each write begins by taking the lock.

use crate::error::ServerError;
use likeness_protocol::UnixMs;
use sqlx::{
    Sqlite, SqlitePool, Transaction,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{path::Path, time::Duration};

/// How long a writer waits for its turn before the client is asked to come back.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// One connection, inside a transaction or not.
pub type Connection = sqlx::SqliteConnection;

/// A write transaction.
pub type Write = Transaction<'static, Sqlite>;

/// Handle of the database.
#[derive(Clone)]
pub struct Database {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl Database {
    /// Opens (or makes) the database in `folder` and brings it to this version.
    pub async fn open(folder: &Path) -> Result<Self, ServerError> {
        let options = SqliteConnectOptions::new()
            .filename(folder.join("likeness.sqlite"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(LOCK_WAIT)
            // Deleted rows are overwritten, so that a wrapped key that was destroyed is not found in a free page.
            .pragma("secure_delete", "ON")
            .foreign_keys(true);
        let pool = |connections| SqlitePoolOptions::new().max_connections(connections).acquire_timeout(LOCK_WAIT);
        let writer = pool(1).connect_with(options.clone()).await?;
        sqlx::migrate!("./migrations").run(&writer).await?;
        let readers = pool(4).connect_with(options).await?;
        Ok(Self { writer, readers })
    }

    /// Begins a write; it holds the lock until it is committed or dropped.
    pub async fn write(&self) -> Result<Write, sqlx::Error> {
        self.writer.begin_with("BEGIN IMMEDIATE").await
    }

    /// Where reads go.
    pub fn read(&self) -> &SqlitePool {
        &self.readers
    }

    /// Closes all connections, after their work.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// A time as the database keeps it.
pub fn column(time: UnixMs) -> i64 {
    i64::try_from(time.0).unwrap_or(i64::MAX)
}

/// A time as the database kept it.
pub fn time(column: i64) -> UnixMs {
    UnixMs(u64::try_from(column).unwrap_or(0))
}

/// A count or size as the database kept it.
pub fn count(column: i64) -> u64 {
    u64::try_from(column).unwrap_or(0)
}

/// A count or size as the database keeps it.
pub fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

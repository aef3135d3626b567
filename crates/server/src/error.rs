//! Why the server could not start or go on. What a client is told is a `Refusal`, elsewhere.

use std::{io, net::SocketAddr, path::PathBuf};

/// Everything that can stop the server or one of its parts.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// A setting is missing or wrong; the text names key and line.
    #[error(transparent)]
    Settings(#[from] crate::settings::SettingsError),
    /// A file or folder cannot be used.
    #[error("cannot {action} {path}: {source}", path = path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; choose another `listen` or stop the program that uses it")]
    Listen {
        /// Which address.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// The key file is not safe to use.
    #[error("the key file {path} {why}", path = path.display())]
    KeyFile {
        /// Which file.
        path: PathBuf,
        /// What is wrong and what to do.
        why: &'static str,
    },
    /// The key file does not open what the database holds.
    #[error(
        "the key file does not fit this data folder: it cannot open the key `{name}`; use the key file the folder was made with"
    )]
    WrongKeyFile {
        /// Which key.
        name: String,
    },
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The database could not be brought to this version.
    #[error("the database could not be brought to this version: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The object store failed.
    #[error("the object store failed: {0}")]
    Objects(#[from] object_store::Error),
    /// Sealed content does not open: damaged, moved to another row, or sealed under another key.
    #[error("sealed content does not open: {what}")]
    Sealed {
        /// What it was.
        what: &'static str,
    },
    /// Stored content that is not what this version writes.
    #[error("stored content cannot be read: {what}")]
    Stored {
        /// What it was.
        what: &'static str,
    },
    /// The operating system gave no randomness.
    #[error("the operating system gave no randomness")]
    Randomness,
    /// The built-in sentences are broken.
    #[error("the built-in sentences are broken: {0}")]
    Words(String),
    /// Mail cannot be set up or sent.
    #[error("mail: {0}")]
    Mail(String),
    /// An account cannot be made.
    #[error("the account cannot be made: {0}")]
    Account(&'static str),
    /// What was to be done about an organisation cannot be done.
    #[error("organisation: {0}")]
    Organisation(&'static str),
    /// A kiosk cannot be registered.
    #[error("the kiosk cannot be registered: {0}")]
    Kiosk(&'static str),
    /// The name server did not help.
    #[error("the name server {resolver} {why}; try again, or name another with --resolver")]
    NameService {
        /// Which one.
        resolver: SocketAddr,
        /// What it did.
        why: String,
    },
    /// A background task ended unexpectedly.
    #[error("a part of the server ended unexpectedly: {0}")]
    Task(#[from] tokio::task::JoinError),
}

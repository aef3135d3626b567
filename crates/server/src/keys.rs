//! The server's keys: one master key in a file outside the data folder, everything else wrapped by it in the database.
//!
//! Guarantees: the file is made with mode 0600 at first start and refused if others can read it or if it lies in the data folder.
//! Where the guarantee ends: on Windows nobody checks who may read the file; put it where only the service's account can.

use crate::{database::Database, error::ServerError, seal::Key, tokens};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use likeness_protocol::UnixMs;
use std::{
    fs,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Everything that seals, finds or proves.
pub struct Keys {
    kek: Key,
    /// Names the master key in rows that were wrapped by it.
    pub kek_id: String,
    column: Key,
    lookup: Key,
    /// Proves that a DPoP nonce is ours.
    pub nonce: Key,
    fingerprint: Key,
    /// Proves that a console form is ours.
    pub form: Key,
}

impl Keys {
    /// Reads the master key file, making it at first start, then the keys it wraps, making those that are missing.
    pub async fn load(kek_file: &Path, data_dir: &Path, database: &Database, now: UnixMs) -> Result<Self, ServerError> {
        let kek = read_or_make(kek_file, data_dir)?;
        let kek_id = tokens::hash(&BASE64URL.encode(kek.mac(b"likeness key file")));
        let mut made = Vec::with_capacity(5);
        for name in ["column", "lookup", "nonce", "fingerprint", "form"] {
            made.push(server_key(database, &kek, &kek_id, name, now).await?);
        }
        let [column, lookup, nonce, fingerprint, form] =
            <[Key; 5]>::try_from(made).map_err(|_| ServerError::Stored { what: "server keys" })?;
        Ok(Self { kek, kek_id, column, lookup, nonce, fingerprint, form })
    }

    /// Seals one column of one row.
    pub fn seal(&self, table: &str, column: &str, row: &str, clear: &[u8]) -> Result<Vec<u8>, ServerError> {
        self.column.seal(&format!("{table}|{column}|{row}"), clear)
    }

    /// Opens one column of one row.
    pub fn open(&self, table: &str, column: &str, row: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, ServerError> {
        self.column.open(&format!("{table}|{column}|{row}"), sealed, "a column")
    }

    /// Opens one column of one row that holds text.
    pub fn open_text(&self, table: &str, column: &str, row: &str, sealed: &[u8]) -> Result<String, ServerError> {
        text(&self.open(table, column, row, sealed)?)
    }

    /// By what an e-mail address is found. `address` is normalised already.
    pub fn lookup(&self, address: &str) -> String {
        BASE64URL.encode(self.lookup.mac(address.as_bytes()))
    }

    /// By what a photo seen before is found.
    pub fn fingerprint(&self, sha256_uploaded: &str) -> String {
        BASE64URL.encode(self.fingerprint.mac(sha256_uploaded.as_bytes()))
    }

    /// A new key for one object, and its wrapped form. `place` names the object.
    pub fn new_object_key(&self, place: &str) -> Result<(Key, Vec<u8>), ServerError> {
        let key = Key::random()?;
        let wrapped = key.wrap(&self.kek, &format!("{place}|{}", self.kek_id))?;
        Ok((key, wrapped))
    }

    /// Opens the key of one object.
    pub fn object_key(&self, place: &str, wrapped: &[u8]) -> Result<Key, ServerError> {
        Key::unwrap(&self.kek, &format!("{place}|{}", self.kek_id), wrapped)
    }
}

/// Opened bytes as text.
pub fn text(bytes: &[u8]) -> Result<String, ServerError> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| ServerError::Stored { what: "sealed text" })
}

async fn server_key(database: &Database, kek: &Key, kek_id: &str, name: &str, now: UnixMs) -> Result<Key, ServerError> {
    let place = format!("server_keys|{name}|{kek_id}");
    let fresh = Key::random()?.wrap(kek, &place)?;
    let mut transaction = database.write().await?;
    sqlx::query("INSERT INTO server_keys (name, key_wrapped, kek_id, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING")
        .bind(name)
        .bind(fresh)
        .bind(kek_id)
        .bind(crate::database::column(now))
        .execute(&mut *transaction)
        .await?;
    let (wrapped,): (Vec<u8>,) = sqlx::query_as("SELECT key_wrapped FROM server_keys WHERE name = $1")
        .bind(name)
        .fetch_one(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Key::unwrap(kek, &place, &wrapped).map_err(|_| ServerError::WrongKeyFile { name: name.to_owned() })
}

fn read_or_make(path: &Path, data_dir: &Path) -> Result<Key, ServerError> {
    refuse_inside(path, data_dir)?;
    let failed = |action| move |source| ServerError::File { action, path: path.to_owned(), source };
    let bad = |why| ServerError::KeyFile { path: path.to_owned(), why };
    match fs::read_to_string(path) {
        Ok(text) => {
            let text = Zeroizing::new(text);
            refuse_readable(path)?;
            let bytes = Zeroizing::new(
                BASE64URL.decode(text.trim()).map_err(|_| bad("holds no key; restore it from your backup"))?,
            );
            let key: [u8; 32] = bytes
                .as_slice()
                .try_into()
                .map_err(|_| bad("holds no key of 32 bytes; restore it from your backup"))?;
            Ok(Key::from_bytes(key))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let key = Key::random()?;
            let mut options = fs::OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(path).map_err(failed("make the key file"))?;
            let text = Zeroizing::new(BASE64URL.encode(key.as_bytes()) + "\n");
            file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed("write the key file"))?;
            tracing::info!(
                code = "key-file-made",
                "a new key file was made; keep a copy apart from the data folder's backup"
            );
            Ok(key)
        }
        Err(source) => Err(failed("read the key file")(source)),
    }
}

fn refuse_inside(path: &Path, data_dir: &Path) -> Result<(), ServerError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let real = |path: &Path| {
        fs::canonicalize(path).map_err(|source| ServerError::File {
            action: "find the folder",
            path: path.to_owned(),
            source,
        })
    };
    if real(&folder)?.starts_with(real(data_dir)?) {
        let why = "lies in the data folder, so that a copy of the folder would open itself; put it elsewhere";
        return Err(ServerError::KeyFile { path: path.to_owned(), why });
    }
    Ok(())
}

#[cfg(unix)]
fn refuse_readable(path: &Path) -> Result<(), ServerError> {
    use std::os::unix::fs::PermissionsExt;
    let meta = fs::metadata(path).map_err(|source| ServerError::File {
        action: "look at the key file",
        path: path.to_owned(),
        source,
    })?;
    if meta.permissions().mode() & 0o077 != 0 {
        let why = "can be read by others; make it private with: chmod 600";
        return Err(ServerError::KeyFile { path: path.to_owned(), why });
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_readable(_path: &Path) -> Result<(), ServerError> {
    Ok(())
}

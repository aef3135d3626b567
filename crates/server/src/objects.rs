//! Sealed objects on disk. Names are the server's own identifiers; nothing a client sends becomes part of a path.

use crate::error::ServerError;
use bytes::Bytes;
use object_store::{ObjectStoreExt, PutPayload, local::LocalFileSystem, path::Path as ObjectPath};
use std::path::Path;

/// Handle of the object store.
#[derive(Debug, Clone)]
pub struct Objects(std::sync::Arc<LocalFileSystem>);

impl Objects {
    /// Opens the store below `folder`, which must exist.
    pub fn open(folder: &Path) -> Result<Self, ServerError> {
        // Without fsync an acknowledged photo could vanish in a power cut.
        let store = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
        Ok(Self(std::sync::Arc::new(store)))
    }

    /// Stores `sealed` under a fresh name; durable when it returns.
    pub async fn put(&self, name: &str, sealed: Vec<u8>) -> Result<(), ServerError> {
        self.0.put(&ObjectPath::from(name), PutPayload::from(sealed)).await?;
        Ok(())
    }

    /// Reads an object; `None` when it is not there.
    pub async fn get(&self, name: &str) -> Result<Option<Bytes>, ServerError> {
        match self.0.get(&ObjectPath::from(name)).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes an object; one that is not there is removed already.
    pub async fn remove(&self, name: &str) -> Result<(), ServerError> {
        match self.0.delete(&ObjectPath::from(name)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

//! Following the decision: each question waits at the server until something changes.

use likeness_protocol::verification::ProfileStatus;
use likeness_remote::{RemoteError, SignedApi};

/// Follows one account's profile. How often to go on asking is the caller's to say; each question lasts up to 25 s.
pub struct StatusWatch {
    api: SignedApi,
    etag: Option<String>,
}

impl StatusWatch {
    /// Begins without knowing anything.
    pub fn new(api: SignedApi) -> Self {
        Self { api, etag: None }
    }

    /// The status: at once the first time, then when it differs from the last one; `None` when nothing changed for 25 s.
    pub async fn next(&mut self) -> Result<Option<ProfileStatus>, RemoteError> {
        let read = match &self.etag {
            None => Some(self.api.status().await?),
            Some(etag) => self.api.status_change(etag).await?,
        };
        Ok(read.map(|read| {
            self.etag = read.etag;
            read.status
        }))
    }
}

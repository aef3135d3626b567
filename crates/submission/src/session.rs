//! The capture session: opened online, before the camera, and bound to the key that will sign the manifest.

use std::fmt;
use std::sync::Arc;

use likeness_protocol::jws::PrivateKey;
use likeness_protocol::manifest;
use likeness_protocol::time::UnixMs;
use likeness_protocol::verification::{CaptureSession, CaptureSessionRequest, Device, IdLayout, PhotoKind};
use likeness_remote::SignedApi;
use zeroize::Zeroizing;

use crate::error::SubmissionError;

/// What kind of session is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionWish {
    /// Whether name and photo of the ID are on one side.
    pub id_layout: IdLayout,
    /// The rejected submission that is repaired.
    pub continues: Option<String>,
    /// Only the name is corrected; no photo is taken again.
    pub correct_name_only: bool,
    /// Version of the app.
    pub app_version: String,
}

/// A session that photos may be taken in. Cheap to clone; the nonce and the key never print.
#[derive(Clone)]
pub struct OpenSession(Arc<Opened>);

struct Opened {
    session: CaptureSession,
    nonce: Zeroizing<String>,
    /// The key of the sign-in that opened the session: it must sign the manifest, even if the learner signs in anew meanwhile.
    key: Arc<PrivateKey>,
    subject: String,
    app: manifest::App,
    /// The computer's clock when the session was opened: the difference to the server's clock is cured with it.
    local_start: UnixMs,
}

/// Opens a session. The server decides which photos are required.
pub async fn open_session(api: &SignedApi, wish: SessionWish) -> Result<OpenSession, SubmissionError> {
    let is_practice = api.api().metadata().await?.likeness_practice;
    let os = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
    let request = CaptureSessionRequest {
        id_layout: wish.id_layout,
        device: Device { app_version: wish.app_version.clone(), os: os.clone() },
        continues: wish.continues,
        correct_name_only: wish.correct_name_only,
    };
    let (opened, authorisation) = api.open_capture_session(&request).await?;
    let app = manifest::App {
        version: wish.app_version,
        commit: option_env!("LIKENESS_COMMIT").unwrap_or("unknown").to_owned(),
        os,
        mode: if is_practice { manifest::Mode::Practice } else { manifest::Mode::Desktop },
    };
    Ok(OpenSession(Arc::new(Opened {
        session: opened.session,
        nonce: Zeroizing::new(opened.nonce),
        key: authorisation.key,
        subject: authorisation.subject,
        app,
        local_start: api.api().clock().now(),
    })))
}

impl OpenSession {
    /// What the server says about it.
    pub fn facts(&self) -> &CaptureSession {
        &self.0.session
    }

    /// Whether this photo must be taken now.
    pub fn requires(&self, kind: PhotoKind) -> bool {
        self.0.session.required.contains(&kind)
    }

    /// Whether a photo taken at `now` (the computer's clock) would still be accepted. Otherwise a new session is opened,
    /// and photos of this one are not kept.
    pub fn may_capture(&self, now: UnixMs) -> bool {
        self.on_server_clock(now) <= self.0.session.capture_by
    }

    /// Until when photos may be sent, by the computer's clock.
    pub fn upload_by(&self) -> UnixMs {
        self.0.local_start.plus(self.0.session.upload_by.since(self.0.session.started_at))
    }

    /// A time of the computer's clock, as the server's clock would have shown it.
    pub(crate) fn on_server_clock(&self, local: UnixMs) -> UnixMs {
        self.0.session.started_at.plus(local.since(self.0.local_start))
    }

    pub(crate) fn nonce(&self) -> &str {
        &self.0.nonce
    }

    pub(crate) fn key(&self) -> &PrivateKey {
        &self.0.key
    }

    pub(crate) fn subject(&self) -> &str {
        &self.0.subject
    }

    pub(crate) fn app(&self) -> &manifest::App {
        &self.0.app
    }
}

impl fmt::Debug for OpenSession {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("OpenSession").field("id", &self.0.session.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
impl OpenSession {
    pub(crate) fn for_test(session: CaptureSession, key: PrivateKey, local_start: UnixMs) -> Self {
        let app = manifest::App {
            version: "9.9.9".into(),
            commit: "c".repeat(40),
            os: "o".repeat(64),
            mode: manifest::Mode::Practice,
        };
        let nonce = Zeroizing::new("n".repeat(43));
        Self(Arc::new(Opened { session, nonce, key: Arc::new(key), subject: "acc_1".to_owned(), app, local_start }))
    }
}

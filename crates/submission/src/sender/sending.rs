//! Does what [`super::steps`] decides: uploads, hands in, waits, pauses.
//!
//! Dropping a request on the way is safe at any moment: the server knows how far an upload got, and the idempotency key
//! makes the second hand-in the first one. So pausing is dropping, and going on is asking again.

use std::future::Future;

use likeness_capture::CapturedPhoto;
use likeness_protocol::text::Sha256Hex;
use likeness_protocol::verification::{ConsentReceipt, PhotoKind, Receipt, SubmitRequest, Uploads};
use likeness_remote::{Pace, PhotoUpload, SignedApi, UploadNews, Waits, upload};
use tokio::sync::watch;
use uuid::Uuid;

use super::steps::{Do, Outcome, Pause, Sender};
use crate::error::SendError;
use crate::manifest::{self, Outgoing};
use crate::name::FullName;
use crate::session::OpenSession;

/// Everything that is handed in.
#[derive(Clone)]
pub struct Package {
    /// The name to verify, as typed.
    pub full_name: String,
    /// The consent the photos were taken under.
    pub consent: ConsentReceipt,
    /// The session they were taken in.
    pub session: OpenSession,
    /// The photos the session requires, in any order.
    pub photos: Vec<CapturedPhoto>,
}

/// Where unsent photos are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptIn {
    /// In this program's memory: they are lost when it ends before the receipt.
    Memory,
}

/// How sending goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendNews {
    /// The server has this much of one photo.
    Progress {
        /// Which photo.
        photo: PhotoKind,
        /// Bytes the server has acknowledged.
        acknowledged_bytes: u64,
        /// Bytes in all.
        total_bytes: u64,
    },
    /// The photos are there; the profile is being handed in.
    Submitting,
    /// It did not work and is tried again by itself.
    Waiting {
        /// Why: a code the window looks up.
        code: &'static str,
    },
    /// The learner has paused it.
    Paused,
}

/// A submission on its way. Stops when dropped; what the server has, it keeps until the session's end.
#[must_use = "sending stops when this is dropped"]
pub struct Sending {
    wish: watch::Sender<Wish>,
    task: tokio::task::JoinHandle<()>,
}

/// What the learner wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wish {
    paused: bool,
    /// Counted up by "try now": cuts a wait short.
    pressed: u64,
}

impl Sending {
    /// Starts. Both callbacks are called on the runtime this is called in and must return at once; `ended` exactly once.
    pub fn start(
        api: SignedApi,
        package: Package,
        news: impl Fn(SendNews) + Send + Sync + 'static,
        ended: impl FnOnce(Result<Receipt, SendError>) + Send + 'static,
    ) -> Self {
        let photos = package.photos.iter().map(Outgoing::from).collect();
        let load = Load { full_name: package.full_name, consent: package.consent, session: package.session, photos };
        Self::launch(api, load, Pace::PATIENT, news, ended)
    }

    pub(super) fn launch(
        api: SignedApi,
        load: Load,
        pace: Pace,
        news: impl Fn(SendNews) + Send + Sync + 'static,
        ended: impl FnOnce(Result<Receipt, SendError>) + Send + 'static,
    ) -> Self {
        let (wish, wishes) = watch::channel(Wish { paused: false, pressed: 0 });
        let task = tokio::spawn(async move {
            let result = match Courier::of(&api, &load, pace) {
                Ok(mut courier) => courier.run(wishes, &news).await,
                Err(error) => Err(error),
            };
            ended(result);
        });
        Self { wish, task }
    }

    /// Stops until [`Sending::go_on`].
    pub fn pause(&self) {
        self.wish.send_modify(|wish| wish.paused = true);
    }

    /// Goes on after a pause, or tries now instead of waiting.
    pub fn go_on(&self) {
        self.wish.send_modify(|wish| {
            wish.paused = false;
            wish.pressed += 1;
        });
    }

    /// Where the photos are until the receipt.
    pub fn kept_in(&self) -> KeptIn {
        KeptIn::Memory
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The package with its photos as they are sent.
pub(super) struct Load {
    pub(super) full_name: String,
    pub(super) consent: ConsentReceipt,
    pub(super) session: OpenSession,
    pub(super) photos: Vec<Outgoing>,
}

/// Carries one submission. The body and its key are made once: the server knows a repetition by them.
struct Courier<'a> {
    api: &'a SignedApi,
    session: OpenSession,
    photos: Vec<Outgoing>,
    full_name: FullName,
    manifest: String,
    key: Uuid,
    sender: Sender,
    waits: Waits,
    pace: Pace,
}

impl<'a> Courier<'a> {
    fn of(api: &'a SignedApi, load: &Load, pace: Pace) -> Result<Self, SendError> {
        let full_name = FullName::parse(&load.full_name)?;
        let photos = manifest::fitting(&load.session, load.photos.clone())?;
        let now = api.api().clock().now();
        let manifest = manifest::sign(api.api().origin(), &load.session, &load.consent, &photos, now)?;
        let mut expected = load.session.facts().kept.clone();
        expected.extend(photos.iter().map(|photo| (photo.kind, photo.sha256.clone())));
        let sender = Sender::new(photos.iter().map(|photo| photo.kind), expected);
        Ok(Self {
            api,
            session: load.session.clone(),
            photos,
            full_name,
            manifest,
            key: Uuid::new_v4(),
            sender,
            waits: Waits::new(pace),
            pace,
        })
    }

    async fn run(
        &mut self,
        mut wishes: watch::Receiver<Wish>,
        news: &(impl Fn(SendNews) + Sync),
    ) -> Result<Receipt, SendError> {
        loop {
            if wishes.borrow_and_update().paused {
                news(SendNews::Paused);
                // The handle aborts this task when it goes, so the wish never closes before.
                let _ = wishes.wait_for(|wish| !wish.paused).await;
                self.waits.start_over();
                continue;
            }
            let outcome = match self.sender.next() {
                Do::End(result) => return result,
                Do::Upload(kind) => interrupted(&mut wishes, self.upload(kind, news)).await,
                Do::Submit(uploads) => {
                    news(SendNews::Submitting);
                    interrupted(&mut wishes, self.submit(uploads)).await
                }
            };
            let Some(outcome) = outcome else { continue };
            self.settle(outcome, &mut wishes, news).await;
        }
    }

    async fn settle(
        &mut self,
        outcome: Outcome,
        wishes: &mut watch::Receiver<Wish>,
        news: &(impl Fn(SendNews) + Sync),
    ) {
        match self.sender.learn(outcome) {
            Pause::None => self.waits.start_over(),
            Pause::Before { because, asked } => {
                let wait = self.waits.next(asked);
                if self.api.api().clock().now().plus(wait) > self.session.upload_by() {
                    return self.sender.too_late();
                }
                tracing::info!(code = "submission-waits", because = because.code());
                news(SendNews::Waiting { code: because.code() });
                interrupted(wishes, tokio::time::sleep(wait)).await;
            }
        }
    }

    async fn upload(&self, kind: PhotoKind, news: &(impl Fn(SendNews) + Sync)) -> Outcome {
        let Some(photo) = self.photos.iter().find(|photo| photo.kind == kind) else {
            unreachable!("the sender asks only for the photos it was given")
        };
        let total_bytes = photo.jpeg.len() as u64;
        let errand = PhotoUpload {
            kind,
            capture_session: self.session.facts().id.clone(),
            sha256: Sha256Hex::clone(&photo.sha256),
            jpeg: photo.jpeg.clone(),
            upload_by: self.session.upload_by(),
            chunk_max_bytes: usize::try_from(self.session.facts().limits.chunk_max).unwrap_or(usize::MAX),
            pace: self.pace,
        };
        let told = |upload_news| {
            news(match upload_news {
                UploadNews::Acknowledged { bytes } => {
                    SendNews::Progress { photo: kind, acknowledged_bytes: bytes, total_bytes }
                }
                UploadNews::Waiting { because, .. } => SendNews::Waiting { code: because.code() },
            });
        };
        Outcome::Uploaded(kind, upload(self.api, &errand, told).await)
    }

    async fn submit(&self, uploads: Uploads) -> Outcome {
        let request = SubmitRequest {
            capture_session: self.session.facts().id.clone(),
            full_name: self.full_name.as_str().to_owned(),
            manifest: self.manifest.clone(),
            uploads,
        };
        Outcome::Submitted(self.api.submit(&request, self.key).await)
    }
}

/// Runs `work` until it is done, or until the learner wants something else; then `None`.
async fn interrupted<T>(wishes: &mut watch::Receiver<Wish>, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        Ok(()) = wishes.changed() => None,
        done = work => Some(done),
    }
}

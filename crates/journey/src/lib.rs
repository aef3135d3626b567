//! The learner's way: steps and rules, joined from the crates below, and one View for the window to draw.
//!
//! Guarantees: the camera is opened only after consent and with an open capture session; a photo that was taken is lost only when the learner
//! throws it away; every press is answered. Refuses to know: Tauri, HTML, sentences.

mod actor;
mod camera_desk;
mod clock;
mod draw;
mod errands;
mod guidance;
mod intent;
mod invitation;
mod joining;
mod kiosk;
mod news;
mod pictures;
mod remembered;
mod renewal;
mod settings;
mod state;
pub mod view;
mod wishes;

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use likeness_account::vault::{SecretStore, Slot};
use likeness_account::{Account, AppLink};
use likeness_camera::Camera;
use likeness_protocol::practice::PracticeMails;
use likeness_remote::Api;
use secrecy::SecretString;
use tokio::sync::{mpsc, oneshot, watch};
use url::Url;

use actor::{Mailbox, Materials, Message, Owner};
pub use clock::steady as steady_clock;
pub use intent::{Change, Intent, Link, Refusal, SettingsWish};
pub use invitation::InvitationWish;
pub use joining::{JoiningWish, StepWish};
pub use kiosk::KioskRules;
use news::News;
pub use pictures::PictureAnswer;
use pictures::Pictures;
use remembered::Remembered;
use state::State;
use view::{Guidance, Mode, View};

/// Where the server is.
pub enum Server {
    /// There.
    At(Url),
    /// There, but reached through another port of this computer: a line that can fail.
    #[cfg(feature = "test-support")]
    Through {
        /// Where it is.
        origin: Url,
        /// The near end of the line.
        line: Url,
        /// The clock of this computer, which may run away from the server's.
        clock: Arc<dyn likeness_remote::Clock>,
    },
    /// None can be used; the code says why.
    Unusable(&'static str),
    /// What the administrator of this computer decided cannot be followed.
    Misruled {
        /// Why: a code.
        code: &'static str,
        /// Which file, and which key of it.
        place: String,
    },
}

/// A seeded account of practice mode.
pub struct PracticeAccount {
    /// Its address.
    pub email: String,
    /// Its password; never shown, used when its button is pressed.
    pub password: SecretString,
    /// What it is good for trying.
    pub for_trying: String,
}

/// A seeded invitation of practice mode.
pub struct PracticeInvitation {
    /// Whom it was sent to.
    pub email: String,
    /// Its link; never shown, used when its button is pressed.
    pub link: String,
    /// What it is good for trying.
    pub for_trying: String,
}

/// Makes a link, in a while.
pub type ReviewLink = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Option<String>> + Send>> + Send + Sync>;

/// Writes a file outside the app; gives where it is.
pub type KeepFile = Box<dyn Fn(&str, &[u8]) -> Option<String> + Send + Sync>;

/// Reads the mails to an address, in a while; `None` when that failed.
pub type ReadMailbox = Box<dyn Fn(String) -> Pin<Box<dyn Future<Output = Option<PracticeMails>> + Send>> + Send + Sync>;

/// What only practice mode has.
pub struct Desk {
    /// Accounts to sign in with.
    pub accounts: Vec<PracticeAccount>,
    /// Invitations to open.
    pub invitations: Vec<PracticeInvitation>,
    /// Makes a one-time link to the review desk; `None` when that failed.
    pub review_link: ReviewLink,
    /// Reads a mailbox while nobody is signed in.
    pub mailbox: ReadMailbox,
}

/// What the journey is joined from.
pub struct Parts {
    /// Practice or production.
    pub mode: Mode,
    /// The server.
    pub server: Server,
    /// Practice mode's accounts and review desk.
    pub desk: Option<Desk>,
    /// The one camera owner.
    pub camera: Camera,
    /// The file that remembers which camera was chosen. `None` where nothing may be left behind: in practice, on a shared computer.
    pub camera_file: Option<PathBuf>,
    /// This computer is a kiosk; then `store` is a memory, and there is no `desk`.
    pub kiosk: Option<KioskRules>,
    /// Where sign-ins are kept.
    pub store: Box<dyn SecretStore>,
    /// Opens an address outside the app; false when that failed.
    pub open_link: Box<dyn Fn(&str) -> bool + Send + Sync>,
    /// Copies a text; false when that failed.
    pub copy_text: Box<dyn Fn(&str) -> bool + Send + Sync>,
    /// Writes a file of this name where the learner finds what was saved, beside others of the same name; gives where, or `None` when that failed.
    pub keep_file: KeepFile,
    /// Brings the window before others, when the browser has done its part.
    pub to_front: Box<dyn Fn() + Send + Sync>,
    /// Ends the app.
    pub quit: Box<dyn Fn() + Send + Sync>,
    /// Version of the app.
    pub app_version: String,
}

/// The ways out of the app.
pub(crate) struct Doors {
    pub(crate) open_link: Arc<dyn Fn(&str) -> bool + Send + Sync>,
    pub(crate) copy_text: Box<dyn Fn(&str) -> bool + Send + Sync>,
    pub(crate) keep_file: KeepFile,
    pub(crate) to_front: Box<dyn Fn() + Send + Sync>,
    pub(crate) quit: Box<dyn Fn() + Send + Sync>,
}

/// What the window asks before it closes.
#[derive(Default)]
pub(crate) struct Closing {
    unsent: AtomicBool,
    asked: AtomicBool,
}

impl Closing {
    pub(crate) fn set_unsent(&self, unsent: bool) {
        self.unsent.store(unsent, Ordering::Relaxed);
        if !unsent {
            self.asked.store(false, Ordering::Relaxed);
        }
    }

    fn may_close(&self) -> bool {
        !self.unsent.load(Ordering::Relaxed) || self.asked.swap(true, Ordering::Relaxed)
    }
}

/// The handle. Cheap to clone; the owner behind it ends with the last one.
#[derive(Clone)]
pub struct Journey {
    mailbox: Mailbox,
    view: watch::Receiver<Arc<View>>,
    guidance: watch::Receiver<Option<Guidance>>,
    pictures: Pictures,
    closing: Arc<Closing>,
    /// How many links of other programs were none of ours.
    dropped_links: Arc<AtomicU64>,
}

impl Journey {
    /// Starts the owner on the runtime this is called in.
    pub fn start(parts: Parts) -> Self {
        let (mailbox, messages) = mpsc::unbounded_channel();
        let pictures = Pictures::new(parts.camera.clone());
        let accounts = parts.desk.iter().flat_map(|desk| desk.accounts.iter());
        let accounts = accounts.map(|account| (account.email.clone(), account.for_trying.clone())).collect();
        let mut state = State::new(parts.mode, accounts);
        let invitations = parts.desk.iter().flat_map(|desk| desk.invitations.iter());
        state.practice_invitations =
            invitations.map(|invitation| (invitation.email.clone(), invitation.for_trying.clone())).collect();
        state.visit = parts.kiosk.as_ref().map(|_| kiosk::Visit::default());
        let (api, account) = connect(&mut state, parts.server, parts.store, parts.mode);
        let (view, views) = watch::channel(Arc::new(draw::view(&state)));
        let (guidance, advices) = watch::channel(None);
        let closing = Arc::new(Closing::default());
        let owner = Owner::new(Materials {
            state,
            api,
            account,
            camera: parts.camera,
            remembered: Remembered::read(parts.camera_file),
            pictures: pictures.clone(),
            desk: parts.desk,
            kiosk: parts.kiosk.map(kiosk::KioskDesk::new),
            doors: Doors {
                open_link: parts.open_link.into(),
                copy_text: parts.copy_text,
                keep_file: parts.keep_file,
                to_front: parts.to_front,
                quit: parts.quit,
            },
            app_version: parts.app_version,
            mailbox: mailbox.clone(),
            view,
            guidance: Arc::new(guidance),
            closing: closing.clone(),
        });
        tokio::spawn(owner.run(messages));
        Self { mailbox, view: views, guidance: advices, pictures, closing, dropped_links: Arc::default() }
    }

    /// Takes a link of the app's own scheme. It comes from another program, so nothing in it is believed: what is none of our two shapes is
    /// dropped and counted.
    pub fn knock(&self, link: &str) {
        if let Some(link) = AppLink::read(link) {
            // Without an owner the app is ending, and nobody needs the news.
            let _ = self.mailbox.send(Message::News(News::Knocked(link)));
        } else {
            let dropped = self.dropped_links.fetch_add(1, Ordering::Relaxed) + 1;
            tracing::warn!(code = "link-dropped", dropped);
        }
    }

    /// Does what was pressed, or says why not. What changes is seen in the View.
    pub async fn intend(&self, intent: Intent) -> Result<(), Refusal> {
        let (answer, answered) = oneshot::channel();
        self.mailbox.send(Message::Wish(intent, answer)).map_err(|_| Refusal::Closing)?;
        answered.await.unwrap_or(Err(Refusal::Closing))
    }

    /// The View now.
    pub fn view(&self) -> Arc<View> {
        self.view.borrow().clone()
    }

    /// Waits until the View fits, and gives it. `None` when the journey has ended.
    pub async fn wait_for(&self, fits: impl FnMut(&Arc<View>) -> bool) -> Option<Arc<View>> {
        self.view.clone().wait_for(fits).await.ok().map(|view| view.clone())
    }

    /// Hands every View to `send`, beginning with this one, until it says that nobody listens any more. Needs a tokio runtime around it.
    pub fn watch_view(&self, send: impl Fn(View) -> bool + Send + 'static) {
        let mut views = self.view.clone();
        tokio::spawn(async move {
            loop {
                let view = views.borrow_and_update().clone();
                if !send(View::clone(&view)) || views.changed().await.is_err() {
                    return;
                }
            }
        });
    }

    /// Hands the newest guidance to `send`, at most ten times a second, until it says that nobody listens any more. Needs a tokio runtime around it.
    pub fn watch_guidance(&self, send: impl Fn(Guidance) -> bool + Send + 'static) {
        let mut advices = self.guidance.clone();
        tokio::spawn(async move {
            let mut last = None;
            loop {
                let advice = advices.borrow_and_update().clone();
                if let Some(advice) = advice
                    && last.as_ref() != Some(&advice)
                {
                    last = Some(advice.clone());
                    if !send(advice) {
                        return;
                    }
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
                if advices.changed().await.is_err() {
                    return;
                }
            }
        });
    }

    /// Answers a picture request of the window. Blocks up to `wait` for a newer live picture.
    pub fn picture(&self, name: &str, wait: Duration) -> PictureAnswer {
        self.pictures.answer(name, wait)
    }

    /// May the window close? The first time with unsent photos: no, and the notice in the View says why. The second time: yes.
    pub fn may_close(&self) -> bool {
        self.closing.may_close()
    }
}

fn connect(
    state: &mut State,
    server: Server,
    store: Box<dyn SecretStore>,
    mode: Mode,
) -> (Option<Api>, Option<Account>) {
    let (api, origin) = match server {
        Server::At(origin) => (Api::new(&origin), origin),
        #[cfg(feature = "test-support")]
        Server::Through { origin, line, clock } => (Api::through(&origin, line, clock), origin),
        Server::Unusable(code) => {
            state.trouble = Some(view::Trouble::plain(code));
            return (None, None);
        }
        Server::Misruled { code, place } => {
            state.trouble = Some(view::Trouble::at(&place, code));
            return (None, None);
        }
    };
    match api {
        Ok(api) => {
            // A practice server's port may change between two starts, its keyring item must not.
            let slot = if mode.is_practice() { Slot::practice() } else { Slot::for_server(&origin) };
            let account = Account::start(api.clone(), store, slot);
            (Some(api), Some(account))
        }
        Err(error) => {
            state.trouble = Some(view::Trouble::plain(error.code()));
            (None, None)
        }
    }
}

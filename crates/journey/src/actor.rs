//! The owner of the journey: takes wishes and news one at a time, changes the state, starts what has to be done, publishes the View.
//!
//! Guarantees: no wish and no news is handled while another is; a late answer of an older try is dropped by its number; nothing here blocks.
//! What may be pressed where is in `wishes.rs`, what answers mean in `news.rs`, what runs beside is in `errands.rs`.

use std::sync::Arc;

use likeness_account::Account;
use likeness_camera::Camera;
use likeness_remote::Api;
use tokio::sync::{mpsc, oneshot, watch};

use crate::camera_desk::CameraDesk;
use crate::intent::{Intent, Refusal};
use crate::kiosk::KioskDesk;
use crate::news::News;
use crate::pictures::Pictures;
use crate::remembered::Remembered;
use crate::state::State;
use crate::view::{Guidance, View};
use crate::{Closing, Desk, Doors, draw};

/// What arrives at the owner.
pub enum Message {
    /// A person pressed something.
    Wish(Intent, oneshot::Sender<Result<(), Refusal>>),
    /// Something happened.
    News(News),
}

/// The way back to the owner, for everything that runs beside.
pub type Mailbox = mpsc::UnboundedSender<Message>;

/// The owner and all it uses.
pub struct Owner {
    /// What is remembered.
    pub state: State,
    /// The server; `None` when there is none to talk to.
    pub api: Option<Api>,
    /// The sign-in; `None` without a server.
    pub account: Option<Account>,
    /// Camera, live stream and guided capture.
    pub camera: CameraDesk,
    /// Review pictures.
    pub pictures: Pictures,
    /// Practice mode's passwords and review link.
    pub desk: Option<Desk>,
    /// The visit of a guest, where this is a kiosk.
    pub kiosk: Option<KioskDesk>,
    /// Out of the app: browser, clipboard, exit.
    pub doors: Doors,
    /// Version of the app, for the capture session.
    pub app_version: String,
    /// Numbers the tries: an answer carries the number it was asked under.
    pub attempt: u64,
    /// The running upload, if any.
    pub sender: Option<likeness_submission::Sending>,
    /// The way back here.
    pub mailbox: Mailbox,
    view: watch::Sender<Arc<View>>,
    closing: Arc<Closing>,
}

/// What the owner is built from.
pub struct Materials {
    /// The beginning.
    pub state: State,
    /// The server.
    pub api: Option<Api>,
    /// The sign-in.
    pub account: Option<Account>,
    /// The camera.
    pub camera: Camera,
    /// Which one was chosen before.
    pub remembered: Remembered,
    /// The shelf of pictures.
    pub pictures: Pictures,
    /// Practice mode.
    pub desk: Option<Desk>,
    /// A kiosk.
    pub kiosk: Option<KioskDesk>,
    /// Out of the app.
    pub doors: Doors,
    /// Version of the app.
    pub app_version: String,
    /// The way back to the owner.
    pub mailbox: Mailbox,
    /// Where Views go.
    pub view: watch::Sender<Arc<View>>,
    /// Where guidance goes.
    pub guidance: Arc<watch::Sender<Option<Guidance>>>,
    /// What the window asks before it closes.
    pub closing: Arc<Closing>,
}

impl Owner {
    /// Puts everything in its place.
    pub fn new(materials: Materials) -> Self {
        let camera = CameraDesk::new(
            materials.camera,
            materials.remembered,
            materials.pictures.clone(),
            materials.guidance,
            materials.mailbox.clone(),
        );
        Self {
            state: materials.state,
            api: materials.api,
            account: materials.account,
            camera,
            pictures: materials.pictures,
            desk: materials.desk,
            kiosk: materials.kiosk,
            doors: materials.doors,
            app_version: materials.app_version,
            attempt: 0,
            sender: None,
            mailbox: materials.mailbox,
            view: materials.view,
            closing: materials.closing,
        }
    }

    /// Works until the last handle is gone.
    pub async fn run(mut self, mut messages: mpsc::UnboundedReceiver<Message>) {
        self.begin();
        self.publish();
        while let Some(message) = messages.recv().await {
            match message {
                Message::Wish(intent, answer) => {
                    let result = self.grant(intent);
                    self.settle();
                    // The asker may have given up waiting; the wish is granted all the same.
                    let _ = answer.send(result);
                }
                Message::News(news) => {
                    self.learn(news);
                    self.settle();
                }
            }
        }
        self.camera.stop();
    }

    /// A new number for a try; answers of older tries are dropped from now on.
    pub fn next_attempt(&mut self) -> u64 {
        self.attempt += 1;
        self.attempt
    }

    /// Brings camera and window in line with the state.
    fn settle(&mut self) {
        // Whatever would lead a learner to the sign-in ends a guest's visit.
        if self.kiosk.is_some() && self.state.place == crate::state::Place::SignIn {
            self.end_visit();
        }
        self.renew_session_if_over();
        self.show_invitation();
        self.camera.follow(&mut self.state);
        self.closing.set_unsent(self.state.would_lose_photos());
        self.publish();
    }

    fn publish(&mut self) {
        let mut fresh = draw::view(&self.state);
        let known = self.view.borrow().clone();
        fresh.rev = known.rev;
        if *known == fresh {
            return;
        }
        self.state.rev += 1;
        fresh.rev = self.state.rev;
        self.view.send_replace(Arc::new(fresh));
    }
}

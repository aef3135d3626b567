//! What the journey remembers, and the pure rules about it: which screen comes next, what may be pressed where.
//!
//! Knows no clock, no thread, no network: the actor brings those. A photo lives here as `CapturedPhoto` and nowhere else.

use likeness_account::Auth;
use likeness_capture::{CapturedPhoto, NameVerdict, TypedName};
use likeness_protocol::oauth::Next;
use likeness_protocol::verification::{ConsentReceipt, Policy, ProfileStatus, Receipt};
use likeness_submission::OpenSession;

use crate::invitation::Held;
use crate::joining::Joining;
use crate::kiosk::Visit;
use crate::settings::{Page, Settings};
use crate::view::{CameraChoice, CameraFinding, Document, Hand, MailView, Mode, Photo, Progress, SendPhase, Trouble};

/// The screen the learner is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Settings are read, a silent sign-in is tried.
    Starting,
    /// First screen.
    Welcome,
    /// What will be needed.
    BeforeYouBegin,
    /// E-mail and password.
    SignIn,
    /// Through an organisation; which page is the sign-in's own to say.
    Organisation,
    /// A kiosk's guest signs in with their phone.
    Guest,
    /// An invitation that was opened.
    Invitation,
    /// The keyring's own dialog is open.
    WaitingForKeyring,
    /// Status.
    Home,
    /// Full name.
    Name,
    /// Consent.
    Consent,
    /// Which ID, same side?
    IdLayout,
    /// A look at the camera.
    CameraCheck,
    /// Guided capture.
    Capture(Photo),
    /// The very picture that will be sent.
    Review(Photo),
    /// Everything at a glance.
    CheckAnswers,
    /// On the way.
    Sending,
    /// Received.
    Sent,
    /// What to mend.
    FixPhoto,
    /// Practice mailbox.
    Mailbox,
    /// The learner's own account.
    Settings(Page),
}

/// One photo and where the window can see it.
#[derive(Clone)]
pub struct Shot {
    /// The photo itself.
    pub photo: CapturedPhoto,
    /// Address of its review picture.
    pub picture: String,
}

/// What has been answered so far and was not sent yet.
#[derive(Default)]
pub struct Draft {
    /// Full name as typed.
    pub name: String,
    /// Was the name accepted on its screen?
    pub name_set: bool,
    /// Did the learner say that the name is right although the ID seems to say another one? Holds for this name only.
    pub name_confirmed: bool,
    /// The consent that was given.
    pub consent: Option<ConsentReceipt>,
    /// Which document.
    pub document: Option<Document>,
    /// Are name and photo on opposite sides?
    pub two_sides: Option<bool>,
    /// The capture session.
    pub session: Option<OpenSession>,
    /// Was the camera looked at?
    pub camera_checked: bool,
    /// The accepted or reviewed face photo.
    pub face: Option<Shot>,
    /// Was it accepted?
    pub face_accepted: bool,
    /// The accepted or reviewed ID photo.
    pub id: Option<Shot>,
    /// Was it accepted?
    pub id_accepted: bool,
    /// The rejected submission this repairs.
    pub continues: Option<String>,
    /// Only the name is corrected: no photo is taken again.
    pub correct_name_only: bool,
}

impl Draft {
    /// The place of one photo.
    pub fn shot(&self, photo: Photo) -> Option<&Shot> {
        match photo {
            Photo::Face => self.face.as_ref(),
            Photo::Id => self.id.as_ref(),
        }
    }

    /// Puts a photo in its place, or empties it; gives back what lay there.
    pub fn replace_shot(&mut self, photo: Photo, shot: Option<Shot>) -> Option<Shot> {
        let (place, accepted) = match photo {
            Photo::Face => (&mut self.face, &mut self.face_accepted),
            Photo::Id => (&mut self.id, &mut self.id_accepted),
        };
        *accepted = false;
        std::mem::replace(place, shot)
    }

    /// Marks a photo as kept by the learner.
    pub fn accept(&mut self, photo: Photo) {
        match photo {
            Photo::Face => self.face_accepted = self.face.is_some(),
            Photo::Id => self.id_accepted = self.id.is_some(),
        }
    }

    fn accepted(&self, photo: Photo) -> bool {
        match photo {
            Photo::Face => self.face_accepted,
            Photo::Id => self.id_accepted,
        }
    }

    /// Must this photo be taken now? The server says so when it opens the session.
    pub fn needs(&self, photo: Photo) -> bool {
        self.session.as_ref().is_none_or(|session| session.requires(photo.kind()))
    }

    /// Takes a name that was accepted, and compares a photo of the ID that is there already with it.
    pub fn take_name(&mut self, name: &str) {
        self.name_confirmed &= self.name == name;
        name.clone_into(&mut self.name);
        self.name_set = true;
        if let Some(shot) = &mut self.id {
            shot.photo = shot.photo.compared_with(&TypedName::new(name));
        }
    }

    /// Are there photos that would be lost?
    pub fn holds_photos(&self) -> bool {
        self.face.is_some() || self.id.is_some()
    }
}

impl Photo {
    /// The same on the wire.
    pub fn kind(self) -> likeness_protocol::verification::PhotoKind {
        match self {
            Self::Face => likeness_protocol::verification::PhotoKind::Face,
            Self::Id => likeness_protocol::verification::PhotoKind::Id,
        }
    }

    /// From the wire.
    pub fn from_kind(kind: likeness_protocol::verification::PhotoKind) -> Self {
        match kind {
            likeness_protocol::verification::PhotoKind::Face => Self::Face,
            likeness_protocol::verification::PhotoKind::Id => Self::Id,
        }
    }
}

/// The camera as far as screens care.
pub struct Seen {
    /// Code of the state: `off`, `opening`, `live` or a `camera-…` fault.
    pub state: CameraNow,
    /// Cameras to choose from.
    pub choices: Vec<CameraChoice>,
    /// Key of the chosen one.
    pub chosen: Option<String>,
    /// What it is called.
    pub name: Option<String>,
    /// Name of the live stream.
    pub stream: Option<String>,
    /// Width over height.
    pub aspect: f32,
    /// Why it seems made by a program, if the learner is to be told.
    pub suspicion: Option<&'static str>,
    /// Is it the practice learner?
    pub practice: bool,
    /// Dots per inch on a card at its best distance, of the running mode.
    pub card_dpi: u32,
    /// How far away a card fills the outline, centimetres; only where the lens was measured.
    pub card_cm: Option<u32>,
    /// What the picture lacks.
    pub finding: Option<CameraFinding>,
    /// Another camera than the remembered one is used, and that has not been read yet.
    pub stands_in: bool,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            state: CameraNow::Off,
            choices: Vec::new(),
            chosen: None,
            name: None,
            stream: None,
            aspect: 16.0 / 9.0,
            suspicion: None,
            practice: false,
            card_dpi: 0,
            card_cm: None,
            finding: None,
            stands_in: false,
        }
    }
}

/// What the camera does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CameraNow {
    /// Off.
    Off,
    /// Being opened.
    Starting,
    /// The system asks whether it may be used.
    Asking,
    /// Sends pictures.
    Live,
    /// In trouble, with a code.
    Trouble(&'static str),
}

/// Sending, as far as the screen cares.
#[derive(Debug, Clone, PartialEq)]
pub struct Sending {
    /// Bytes of the face photo.
    pub face: Option<Progress>,
    /// Bytes of the ID photo.
    pub id: Option<Progress>,
    /// What happens.
    pub phase: SendPhase,
}

/// Everything.
pub struct State {
    /// Counts the Views.
    pub rev: u64,
    /// The screen.
    pub place: Place,
    /// Where the mailbox was opened from.
    pub behind_mailbox: Option<Place>,
    /// Practice or production.
    pub mode: Mode,
    /// Addresses of the seeded accounts and what they are for.
    pub practice_accounts: Vec<(String, String)>,
    /// What the server says of itself.
    pub policy: Option<Policy>,
    /// Does the system name a camera?
    pub camera_seen: bool,
    /// The sign-in.
    pub auth: Auth,
    /// Address typed at the sign-in.
    pub email: String,
    /// Domain typed on the way through an organisation.
    pub organisation: String,
    /// How the sign-in through the browser was begun.
    pub joining: Joining,
    /// The social accounts the server offers.
    pub social: Vec<String>,
    /// An invitation that was opened and not used.
    pub invitation: Option<Held>,
    /// Whom practice mode has invited, and what each invitation is for.
    pub practice_invitations: Vec<(String, String)>,
    /// Waiting for an answer to what was pressed.
    pub busy: bool,
    /// What went wrong with what was pressed.
    pub trouble: Option<Trouble>,
    /// Newest status from the server.
    pub profile: Option<ProfileStatus>,
    /// The last status request found no server.
    pub offline: bool,
    /// Answers not sent yet.
    pub draft: Draft,
    /// Whose answers they are: the account that was signed in last.
    pub draft_of: Option<String>,
    /// The camera.
    pub camera: Seen,
    /// A photo was thrown away because the time for the other one had run out, and that has not been mended yet.
    pub photos_anew: bool,
    /// The hand that holds the card beside the face.
    pub hand: Hand,
    /// Sending.
    pub sending: Option<Sending>,
    /// The receipt of this run.
    pub receipt: Option<Receipt>,
    /// Mails of practice mode.
    pub mails: Vec<MailView>,
    /// The learner's own account.
    pub settings: Settings,
    /// The visit of a guest; `None`: this is no kiosk.
    pub visit: Option<Visit>,
}

impl State {
    /// The beginning.
    pub fn new(mode: Mode, practice_accounts: Vec<(String, String)>) -> Self {
        Self {
            rev: 0,
            place: Place::Starting,
            behind_mailbox: None,
            mode,
            practice_accounts,
            policy: None,
            camera_seen: true,
            auth: Auth::Booting,
            email: String::new(),
            organisation: String::new(),
            joining: Joining::default(),
            social: Vec::new(),
            invitation: None,
            practice_invitations: Vec::new(),
            busy: false,
            trouble: None,
            profile: None,
            offline: false,
            draft: Draft::default(),
            draft_of: None,
            camera: Seen::default(),
            photos_anew: false,
            hand: Hand::Left,
            sending: None,
            receipt: None,
            mails: Vec::new(),
            settings: Settings::default(),
            visit: None,
        }
    }

    /// The first step that has no answer yet. Steps already answered are skipped.
    pub fn next_step(&self) -> Place {
        let draft = &self.draft;
        if !draft.name_set {
            return Place::Name;
        }
        if draft.consent.is_none() {
            return Place::Consent;
        }
        if draft.session.is_none() || draft.document.is_none() || draft.two_sides.is_none() {
            return Place::IdLayout;
        }
        for photo in [Photo::Face, Photo::Id] {
            if draft.needs(photo) && !draft.accepted(photo) {
                if !draft.camera_checked {
                    return Place::CameraCheck;
                }
                return if draft.shot(photo).is_some() { Place::Review(photo) } else { Place::Capture(photo) };
            }
        }
        Place::CheckAnswers
    }

    /// Where "back" leads; `None`: nowhere.
    #[allow(clippy::match_same_arms, reason = "the arms stand in the order of the way")]
    pub fn step_back(&self) -> Option<Place> {
        match self.place {
            Place::BeforeYouBegin | Place::Guest => Some(Place::Welcome),
            Place::SignIn if self.busy => None,
            Place::SignIn => Some(Place::BeforeYouBegin),
            // Everything behind the domain has a way out of its own, which tells the server nothing more.
            Place::Organisation if self.busy || !matches!(self.auth, Auth::SignedOut { .. }) => None,
            Place::Organisation => Some(Place::SignIn),
            Place::Invitation if self.busy => None,
            Place::Invitation => Some(self.invitation.as_ref().map_or(Place::SignIn, Held::behind)),
            // Come here to look at the name once more: the photos are still there, and so is the way on.
            Place::Name if self.draft.name_set && self.draft.holds_photos() => Some(self.next_step()),
            Place::Name | Place::FixPhoto => Some(Place::Home),
            Place::Consent if self.busy => None,
            Place::Consent => Some(Place::Name),
            Place::IdLayout if self.busy => None,
            Place::IdLayout => Some(if self.draft.continues.is_some() { Place::FixPhoto } else { Place::Name }),
            Place::CameraCheck | Place::Capture(Photo::Face) if self.draft.continues.is_some() => Some(Place::FixPhoto),
            Place::CameraCheck => Some(Place::IdLayout),
            Place::Capture(Photo::Face) => Some(Place::CameraCheck),
            Place::Capture(Photo::Id) if self.draft.face.is_some() => Some(Place::Review(Photo::Face)),
            Place::Capture(Photo::Id) if self.draft.continues.is_some() => Some(Place::FixPhoto),
            Place::Capture(Photo::Id) => Some(Place::CameraCheck),
            Place::Mailbox => Some(self.behind_mailbox.unwrap_or(Place::Home)),
            Place::Settings(page) => self.settings.step_back(page, self.busy),
            Place::Starting
            | Place::Welcome
            | Place::WaitingForKeyring
            | Place::Home
            | Place::Review(_)
            | Place::Sent
            | Place::CheckAnswers
            | Place::Sending => None,
        }
    }

    /// Is somebody signed in?
    pub fn signed_in(&self) -> bool {
        matches!(self.auth, Auth::SignedIn { .. })
    }

    /// Does a sign-in wait for the code of a mail?
    pub fn waits_for_mailed_code(&self) -> bool {
        matches!(&self.auth, Auth::Interaction(unproven) if matches!(unproven.next, Next::VerifyEmail { .. }))
    }

    /// Is the learner to be asked whether the name is right? Asked beside the photo of the ID, never in its way.
    pub fn doubts_name(&self) -> bool {
        let differs = |shot: &Shot| shot.photo.name() == NameVerdict::Different;
        let reviewed = self.draft.id.as_ref().filter(|_| self.place == Place::Review(Photo::Id));
        !self.draft.name_confirmed && reviewed.is_some_and(differs)
    }

    /// Has taking photos anew for the newest rejection begun, with a session that is still open?
    pub fn repairing(&self) -> bool {
        let newest = self.profile.as_ref().and_then(|profile| profile.submission.as_ref());
        let begun = newest.is_some() && self.draft.continues.as_ref() == newest && self.draft.session.is_some();
        begun && !self.draft.correct_name_only
    }

    /// Is a profile being sent?
    pub fn profile_on_its_way(&self) -> bool {
        self.sending.is_some() && self.receipt.is_none()
    }

    /// Are photos on their way now? What is paused or stopped is not.
    pub fn upload_in_flight(&self) -> bool {
        let moving = |sending: &Sending| {
            matches!(sending.phase, SendPhase::Uploading | SendPhase::Submitting | SendPhase::Waiting)
        };
        self.profile_on_its_way() && self.sending.as_ref().is_some_and(moving)
    }

    /// Would closing now lose photos that were not sent?
    pub fn would_lose_photos(&self) -> bool {
        self.receipt.is_none() && (self.draft.holds_photos() || self.sending.is_some())
    }

    /// Does this screen use the camera?
    pub fn wants_camera(&self) -> bool {
        matches!(self.place, Place::CameraCheck | Place::Capture(_))
    }
}

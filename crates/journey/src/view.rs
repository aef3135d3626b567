//! The View: everything the window needs to draw one screen, and nothing it would have to decide.
//!
//! These types cross to the window as JSON, so they are the wire types of that door and carry their TypeScript shapes with them
//! (`docs/decisions/0001-the-view-is-a-wire-type.md`). A whole View is sent each time; `rev` rises by one and the window drops an older one.
//! No photo, token or password is ever in it: pictures are named by a one-time id and fetched through the `likeness:` scheme.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What the window draws now.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct View {
    /// Rises by one with every change.
    pub rev: u64,
    /// The screen and what stands on it.
    pub screen: Screen,
    /// What surrounds every screen.
    pub frame: Frame,
    /// Things to know that stay until they are no longer true.
    pub notices: Vec<Notice>,
}

/// What surrounds every screen.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Frame {
    /// Where the learner is on the way; `None` outside the numbered steps.
    pub step: Option<Step>,
    /// May the learner go back from here?
    pub may_go_back: bool,
    /// Who is signed in.
    pub who: Option<Who>,
    /// Practice or production.
    pub mode: Mode,
    /// The name of the organisation that verifies, from the server; `None` until it answered.
    pub provider: Option<String>,
    /// Where the provider's people help: an e-mail address, from the server. `open_help` writes to it.
    pub help_address: Option<String>,
    /// The system, for sentences that name its own settings.
    pub system: System,
    /// The visit of a guest; `None`: this is no kiosk. Touching anything says `still_here`.
    pub kiosk: Option<KioskView>,
}

/// What a kiosk says on every screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct KioskView {
    /// The visit ends soon, and everything of it is forgotten.
    pub ending: Option<EndingView>,
}

/// The end of a visit that is near.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct EndingView {
    /// Why.
    pub why: EndingWhy,
    /// Seconds to it; 0 while photos are on their way, which it waits for.
    pub seconds: u32,
}

/// Why a visit ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum EndingWhy {
    /// Nobody touched anything.
    Idle,
    /// It has lasted as long as it may.
    Limit,
}

/// The system Likeness runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum System {
    /// Linux, and whatever has the same cameras.
    Linux,
    /// macOS.
    Macos,
    /// Windows.
    Windows,
}

/// One of the numbered steps, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// This step.
    pub number: u32,
    /// How many there are.
    pub of: u32,
}

/// The signed-in learner, as far as the window may know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Who {
    /// The address, masked: `l•••••@likeness.example`.
    pub email_masked: String,
}

/// Where the app's server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// The embedded server on this computer, with seeded accounts.
    Practice,
    /// A real server.
    Production,
}

/// Something to know that does not stop anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Notice {
    /// No keyring: signing in again will be needed after closing. `why` is a code of `account`.
    MemoryOnly {
        /// `keyring-absent`, `keyring-locked`, `keyring-slow`, `keyring-refused` or `keyring-off`.
        why: String,
        /// Can unlocking help?
        may_unlock: bool,
    },
    /// Photos that were not sent yet live in memory: keep the window open.
    UnsentInMemory,
    /// The picture comes from the practice learner, not from a camera.
    PracticeCamera,
    /// The camera seems to be made by a program; the reviewer will see that.
    VirtualCamera {
        /// Its name.
        name: String,
        /// What speaks for it: `program` (the system says so), `elsewhere` (its pictures come over a network or another machine),
        /// `unclear` (the system does not say where it is).
        why: String,
    },
    /// The camera that was chosen before is not here, and another one is used. Said once.
    OtherCamera {
        /// Its name.
        name: String,
    },
    /// The first photo was too old to be sent with the second, so it is taken again. Said until the next photo.
    PhotosAnew,
    /// The server cannot be reached; what is shown may be old.
    Offline,
}

/// A refusal or failure in words the window has: a code and what fills the sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Trouble {
    /// One of the codes in `ui/src/errors/table.ts`.
    pub code: String,
    /// The input it belongs to, if it belongs to one; of an administrator's decision the file and the key.
    pub field: Option<String>,
    /// Minutes to wait, tries left: whatever number the sentence needs.
    pub number: Option<u32>,
    /// The server's reference number for support.
    pub request_id: Option<String>,
}

/// The screens. Named like the folders in `ui/src/screens`.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Screen {
    /// Starting: settings are read, a silent sign-in is tried.
    Starting,
    /// The app cannot go on at all.
    Stopped {
        /// Why.
        trouble: Trouble,
    },
    /// What Likeness does, in two sentences. `go`: on.
    Welcome,
    /// What will be needed. `go`: on.
    BeforeYouBegin {
        /// Does the system name any camera? Nothing was opened to know this.
        camera_seen: bool,
        /// The kinds of ID this provider accepts, in its words.
        id_types: Vec<String>,
    },
    /// E-mail and password. `sign_in_password`.
    SignIn {
        /// The address typed before.
        email: String,
        /// Working on it.
        busy: bool,
        /// What went wrong.
        trouble: Option<Trouble>,
        /// Seeded accounts of practice mode; empty otherwise. `use_practice_account`.
        practice_accounts: Vec<PracticeAccount>,
        /// Why the learner was signed out, if a session just ended: a code.
        ended: Option<String>,
        /// Social accounts to sign in with: `google`, `apple`, `facebook`. `sign_in_social`.
        social: Vec<String>,
        /// The one that was tried last, when what went wrong is about it.
        social_tried: Option<String>,
        /// Seeded invitations of practice mode; empty otherwise. `use_practice_invitation`.
        practice_invitations: Vec<PracticeInvitation>,
    },
    /// A kiosk's guest signs in with their phone. `go`: a new code; `back`.
    Guest {
        /// What to scan or type; `None` while it is asked for, and when it has ended.
        code: Option<GuestCode>,
        /// Asking for it.
        busy: bool,
        /// What went wrong.
        trouble: Option<Trouble>,
    },
    /// An invitation that was opened. `accept_invitation`, which signs out first if need be; `back`.
    Invitation {
        /// Who invites whom; `None` until the server said it.
        invitation: Option<InvitationView>,
        /// Is somebody signed in?
        signed_in: bool,
        /// Who, masked, where that is known.
        signed_in_as: Option<String>,
        /// Would signing out lose photos?
        loses_photos: bool,
        /// Working on it.
        busy: bool,
        /// What went wrong.
        trouble: Option<Trouble>,
    },
    /// Signing in through an organisation.
    Organisation {
        /// Which page of it.
        page: OrganisationPage,
        /// Working on it.
        busy: bool,
        /// What went wrong.
        trouble: Option<Trouble>,
    },
    /// The system's keyring asks the learner for its password. `skip_keyring`.
    WaitingForKeyring,
    /// The status of the profile and its next step. `go`: the button.
    Home {
        /// Where the profile stands.
        status: ProfileStatus,
        /// The receipt number of the newest submission.
        reference: Option<String>,
        /// When it was sent, milliseconds since 1970.
        submitted_at_ms: Option<i64>,
        /// When it was decided, milliseconds since 1970.
        decided_at_ms: Option<i64>,
        /// Usual hours to a decision.
        expected_review_hours: Option<u32>,
        /// Is there something to do? `None`: nothing but to wait, or done.
        action: Option<HomeAction>,
        /// The reasons of a rejection.
        reasons: Vec<ReasonView>,
        /// Asking the server.
        busy: bool,
        /// What went wrong with asking.
        trouble: Option<Trouble>,
    },
    /// The full name as on the ID. `set_name`.
    Name {
        /// What is known so far.
        name: String,
        /// What is wrong with it.
        trouble: Option<Trouble>,
    },
    /// Who, what, why, how long. `give_consent`, or `back`.
    Consent {
        /// The exact text that is agreed to: plain text, paragraphs divided by empty lines.
        body: String,
        /// The provider's privacy notice.
        privacy_url: Option<String>,
        /// The provider's terms.
        terms_url: Option<String>,
        /// Working on it.
        busy: bool,
        /// What went wrong.
        trouble: Option<Trouble>,
    },
    /// Which ID, and are name and photo on the same side? `choose_document`, `choose_id_layout`.
    IdLayout {
        /// Chosen document, if chosen already.
        document: Option<Document>,
        /// The kinds of ID this provider accepts, in its words.
        id_types: Vec<String>,
        /// Opening the capture session.
        busy: bool,
        /// What went wrong.
        trouble: Option<Trouble>,
    },
    /// A look at the camera before the first photo. `turn_on_camera`, `choose_camera`, `go`: looks good.
    CameraCheck {
        /// The live picture and what is wrong with it.
        camera: CameraView,
    },
    /// Guided capture of one photo. `take_photo`, `cancel_countdown`, `choose_hand`, `use_anyway`, `choose_camera`.
    Capture {
        /// Which photo.
        photo: Photo,
        /// Must the photo side of the ID be held beside the face?
        with_card: bool,
        /// The learner's hand that holds the card, when `with_card`.
        hand: Option<Hand>,
        /// The live picture and what is wrong with it.
        camera: CameraView,
        /// What a reviewer said about the photo before, if this is a retake.
        reasons: Vec<ReasonView>,
    },
    /// The very picture that will be sent. `accept_photo`, `retake`; `confirm_name` and `correct_name` while the name is in question.
    Review {
        /// Which photo.
        photo: Photo,
        /// Address of the picture: `photo.<id>` at the `likeness:` scheme. Never mirrored.
        picture: String,
        /// What is good about it: codes `verdict-…`.
        good: Vec<String>,
        /// What is weak about it: codes `verdict-…`.
        weak: Vec<String>,
        /// The name as typed, while a code on the ID seems to say another one and the learner has not said that it is right.
        name_in_question: Option<String>,
    },
    /// Everything at a glance, each with a way to change it. `submit_profile`, `change`.
    CheckAnswers {
        /// The name.
        name: String,
        /// The face photo.
        face: PhotoSlot,
        /// The ID photo.
        id: PhotoSlot,
        /// The document.
        document: Document,
        /// Are name and photo on opposite sides?
        two_sides: bool,
        /// Working on it.
        busy: bool,
        /// What went wrong.
        trouble: Option<Trouble>,
    },
    /// The photos are on their way. `pause_upload`, `retry_now`.
    Sending {
        /// The face photo; `None` when it is not sent this time.
        face: Option<Progress>,
        /// The ID photo; `None` when it is not sent this time.
        id: Option<Progress>,
        /// What is happening.
        phase: SendPhase,
        /// What stands in the way, while it is tried again.
        trouble: Option<Trouble>,
    },
    /// Received. `go`: home.
    Sent {
        /// The receipt number.
        reference: String,
        /// Where the decision is mailed, masked.
        email_masked: String,
        /// Usual hours to a decision.
        expected_review_hours: Option<u32>,
    },
    /// A rejection and the one thing to do. `go`: take the photo again; `correct_name`.
    FixPhoto {
        /// The reasons.
        reasons: Vec<ReasonView>,
        /// The photos to take again, in order.
        retake: Vec<Photo>,
        /// The photo that was good and is kept.
        kept: Option<Photo>,
        /// Can correcting the name alone mend it?
        may_correct_name: bool,
        /// May the learner try again at all?
        may_resubmit: bool,
        /// The kinds of ID this provider accepts, in its words.
        id_types: Vec<String>,
        /// Opening the capture session.
        busy: bool,
        /// What went wrong.
        trouble: Option<Trouble>,
    },
    /// The mailbox of practice mode. `back`.
    Mailbox {
        /// The mails, newest first.
        mails: Vec<MailView>,
        /// What went wrong.
        trouble: Option<Trouble>,
    },
    /// The learner's own account. `back`.
    Settings {
        /// Which page of it.
        page: SettingsPage,
        /// Asking the server.
        busy: bool,
        /// What went wrong.
        trouble: Option<Trouble>,
    },
}

/// What a guest scans or types.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct GuestCode {
    /// In two groups of four: `BCDF-GHJK`.
    pub code: String,
    /// The page to open on the phone.
    pub page: String,
    /// The page with the code in it, to scan; `None` where no picture holds it.
    pub picture: Option<QrView>,
    /// Minutes it is still good for, rounded up.
    pub minutes_left: u32,
}

/// A QR code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct QrView {
    /// Squares on each side, without the white around them.
    pub size: u32,
    /// The dark squares as a path of SVG, one unit a square.
    pub path: String,
}

/// A page about the learner's own account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum SettingsPage {
    /// Everything at a glance. `show_setting`, `end_session`, `end_other_sessions`, `export_data`.
    Overview {
        /// Where the account is signed in, newest first; `None` until the server said it.
        sessions: Option<Vec<SessionView>>,
        /// Is there any but this one?
        others: bool,
        /// Through whom else the account can be signed in to; `None` until the server said it. `disconnect_identity`.
        linked: Option<Vec<LinkedView>>,
        /// The organisation that lets only itself change the address; `None`: the learner may.
        email_managed_by: Option<String>,
        /// Social accounts that can be connected: `google`, `apple`, `facebook`. `connect_social`.
        offers: Vec<String>,
        /// Whose invitation is still held. `open_invitation`.
        invitation: Option<String>,
        /// What was done last.
        done: Option<SettingsDone>,
    },
    /// The browser is out to connect a social account, or to prove who the learner is. `reopen_browser`, `copy_browser_link`, `cancel_sign_in`.
    Browser {
        /// Whose page is open there.
        to: String,
        /// Is it to prove who the learner is?
        confirming: bool,
        /// Did the system open it?
        opened: bool,
        /// Until when it is waited for, milliseconds since 1970.
        until_ms: i64,
    },
    /// Another address. `change_email`; then, with the code from its mailbox, `confirm_email`, or `cancel_email_change`.
    Email {
        /// The address that waits for its code, masked.
        pending: Option<String>,
    },
    /// Another password. `change_password`.
    Password,
    /// Deleting the account. `delete_account`.
    Delete {
        /// Is a profile being checked?
        in_review: bool,
    },
    /// The password once more, or the browser. `confirm_identity`, `confirm_through`.
    Confirm {
        /// For what.
        topic: SettingsTopic,
        /// Through whom it can be done in the browser.
        through: Vec<LinkedView>,
    },
    /// A forgotten password, while nobody is signed in. `ask_password_reset`; then, with the code from the mailbox, `reset_password`.
    Forgotten {
        /// The address typed before.
        email: String,
        /// Was a code asked for?
        sent: bool,
    },
    /// The account is deleted. `go`: to the beginning.
    Gone,
}

/// What can be changed about an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum SettingsTopic {
    /// The address.
    Email,
    /// The password.
    Password,
    /// Whether there is an account.
    Delete,
    /// A way in through somebody else.
    Disconnect,
    /// One more way in through somebody else.
    Connect,
}

/// A way in through somebody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LinkedView {
    /// Names it in `disconnect_identity`.
    pub id: String,
    /// What it is called: Google, or the organisation's name.
    pub label: String,
    /// The address it was connected with, masked.
    pub email_masked: Option<String>,
    /// When it was connected, milliseconds since 1970.
    pub linked_at_ms: i64,
    /// Why it cannot be disconnected: `last-sign-in-method`, `identity-managed-by-organisation`; `None`: it can.
    pub why_not: Option<String>,
}

/// One place where the account is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SessionView {
    /// Names it in `end_session`.
    pub id: String,
    /// What the device said it is: a system's name, as `linux`.
    pub device: Option<String>,
    /// When it signed in, milliseconds since 1970.
    pub signed_in_at_ms: i64,
    /// When it was last heard of, milliseconds since 1970.
    pub renewed_at_ms: i64,
    /// Is it this one?
    pub current: bool,
}

/// Something that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SettingsDone {
    /// What: `password-changed`, `email-changed`, `sessions-ended`, `connected`, `disconnected`, `exported`.
    pub code: String,
    /// Where the saved file is.
    pub path: Option<String>,
}

/// A page on the way through an organisation. `cancel_sign_in` everywhere but on the first, `answer_step` on all behind the browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum OrganisationPage {
    /// Which organisation. `find_organisation`, `back`.
    Domain {
        /// What was typed before.
        input: String,
        /// The invitation that goes with it. `forget_invitation`.
        invitation: Option<InvitationView>,
    },
    /// The browser is out. `reopen_browser`, `copy_browser_link`.
    Browser {
        /// The organisation.
        org: String,
        /// Did the system open it?
        opened: bool,
        /// Until when it is waited for, milliseconds since 1970.
        until_ms: i64,
        /// Was a password typed, which this organisation does not want?
        not_by_password: bool,
    },
    /// A new account, or the one there is? `new`, `existing`.
    ChooseAccount {
        /// The organisation.
        org: String,
        /// The name it gave; may be empty.
        name: String,
        /// The address it gave, masked; may be empty.
        email_masked: String,
        /// May a new account be made?
        can_create: bool,
        /// May an account be connected?
        can_link: bool,
        /// Is an invitation needed for that?
        link_needs_invitation: bool,
    },
    /// The new account. `create`, `back`.
    CreateAccount {
        /// The organisation.
        org: String,
        /// Must a private address be given?
        alternative_email_required: bool,
        /// The name it gave; may be empty.
        suggested_name: String,
    },
    /// Proof of the account there is. `link`, `via`, `back`.
    LinkExisting {
        /// The organisation.
        org: String,
        /// Is its address that of an account already?
        already_uses_this_email: bool,
        /// Social accounts that prove it too.
        providers: Vec<String>,
    },
    /// A password before a social sign-in is taken off. `set-password`, `back`.
    SetPassword {
        /// The account, masked; may be empty.
        account_masked: String,
    },
    /// A social sign-in is in the way. `delink`, `back`.
    BlockedBySocial {
        /// The organisation.
        org: String,
        /// Which: `google`, `apple`, `facebook`.
        providers: Vec<String>,
        /// Has the account a password?
        has_password: bool,
    },
    /// The last look. `confirm`, `back`.
    ConfirmLink {
        /// The organisation.
        org: String,
        /// The account, masked.
        account_masked: String,
        /// The organisation's address, masked.
        org_masked: String,
        /// Will the organisation see whether the profile is approved?
        sees_status: bool,
    },
    /// The code of an invitation. `invitation`, `back`.
    Invitation {
        /// The organisation.
        org: String,
    },
    /// The code of a mail. `verify`, `resend`, `later`; in practice mode `read_practice_mail`.
    VerifyEmail {
        /// Where it went, masked.
        email_masked: String,
    },
}

/// Who invites whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct InvitationView {
    /// The organisation.
    pub org: String,
    /// The address it was sent to, masked.
    pub email_masked: String,
}

/// A seeded invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PracticeInvitation {
    /// Whom it was sent to; names it in `use_practice_invitation`.
    pub email: String,
    /// What it is good for trying.
    pub for_trying: String,
}

/// A seeded account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PracticeAccount {
    /// Its address; names it in `use_practice_account`.
    pub email: String,
    /// What it is good for trying: a code `practice-…`.
    pub for_trying: String,
}

/// Where the profile stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum ProfileStatus {
    /// Not asked yet.
    Unknown,
    /// Nothing was sent yet.
    None,
    /// A person is looking at it.
    InReview,
    /// Approved: counts for all courses.
    Approved,
    /// Rejected with reasons.
    Rejected,
    /// Too old.
    Expired,
}

/// The one button of Home.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum HomeAction {
    /// Fill in the profile.
    Start,
    /// Go on where it was left.
    Continue,
    /// See what is being sent.
    SeeProgress,
    /// Mend what was rejected.
    Fix,
    /// Ask the server again.
    Refresh,
}

/// One reason of a rejection. The window has two sentences for each code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ReasonView {
    /// One of the reason codes, in kebab-case: `id-not-legible`.
    pub code: String,
    /// Which photo it concerns; `None`: the name or both.
    pub photo: Option<Photo>,
    /// The reviewer's words, plain text.
    pub note: Option<String>,
}

/// The two photos.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Photo {
    /// Of the face.
    Face,
    /// Of the ID.
    Id,
}

/// The learner's own left or right hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Hand {
    /// Left.
    Left,
    /// Right.
    Right,
}

/// What is held up to the camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Document {
    /// A card of the usual size.
    Card,
    /// The data page of a passport.
    Passport,
    /// Another document.
    Other,
}

/// The camera as a screen shows it.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CameraView {
    /// Is it off, starting, live, or in trouble?
    pub state: CameraViewState,
    /// Names the stream in `live.<stream>.<n>` at the `likeness:` scheme, while there is one.
    pub stream: Option<String>,
    /// Draw the live picture mirrored? Only ever for the face.
    pub mirrored: bool,
    /// Width of the picture over its height.
    pub aspect: f32,
    /// What is wrong: a code `camera-…`.
    pub trouble: Option<Trouble>,
    /// What the camera is called, once one was chosen.
    pub name: Option<String>,
    /// What its picture lacks, while it is live. It stops nothing.
    pub finding: Option<CameraFinding>,
    /// How well it can show an ID, while it is live and an ID is still to be photographed with it.
    pub card: Option<CardSight>,
    /// The cameras to choose from.
    pub cameras: Vec<CameraChoice>,
    /// The one to offer when this one is in trouble: a key of `cameras`. The learner may choose any.
    pub other: Option<String>,
    /// Has the system a page where cameras are allowed? `open_camera_settings`.
    pub has_settings_page: bool,
}

/// What a picture lacks that a hand can mend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum CameraFinding {
    /// The camera says that its shutter is closed.
    ShutterClosed,
    /// Black: the lens is covered, or the room is dark.
    Covered,
    /// White: light falls straight in.
    Glaring,
    /// No colour: an infrared camera.
    NoColour,
    /// Green or pink all over.
    Tinted,
}

/// How well a camera can show an ID, before one is held up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CardSight {
    /// Dots per inch on a card held as near as the camera is sharp.
    pub dpi: u32,
    /// How far away to hold it, centimetres; only where the lens of this camera was measured.
    pub centimetres: Option<u32>,
    /// What that is worth.
    pub grade: CardGrade,
}

/// What a resolution is worth on an ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum CardGrade {
    /// Every letter.
    Plenty,
    /// Enough, when it is held near and still.
    Enough,
    /// Small print will not be legible.
    TooLittle,
}

/// How the camera is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum CameraViewState {
    /// Off; `turn_on_camera`.
    Off,
    /// Looking for it or opening it.
    Starting,
    /// The system asks the learner whether Likeness may use the camera.
    Asking,
    /// Pictures come.
    Live,
    /// See `trouble`.
    Trouble,
}

/// One camera to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CameraChoice {
    /// Names it in `choose_camera`.
    pub key: String,
    /// What people call it.
    pub label: String,
    /// Is it the one in use?
    pub chosen: bool,
    /// Is it drawn by practice mode?
    pub practice: bool,
    /// What is to be known of it before it is chosen.
    pub remark: Option<CameraRemark>,
}

/// What is to be known of a camera before it is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum CameraRemark {
    /// It seems to be a program.
    Program,
    /// It seems to be a program, and the organisation does not accept those.
    NotAllowed,
    /// Its pictures are too small for an ID.
    TooSmall,
    /// It names itself infrared.
    Infrared,
    /// Another program has it.
    InUse,
    /// The system does not let this program open it, or it sends nothing this program can use.
    Unusable,
}

/// One photo on the screen before sending.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum PhotoSlot {
    /// Just taken: `photo.<id>` at the `likeness:` scheme.
    Taken {
        /// Address of the picture.
        picture: String,
    },
    /// Sent before, good, and kept by the server.
    Kept,
    /// Still to be taken.
    Missing,
}

/// Bytes the server acknowledged of one photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// Acknowledged so far.
    pub sent_bytes: u64,
    /// In all.
    pub total_bytes: u64,
}

/// What sending is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum SendPhase {
    /// Bytes are moving.
    Uploading,
    /// Handing in.
    Submitting,
    /// Waiting for the next try.
    Waiting,
    /// Paused by the learner.
    Paused,
    /// Stopped; something has to be done.
    Stopped,
}

/// One mail of the practice mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MailView {
    /// To whom.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// Plain text.
    pub body: String,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
}

/// The fast lane while a photo is taken: sent on change, at most ten a second, newest wins. Nothing in it changes the screen.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Guidance {
    /// Rises with every capture: guidance of an older one is dropped.
    pub attempt: u64,
    /// The frame it speaks of.
    pub frame_seq: u64,
    /// What capture is doing.
    pub phase: GuidancePhase,
    /// The one hint.
    pub hint: Option<HintView>,
    /// 0 to 100.
    pub progress: u32,
    /// Milliseconds until the photo, during the countdown.
    pub countdown_ms: Option<u32>,
    /// Where the face should be: the box around the oval as shares of the picture, not mirrored.
    pub oval: Option<ShareRect>,
    /// Where the card should be, as shares of the picture, not mirrored.
    pub outline: Option<ShareRect>,
    /// The four corners of the card that was found, as shares of the picture, not mirrored.
    pub quad: Option<[(f32, f32); 4]>,
    /// Draw attention to the manual shutter?
    pub suggest_manual: bool,
    /// May the photo be taken although something is wrong?
    pub may_take_anyway: bool,
    /// Light the face with the window?
    pub fill_light: bool,
    /// Dots per inch on the card, when known.
    pub dpi: Option<u32>,
}

/// What capture is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum GuidancePhase {
    /// The camera does not send.
    Waiting,
    /// The camera settles.
    Warmup,
    /// Something has to change: see the hint.
    Guiding,
    /// All is well, hold still.
    Steady,
    /// The photo is about to be taken.
    Countdown,
    /// It is being taken and judged.
    Taking,
    /// It was taken.
    Taken,
}

/// One hint; its sentence is `hint-<code>` in the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct HintView {
    /// Its code.
    pub code: String,
    /// How bad it is.
    pub level: HintLevel,
    /// Where to, as the learner would say it: `left`, `right`, `up`, `down`, `closer`, `away`.
    pub side: Option<String>,
    /// How far to move, when the lens is known.
    pub centimetres: Option<u32>,
    /// What selects the words for how far: `cm` (say the centimetres), `little`, `hand`, `arm`.
    pub amount: String,
}

/// How bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum HintLevel {
    /// No photo like this.
    Stop,
    /// Better not like this.
    Warn,
    /// Good to know.
    Info,
}

/// A rectangle as shares of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ShareRect {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
}

/// Writes the TypeScript shapes into `folder`. Called by `cargo xtask generate types`.
pub fn export_types(folder: &std::path::Path) -> Result<(), ts_rs::ExportError> {
    let config = ts_rs::Config::default().with_out_dir(folder).with_large_int("number");
    View::export_all(&config)?;
    Guidance::export_all(&config)
}

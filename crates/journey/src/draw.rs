//! From what is remembered to what is drawn. Pure: the same state gives the same View.

use likeness_account::{Auth, Kept, MemoryReason};
use likeness_protocol::time::UnixMs;
use likeness_protocol::verification::{Concern, Reason, ReasonNotice, Status};

use crate::invitation;
use crate::joining;
use crate::kiosk;
use crate::settings;
use crate::state::{CameraNow, Place, State};
use crate::view::{
    CameraFinding, CameraView, CameraViewState, CardGrade, CardSight, Document, Frame, Hand, HomeAction, KioskView,
    Mode, Notice, Photo, PhotoSlot, PracticeAccount, PracticeInvitation, ProfileStatus, ReasonView, Screen, SendPhase,
    Step, System, Trouble, View, Who,
};

/// How many numbered steps the way has.
const STEPS: u32 = 8;

/// From here every letter of a card is legible: 8 pixels a millimetre, so that capitals of 2 mm have 16.
const PLENTY_DPI: u32 = 203;
/// Below this capitals of 2 mm have fewer than 10 pixels, and small print is guesswork: 5 pixels a millimetre.
const ENOUGH_DPI: u32 = 127;

/// Draws everything.
pub fn view(state: &State) -> View {
    View { rev: state.rev, screen: screen(state), frame: frame(state), notices: notices(state) }
}

fn frame(state: &State) -> Frame {
    let who = match &state.auth {
        Auth::SignedIn { account, .. } => account.email_masked().map(|email_masked| Who { email_masked }),
        _ => None,
    };
    let provider = state.policy.as_ref().map(|policy| &policy.provider);
    Frame {
        step: step(state.place).map(|number| Step { number, of: STEPS }),
        may_go_back: state.step_back().is_some(),
        who,
        mode: state.mode,
        provider: provider.map(|provider| provider.name.clone()),
        help_address: provider.filter(|_| state.visit.is_none()).map(|provider| provider.help_address.clone()),
        system: SYSTEM,
        kiosk: state.visit.map(|visit| KioskView { ending: visit.ending }),
    }
}

/// The system this is built for.
const SYSTEM: System = if cfg!(target_os = "windows") {
    System::Windows
} else if cfg!(target_os = "macos") {
    System::Macos
} else {
    System::Linux
};

fn step(place: Place) -> Option<u32> {
    match place {
        Place::Name => Some(1),
        Place::Consent => Some(2),
        Place::IdLayout => Some(3),
        Place::CameraCheck => Some(4),
        Place::Capture(Photo::Face) | Place::Review(Photo::Face) => Some(5),
        Place::Capture(Photo::Id) | Place::Review(Photo::Id) => Some(6),
        Place::CheckAnswers => Some(7),
        Place::Sending => Some(8),
        _ => None,
    }
}

/// Each notice stands where it can be read and acted on; while a photo is taken nothing may take room from the picture.
fn notices(state: &State) -> Vec<Notice> {
    let mut notices = Vec::new();
    if let Some(why) = memory_only(state) {
        notices.push(Notice::MemoryOnly { why: why.code().to_owned(), may_unlock: why.may_unlock() });
    }
    if state.would_lose_photos() && !state.wants_camera() && state.visit.is_none() {
        notices.push(Notice::UnsentInMemory);
    }
    if state.wants_camera() && state.camera.practice {
        notices.push(Notice::PracticeCamera);
    } else if let (Some(why), Some(name), true) = (state.camera.suspicion, &state.camera.name, state.wants_camera()) {
        notices.push(Notice::VirtualCamera { name: name.clone(), why: why.to_owned() });
    }
    if let (true, Some(name), true) = (state.camera.stands_in, &state.camera.name, state.wants_camera()) {
        notices.push(Notice::OtherCamera { name: name.clone() });
    }
    if state.photos_anew && state.wants_camera() {
        notices.push(Notice::PhotosAnew);
    }
    if state.offline {
        notices.push(Notice::Offline);
    }
    notices
}

/// Why the sign-in will not outlive the window, on the screens that say so.
pub fn memory_only(state: &State) -> Option<MemoryReason> {
    match state.auth {
        // A guest's sign-in is to be kept nowhere.
        Auth::SignedIn { store: Kept::MemoryOnly(why), .. }
            if matches!(state.place, Place::Home | Place::Sent) && state.visit.is_none() =>
        {
            Some(why)
        }
        _ => None,
    }
}

fn screen(state: &State) -> Screen {
    let busy = state.busy;
    let trouble = state.trouble.clone();
    match &state.place {
        Place::Starting => trouble.map_or(Screen::Starting, |trouble| Screen::Stopped { trouble }),
        Place::Welcome => Screen::Welcome,
        Place::BeforeYouBegin => Screen::BeforeYouBegin { camera_seen: state.camera_seen, id_types: id_types(state) },
        Place::SignIn => sign_in(state),
        Place::Organisation => joining::screen(state),
        Place::Guest => kiosk::screen(state),
        Place::Invitation => invitation::screen(state),
        Place::WaitingForKeyring => Screen::WaitingForKeyring,
        Place::Home => home(state),
        Place::Name => Screen::Name { name: state.draft.name.clone(), trouble },
        Place::Consent => consent(state),
        Place::IdLayout => {
            Screen::IdLayout { document: state.draft.document, id_types: id_types(state), busy, trouble }
        }
        Place::CameraCheck => Screen::CameraCheck { camera: camera(state, true) },
        Place::Capture(photo) => Screen::Capture {
            photo: *photo,
            with_card: with_card(state, *photo),
            hand: with_card(state, *photo).then_some(state.hand),
            camera: camera(state, *photo == Photo::Face),
            reasons: reasons_about(state, *photo),
        },
        Place::Review(photo) => review(state, *photo),
        Place::CheckAnswers => Screen::CheckAnswers {
            name: state.draft.name.clone(),
            face: slot(state, Photo::Face),
            id: slot(state, Photo::Id),
            document: state.draft.document.unwrap_or(Document::Card),
            two_sides: state.draft.two_sides.unwrap_or(false),
            busy,
            trouble,
        },
        Place::Sending => {
            let (face, id, phase) = state
                .sending
                .as_ref()
                .map_or((None, None, SendPhase::Uploading), |sending| (sending.face, sending.id, sending.phase));
            Screen::Sending { face, id, phase, trouble }
        }
        Place::Sent => Screen::Sent {
            reference: state.receipt.as_ref().map(|receipt| receipt.reference.clone()).unwrap_or_default(),
            email_masked: frame(state).who.map(|who| who.email_masked).unwrap_or_default(),
            expected_review_hours: state.policy.as_ref().map(|policy| policy.expected_review_hours),
        },
        Place::FixPhoto => fix_photo(state),
        Place::Mailbox => Screen::Mailbox { mails: state.mails.clone(), trouble },
        Place::Settings(page) => settings::screen(state, *page),
    }
}

fn sign_in(state: &State) -> Screen {
    let ended = match &state.auth {
        Auth::SignedOut { why: Some(why), .. } => Some(why.code().to_owned()),
        _ => None,
    };
    let ended = state.settings.told_at_sign_in().or(ended);
    Screen::SignIn {
        email: state.email.clone(),
        busy: state.busy,
        trouble: state.trouble.clone(),
        practice_accounts: state
            .practice_accounts
            .iter()
            .map(|(email, for_trying)| PracticeAccount { email: email.clone(), for_trying: for_trying.clone() })
            .collect(),
        ended,
        social: state.social.clone(),
        social_tried: state.joining.social.clone(),
        practice_invitations: state
            .practice_invitations
            .iter()
            .map(|(email, for_trying)| PracticeInvitation { email: email.clone(), for_trying: for_trying.clone() })
            .collect(),
    }
}

fn home(state: &State) -> Screen {
    let profile = state.profile.as_ref();
    Screen::Home {
        status: profile.map_or(ProfileStatus::Unknown, |profile| profile_status(profile.status)),
        reference: profile.and_then(|profile| profile.reference.clone()),
        submitted_at_ms: profile.and_then(|profile| profile.submitted_at).map(milliseconds),
        decided_at_ms: profile.and_then(|profile| profile.decided_at).map(milliseconds),
        expected_review_hours: state.policy.as_ref().map(|policy| policy.expected_review_hours),
        action: home_action(state),
        reasons: reasons(state),
        busy: state.busy,
        trouble: state.trouble.clone(),
    }
}

/// A moment as the window gets it.
pub fn milliseconds(at: UnixMs) -> i64 {
    i64::try_from(at.0).unwrap_or(i64::MAX)
}

/// The one button of Home.
pub fn home_action(state: &State) -> Option<HomeAction> {
    if state.sending.is_some() && state.receipt.is_none() {
        return Some(HomeAction::SeeProgress);
    }
    let Some(profile) = &state.profile else { return (!state.busy).then_some(HomeAction::Refresh) };
    match profile.status {
        Status::None | Status::Expired if state.draft.name_set => Some(HomeAction::Continue),
        Status::None | Status::Expired => Some(HomeAction::Start),
        Status::Rejected => Some(HomeAction::Fix),
        Status::Unknown => Some(HomeAction::Refresh),
        Status::InReview | Status::Approved => None,
    }
}

fn consent(state: &State) -> Screen {
    let policy = state.policy.as_ref();
    // A kiosk opens no other program.
    let linking = policy.filter(|_| state.visit.is_none());
    Screen::Consent {
        body: policy.and_then(|policy| policy.texts.get("en")).map(|text| text.body.clone()).unwrap_or_default(),
        privacy_url: linking.map(|policy| policy.provider.privacy_url.clone()),
        terms_url: linking.map(|policy| policy.provider.terms_url.clone()),
        busy: state.busy,
        trouble: state.trouble.clone(),
    }
}

fn review(state: &State, photo: Photo) -> Screen {
    let shot = state.draft.shot(photo);
    let verdicts = shot.map(|shot| shot.photo.verdicts()).unwrap_or_default();
    let codes = |good: bool| {
        verdicts
            .iter()
            .filter(|verdict| verdict.good == good)
            .map(|verdict| format!("verdict-{}", verdict.code))
            .collect()
    };
    Screen::Review {
        photo,
        picture: shot.map(|shot| shot.picture.clone()).unwrap_or_default(),
        good: codes(true),
        weak: codes(false),
        name_in_question: state.doubts_name().then(|| state.draft.name.clone()),
    }
}

fn fix_photo(state: &State) -> Screen {
    let profile = state.profile.as_ref();
    let retake: Vec<Photo> =
        profile.map(|profile| profile.retake.iter().copied().map(Photo::from_kind).collect()).unwrap_or_default();
    let kept = match retake.as_slice() {
        [Photo::Face] => Some(Photo::Id),
        [Photo::Id] => Some(Photo::Face),
        _ => None,
    };
    Screen::FixPhoto {
        reasons: reasons(state),
        retake,
        kept,
        may_correct_name: may_correct_name(state),
        may_resubmit: may_resubmit(state),
        id_types: id_types(state),
        busy: state.busy,
        trouble: state.trouble.clone(),
    }
}

/// Is the name all that was wrong?
pub fn may_correct_name(state: &State) -> bool {
    let reasons = state.profile.as_ref().map(|profile| profile.reasons.as_slice()).unwrap_or_default();
    matches!(reasons, [only] if only.code == Reason::NameMismatch)
}

/// May the learner try again at all?
pub fn may_resubmit(state: &State) -> bool {
    state.profile.as_ref().is_some_and(|profile| profile.may_resubmit)
}

fn slot(state: &State, photo: Photo) -> PhotoSlot {
    match state.draft.shot(photo) {
        Some(shot) => PhotoSlot::Taken { picture: shot.picture.clone() },
        None if state.draft.needs(photo) => PhotoSlot::Missing,
        None => PhotoSlot::Kept,
    }
}

fn camera(state: &State, mirrored: bool) -> CameraView {
    let (view_state, trouble) = match &state.camera.state {
        CameraNow::Off => (CameraViewState::Off, None),
        CameraNow::Starting => (CameraViewState::Starting, None),
        CameraNow::Asking => (CameraViewState::Asking, None),
        CameraNow::Live => (CameraViewState::Live, None),
        CameraNow::Trouble(code) => (CameraViewState::Trouble, Some(Trouble::plain(code))),
    };
    let live = state.camera.state == CameraNow::Live;
    CameraView {
        state: view_state,
        stream: state.camera.stream.clone(),
        mirrored,
        aspect: state.camera.aspect,
        trouble,
        name: state.camera.name.clone(),
        finding: finding(state).filter(|_| live),
        card: card_sight(state),
        cameras: state.camera.choices.clone(),
        other: other_camera(state),
        has_settings_page: settings_page().is_some() && state.visit.is_none(),
    }
}

/// What the picture lacks. While a photo is guided, the light has a hint of its own.
fn finding(state: &State) -> Option<CameraFinding> {
    let guided = matches!(state.place, Place::Capture(_));
    let of_light = |finding: &CameraFinding| matches!(finding, CameraFinding::Covered | CameraFinding::Glaring);
    state.camera.finding.filter(|finding| !guided || !of_light(finding))
}

/// The system's own page about camera permission. Linux has none: who may use a camera is decided by groups.
pub fn settings_page() -> Option<&'static str> {
    match SYSTEM {
        System::Macos => Some("x-apple.systempreferences:com.apple.preference.security?Privacy_Camera"),
        System::Windows => Some("ms-settings:privacy-webcam"),
        System::Linux => None,
    }
}

/// The camera to offer when this one is in trouble: one that nothing speaks against, else nothing is offered and the learner chooses.
fn other_camera(state: &State) -> Option<String> {
    let others = state.camera.choices.iter().filter(|choice| !choice.chosen);
    others.min_by_key(|choice| (choice.remark.is_some(), choice.practice)).map(|choice| choice.key.clone())
}

/// How well the live camera can show an ID: said before one is held up, so that nobody tries in vain. A practice learner's card is drawn.
fn card_sight(state: &State) -> Option<CardSight> {
    let asked = state.draft.needs(Photo::Id) && state.place != Place::Capture(Photo::Face);
    let dpi = state.camera.card_dpi;
    let clear = state.camera.state == CameraNow::Live && state.camera.finding.is_none();
    (clear && asked && dpi > 0).then(|| CardSight { dpi, centimetres: state.camera.card_cm, grade: card_grade(dpi) })
}

/// What a resolution is worth on an ID.
pub fn card_grade(dpi: u32) -> CardGrade {
    match dpi {
        PLENTY_DPI.. => CardGrade::Plenty,
        ENOUGH_DPI.. => CardGrade::Enough,
        _ => CardGrade::TooLittle,
    }
}

/// Must the card be beside the face in this photo?
pub fn with_card(state: &State, photo: Photo) -> bool {
    photo == Photo::Face && state.draft.two_sides == Some(true)
}

fn id_types(state: &State) -> Vec<String> {
    state
        .policy
        .as_ref()
        .map(|policy| policy.id_types.iter().map(|kind| kind.label.clone()).collect())
        .unwrap_or_default()
}

fn reasons(state: &State) -> Vec<ReasonView> {
    state.profile.as_ref().map(|profile| profile.reasons.iter().map(reason).collect()).unwrap_or_default()
}

fn reasons_about(state: &State, photo: Photo) -> Vec<ReasonView> {
    if state.draft.continues.is_none() {
        return Vec::new();
    }
    reasons(state).into_iter().filter(|reason| reason.photo.is_none_or(|about| about == photo)).collect()
}

fn reason(notice: &ReasonNotice) -> ReasonView {
    ReasonView {
        code: notice.code.as_str().replace('_', "-"),
        photo: match notice.photo {
            Concern::Face => Some(Photo::Face),
            Concern::Id => Some(Photo::Id),
            Concern::Both | Concern::Name => None,
        },
        note: notice.note.clone(),
    }
}

fn profile_status(status: Status) -> ProfileStatus {
    match status {
        Status::None => ProfileStatus::None,
        Status::InReview => ProfileStatus::InReview,
        Status::Approved => ProfileStatus::Approved,
        Status::Rejected => ProfileStatus::Rejected,
        Status::Expired => ProfileStatus::Expired,
        Status::Unknown => ProfileStatus::Unknown,
    }
}

impl Trouble {
    /// A code and nothing more.
    pub fn plain(code: &str) -> Self {
        Self { code: code.to_owned(), field: None, number: None, request_id: None }
    }

    /// A code that belongs to an input.
    pub fn at(field: &str, code: &str) -> Self {
        Self { field: Some(field.to_owned()), ..Self::plain(code) }
    }
}

impl From<Hand> for likeness_capture::Hand {
    fn from(hand: Hand) -> Self {
        match hand {
            Hand::Left => Self::Left,
            Hand::Right => Self::Right,
        }
    }
}

impl Mode {
    /// Is this practice mode?
    pub fn is_practice(self) -> bool {
        self == Self::Practice
    }
}

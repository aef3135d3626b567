//! What happened elsewhere, and what it means here. Answers carry the number they were asked under; older ones are dropped.

use likeness_account::{Account, AccountError, AppLink, Auth};
use likeness_camera::{CameraState, Device, Findings};
use likeness_capture::CapturedPhoto;
use likeness_protocol::discovery::Invitation;
use likeness_protocol::practice::PracticeMails;
use likeness_protocol::problem::Code;
use likeness_protocol::verification::{ConsentReceipt, Policy, ProfileStatus, Receipt, Status};
use likeness_remote::RemoteError;
use likeness_submission::{OpenSession, SendError, SendNews, SubmissionError};

use crate::actor::Owner;
use crate::draw::milliseconds;
use crate::errands;
use crate::joining;
use crate::settings::SettingsNews;
use crate::state::{Place, Shot};
use crate::view::{MailView, Photo, Progress, SendPhase, Trouble};

/// Is a browser out?
fn waits_for_browser(auth: &Auth) -> bool {
    matches!(auth, Auth::AwaitingBrowser(_) | Auth::SignedIn { browser: Some(_), .. })
}

/// Longest side of a review picture: as much as the live picture shows, and no more in the window's memory.
const REVIEW_SIDE_PX: u16 = 1280;

/// Something that happened.
pub enum News {
    /// The sign-in changed.
    Auth(Auth),
    /// The silent sign-in is over.
    Restored,
    /// The server said what it is.
    Policy(Result<Policy, RemoteError>),
    /// The server said which social accounts it offers.
    Social(Vec<String>),
    /// A link of the app's own scheme was opened outside.
    Knocked(AppLink),
    /// The server said who invites whom.
    Invitation {
        /// Its number.
        attempt: u64,
        /// What it said.
        result: Result<Invitation, RemoteError>,
    },
    /// The sign-in that was asked for ended.
    SignedIn {
        /// Its number.
        attempt: u64,
        /// How.
        result: Result<(), AccountError>,
    },
    /// The profile's status was read.
    Status {
        /// The account it was asked for.
        of: String,
        /// What the server said.
        result: Result<ProfileStatus, RemoteError>,
    },
    /// The consent was recorded.
    Consent {
        /// Its number.
        attempt: u64,
        /// How it went.
        result: Result<ConsentReceipt, SubmissionError>,
    },
    /// The capture session was opened.
    Session {
        /// Its number.
        attempt: u64,
        /// How it went.
        result: Result<OpenSession, SubmissionError>,
    },
    /// The camera changed.
    Camera {
        /// What it does.
        state: CameraState,
        /// What its pictures show.
        findings: Findings,
    },
    /// A kiosk looks at the time.
    Tick,
    /// The computer was asleep.
    Woke,
    /// The system names other cameras than before.
    CamerasChanged,
    /// The cameras were listed.
    Cameras {
        /// The number of the list.
        number: u64,
        /// Every camera.
        devices: Vec<Device>,
    },
    /// A photo was taken.
    Photo {
        /// Number of its capture.
        attempt: u64,
        /// The photo.
        photo: CapturedPhoto,
    },
    /// Sending moved on.
    Sending {
        /// Its number.
        attempt: u64,
        /// How.
        news: SendNews,
    },
    /// Sending ended.
    Sent {
        /// Its number.
        attempt: u64,
        /// How.
        result: Result<Receipt, SendError>,
    },
    /// Something pressed in the settings was answered.
    Setting {
        /// Its number.
        attempt: u64,
        /// What came of it.
        news: SettingsNews,
    },
    /// The practice mailbox was read.
    Mails(Result<PracticeMails, RemoteError>),
}

impl Owner {
    /// Takes note.
    pub fn learn(&mut self, news: News) {
        match news {
            News::Auth(auth) => self.learn_auth(auth),
            News::Restored => self.learn_restored(),
            News::Policy(Ok(policy)) => {
                self.camera.obey(policy.camera.virtual_cameras);
                self.state.policy = Some(policy);
                self.state.offline = false;
            }
            News::Policy(Err(error)) => {
                tracing::warn!(code = error.code(), asked = "policy");
                self.state.offline = error.is_offline();
            }
            News::Social(offered) => self.state.social = offered,
            // A guest opens no links: what comes in is another program's.
            News::Knocked(_) if self.kiosk.is_some() => {}
            News::Knocked(link) => self.knocked(link),
            News::Invitation { attempt, result } if attempt == self.attempt => self.learn_invitation(result),
            News::SignedIn { attempt, result } if attempt == self.attempt => self.learn_sign_in(result),
            News::Status { of, result } if self.signed_in_is(&of) => self.learn_status(result),
            News::Consent { attempt, result } if attempt == self.attempt => {
                self.state.busy = false;
                match result {
                    Ok(receipt) => {
                        self.state.draft.consent = Some(receipt);
                        self.state.place = self.state.next_step();
                    }
                    Err(SubmissionError::Remote(error)) => self.refused(&error),
                    Err(error) => self.state.trouble = Some(Trouble::plain(error.code())),
                }
            }
            News::Session { attempt, result } if attempt == self.attempt => self.learn_session(result),
            News::Camera { state, findings } if self.state.wants_camera() => {
                self.camera.note_state(&mut self.state, &state, findings);
            }
            News::Tick => self.tick(),
            // Whoever sat before a kiosk that slept is not there any more.
            News::Woke if self.kiosk.is_some() && !self.state.upload_in_flight() => self.end_visit(),
            News::Woke => self.wake(),
            News::CamerasChanged => self.camera.list(),
            News::Cameras { number, devices } => self.camera.note_devices(&mut self.state, number, devices),
            News::Photo { attempt, photo } if attempt == self.camera.attempt() => self.learn_photo(photo),
            News::Sending { attempt, news } if attempt == self.attempt => self.learn_sending(&news),
            News::Sent { attempt, result } if attempt == self.attempt => self.learn_sent(result),
            News::Setting { attempt, news } => self.learn_setting(attempt, news),
            News::Mails(result) => match result {
                Ok(mails) => {
                    self.state.mails = mails.mails.into_iter().map(mail_view).collect();
                    self.state.trouble = None;
                }
                Err(error) => self.refused(&error),
            },
            News::SignedIn { .. }
            | News::Invitation { .. }
            | News::Status { .. }
            | News::Consent { .. }
            | News::Session { .. }
            | News::Camera { .. }
            | News::Photo { .. }
            | News::Sending { .. }
            | News::Sent { .. } => tracing::debug!(code = "late-answer"),
        }
    }

    /// Shows what went wrong with what was pressed.
    pub fn refused(&mut self, error: &RemoteError) {
        tracing::warn!(code = error.code());
        let problem = error.problem();
        self.state.trouble = Some(Trouble {
            code: joining::hinted(error, &self.state.auth).unwrap_or(error.code()).to_owned(),
            field: None,
            number: error.retry_after().map(minutes),
            request_id: problem.map(|problem| problem.request_id.clone()),
        });
        if matches!(error, RemoteError::SignedOut) {
            self.state.place = Place::SignIn;
        }
        // The text has changed since it was shown: it is shown again, and agreed to again.
        if error.is(Code::ConsentStale) || error.is(Code::ConsentRequired) {
            self.state.draft.consent = None;
            self.state.place = self.state.next_step();
            errands::read_policy(self);
        }
    }

    /// Takes note of where the sign-in stands.
    pub fn learn_auth(&mut self, auth: Auth) {
        if self.kiosk.is_some() {
            return self.learn_guest(auth);
        }
        let was_in = matches!(self.state.auth, Auth::SignedIn { .. } | Auth::SigningOut);
        if let Auth::SignedIn { account, .. } = &auth {
            self.note_owner(&account.id);
        }
        match &auth {
            Auth::WaitingForKeyring
                if matches!(self.state.place, Place::Starting | Place::SignIn | Place::Organisation) =>
            {
                self.state.place = Place::WaitingForKeyring;
                // The wait has its own way out, which must be open while the sign-in is not over.
                self.state.busy = false;
            }
            Auth::SignedOut { .. } if self.is_gone(&auth) => {}
            Auth::SignedOut { .. } if was_in => {
                self.state.settings.close();
                // What was photographed stays: the same learner may sign in again and go on. What was under way for
                // this sign-in ends with it, and its answers come too late: sending must not go on behind the screen.
                self.next_attempt();
                self.sender = None;
                self.state.sending = None;
                self.state.place = Place::SignIn;
                self.state.profile = None;
                self.state.trouble = None;
                self.state.busy = false;
                self.go_on_if_invited();
            }
            // What was begun on the sign-in screen and came to nothing leads back there; why not is said by what was pressed.
            Auth::SignedOut { .. }
                if self.state.place == Place::Organisation
                    && self.state.joining.began_at_sign_in()
                    && !matches!(self.state.auth, Auth::SignedOut { .. }) =>
            {
                self.state.place = Place::SignIn;
            }
            Auth::AwaitingBrowser(_) | Auth::Interaction(_) if self.state.place == Place::SignIn => {
                self.state.joining.not_by_password = self.state.joining.social.is_none();
                self.state.place = Place::Organisation;
            }
            Auth::SignedOut { .. } if self.state.place == Place::WaitingForKeyring => self.state.place = Place::Welcome,
            // Somebody who is in already has only become better known; who has just pressed "Sign out" is not led back.
            Auth::SignedIn { .. }
                if !was_in
                    && matches!(
                        self.state.place,
                        Place::Starting | Place::WaitingForKeyring | Place::SignIn | Place::Organisation
                    ) =>
            {
                if self.state.place == Place::Organisation && self.state.joining.invited {
                    self.state.invitation = None;
                }
                self.state.place = Place::Home;
                self.state.busy = false;
                errands::read_status(self);
            }
            _ => {}
        }
        if waits_for_browser(&self.state.auth) && !waits_for_browser(&auth) {
            (self.doors.to_front)();
        }
        self.state.auth = auth;
    }

    fn signed_in_is(&self, account_id: &str) -> bool {
        matches!(&self.state.auth, Auth::SignedIn { account, .. } if account.id == account_id)
    }

    /// What one learner typed and photographed is never shown to another, nor sent in another's name.
    fn note_owner(&mut self, account: &str) {
        if self.state.draft_of.as_deref().is_some_and(|known| known != account) {
            self.forget_draft();
        }
        self.state.draft_of = Some(account.to_owned());
    }

    fn learn_restored(&mut self) {
        // This news may overtake the one of the sign-in itself; nobody who is signed in is sent to the beginning.
        if let Some(auth) = self.account.as_ref().map(Account::snapshot) {
            self.learn_auth(auth);
        }
        if self.state.place == Place::Starting && self.state.trouble.is_none() {
            self.state.place = Place::Welcome;
        }
    }

    fn learn_sign_in(&mut self, result: Result<(), AccountError>) {
        self.state.busy = false;
        if result.is_err() {
            self.guest_did_not_come();
        }
        match result {
            Ok(()) => self.state.trouble = None,
            Err(AccountError::Remote(error)) => {
                self.refused(&error);
                self.forget_if_over(&error);
            }
            Err(error) => self.state.trouble = Some(Trouble::plain(error.code())),
        }
    }

    fn learn_status(&mut self, result: Result<ProfileStatus, RemoteError>) {
        self.state.busy = false;
        match result {
            Ok(profile) => {
                self.state.offline = false;
                if self.state.draft.name.is_empty() {
                    self.state.draft.name = profile.full_name.clone().unwrap_or_default();
                }
                if self.state.place == Place::FixPhoto && profile.status != Status::Rejected {
                    self.state.place = Place::Home;
                }
                self.state.profile = Some(profile);
            }
            Err(error) if error.is_offline() => self.state.offline = true,
            Err(error) => {
                tracing::warn!(code = error.code(), asked = "status");
                if self.state.place == Place::Home {
                    self.refused(&error);
                }
            }
        }
    }

    fn learn_session(&mut self, result: Result<OpenSession, SubmissionError>) {
        self.state.busy = false;
        match result {
            Ok(session) => {
                self.state.draft.session = Some(session);
                self.state.trouble = None;
                self.state.place = self.state.next_step();
            }
            Err(SubmissionError::Remote(error)) => self.refused(&error),
            Err(error) => self.state.trouble = Some(Trouble::plain(error.code())),
        }
        // A camera screen without a session has no camera, and no room to say why.
        if self.state.wants_camera() && self.state.draft.session.is_none() {
            self.state.place = Place::IdLayout;
        }
    }

    fn learn_photo(&mut self, photo: CapturedPhoto) {
        let Place::Capture(kind) = self.state.place else { return };
        // The server would refuse it later, with the other photo: the session is renewed, and the learner is still before the camera.
        if self.session_is_over() {
            tracing::info!(code = "photo-too-late");
            return;
        }
        match photo.review_jpeg(REVIEW_SIDE_PX) {
            Ok(jpeg) => {
                tracing::info!(code = "photo-taken", photo = kind.kind().as_str(), sha256 = photo.sha256_hex());
                self.forget_shot(kind);
                self.state.photos_anew = false;
                let picture = self.pictures.put(jpeg);
                self.state.draft.replace_shot(kind, Some(Shot { photo, picture }));
                self.state.place = Place::Review(kind);
            }
            Err(error) => {
                // The very bytes that would be sent cannot be shown: such a photo is not one.
                tracing::error!(code = "photo-not-shown", %error);
                self.camera.reopen(&mut self.state);
            }
        }
    }

    fn learn_sending(&mut self, news: &SendNews) {
        let Some(sending) = &mut self.state.sending else { return };
        match *news {
            SendNews::Progress { photo, acknowledged_bytes, total_bytes } => {
                let progress = Some(Progress { sent_bytes: acknowledged_bytes, total_bytes });
                match Photo::from_kind(photo) {
                    Photo::Face => sending.face = progress,
                    Photo::Id => sending.id = progress,
                }
                sending.phase = SendPhase::Uploading;
                self.state.trouble = None;
            }
            SendNews::Submitting => {
                sending.phase = SendPhase::Submitting;
                self.state.trouble = None;
            }
            SendNews::Waiting { code } => {
                sending.phase = SendPhase::Waiting;
                self.state.trouble = Some(Trouble::plain(code));
            }
            SendNews::Paused => sending.phase = SendPhase::Paused,
        }
    }

    fn learn_sent(&mut self, result: Result<Receipt, SendError>) {
        self.sender = None;
        match result {
            Ok(receipt) => {
                tracing::info!(code = "profile-received", reference = receipt.reference);
                self.forget_photos();
                let name = std::mem::take(&mut self.state.draft.name);
                let document = self.state.draft.document;
                let two_sides = self.state.draft.two_sides;
                let consent = self.state.draft.consent.take();
                self.state.draft =
                    crate::state::Draft { name, consent, document, two_sides, ..crate::state::Draft::default() };
                self.note_in_review(&receipt);
                self.state.receipt = Some(receipt);
                self.state.sending = None;
                self.state.trouble = None;
                self.state.place = Place::Sent;
                errands::read_status(self);
            }
            Err(error) => self.learn_send_error(&error),
        }
    }

    /// The receipt says where the profile stands; the screen must not ask for it again when the status cannot be read.
    fn note_in_review(&mut self, receipt: &Receipt) {
        let profile = self.state.profile.get_or_insert_with(ProfileStatus::nothing_sent);
        if profile.submission.as_ref() == Some(&receipt.id) {
            return;
        }
        profile.status = receipt.status;
        profile.submission = Some(receipt.id.clone());
        profile.reference = Some(receipt.reference.clone());
        profile.reasons.clear();
        profile.retake.clear();
        profile.submitted_at = None;
        profile.decided_at = None;
    }

    fn learn_send_error(&mut self, error: &SendError) {
        tracing::warn!(code = error.code());
        self.state.sending = None;
        self.state.trouble = Some(Trouble { request_id: error.request_id(), ..Trouble::plain(error.code()) });
        if let Some(kind) = error.photo_refused() {
            // The server's own look said no to this photo: it has to be taken again.
            self.forget_shot(Photo::from_kind(kind));
            if let Some(trouble) = &mut self.state.trouble {
                trouble.field = Some(kind.as_str().to_owned());
            }
            self.state.place = Place::CheckAnswers;
        } else if error.session_is_over() {
            // Photos belong to their session, so they are taken anew in a new one.
            self.forget_photos();
            self.state.draft.session = None;
            self.state.place = Place::IdLayout;
            if error.code() == Code::VirtualCamera.as_str() {
                // The rule is stricter than it was when it was read: it is read again, and the camera is looked at before the next photo.
                self.state.draft.camera_checked = false;
                errands::read_policy(self);
            }
        } else if matches!(self.state.auth, Auth::SignedOut { .. }) {
            // Photos and answers stay; after the sign-in the learner goes on from Home.
            self.state.place = Place::SignIn;
        } else {
            self.state.place = Place::CheckAnswers;
        }
    }
}

fn mail_view(mail: likeness_protocol::practice::PracticeMail) -> MailView {
    MailView { to: mail.to, subject: mail.subject, body: mail.body, at_ms: milliseconds(mail.written_at) }
}

fn minutes(wait: std::time::Duration) -> u32 {
    u32::try_from(wait.as_secs().div_ceil(60)).unwrap_or(u32::MAX)
}

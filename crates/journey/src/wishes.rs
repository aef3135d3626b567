//! What a press does, screen by screen. A press the screen does not offer is refused and changes nothing.

use likeness_account::MemoryReason;
use likeness_capture::CaptureRun;
use likeness_submission::FullName;

use crate::actor::Owner;
use crate::draw::{home_action, may_correct_name, may_resubmit, memory_only, settings_page, with_card};
use crate::errands;
use crate::intent::{Change, Intent, Link, Refusal};
use crate::settings::Page;
use crate::state::{CameraNow, Place};
use crate::view::{HomeAction, Photo, SendPhase, Trouble};

/// Whether a press was possible.
type Granted = Result<(), Refusal>;

impl Owner {
    /// Does what was pressed, or refuses.
    pub fn grant(&mut self, intent: Intent) -> Granted {
        if !self.press_at_kiosk(&intent) {
            return Err(Refusal::WrongScreen);
        }
        match intent {
            Intent::UiReady | Intent::StillHere => Ok(()),
            Intent::Go => self.go(),
            Intent::Back => self.back(),
            Intent::Change(what) => self.change(what),
            Intent::SignIn { email, password } => self.on(Place::SignIn, |owner| {
                email.trim().clone_into(&mut owner.state.email);
                errands::sign_in(owner, password);
            }),
            Intent::UsePracticeAccount { email } => self.use_practice_account(&email),
            Intent::Joining(wish) => self.grant_joining(wish),
            Intent::Invitation(wish) => self.grant_invitation(wish),
            Intent::SignOut => self.sign_out(),
            Intent::SkipKeyring => self.on(Place::WaitingForKeyring, |owner| {
                if let Some(account) = &owner.account {
                    account.skip_keyring();
                }
            }),
            Intent::RetryKeyring => {
                let may_help = memory_only(&self.state).is_some_and(MemoryReason::may_unlock);
                self.offered(may_help, |owner| errands::retry_keyring(owner))
            }
            Intent::SetName { name } => self.on(Place::Name, |owner| owner.set_name(name)),
            Intent::GiveConsent => self.on(Place::Consent, errands::give_consent),
            Intent::ChooseDocument(document) => {
                self.on(Place::IdLayout, |owner| owner.state.draft.document = Some(document))
            }
            Intent::ChooseIdLayout { two_sides } => self.choose_id_layout(two_sides),
            Intent::TurnOnCamera => self.turn_on_camera(),
            Intent::ChooseCamera { key } => self.choose_camera(key),
            Intent::OpenCameraSettings => self.open_camera_settings(),
            Intent::TakePhoto => self.capturing(CaptureRun::shutter),
            Intent::CancelCountdown => self.capturing(CaptureRun::cancel_countdown),
            Intent::UseAnyway => self.capturing(CaptureRun::take_anyway),
            Intent::ChooseHand(hand) => {
                let asked = self.state.place == Place::Capture(Photo::Face) && with_card(&self.state, Photo::Face);
                self.offered(asked, |owner| owner.state.hand = hand)
            }
            Intent::Retake => self.reviewing(|owner, photo| {
                owner.forget_shot(photo);
                owner.state.place = Place::Capture(photo);
            }),
            Intent::AcceptPhoto => self.reviewing(|owner, photo| {
                owner.state.draft.accept(photo);
                owner.state.place = owner.state.next_step();
            }),
            Intent::Submit => self.on(Place::CheckAnswers, errands::submit),
            Intent::PauseUpload => self.sending(|owner| {
                if let Some(sender) = &owner.sender {
                    sender.pause();
                }
                owner.set_phase(SendPhase::Paused);
            }),
            Intent::RetryNow => self.sending(|owner| {
                if let Some(sender) = &owner.sender {
                    sender.go_on();
                }
                owner.state.trouble = None;
                owner.set_phase(SendPhase::Uploading);
            }),
            Intent::ConfirmName => {
                let asked = self.state.doubts_name();
                self.offered(asked, |owner| owner.state.draft.name_confirmed = true)
            }
            Intent::CorrectName if self.state.doubts_name() => {
                self.reviewing(|owner, _| owner.state.place = Place::Name)
            }
            Intent::CorrectName if !may_correct_name(&self.state) => Err(Refusal::WrongScreen),
            Intent::CorrectName => self.on(Place::FixPhoto, |owner| {
                owner.state.draft.correct_name_only = true;
                owner.state.draft.name_set = false;
                owner.start_repair();
                owner.state.place = Place::Name;
            }),
            Intent::OpenLink(link) => self.offered(self.state.policy.is_some(), |owner| owner.open_link(link)),
            Intent::ReadPracticeMail => self.read_mail(),
            Intent::OpenReviewDesk => {
                let desk = self.desk.as_ref().filter(|_| self.state.place == Place::Home);
                let link = (desk.ok_or(Refusal::WrongScreen)?.review_link)();
                let open_link = self.doors.open_link.clone();
                tokio::spawn(async move {
                    if let Some(link) = link.await {
                        open_link(&link);
                    }
                });
                Ok(())
            }
            Intent::CopyReference if !matches!(self.state.place, Place::Home | Place::Sent) => {
                Err(Refusal::WrongScreen)
            }
            Intent::CopyReference => {
                let reference = self.state.receipt.as_ref().map(|receipt| receipt.reference.clone());
                let reference =
                    reference.or_else(|| self.state.profile.as_ref().and_then(|profile| profile.reference.clone()));
                reference.map_or(Err(Refusal::WrongScreen), |reference| {
                    (self.doors.copy_text)(&reference);
                    Ok(())
                })
            }
            Intent::Settings(wish) => self.grant_setting(wish),
            Intent::Quit => {
                (self.doors.quit)();
                Ok(())
            }
        }
    }

    fn go(&mut self) -> Granted {
        self.state.trouble = None;
        match self.state.place {
            Place::Welcome => {
                self.state.camera_seen = self.camera.any_present();
                self.state.place = Place::BeforeYouBegin;
            }
            Place::BeforeYouBegin if self.kiosk.is_some() => self.begin_guest(),
            Place::Guest if !self.state.busy => self.begin_guest(),
            Place::BeforeYouBegin => self.state.place = Place::SignIn,
            Place::Home => return self.go_from_home(),
            Place::CameraCheck if self.state.camera.state == CameraNow::Live => {
                self.state.draft.camera_checked = true;
                self.state.place = self.state.next_step();
            }
            // What was taken for this repair already is kept: the learner came back from a look at the status.
            Place::FixPhoto if self.state.repairing() => self.state.place = self.state.next_step(),
            Place::FixPhoto if !self.state.busy && may_resubmit(&self.state) => {
                self.state.draft.correct_name_only = false;
                self.start_repair();
                errands::open_session(self);
            }
            // The profile went in from elsewhere, or counts already: what is left is to look at where it stands.
            Place::CheckAnswers if !self.state.busy => {
                self.state.place = Place::Home;
                errands::read_status(self);
            }
            Place::Mailbox if !self.state.signed_in() => return self.back(),
            Place::Settings(Page::Gone) => self.state.place = Place::Welcome,
            Place::Sent | Place::Mailbox => {
                self.state.place = Place::Home;
                errands::read_status(self);
            }
            _ => return Err(Refusal::WrongScreen),
        }
        Ok(())
    }

    fn go_from_home(&mut self) -> Granted {
        match home_action(&self.state) {
            Some(HomeAction::Start | HomeAction::Continue) => self.state.place = self.state.next_step(),
            Some(HomeAction::SeeProgress) => self.state.place = Place::Sending,
            Some(HomeAction::Fix) => self.state.place = Place::FixPhoto,
            Some(HomeAction::Refresh) => errands::read_status(self),
            None => return Err(Refusal::WrongScreen),
        }
        Ok(())
    }

    fn back(&mut self) -> Granted {
        let place = self.state.step_back().ok_or(Refusal::WrongScreen)?;
        self.state.trouble = None;
        if self.state.place == Place::Guest {
            self.leave_guest();
        }
        if matches!(self.state.place, Place::Settings(_)) {
            self.state.settings.leave_page();
        }
        if self.state.place == Place::Invitation
            && self.state.invitation.as_ref().is_some_and(|held| held.view().is_none())
        {
            // What could not be read is not worth keeping.
            self.state.invitation = None;
        }
        self.state.place = place;
        Ok(())
    }

    fn change(&mut self, what: Change) -> Granted {
        let kept = |photo| !self.state.draft.needs(photo);
        if (what == Change::Face && kept(Photo::Face)) || (what == Change::Id && kept(Photo::Id)) {
            return Err(Refusal::WrongScreen);
        }
        self.on(Place::CheckAnswers, |owner| match what {
            Change::Name => owner.state.place = Place::Name,
            Change::Document => owner.state.place = Place::IdLayout,
            Change::Face | Change::Id => {
                let photo = if what == Change::Face { Photo::Face } else { Photo::Id };
                owner.forget_shot(photo);
                owner.state.place = Place::Capture(photo);
            }
        })
    }

    fn use_practice_account(&mut self, email: &str) -> Granted {
        let accounts = self.desk.as_ref().map(|desk| desk.accounts.as_slice()).unwrap_or_default();
        let known = accounts.iter().find(|account| account.email == email).ok_or(Refusal::WrongScreen)?;
        let password = known.password.clone();
        let email = known.email.clone();
        self.on(Place::SignIn, |owner| {
            owner.state.email = email;
            errands::sign_in(owner, password);
        })
    }

    fn sign_out(&mut self) -> Granted {
        if self.kiosk.is_some() {
            let may = self.state.signed_in() && !self.state.upload_in_flight();
            return self.offered(may, Self::end_visit);
        }
        if self.state.profile_on_its_way() || !self.state.signed_in() {
            return Err(Refusal::WrongScreen);
        }
        self.forget_draft();
        self.state.place = Place::SignIn;
        errands::sign_out(self);
        Ok(())
    }

    fn set_name(&mut self, name: String) {
        match FullName::parse(&name) {
            Ok(name) => {
                self.state.draft.take_name(name.as_str());
                self.state.trouble = None;
                if self.state.draft.correct_name_only && self.state.draft.session.is_none() {
                    errands::open_session(self);
                } else {
                    self.state.place = self.state.next_step();
                }
            }
            Err(error) => {
                self.state.draft.name = name;
                self.state.draft.name_set = false;
                self.state.trouble = Some(Trouble::at("full-name", error.code()));
            }
        }
    }

    fn choose_id_layout(&mut self, two_sides: bool) -> Granted {
        if self.state.place != Place::IdLayout || self.state.draft.document.is_none() || self.state.busy {
            return Err(Refusal::WrongScreen);
        }
        if self.state.draft.two_sides != Some(two_sides) {
            // Another layout means other photos, and a session of its own.
            self.forget_photos();
            self.state.draft.session = None;
        }
        self.state.draft.two_sides = Some(two_sides);
        if self.state.draft.session.is_some() {
            self.state.place = self.state.next_step();
        } else {
            errands::open_session(self);
        }
        Ok(())
    }

    fn turn_on_camera(&mut self) -> Granted {
        if !self.state.wants_camera() {
            return Err(Refusal::WrongScreen);
        }
        self.camera.reopen(&mut self.state);
        Ok(())
    }

    fn choose_camera(&mut self, key: String) -> Granted {
        if !self.state.wants_camera() || !self.state.camera.choices.iter().any(|choice| choice.key == key) {
            return Err(Refusal::WrongScreen);
        }
        self.camera.choose(&mut self.state, key);
        Ok(())
    }

    fn open_camera_settings(&mut self) -> Granted {
        let page = settings_page().filter(|_| self.state.wants_camera()).ok_or(Refusal::WrongScreen)?;
        (self.doors.open_link)(page);
        Ok(())
    }

    fn read_mail(&mut self) -> Granted {
        let readable = match self.state.place {
            Place::Home | Place::Mailbox | Place::Settings(Page::Email | Page::Forgotten) => true,
            Place::Organisation => self.state.waits_for_mailed_code(),
            _ => false,
        };
        if self.desk.is_none() || !readable {
            return Err(Refusal::WrongScreen);
        }
        if self.state.place != Place::Mailbox {
            self.state.behind_mailbox = Some(self.state.place);
            self.state.place = Place::Mailbox;
        }
        errands::read_mails(self);
        Ok(())
    }

    fn open_link(&self, link: Link) {
        let Some(provider) = self.state.policy.as_ref().map(|policy| &policy.provider) else { return };
        let address = match link {
            Link::Help => format!("mailto:{}", provider.help_address),
            Link::Privacy => provider.privacy_url.clone(),
            Link::Terms => provider.terms_url.clone(),
        };
        // Only these three schemes are ever handed to the system, whatever a server sends.
        if ["https://", "http://127.0.0.1", "mailto:"].iter().any(|safe| address.starts_with(safe)) {
            (self.doors.open_link)(&address);
        } else {
            tracing::warn!(code = "link-refused");
        }
    }

    /// Begins the repair of a rejected submission: the new session says which photos are to be taken.
    fn start_repair(&mut self) {
        self.forget_photos();
        let Some(profile) = self.state.profile.clone() else { return };
        let draft = &mut self.state.draft;
        draft.continues.clone_from(&profile.submission);
        draft.session = None;
        if draft.name.is_empty() {
            draft.name = profile.full_name.unwrap_or_default();
        }
        draft.name_set = !draft.correct_name_only;
        draft.two_sides = draft
            .two_sides
            .or_else(|| profile.id_layout.map(|layout| layout == likeness_protocol::verification::IdLayout::TwoSides));
        // After a restart the document is not known any more; a card is asked for, and the layout screen can change it.
        draft.document = draft.document.or(Some(crate::view::Document::Card));
        self.state.receipt = None;
        self.state.sending = None;
    }

    /// Throws a photo away and takes its picture off the shelf.
    pub fn forget_shot(&mut self, photo: Photo) {
        if let Some(shot) = self.state.draft.replace_shot(photo, None) {
            self.pictures.take_back(&shot.picture);
        }
    }

    /// Throws both photos away.
    pub fn forget_photos(&mut self) {
        self.forget_shot(Photo::Face);
        self.forget_shot(Photo::Id);
    }

    /// Throws every answer away.
    pub fn forget_draft(&mut self) {
        self.forget_photos();
        self.state.photos_anew = false;
        self.state.draft = crate::state::Draft::default();
        self.state.profile = None;
        self.state.receipt = None;
        self.state.sending = None;
        self.state.mails.clear();
        self.sender = None;
    }

    fn set_phase(&mut self, phase: SendPhase) {
        if let Some(sending) = &mut self.state.sending {
            sending.phase = phase;
        }
    }

    fn on(&mut self, place: Place, work: impl FnOnce(&mut Self)) -> Granted {
        if self.state.place != place || self.state.busy {
            return Err(Refusal::WrongScreen);
        }
        work(self);
        Ok(())
    }

    fn offered(&mut self, offered: bool, work: impl FnOnce(&mut Self)) -> Granted {
        if !offered {
            return Err(Refusal::WrongScreen);
        }
        work(self);
        Ok(())
    }

    fn reviewing(&mut self, work: impl FnOnce(&mut Self, Photo)) -> Granted {
        let Place::Review(photo) = self.state.place else { return Err(Refusal::WrongScreen) };
        work(self, photo);
        Ok(())
    }

    fn sending(&mut self, work: impl FnOnce(&mut Self)) -> Granted {
        self.on(Place::Sending, work)
    }

    fn capturing(&mut self, work: impl FnOnce(&CaptureRun)) -> Granted {
        self.camera.capture().map(work).ok_or(Refusal::WrongScreen)
    }
}

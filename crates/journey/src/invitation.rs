//! An invitation somebody opened: whose it is, for which address, and the one press that goes on with it.
//!
//! It is kept in memory while the app runs, also behind other screens, so that it can be opened again after whatever stood in its way; it is
//! forgotten when it was used, when it is over, and when nobody wants it. Its token is in no View and in no log.

use likeness_account::{AppLink, Auth, OrganisationWish, StepAnswer};
use likeness_protocol::discovery::Invitation;
use likeness_protocol::oauth::Next;
use likeness_protocol::problem::Code;
use likeness_protocol::text::Secret;
use likeness_remote::RemoteError;

use crate::actor::{Message, Owner};
use crate::errands;
use crate::intent::Refusal;
use crate::joining::Joining;
use crate::news::News;
use crate::state::{Place, State};
use crate::view::{InvitationView, Screen, Trouble};

/// One press about an invitation.
#[derive(Debug)]
pub enum InvitationWish {
    /// Show the one that is held again.
    Open,
    /// Go on with it, signing out first if need be.
    Accept,
    /// Forget it.
    Forget,
    /// One of practice mode's.
    Practice {
        /// Whom it was sent to, from the View.
        email: String,
    },
}

/// An invitation that was opened.
pub struct Held {
    secret: Secret,
    /// What the server says of it; `None` until it did.
    known: Option<Invitation>,
    /// Where its screen was opened from.
    behind: Place,
    /// It has not been shown yet: something was under way.
    waits: bool,
    /// The person is being signed out to go on with it.
    accepted: bool,
}

impl Held {
    /// Where its screen was opened from.
    pub fn behind(&self) -> Place {
        self.behind
    }

    /// Who invites whom, for the window.
    pub fn view(&self) -> Option<InvitationView> {
        self.known
            .as_ref()
            .map(|known| InvitationView { org: known.org.name.clone(), email_masked: known.email_masked.clone() })
    }

    /// Its token, if it goes with a sign-in through what was typed: another organisation has no use for it.
    pub fn secret_for(&self, input: &str) -> Option<Secret> {
        let domain = self.known.as_ref()?.domain.as_ref();
        let fits = domain.is_none_or(|domain| input.to_lowercase().contains(domain.as_str()));
        fits.then(|| self.secret.clone())
    }
}

impl State {
    /// May the screen be taken away to show an invitation? Not from what is under way, and not while a profile is: going on signs out.
    fn may_be_interrupted(&self) -> bool {
        match self.place {
            _ if self.busy || self.profile_on_its_way() => false,
            Place::Starting | Place::WaitingForKeyring => false,
            Place::Organisation => matches!(self.auth, Auth::SignedOut { .. }),
            _ => true,
        }
    }
}

/// Whose invitation can be opened again now.
pub fn reopenable(state: &State) -> Option<String> {
    let held = state.invitation.as_ref().filter(|_| !state.profile_on_its_way());
    held.and_then(Held::view).map(|invitation| invitation.org)
}

/// Draws the screen.
pub fn screen(state: &State) -> Screen {
    let signed_in_as = match &state.auth {
        Auth::SignedIn { account, .. } => account.email_masked(),
        _ => None,
    };
    Screen::Invitation {
        invitation: state.invitation.as_ref().and_then(Held::view),
        signed_in: state.signed_in(),
        loses_photos: state.would_lose_photos(),
        signed_in_as,
        busy: state.busy,
        trouble: state.trouble.clone(),
    }
}

impl Owner {
    /// Does what was pressed, or refuses.
    pub fn grant_invitation(&mut self, wish: InvitationWish) -> Result<(), Refusal> {
        if self.state.busy {
            return Err(Refusal::WrongScreen);
        }
        let here = self.state.place == Place::Invitation;
        match wish {
            InvitationWish::Open if !here && self.state.may_be_interrupted() => {
                let held = self.state.invitation.as_mut().ok_or(Refusal::WrongScreen)?;
                held.waits = true;
            }
            InvitationWish::Accept if here => return self.accept_invitation(),
            InvitationWish::Forget if self.state.invitation.is_some() => {
                if here && let Some(place) = self.state.step_back() {
                    self.state.place = place;
                }
                self.state.trouble = None;
                self.state.invitation = None;
            }
            InvitationWish::Practice { email } if self.state.place == Place::SignIn => {
                let invitations = self.desk.as_ref().map(|desk| desk.invitations.as_slice()).unwrap_or_default();
                let link = invitations.iter().find(|invitation| invitation.email == email).map(|found| &found.link);
                match link.and_then(|link| AppLink::read(link)) {
                    Some(AppLink::Invitation(secret)) => self.take_invitation(secret),
                    _ => return Err(Refusal::WrongScreen),
                }
            }
            _ => return Err(Refusal::WrongScreen),
        }
        Ok(())
    }

    /// Takes what came from outside, from another program.
    pub fn knocked(&mut self, link: AppLink) {
        match (link, &self.account) {
            (AppLink::Invitation(secret), Some(_)) => {
                (self.doors.to_front)();
                self.take_invitation(secret);
            }
            (AppLink::Callback(query), Some(account)) => account.came_back(query),
            (_, None) => {}
        }
    }

    /// Takes an invitation: straight into the step that asks for one, else its screen is shown as soon as nothing is under way.
    pub fn take_invitation(&mut self, secret: Secret) {
        let asked = matches!(&self.state.auth, Auth::Interaction(unproven) if matches!(unproven.next, Next::InvitationRequired { .. }));
        if asked && self.state.place == Place::Organisation && !self.state.busy {
            if let Some(account) = self.account.clone() {
                let answer = StepAnswer::Invitation { code: secret };
                self.ask_account(account, |account| async move { account.answer_step(answer).await });
            }
            return;
        }
        self.state.invitation = Some(Held { secret, known: None, behind: Place::SignIn, waits: true, accepted: false });
    }

    /// Shows an invitation that waits, if nothing is under way, and asks the server about it.
    pub fn show_invitation(&mut self) {
        if !self.state.may_be_interrupted() {
            return;
        }
        let (Some(held), Some(api)) = (self.state.invitation.as_mut().filter(|held| held.waits), self.api.clone())
        else {
            return;
        };
        held.waits = false;
        if self.state.place != Place::Invitation {
            held.behind = self.state.place;
        }
        let secret = held.secret.clone();
        self.state.place = Place::Invitation;
        self.state.busy = true;
        self.state.trouble = None;
        let attempt = self.next_attempt();
        let mailbox = self.mailbox.clone();
        tokio::spawn(async move {
            let result = api.read_invitation(&secret).await;
            // Without an owner the app is ending, and nobody needs the news.
            let _ = mailbox.send(Message::News(News::Invitation { attempt, result }));
        });
    }

    /// Takes note of what the server says of it.
    pub fn learn_invitation(&mut self, result: Result<Invitation, RemoteError>) {
        self.state.busy = false;
        match (result, self.state.invitation.as_mut()) {
            (Ok(known), Some(held)) => held.known = Some(known),
            (Ok(_), None) => {}
            (Err(error), _) if error.is(Code::NotFound) => {
                self.state.trouble = Some(Trouble::plain("invitation-link-unknown"));
            }
            (Err(error), _) => self.refused(&error),
        }
    }

    fn accept_invitation(&mut self) -> Result<(), Refusal> {
        let signed_in = self.state.signed_in();
        let held = self.state.invitation.as_mut().ok_or(Refusal::WrongScreen)?;
        if held.known.is_none() {
            // It could not be read; what was pressed is "try again".
            held.waits = true;
            return Ok(());
        }
        if !signed_in {
            self.go_on_invited();
            return Ok(());
        }
        held.accepted = true;
        self.forget_draft();
        errands::sign_out(self);
        self.state.busy = true;
        Ok(())
    }

    /// Goes on with an invitation for which somebody was just signed out.
    pub fn go_on_if_invited(&mut self) {
        if let Some(held) = self.state.invitation.as_mut().filter(|held| held.accepted) {
            held.accepted = false;
            self.go_on_invited();
        }
    }

    /// To the organisation that invites: straight to its page where it has a domain, else to the field for it.
    fn go_on_invited(&mut self) {
        let (Some(held), Some(account)) = (&self.state.invitation, self.account.clone()) else { return };
        let domain = held.known.as_ref().and_then(|known| known.domain.clone());
        let invitation = Some(held.secret.clone());
        self.state.place = Place::Organisation;
        self.state.trouble = None;
        let Some(domain) = domain else { return };
        self.state.organisation.clone_from(&domain);
        self.state.joining = Joining { invited: true, ..Joining::default() };
        let (wish, open) = (OrganisationWish { input: domain, invitation }, self.opener());
        self.ask_account(account, |account| async move { account.sign_in_browser(wish, open).await });
    }

    /// Forgets an invitation that can be used no more.
    pub fn forget_if_over(&mut self, error: &RemoteError) {
        if error.is(Code::InvitationUsed) || error.is(Code::InvitationExpired) {
            self.state.invitation = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use likeness_protocol::discovery::Organisation;
    use likeness_protocol::time::UnixMs;

    use crate::state::Sending;
    use crate::view::{Mode, Photo, SendPhase};

    #[test]
    fn an_invitation_takes_no_screen_away_from_what_is_under_way() {
        let signed_out = Auth::SignedOut { why: None, keyring: None };
        let check = |place: Place, auth: &Auth, busy: bool, sending: bool, expected: bool, because: &str| {
            let mut state = State::new(Mode::Practice, Vec::new());
            (state.place, state.auth, state.busy) = (place, auth.clone(), busy);
            state.sending = sending.then_some(Sending { face: None, id: None, phase: SendPhase::Uploading });
            assert_eq!(state.may_be_interrupted(), expected, "{because}");
        };
        #[rustfmt::skip]
        let table = [
            (Place::Starting,             &signed_out,        false, false, false, "nobody knows yet who is signed in"),
            (Place::WaitingForKeyring,    &Auth::Exchanging,  false, false, false, "the keyring is asking"),
            (Place::Welcome,              &signed_out,        false, false, true,  "started by the link"),
            (Place::SignIn,               &signed_out,        false, false, true,  "at rest"),
            (Place::SignIn,               &Auth::Exchanging,  true,  false, false, "a password is being checked"),
            (Place::Organisation,         &signed_out,        false, false, true,  "at the field for the domain"),
            (Place::Organisation,         &Auth::Discovering, false, false, false, "a sign-in goes on"),
            (Place::Capture(Photo::Face), &Auth::Booting,     false, false, true,  "photos stay, and so does the way back"),
            (Place::Sending,              &Auth::Booting,     false, true,  false, "a profile is on its way"),
            (Place::Home,                 &Auth::Booting,     false, true,  false, "also behind another screen"),
        ];
        for (place, auth, busy, sending, expected, because) in table {
            check(place, auth, busy, sending, expected, because);
        }
    }

    #[test]
    fn the_token_goes_only_to_the_organisation_that_invites() {
        let held = |domain: Option<&str>| Held {
            secret: Secret::new("token"),
            known: Some(Invitation {
                org: Organisation { id: "org_1".to_owned(), name: "Harbour University".to_owned() },
                domain: domain.map(str::to_owned),
                email_masked: "s•••••@harbour.example".to_owned(),
                expires_at: UnixMs(0),
            }),
            behind: Place::SignIn,
            waits: false,
            accepted: false,
        };
        #[rustfmt::skip]
        let table = [
            (Some("harbour.example"), "harbour.example",             true,  "its domain"),
            (Some("harbour.example"), "Sam@Harbour.Example",         true,  "an address of it"),
            (Some("harbour.example"), "https://harbour.example/in",  true,  "a page of it"),
            (Some("harbour.example"), "closed.example",              false, "another organisation"),
            (None,                    "anything.example",            true,  "it proved no domain, so the server decides"),
        ];
        for (domain, input, expected, because) in table {
            assert_eq!(held(domain).secret_for(input).is_some(), expected, "{because}: {input}");
        }
        let unread = Held { known: None, ..held(None) };
        assert!(unread.secret_for("harbour.example").is_none(), "nobody knows yet whose it is");
    }
}

//! What the rest of Likeness may know about the sign-in: one state, replaced as a whole.
//!
//! No token and no password is in it, so it may be shown, compared and logged; the e-mail address may be shown only.

use std::fmt;

use likeness_protocol::oauth::Next;
use likeness_protocol::text::masked;
use likeness_protocol::time::UnixMs;

use crate::vault::VaultFault;

/// Where the sign-in stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// Looking for a saved sign-in.
    Booting,
    /// Nobody is signed in.
    SignedOut {
        /// What ended the last sign-in; `None` when there was none to end.
        why: Option<EndReason>,
        /// What the keyring said, when it said anything but yes: a saved sign-in may lie behind it.
        keyring: Option<MemoryReason>,
    },
    /// The keyring has not answered: its own dialog is probably open. It can be skipped.
    WaitingForKeyring,
    /// Looking for the organisation and announcing the browser.
    Discovering,
    /// The browser is out.
    AwaitingBrowser(BrowserWait),
    /// A kiosk waits for its guest, who signs in with their own phone.
    AwaitingGuest(GuestWait),
    /// The server needs another step before anybody is signed in.
    Interaction(Unproven),
    /// Talking to the server about who this is.
    Exchanging,
    /// Signed in. The server may be out of reach all the same: offline is not a sign-out.
    SignedIn {
        /// Who.
        account: Learner,
        /// Whether the sign-in outlives the program.
        store: Kept,
        /// A browser that is out to connect a social account.
        browser: Option<BrowserWait>,
    },
    /// Forgetting the tokens and telling the server.
    SigningOut,
}

/// A browser that has not come back yet.
#[derive(Clone, PartialEq, Eq)]
pub struct BrowserWait {
    /// Where somebody signs in there: what the organisation calls itself, or the name of a social account.
    pub org: String,
    /// What was opened, for "Copy link". It signs nobody in by itself.
    pub link: String,
    /// Until when it is waited for.
    pub until: UnixMs,
    /// Did the system take the link?
    pub opened: bool,
}

/// A guest who has not signed in yet.
#[derive(Clone, PartialEq, Eq)]
pub struct GuestWait {
    /// What the guest compares, and types where they cannot scan: `BCDF-GHJK`.
    pub code: String,
    /// The page to open on the phone.
    pub page: String,
    /// The same with the code in it, for a picture to scan.
    pub page_with_code: String,
    /// Until when the code is good.
    pub until: UnixMs,
}

impl fmt::Debug for GuestWait {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("GuestWait").field("until", &self.until).finish_non_exhaustive()
    }
}

impl fmt::Debug for BrowserWait {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("BrowserWait").field("opened", &self.opened).finish_non_exhaustive()
    }
}

/// Somebody the organisation or a social account knows, and whose account here is not settled yet.
#[derive(Clone, PartialEq, Eq)]
pub struct Unproven {
    /// What the organisation calls itself, or the name of the social account.
    pub org: String,
    /// What is needed.
    pub next: Next,
}

impl fmt::Debug for Unproven {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Unproven").finish_non_exhaustive()
    }
}

/// The account that is signed in.
#[derive(Clone, PartialEq, Eq)]
pub struct Learner {
    /// The server's identifier, `acc_…`.
    pub id: String,
    /// The address decisions are mailed to; `None` until the server was reached after a restart.
    pub email: Option<String>,
}

impl Learner {
    /// The address with all but its first letter and its domain hidden: `l•••••@likeness.example`.
    pub fn email_masked(&self) -> Option<String> {
        self.email.as_deref().filter(|address| address.contains('@')).map(masked)
    }
}

impl fmt::Debug for Learner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Learner").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Where the sign-in is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// In the system's keyring: the next start is signed in.
    Keyring,
    /// In memory only: the next start asks again. Why is shown, for the person can often mend it.
    MemoryOnly(MemoryReason),
}

/// Why a sign-in is not in the keyring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemoryReason {
    /// No keyring on this computer, or this user has none yet.
    Absent,
    /// The keyring is locked and was not unlocked.
    Locked,
    /// The keyring has not answered in time.
    Slow,
    /// The keyring answered with a failure, or takes no item of this size.
    Refused,
    /// Likeness was told to keep sign-ins in memory.
    Off,
}

impl MemoryReason {
    /// The code the window looks up.
    pub fn code(self) -> &'static str {
        match self {
            Self::Absent => "keyring-absent",
            Self::Locked => "keyring-locked",
            Self::Slow => "keyring-slow",
            Self::Refused => "keyring-refused",
            Self::Off => "keyring-off",
        }
    }

    /// Whether "Unlock and try again" has a chance.
    pub fn may_unlock(self) -> bool {
        matches!(self, Self::Locked | Self::Slow)
    }
}

impl From<VaultFault> for MemoryReason {
    fn from(fault: VaultFault) -> Self {
        match fault {
            VaultFault::NoKeyring | VaultFault::NoCollection => Self::Absent,
            VaultFault::Locked => Self::Locked,
            VaultFault::NoAnswer => Self::Slow,
            VaultFault::TooLarge | VaultFault::Failed => Self::Refused,
        }
    }
}

/// What ended a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// The person signed out here.
    SignedOutHere,
    /// The server no longer accepts it: too old, unused for long, ended elsewhere or for safety.
    SessionEnded,
    /// The account was closed.
    AccountDisabled,
    /// What was saved could not be read.
    SavedSignInUnreadable,
    /// The person did not want to wait for the keyring.
    KeyringSkipped,
}

impl EndReason {
    /// The code the window looks up.
    pub fn code(self) -> &'static str {
        match self {
            Self::SignedOutHere => "signed-out-here",
            Self::SessionEnded => "session-ended",
            Self::AccountDisabled => "account-disabled",
            Self::SavedSignInUnreadable => "saved-sign-in-unreadable",
            Self::KeyringSkipped => "keyring-skipped",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_masked_to_its_first_letter() {
        #[rustfmt::skip]
        let table = [
            (Some("learner@likeness.example"), Some("l•••••@likeness.example"), "the normal case"),
            (Some("nobody"),                   None,                            "not an address"),
            (None,                             None,                            "not known yet"),
        ];
        for (email, expected, because) in table {
            let learner = Learner { id: "acc_1".to_owned(), email: email.map(str::to_owned) };
            assert_eq!(learner.email_masked().as_deref(), expected, "{because}");
            assert!(!format!("{learner:?}").contains('@'), "an address must not reach a log");
        }
    }
}

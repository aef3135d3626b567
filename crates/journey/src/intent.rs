//! What a person can want, and how a wish is refused. One enum: a wish that has no variant cannot be made.

use secrecy::SecretString;
use serde::Deserialize;
use thiserror::Error;

use crate::invitation::InvitationWish;
use crate::joining::JoiningWish;
use crate::view::{Document, Hand, SettingsTopic};

/// One press of the person in front of the window.
#[derive(Debug)]
pub enum Intent {
    /// The page has drawn its first View.
    UiReady,
    /// The screen's main way on.
    Go,
    /// One step back.
    Back,
    /// Change one answer from "Check your answers".
    Change(Change),
    /// Sign in.
    SignIn {
        /// Address as typed.
        email: String,
        /// Password as typed.
        password: SecretString,
    },
    /// Sign in as a seeded account of practice mode.
    UsePracticeAccount {
        /// Its address.
        email: String,
    },
    /// Something on the way through an organisation or a social account.
    Joining(JoiningWish),
    /// Something about an invitation.
    Invitation(InvitationWish),
    /// Sign out.
    SignOut,
    /// Go on without the keyring.
    SkipKeyring,
    /// Ask the keyring once more.
    RetryKeyring,
    /// The full name as on the ID.
    SetName {
        /// As typed.
        name: String,
    },
    /// Agree to the text that is shown.
    GiveConsent,
    /// Which document.
    ChooseDocument(Document),
    /// Are name and photo on opposite sides?
    ChooseIdLayout {
        /// Yes or no.
        two_sides: bool,
    },
    /// Open the camera.
    TurnOnCamera,
    /// Use another camera.
    ChooseCamera {
        /// Key of the camera, from the View.
        key: String,
    },
    /// Open the system's camera settings.
    OpenCameraSettings,
    /// The manual shutter.
    TakePhoto,
    /// Stop the countdown.
    CancelCountdown,
    /// The hand that holds the card.
    ChooseHand(Hand),
    /// Take the reviewed photo again.
    Retake,
    /// Keep the reviewed photo.
    AcceptPhoto,
    /// Take the photo although something is wrong.
    UseAnyway,
    /// Send the profile.
    Submit,
    /// Pause sending.
    PauseUpload,
    /// Try at once instead of waiting.
    RetryNow,
    /// Correct the name: instead of taking a photo again, or because the ID seems to say another one.
    CorrectName,
    /// The name is right although the ID seems to say another one.
    ConfirmName,
    /// Open a page of the provider in the browser.
    OpenLink(Link),
    /// Show the practice mailbox.
    ReadPracticeMail,
    /// Open the review desk of practice mode.
    OpenReviewDesk,
    /// Copy the receipt number.
    CopyReference,
    /// Something about the learner's own account.
    Settings(SettingsWish),
    /// A kiosk's guest touched something.
    StillHere,
    /// Close the app.
    Quit,
}

/// One press about the learner's own account.
#[derive(Debug)]
pub enum SettingsWish {
    /// Open the settings.
    Open,
    /// Go to one of them.
    Show(SettingsTopic),
    /// The password is forgotten.
    Forgotten,
    /// Ask for a code by mail, for a forgotten password.
    AskReset {
        /// Address as typed.
        email: String,
    },
    /// Set a new password with that code.
    Reset {
        /// As typed.
        code: SecretString,
        /// As typed.
        password: SecretString,
    },
    /// Use another password.
    ChangePassword {
        /// As typed.
        password: SecretString,
    },
    /// Use another address.
    ChangeEmail {
        /// As typed.
        email: String,
    },
    /// The code from the new mailbox.
    ConfirmEmail {
        /// As typed.
        code: SecretString,
    },
    /// Keep the address.
    CancelEmail,
    /// The password once more.
    Confirm {
        /// As typed.
        password: SecretString,
    },
    /// End one of the other sign-ins.
    EndSession {
        /// Its number, from the View.
        id: String,
    },
    /// End all the others.
    EndOthers,
    /// Disconnect one of the linked accounts.
    Disconnect {
        /// Its number, from the View.
        id: String,
    },
    /// The same as the password once more, in the browser.
    ConfirmThrough {
        /// Number of the way in, from the View.
        id: String,
    },
    /// Connect a social account.
    Connect {
        /// Which, from the View.
        provider: String,
    },
    /// Save what the server knows.
    Export,
    /// Delete the account.
    Delete,
}

/// What may be changed from "Check your answers".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// The name.
    Name,
    /// The face photo.
    Face,
    /// The ID photo.
    Id,
    /// Which document, and how its sides lie.
    Document,
}

/// A page of the provider. The address comes from the server's policy, never from the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Link {
    /// Where to get help.
    Help,
    /// Privacy notice.
    Privacy,
    /// Terms.
    Terms,
}

/// Why a wish was refused on the spot. What goes wrong later stands in the View.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The screen that is shown does not offer this.
    #[error("This is not possible on this screen.")]
    WrongScreen,
    /// The journey has ended; the app is closing.
    #[error("Likeness is closing.")]
    Closing,
}

impl Refusal {
    /// Stable code for the window.
    pub fn code(&self) -> &'static str {
        "request-refused"
    }

    /// The input it belongs to.
    pub fn field(&self) -> Option<&'static str> {
        None
    }
}

//! One-expression adapters from the window's calls onto the journey. Every rule is there.

use likeness_journey::view::{Document, Guidance, Hand, SettingsTopic, View};
use likeness_journey::{Change, Intent, InvitationWish, JoiningWish, Journey, Link, SettingsWish, StepWish};
use tauri::State;
use tauri::ipc::Channel;

use crate::wire::WireResult;

type Way<'a> = State<'a, Journey>;

macro_rules! intents {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $kind:ty),*) => $intent:expr;)*) => {$(
        $(#[$doc])*
        #[tauri::command]
        pub async fn $name(journey: Way<'_>, $($argument: $kind),*) -> WireResult {
            Ok(journey.intend($intent).await?)
        }
    )*};
}

/// Sends every View from now on, beginning with the present one.
#[tauri::command]
pub async fn subscribe_view(journey: Way<'_>, channel: Channel<View>) -> WireResult {
    journey.watch_view(move |view| channel.send(view).is_ok());
    Ok(())
}

/// Sends guidance while a photo is taken.
#[tauri::command]
pub async fn subscribe_guidance(journey: Way<'_>, channel: Channel<Guidance>) -> WireResult {
    journey.watch_guidance(move |guidance| channel.send(guidance).is_ok());
    Ok(())
}

intents! {
    /// The page has drawn its first View.
    ui_ready() => Intent::UiReady;
    /// The screen's main way on.
    go() => Intent::Go;
    /// One step back.
    back() => Intent::Back;
    /// Changes one answer from "Check your answers".
    change(what: Change) => Intent::Change(what);
    /// Signs in. The password crosses here once and is wiped after use.
    sign_in_password(email: String, password: String) => Intent::SignIn { email, password: password.into() };
    /// Signs in as a seeded account of practice mode.
    use_practice_account(email: String) => Intent::UsePracticeAccount { email };
    /// Opens a seeded invitation of practice mode.
    use_practice_invitation(email: String) => Intent::Invitation(InvitationWish::Practice { email });
    /// Shows the invitation that is held again.
    open_invitation() => Intent::Invitation(InvitationWish::Open);
    /// Goes on with the invitation, signing out first if need be.
    accept_invitation() => Intent::Invitation(InvitationWish::Accept);
    /// Forgets the invitation.
    forget_invitation() => Intent::Invitation(InvitationWish::Forget);
    /// Signs in through a social account in the browser.
    sign_in_social(provider: String) => Intent::Joining(JoiningWish::Social { provider });
    /// To the field for an organisation's domain.
    open_organisation() => Intent::Joining(JoiningWish::Open);
    /// Looks for the organisation and opens the browser.
    find_organisation(input: String) => Intent::Joining(JoiningWish::Find { input });
    /// Opens the browser once more.
    reopen_browser() => Intent::Joining(JoiningWish::Reopen);
    /// Copies the link for another browser.
    copy_browser_link() => Intent::Joining(JoiningWish::CopyLink);
    /// Stops a sign-in through an organisation, or calls back a browser that was to connect a social account.
    cancel_sign_in() => Intent::Joining(JoiningWish::Cancel);
    /// Takes the step that is shown.
    answer_step(answer: StepWish) => Intent::Joining(JoiningWish::Step(answer));
    /// Signs out and forgets everything kept on this computer.
    sign_out() => Intent::SignOut;
    /// Goes on without the system's keyring.
    skip_keyring() => Intent::SkipKeyring;
    /// Asks the system's keyring once more.
    retry_keyring() => Intent::RetryKeyring;
    /// The full name as on the ID.
    set_name(name: String) => Intent::SetName { name };
    /// Agrees to the text that is shown.
    give_consent() => Intent::GiveConsent;
    /// Which document.
    choose_document(document: Document) => Intent::ChooseDocument(document);
    /// Are name and photo on opposite sides?
    choose_id_layout(two_sides: bool) => Intent::ChooseIdLayout { two_sides };
    /// Opens the camera.
    turn_on_camera() => Intent::TurnOnCamera;
    /// Uses another camera.
    choose_camera(key: String) => Intent::ChooseCamera { key };
    /// Opens the system's camera settings.
    open_camera_settings() => Intent::OpenCameraSettings;
    /// The manual shutter.
    take_photo() => Intent::TakePhoto;
    /// Stops the countdown.
    cancel_countdown() => Intent::CancelCountdown;
    /// The hand that holds the card.
    choose_hand(hand: Hand) => Intent::ChooseHand(hand);
    /// Throws the reviewed photo away and takes it again.
    retake() => Intent::Retake;
    /// Keeps the reviewed photo.
    accept_photo() => Intent::AcceptPhoto;
    /// Takes the photo although something is wrong with it.
    use_anyway() => Intent::UseAnyway;
    /// Sends the profile the learner has just checked.
    submit_profile() => Intent::Submit;
    /// Pauses sending.
    pause_upload() => Intent::PauseUpload;
    /// Tries at once instead of waiting.
    retry_now() => Intent::RetryNow;
    /// Corrects the name: instead of taking a photo again, or because the ID seems to say another one.
    correct_name() => Intent::CorrectName;
    /// Says that the name is right although the ID seems to say another one.
    confirm_name() => Intent::ConfirmName;
    /// Opens the provider's help page in the browser.
    open_help() => Intent::OpenLink(Link::Help);
    /// Opens the provider's privacy notice or terms in the browser.
    open_link(link: Link) => Intent::OpenLink(link);
    /// Shows the mailbox of practice mode.
    read_practice_mail() => Intent::ReadPracticeMail;
    /// Opens the review desk of practice mode in the browser.
    open_review_desk() => Intent::OpenReviewDesk;
    /// Copies the receipt number.
    copy_reference() => Intent::CopyReference;
    /// Opens the settings of the learner's own account.
    open_settings() => Intent::Settings(SettingsWish::Open);
    /// Goes to one of them.
    show_setting(topic: SettingsTopic) => Intent::Settings(SettingsWish::Show(topic));
    /// The password is forgotten.
    forgot_password() => Intent::Settings(SettingsWish::Forgotten);
    /// Asks for a code by mail, for a forgotten password.
    ask_password_reset(email: String) => Intent::Settings(SettingsWish::AskReset { email });
    /// Sets a new password with that code. Both cross here once and are wiped after use.
    reset_password(code: String, password: String) => Intent::Settings(SettingsWish::Reset { code: code.into(), password: password.into() });
    /// Uses another password. It crosses here once and is wiped after use.
    change_password(password: String) => Intent::Settings(SettingsWish::ChangePassword { password: password.into() });
    /// Asks to use another address.
    change_email(email: String) => Intent::Settings(SettingsWish::ChangeEmail { email });
    /// Gives the code from the new mailbox.
    confirm_email(code: String) => Intent::Settings(SettingsWish::ConfirmEmail { code: code.into() });
    /// Keeps the address.
    cancel_email_change() => Intent::Settings(SettingsWish::CancelEmail);
    /// Proves who is signed in once more. The password crosses here once and is wiped after use.
    confirm_identity(password: String) => Intent::Settings(SettingsWish::Confirm { password: password.into() });
    /// Ends one of the other sign-ins.
    end_session(id: String) => Intent::Settings(SettingsWish::EndSession { id });
    /// Ends all the other sign-ins.
    end_other_sessions() => Intent::Settings(SettingsWish::EndOthers);
    /// Disconnects one of the linked accounts.
    disconnect_identity(id: String) => Intent::Settings(SettingsWish::Disconnect { id });
    /// Proves once more in the browser who the learner is.
    confirm_through(id: String) => Intent::Settings(SettingsWish::ConfirmThrough { id });
    /// Connects a social account in the browser.
    connect_social(provider: String) => Intent::Settings(SettingsWish::Connect { provider });
    /// Saves what the server knows about the learner.
    export_data() => Intent::Settings(SettingsWish::Export);
    /// Deletes the account.
    delete_account() => Intent::Settings(SettingsWish::Delete);
    /// A kiosk's guest touched something.
    still_here() => Intent::StillHere;
    /// Closes the app.
    quit() => Intent::Quit;
}

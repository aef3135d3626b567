//! What went wrong, as `application/problem+json` (RFC 9457), and the one list of codes for both sides.
//!
//! A code exists only if somebody acts on it. The client words every code itself; `detail` is the fallback, in English.
//! Nothing here ever carries a name, an address or a token.

use crate::{
    discovery::SearchHint,
    limits::MAX_NAME_CHARS,
    text::{up_to, up_to_if_any},
    tus::PhotoFinding,
};
use serde::{Deserialize, Serialize};

/// Media type of a [`Problem`].
pub const PROBLEM_JSON: &str = "application/problem+json";
/// What the `type` of a problem starts with; the code follows.
pub const TYPE_PREFIX: &str = "urn:likeness:problem:";

/// One refused or failed request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// `urn:likeness:problem:<code>`.
    #[serde(rename = "type", deserialize_with = "up_to::<120, _>")]
    pub kind: String,
    /// A few words, the same for every problem of this code.
    #[serde(deserialize_with = "up_to::<200, _>")]
    pub title: String,
    /// HTTP status of the answer.
    pub status: u16,
    /// One or two sentences: what happened and what to do.
    #[serde(deserialize_with = "up_to::<1000, _>")]
    pub detail: String,
    /// What the client acts on.
    pub code: Code,
    /// Number to give to support; also in the header `Request-Id`.
    #[serde(deserialize_with = "up_to::<64, _>")]
    pub request_id: String,
    /// The one thing to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// Which field of the request is meant.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<64, _>")]
    pub field: Option<String>,
    /// With `photo-refused`: what the image gate found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<PhotoFinding>,
    /// Which organisation the sentence is about.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "up_to_if_any::<MAX_NAME_CHARS, _>")]
    pub org: Option<String>,
    /// With `org-input-invalid` and `org-not-found`: what more can be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<SearchHint>,
    /// Seconds to wait before trying again; also in the header `Retry-After`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u32>,
}

impl Problem {
    /// A problem with the code's usual status, title, detail and action.
    pub fn new(code: Code, request_id: impl Into<String>) -> Self {
        Self {
            kind: format!("{TYPE_PREFIX}{}", code.as_str()),
            title: code.title().to_owned(),
            status: code.status(),
            detail: code.detail().to_owned(),
            code,
            request_id: request_id.into(),
            action: code.action(),
            field: None,
            finding: None,
            org: None,
            hint: None,
            retry_after_s: None,
        }
    }
}

/// The one thing a person or program does about a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Action {
    /// Try the same again, after the wait if one is named.
    Retry,
    /// Correct what was typed.
    Edit,
    /// Sign in again.
    SignIn,
    /// Read the policy again and ask for consent.
    AskConsent,
    /// Open a new capture session and take the photos again.
    CaptureAgain,
    /// Take this one photo again.
    RetakePhoto,
    /// Read the status: the server knows more than the client.
    ReadStatus,
    /// Only a person can help.
    ContactSupport,
    /// Start the transfer of this photo again.
    UploadAgain,
    /// An action this build does not know yet.
    #[serde(other)]
    Unknown,
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident $wire:literal $status:literal $action:expr, $title:literal, $detail:literal;)+) => {
        /// Every code the server answers with. On the wire in kebab-case.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum Code {
            $($(#[doc = $doc])+ #[serde(rename = $wire)] $variant,)+
            /// A code this build does not know: the server is newer.
            #[serde(other, rename = "unknown")]
            Unknown,
        }

        impl Code {
            /// All codes a server of this version sends.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The code as on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $wire,)+ Self::Unknown => "unknown" }
            }

            /// Usual HTTP status.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)+ Self::Unknown => 500 }
            }

            /// A few words, in English.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ Self::Unknown => "Unknown problem" }
            }

            /// What happened and what to do, in English: the client's fallback.
            pub const fn detail(self) -> &'static str {
                match self { $(Self::$variant => $detail,)+ Self::Unknown => "The server answered in a way this version does not know. Update Likeness." }
            }

            /// The one thing to do next.
            pub const fn action(self) -> Option<Action> {
                match self { $(Self::$variant => $action,)+ Self::Unknown => None }
            }
        }
    };
}

codes! {
    /// Address or password wrong; the answer never says which.
    InvalidCredentials "invalid-credentials" 400 Some(Action::Edit), "Sign-in refused", "The e-mail address or the password is not right.";
    /// Too many failed sign-ins for this account or from this network.
    TooManyAttempts "too-many-attempts" 429 Some(Action::Retry), "Too many tries", "There were too many failed tries. Wait a little and try again.";
    /// The account is closed.
    AccountDisabled "account-disabled" 403 Some(Action::ContactSupport), "Account closed", "This account is closed. Support can help.";
    /// What was typed cannot be an organisation's address; `hint` may say more.
    OrgInputInvalid "org-input-invalid" 400 Some(Action::Edit), "Not a web address", "Type your company's web address, for example corp.example.";
    /// No organisation proved this domain; `hint` may say more.
    OrgNotFound "org-not-found" 404 Some(Action::Edit), "Organisation not known", "We do not know this organisation. Use the part after the @ in your work e-mail.";
    /// The organisation of this address does not let its people sign in with a password.
    SsoRequired "sso-required" 403 Some(Action::SignIn), "Sign in through your organisation", "Your organisation asks you to sign in through it, not with a password.";
    /// The organisation's provider is down, or its answer cannot be trusted; `detail` says what was wrong.
    OrgSsoUnavailable "org-sso-unavailable" 502 Some(Action::Retry), "Sign-in page not usable", "The sign-in page of your organisation did not answer as it should. Try again; if it goes on, tell your IT team.";
    /// The provider did not let somebody sign in; `detail` says why.
    SsoDenied "sso-denied" 400 Some(Action::Retry), "Sign-in refused", "Your organisation did not let you sign in.";
    /// A sign-in that took too long, or was tried too often.
    AuthSessionExpired "auth-session-expired" 400 Some(Action::SignIn), "Sign-in took too long", "That took too long, so we stopped for safety. Start again.";
    /// The sign-in is not complete; `next` says what is needed.
    InsufficientAuthorization "insufficient-authorization" 400 None, "One more step", "One more step is needed to sign you in.";
    /// The step goes on in the browser; `request_uri` says where.
    RedirectToWeb "redirect-to-web" 400 None, "Go on in the browser", "Go on in the browser.";
    /// The organisation takes people, or connects accounts, by invitation only.
    InvitationRequired "invitation-required" 403 Some(Action::Edit), "Invitation needed", "Your organisation works by invitation here. Open the link in your invitation, or type its code.";
    /// The invitation was used before.
    InvitationUsed "invitation-used" 409 Some(Action::ContactSupport), "Invitation used", "This invitation was already used. Ask your organisation for a new one.";
    /// The invitation was sent to another address.
    InvitationWrongPerson "invitation-wrong-person" 403 Some(Action::ContactSupport), "Invitation of somebody else", "This invitation was sent to another address. Ask your organisation for one of your own.";
    /// A social account is connected that the organisation does not allow beside it.
    AccountLinkedToSocial "account-linked-to-social" 400 Some(Action::Edit), "Connected to a social account", "Your organisation could not sign you in, because this account is connected to a social account. Disconnect it, then go on.";
    /// The account has another identity at this provider.
    IdentityConflict "identity-conflict" 409 Some(Action::ContactSupport), "Already connected otherwise", "This account already uses another sign-in of this organisation. Support can help.";
    /// Another organisation keeps the account to itself.
    AccountManagedElsewhere "account-managed-elsewhere" 409 Some(Action::Edit), "Account of another organisation", "This account belongs to another organisation. Use another account.";
    /// The membership has ended.
    OrgAccessEnded "org-access-ended" 403 Some(Action::SignIn), "Access ended", "Your access through this organisation has ended; your own account remains. Sign in with your e-mail address and password.";
    /// A guest has not signed in at the kiosk yet; ask again after the interval.
    AuthorizationPending "authorization-pending" 400 None, "Not signed in yet", "The guest has not signed in yet.";
    /// The kiosk asks too often; the interval is five seconds longer from now on.
    SlowDown "slow-down" 400 None, "Too often", "The kiosk asks too often. It waits five seconds longer now.";
    /// The guest pressed "no" on the phone.
    DeviceRefused "device-refused" 400 Some(Action::SignIn), "Refused", "The sign-in was refused on the phone.";
    /// The kiosk's code is over.
    DeviceCodeExpired "device-code-expired" 400 Some(Action::SignIn), "Code ended", "This code has ended. Ask for a new one.";
    /// A client that may not ask for this.
    UnauthorizedClient "unauthorized-client" 400 Some(Action::ContactSupport), "Not a kiosk", "Only kiosks that were registered may do this.";
    /// The invitation's time is over.
    InvitationExpired "invitation-expired" 410 Some(Action::ContactSupport), "Invitation ended", "This invitation has ended. Ask your organisation for a new one.";
    /// Nothing would be left to sign in with.
    LastSignInMethod "last-sign-in-method" 409 Some(Action::Edit), "The last way in", "This is your only way to sign in. Set a password first.";
    /// A way in that belongs to an organisation; only it can take it away.
    IdentityManagedByOrganisation "identity-managed-by-organisation" 409 Some(Action::ContactSupport), "Managed by your organisation", "Your organisation manages this sign-in. Support can help.";
    /// An organisation decides about its people's addresses; `org` names it.
    EmailManagedByOrganisation "email-managed-by-organisation" 409 Some(Action::ContactSupport), "Managed by your organisation", "Your organisation manages your e-mail address. Support can help.";
    /// Somebody proved at a provider who they are, and it is not the person who is signed in.
    AnotherPerson "another-person" 409 Some(Action::Retry), "Somebody else", "You signed in there as somebody else. Try again with the sign-in that is connected to this account.";
    /// The sign-in is older than ten minutes; this needs a fresh one.
    StepUpRequired "step-up-required" 401 Some(Action::SignIn), "Confirm it is you", "Please confirm it is you: sign in again, then go on.";
    /// The new password is too short, too long, or contains the address or the product's name; `detail` says which.
    PasswordTooWeak "password-too-weak" 422 Some(Action::Edit), "Password not usable", "Choose another password: 8 to 128 characters, without your e-mail address.";
    /// Not an address a mail can be written to, or the one that is used already.
    EmailInvalid "email-invalid" 422 Some(Action::Edit), "Address not usable", "Type another e-mail address, for example ada@corp.example.";
    /// Not the code of the mail; `detail` tells the tries left.
    CodeWrong "code-wrong" 400 Some(Action::Edit), "Code not right", "That code is not right.";
    /// The code's time or tries are over, or it was used.
    CodeExpired "code-expired" 400 Some(Action::Retry), "Code ended", "That code has ended. Ask for a new one.";
    /// Access token missing, ended, or bound to another key.
    SessionEnded "session-ended" 401 Some(Action::SignIn), "Signed out", "Your sign-in has ended. Sign in again.";
    /// Refresh token or authorization code not valid (any more).
    InvalidGrant "invalid-grant" 400 Some(Action::SignIn), "Sign-in ended", "Your sign-in has ended. Sign in again.";
    /// DPoP proof missing, wrong or seen before.
    DpopInvalid "dpop-invalid" 401 None, "Proof of possession refused", "The request was not signed as it should be. Update Likeness.";
    /// The proof needs the nonce sent with this answer; repeat once with it.
    UseDpopNonce "use-dpop-nonce" 401 Some(Action::Retry), "Nonce needed", "Repeat the request with the nonce in the DPoP-Nonce header.";
    /// The client's request does not have the agreed form.
    InvalidRequest "invalid-request" 400 None, "Request not understood", "The request was not in the agreed form. Update Likeness.";
    /// This server does not let people create an account in the app yet.
    SignUpUnavailable "sign-up-unavailable" 400 Some(Action::ContactSupport), "No sign-up here", "New accounts cannot be made in the app on this server. Ask your organisation for one.";
    /// Nothing here, or nothing the caller may see.
    NotFound "not-found" 404 None, "Not found", "There is nothing at this address.";
    /// The route exists, the method does not.
    MethodNotAllowed "method-not-allowed" 405 None, "Method not allowed", "This address does not take that kind of request.";
    /// The body is larger than the route allows.
    TooLarge "too-large" 413 None, "Too large", "What was sent is larger than the server accepts.";
    /// Wrong content type.
    UnsupportedMediaType "unsupported-media-type" 415 None, "Wrong kind of content", "The server does not take this kind of content here.";
    /// More requests than the account may make.
    RateLimited "rate-limited" 429 Some(Action::Retry), "Too many requests", "Too much was asked in a short time. Wait a little and try again.";
    /// The server has too much to do right now.
    Busy "busy" 503 Some(Action::Retry), "Server busy", "The server is busy. Try again in a moment.";
    /// The server failed; the request number finds the line in its log.
    ServerFault "server-fault" 500 Some(Action::Retry), "Server fault", "Something failed on the server. Try again; if it goes on, give the reference number to support.";
    /// The server's disk is full.
    StorageFull "storage-full" 507 Some(Action::Retry), "Storage full", "The server cannot store anything right now. Your photos are still with you. Try again later.";
    /// The role does not allow this.
    Forbidden "forbidden" 403 None, "Not allowed", "Your account may not do this.";
    /// No consent to the current policy is recorded.
    ConsentRequired "consent-required" 409 Some(Action::AskConsent), "Consent needed", "Before a photo is taken we need your consent.";
    /// The consent names a policy or a text that is not the current one.
    ConsentStale "consent-stale" 422 Some(Action::AskConsent), "Policy changed", "The policy has changed. Read it again.";
    /// The capture session's time is over.
    CaptureSessionExpired "capture-session-expired" 410 Some(Action::CaptureAgain), "Time is over", "The time for taking the photos has passed. Take them again.";
    /// The capture session was used for a submission or abandoned.
    CaptureSessionUsed "capture-session-used" 409 Some(Action::CaptureAgain), "Already used", "These photos belong to a session that has ended. Take them again.";
    /// The last decision does not allow another try.
    ResubmissionClosed "resubmission-closed" 409 Some(Action::ContactSupport), "No further try", "This profile cannot be sent again. Support can help.";
    /// Not a manifest of a known version, or longer than 16 KiB.
    ManifestMalformed "manifest-malformed" 422 Some(Action::CaptureAgain), "Manifest unreadable", "The record of how the photos were taken cannot be read. Take them again.";
    /// The signature does not verify.
    ManifestSignature "manifest-signature" 422 Some(Action::CaptureAgain), "Manifest signature wrong", "The record of how the photos were taken is not signed as it should be. Take them again.";
    /// Signed by another key than the one that opened the capture session.
    ManifestWrongKey "manifest-wrong-key" 422 Some(Action::CaptureAgain), "Manifest of another device", "The photos were signed on another device. Take them again.";
    /// Made for another server or another account.
    ManifestWrongAudience "manifest-wrong-audience" 422 Some(Action::CaptureAgain), "Manifest for another server", "The photos were taken for another server or account. Take them again.";
    /// The manifest names another consent than the recorded one.
    ManifestConsent "manifest-consent" 422 Some(Action::AskConsent), "Consent differs", "The photos were taken under another consent. Read the policy and take them again.";
    /// The nonce is not this session's.
    ManifestNonce "manifest-nonce" 422 Some(Action::CaptureAgain), "Nonce differs", "The photos do not belong to this session. Take them again.";
    /// A capture time or frame number is impossible.
    ManifestTime "manifest-time" 422 Some(Action::CaptureAgain), "Capture time impossible", "The photos were not taken during this session. Take them again.";
    /// The wrong set of photos.
    ManifestIncomplete "manifest-incomplete" 422 Some(Action::CaptureAgain), "Photos incomplete", "A photo is missing or was not asked for. Take the photos again.";
    /// A photo differs from what was uploaded.
    ManifestHash "manifest-hash" 422 Some(Action::CaptureAgain), "Photo differs", "A photo was changed on its way. Take the photos again.";
    /// A drawn picture outside practice mode.
    SyntheticCamera "synthetic-camera" 403 Some(Action::CaptureAgain), "Drawn picture", "A drawn picture cannot prove who you are. Use a real camera.";
    /// A virtual camera, where the server's rule blocks them.
    VirtualCamera "virtual-camera" 403 Some(Action::CaptureAgain), "Virtual camera", "Pictures of a virtual camera are not accepted here. Choose this device's own camera.";
    /// An upload named in the submission is not accepted, not this session's, or missing.
    UploadNotAccepted "upload-not-accepted" 422 Some(Action::UploadAgain), "Photo not there", "A photo has not fully arrived. It will be sent again.";
    /// A photo that was not asked for this time.
    UploadUnexpected "upload-unexpected" 422 Some(Action::ReadStatus), "Photo not asked for", "This photo was not asked for.";
    /// The key came with another body before.
    IdempotencyKeyReused "idempotency-key-reused" 422 None, "Key used twice", "The same request number came with different content.";
    /// The same submission is being worked on right now.
    RequestInProgress "request-in-progress" 409 Some(Action::Retry), "Still working", "The same request is still being worked on.";
    /// No `Idempotency-Key`, or not a UUID.
    IdempotencyKeyRequired "idempotency-key-required" 400 None, "Key needed", "The request needs a header Idempotency-Key with a UUID.";
    /// A profile is being checked already.
    AlreadyInReview "already-in-review" 409 Some(Action::ReadStatus), "Already in review", "We have your profile. It is being checked.";
    /// The profile is approved and locked.
    AlreadyApproved "already-approved" 409 Some(Action::ReadStatus), "Already approved", "Your profile is approved and counts for all your courses.";
    /// These exact bytes were sent before.
    PhotoAlreadyUsed "photo-already-used" 409 Some(Action::RetakePhoto), "Photo seen before", "This exact photo was sent before. Please take a new photo.";
    /// The name is empty, too long or holds characters a name cannot hold.
    FullNameInvalid "full-name-invalid" 422 Some(Action::Edit), "Name not usable", "Type your full name as on your ID: 1 to 200 characters, no control characters.";
    /// The image gate refused the photo; `finding` says why.
    PhotoRefused "photo-refused" 422 Some(Action::RetakePhoto), "Photo refused", "The photo cannot be used. Take it again.";
    /// The chunk does not start where the last one ended.
    UploadOffset "upload-offset" 409 Some(Action::Retry), "Offset differs", "The chunk does not start where the last one ended. Ask for the offset and go on.";
    /// Another request is writing to this upload.
    UploadLocked "upload-locked" 423 Some(Action::Retry), "Upload in use", "Another request is writing to this upload. Wait a second.";
    /// The chunk's checksum differs from its bytes.
    UploadChecksum "upload-checksum" 460 Some(Action::Retry), "Checksum differs", "The chunk was damaged on its way. Send it again.";
    /// The upload is over: expired, aborted or refused.
    UploadGone "upload-gone" 410 Some(Action::UploadAgain), "Upload ended", "This upload has ended. Start it again.";
    /// The stored photo cannot be found.
    MediaMissing "media-missing" 410 Some(Action::ContactSupport), "Photo missing", "The stored photo cannot be found. Tell the operator.";
    /// Each photo must be looked at before a decision.
    MediaNotViewed "media-not-viewed" 409 None, "Photos not viewed", "Look at each photo before you decide.";
    /// Nobody decides about their own profile.
    OwnProfile "own-profile" 403 None, "Your own profile", "You cannot decide about your own profile.";
    /// Somebody has decided already.
    AlreadyDecided "already-decided" 409 None, "Already decided", "This profile has been decided already.";
    /// Another reviewer is looking at this profile.
    ClaimedByOther "claimed-by-other" 409 None, "Being reviewed", "Another reviewer is looking at this profile right now.";
    /// A rejection needs a reason, and `other` needs a note and a photo.
    ReasonRequired "reason-required" 422 Some(Action::Edit), "Reason needed", "Choose at least one reason. The reason \"other\" needs a note and a photo.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_reads_what_it_writes() {
        let mut seen = BTreeSet::new();
        for code in Code::ALL {
            let wire = serde_json::to_string(code).unwrap();
            assert_eq!(wire, format!("\"{}\"", code.as_str()));
            assert_eq!(serde_json::from_str::<Code>(&wire).unwrap(), *code);
            assert!(seen.insert(code.as_str()), "{} stands twice", code.as_str());
            assert!(code.as_str().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "kebab-case");
            assert!((400..600).contains(&code.status()), "a problem is never a success");
            assert!(!code.title().is_empty() && code.detail().ends_with('.'), "every code speaks in sentences");
        }
    }

    #[test]
    fn a_newer_servers_problem_is_still_read() {
        let json = r#"{"type":"urn:likeness:problem:moon-phase","title":"Moon","status":409,"detail":"Wait.","code":"moon-phase","request_id":"r1","action":"howl","later":true}"#;
        let problem: Problem = serde_json::from_str(json).unwrap();
        assert_eq!((problem.code, problem.action), (Code::Unknown, Some(Action::Unknown)));
    }

    #[test]
    fn a_problem_round_trips() {
        let problem = Problem {
            finding: Some(PhotoFinding::TrailingData),
            retry_after_s: Some(2),
            ..Problem::new(Code::PhotoRefused, "req_1")
        };
        let json = serde_json::to_string(&problem).unwrap();
        assert!(json.contains(r#""type":"urn:likeness:problem:photo-refused""#), "{json}");
        assert_eq!(serde_json::from_str::<Problem>(&json).unwrap(), problem);
    }
}

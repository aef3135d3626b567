//! The calls of a sign-in through the browser: finding the organisation, announcing the browser, trading what it brought, and the steps
//! that may be left.
//!
//! Guarantees: a link that is to be opened leads to the very server that was asked; a step that is left over is no failure.

use std::fmt;

use likeness_protocol::discovery::{FoundOrganisation, Invitation, InvitationCode, OrganisationQuery};
use likeness_protocol::jws::PrivateKey;
use likeness_protocol::limits::{DESKTOP_CLIENT_ID, DESKTOP_SCOPE};
use likeness_protocol::oauth::{
    ChallengeAnswer, ChallengeRequest, Intent, LinkRequest, Next, PushedAnswer, PushedRequest, TokenRequest,
    TokenResponse,
};
use likeness_protocol::problem::Code;
use likeness_protocol::text::Secret;
use serde::de::DeserializeOwned;
use url::form_urlencoded;

use crate::api::{Api, SignedApi, plain};
use crate::client::Call;
use crate::error::RemoteError;
use crate::oauth::{TOKEN_WITHIN, s256};
use crate::reply::Reply;

/// What the browser is sent out for.
#[derive(Clone)]
pub struct BrowserWish {
    /// The organisation's number or domain, or `google`, `apple`, `facebook`.
    pub org_hint: String,
    /// The way back.
    pub back: WayBack,
    /// Token or code of an invitation.
    pub invitation: Option<Secret>,
}

/// Where the browser comes back to, and what it must bring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WayBack {
    /// Where it comes back to.
    pub redirect_uri: String,
    /// 256 bit of chance that come back with it.
    pub state: Secret,
}

/// A browser the server waits for.
#[derive(Clone, PartialEq, Eq)]
pub struct Announced {
    /// What to open.
    pub link: String,
}

impl fmt::Debug for Announced {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Announced { link: <redacted> }")
    }
}

/// What a proof led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<T> {
    /// All that was needed.
    Done(T),
    /// One more step.
    Next(Unfinished),
}

/// A sign-in that goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// The handle to go on with.
    pub auth_session: Secret,
    /// What is needed.
    pub next: Next,
}

/// What somebody does in a step. Which step takes which is the server's to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepAnswer {
    /// A new account, please.
    ChooseNew,
    /// There is an account already.
    ChooseExisting,
    /// The new account.
    Create {
        /// A private address beside the organisation's.
        alternative_email: Option<String>,
        /// Its password.
        password: Secret,
        /// Whose it is.
        full_name: String,
        /// The version of the terms that was shown and accepted.
        accept_terms: String,
    },
    /// Proof of the account there is.
    Link {
        /// Its address.
        email: String,
        /// Its password.
        password: Secret,
    },
    /// Yes to what will be connected.
    Confirm,
    /// Takes a social sign-in off the account.
    Delink {
        /// Which.
        provider: String,
    },
    /// A password for an account that has none.
    SetPassword {
        /// The password.
        password: Secret,
    },
    /// The code of an invitation.
    Invitation {
        /// As typed.
        code: Secret,
    },
    /// The code from a mail.
    Verify {
        /// As typed.
        code: Secret,
    },
    /// Another mail with a code.
    Resend,
    /// The address is proven later.
    Skip,
    /// One step back.
    Back,
}

impl StepAnswer {
    fn request(self, auth_session: Secret) -> ChallengeRequest {
        let action = match &self {
            Self::ChooseNew | Self::Create { .. } => "create",
            Self::ChooseExisting | Self::Link { .. } => "link",
            Self::Confirm => "confirm",
            Self::Delink { .. } => "delink",
            Self::SetPassword { .. } => "set_password",
            Self::Invitation { .. } => "invitation",
            Self::Verify { .. } => "verify",
            Self::Resend => "resend",
            Self::Skip => "skip",
            Self::Back => "back",
        };
        let request = ChallengeRequest::step(DESKTOP_CLIENT_ID, auth_session, action);
        match self {
            Self::Create { alternative_email, password, full_name, accept_terms } => ChallengeRequest {
                alternative_email,
                password: Some(password),
                full_name: Some(full_name),
                accept_terms: Some(accept_terms),
                ..request
            },
            Self::Link { email, password } => {
                ChallengeRequest { email: Some(email), password: Some(password), ..request }
            }
            Self::Delink { provider } => ChallengeRequest { provider: Some(provider), ..request },
            Self::SetPassword { password } => ChallengeRequest { password: Some(password), ..request },
            Self::Invitation { code } | Self::Verify { code } => ChallengeRequest { code: Some(code), ..request },
            Self::ChooseNew | Self::ChooseExisting | Self::Confirm | Self::Resend | Self::Skip | Self::Back => request,
        }
    }
}

impl Api {
    /// The organisation somebody means with a domain, an address or a page of it.
    ///
    /// # Errors
    /// `org-input-invalid` and `org-not-found`, whose problem may carry a hint.
    pub async fn find_organisation(&self, input: &str) -> Result<FoundOrganisation, RemoteError> {
        let query = OrganisationQuery { input: input.to_owned() };
        self.wire().send(&Call::post("/v1/discovery/org").json(&query)?).await?.json()
    }

    /// Tells the server that a browser will come, and gets the link for it. What comes of it is bound to `key` and `verifier`.
    pub async fn announce_browser(
        &self,
        key: &PrivateKey,
        verifier: &Secret,
        wish: BrowserWish,
    ) -> Result<Announced, RemoteError> {
        let BrowserWish { org_hint, back, invitation } = wish;
        self.push(key, PushedRequest { invitation, ..pushed(verifier, org_hint, back) }).await
    }

    /// Tells the server that whoever is signed in with `key` will prove anew who they are, through the identity `identity` of their account.
    /// The provider has to ask for the password; what comes back are tokens of the same account.
    ///
    /// # Errors
    /// `session-ended` when nobody is signed in with this key.
    pub async fn announce_step_up(
        &self,
        key: &PrivateKey,
        verifier: &Secret,
        identity: &str,
        back: WayBack,
    ) -> Result<Announced, RemoteError> {
        let (intent, prompt, max_age) = (Some(Intent::StepUp), Some("login".to_owned()), Some("0".to_owned()));
        let request = PushedRequest { intent, prompt, max_age, ..pushed(verifier, identity.to_owned(), back) };
        self.push(key, request).await
    }

    async fn push(&self, key: &PrivateKey, request: PushedRequest) -> Result<Announced, RemoteError> {
        let metadata = self.metadata().await?;
        let Some(announce) = &metadata.pushed_authorization_request_endpoint else { return Err(no_browser()) };
        let announce = self.path_of(announce)?;
        let reply = self.wire().send_proven(&Call::post(announce).form(&request)?, key, None).await?;
        let pushed: PushedAnswer = if reply.is_success() { reply.json()? } else { return Err(reply.oauth_refusal()) };
        self.to_open(&pushed.request_uri).await
    }

    /// Tells the server that an account will be proven through a social account of it, for a sign-in that goes on.
    /// What comes of it is traded with the verifier that sign-in began with, and leads to its next step.
    pub async fn announce_proof(
        &self,
        key: &PrivateKey,
        auth_session: Secret,
        provider: &str,
        back: WayBack,
    ) -> Result<Announced, RemoteError> {
        let metadata = self.metadata().await?;
        let path = self.path_of(&metadata.authorization_challenge_endpoint)?;
        let request = ChallengeRequest::step(DESKTOP_CLIENT_ID, auth_session, "link_via");
        let request = ChallengeRequest { provider: Some(provider.to_owned()), ..request };
        let request = request.returning_to(back.redirect_uri, back.state.expose());
        let reply = self.wire().send_proven(&Call::post(path).form(&request)?, key, None).await?;
        match to_web(&reply) {
            Some(request_uri) => self.to_open(&request_uri).await,
            None => Err(reply.oauth_refusal()),
        }
    }

    /// What a browser opens for something that was announced.
    pub(crate) async fn to_open(&self, request_uri: &str) -> Result<Announced, RemoteError> {
        let metadata = self.metadata().await?;
        let open = self.path_of(metadata.authorization_endpoint.as_ref().ok_or_else(no_browser)?)?;
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", DESKTOP_CLIENT_ID)
            .append_pair("request_uri", request_uri)
            .finish();
        Ok(Announced { link: format!("{}{open}?{query}", self.origin()) })
    }

    /// Who invites whom, by the token or the code of an invitation. It goes in the body, so that no log of addresses holds it.
    ///
    /// # Errors
    /// `not-found`, `invitation-used`, `invitation-expired`.
    pub async fn read_invitation(&self, secret: &Secret) -> Result<Invitation, RemoteError> {
        let request = InvitationCode { code: secret.clone() };
        self.wire().send(&Call::post("/v1/invitations/resolve").json(&request)?).await?.json()
    }

    /// Trades the code a browser brought.
    pub async fn trade_brought_code(
        &self,
        key: &PrivateKey,
        code: Secret,
        verifier: &Secret,
        redirect_uri: &str,
    ) -> Result<Outcome<TokenResponse>, RemoteError> {
        let metadata = self.metadata().await?;
        let path = self.path_of(&metadata.token_endpoint)?;
        let request = TokenRequest::browser_code(DESKTOP_CLIENT_ID, code, verifier.clone(), redirect_uri);
        let mut call = Call::post(path).form(&request)?;
        call.deadline = Some(TOKEN_WITHIN);
        let outcome: Outcome<TokenResponse> = outcome(&self.wire().send_proven(&call, key, None).await?)?;
        match outcome {
            Outcome::Done(tokens) if !tokens.token_type.eq_ignore_ascii_case("DPoP") => {
                Err(RemoteError::ReplyMalformed)
            }
            outcome => Ok(outcome),
        }
    }

    /// Does what is needed next; gives the code for tokens when nothing is left. A lost answer is asked for once more: an equal
    /// request gets the same answer again.
    pub async fn take_step(
        &self,
        key: &PrivateKey,
        auth_session: Secret,
        answer: StepAnswer,
    ) -> Result<Outcome<Secret>, RemoteError> {
        let metadata = self.metadata().await?;
        let path = self.path_of(&metadata.authorization_challenge_endpoint)?;
        let call = Call::post(path).form(&answer.request(auth_session))?;
        let reply = match self.wire().send_proven(&call, key, None).await {
            Err(RemoteError::NetworkConnect) => self.wire().send_proven(&call, key, None).await?,
            reply => reply?,
        };
        Ok(match outcome::<ChallengeAnswer>(&reply)? {
            Outcome::Done(answer) => Outcome::Done(answer.authorization_code),
            Outcome::Next(unfinished) => Outcome::Next(unfinished),
        })
    }
}

impl SignedApi {
    /// Tells the server that a social account will be connected to the account that is signed in.
    ///
    /// # Errors
    /// `step-up-required` after a sign-in of more than ten minutes ago.
    pub async fn announce_connection(
        &self,
        provider: &str,
        verifier: &Secret,
        back: WayBack,
    ) -> Result<Announced, RemoteError> {
        let request = LinkRequest {
            redirect_uri: back.redirect_uri,
            state: back.state.expose().to_owned(),
            code_challenge: s256(verifier),
        };
        let call = Call::post(format!("/v1/me/identities/{}/link", plain(provider)?)).json(&request)?;
        let pushed: PushedAnswer = self.send(&call).await?.json()?;
        self.api().to_open(&pushed.request_uri).await
    }
}

/// A request for a browser, as every one of ours begins.
fn pushed(verifier: &Secret, org_hint: String, back: WayBack) -> PushedRequest {
    let (redirect_uri, state) = (back.redirect_uri, back.state.expose().to_owned());
    let device_label = Some(std::env::consts::OS.to_owned());
    let request = PushedRequest::login(DESKTOP_CLIENT_ID, DESKTOP_SCOPE, redirect_uri, state, s256(verifier), org_hint);
    PushedRequest { device_label, ..request }
}

/// What to open, where the server says that the way goes on in the browser.
pub(crate) fn to_web(reply: &Reply) -> Option<String> {
    if reply.is_success() {
        return None;
    }
    reply.oauth_error().filter(|error| error.code == Code::RedirectToWeb)?.request_uri
}

/// The server signs nobody in through a browser.
fn no_browser() -> RemoteError {
    RemoteError::StepUnknown(Box::new(Next::Unknown))
}

fn outcome<T: DeserializeOwned>(reply: &Reply) -> Result<Outcome<T>, RemoteError> {
    if reply.is_success() {
        return reply.json().map(Outcome::Done);
    }
    let error = reply.oauth_error();
    match error.map(|error| (error.auth_session, error.next)) {
        Some((_, Some(Next::Unknown))) | None => Err(reply.oauth_refusal()),
        Some((Some(auth_session), Some(next))) => Ok(Outcome::Next(Unfinished { auth_session, next })),
        Some(_) => Err(reply.oauth_refusal()),
    }
}

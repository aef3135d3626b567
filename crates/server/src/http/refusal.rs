//! Saying no: from any error to the one answer a client can act on.
//!
//! Guarantees: no refusal carries a name, address or token, and none carries the text of an internal error; that goes to the log under the same request number.

use super::envelope;
use crate::error::ServerError;
use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use likeness_protocol::{
    Code, Problem, Secret,
    discovery::SearchHint,
    oauth::{Next, OAuthError},
    problem::PROBLEM_JSON,
    tus::{self, PhotoFinding, PhotoState},
};
use std::{error::Error, io};

/// What only OAuth's form of a refusal carries.
#[derive(Debug, Default)]
struct More {
    auth_session: Option<Secret>,
    next: Option<Next>,
    request_uri: Option<String>,
}

/// A refused or failed request.
#[derive(Debug)]
pub struct Refusal(Box<Inner>);

#[derive(Debug)]
struct Inner {
    problem: Problem,
    more: More,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        let mut refusal =
            Self(Box::new(Inner { problem: Problem::new(code, ""), more: More::default(), headers: Vec::new() }));
        if code.status() == 401 {
            let challenge = match code {
                Code::UseDpopNonce => "DPoP error=\"use_dpop_nonce\"",
                Code::DpopInvalid => "DPoP error=\"invalid_dpop_proof\"",
                // RFC 9470.
                Code::StepUpRequired => "DPoP error=\"insufficient_user_authentication\", max_age=600",
                _ => "DPoP error=\"invalid_token\"",
            };
            refusal = refusal.header(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        match code {
            Code::Busy | Code::UploadLocked | Code::RequestInProgress => refusal.retry_after(1),
            Code::StorageFull => refusal.retry_after(60),
            _ => refusal,
        }
    }
}

impl Refusal {
    /// The code, for callers that word it themselves.
    pub fn code(&self) -> Code {
        self.0.problem.code
    }

    /// The sentence for people.
    pub fn detail_text(&self) -> &str {
        &self.0.problem.detail
    }

    /// The status it will be answered with.
    pub fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Says more exactly what is wrong. Never put something a client sent into `detail`.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.problem.detail = detail.into();
        self
    }

    /// Names the field that is meant.
    pub fn field(mut self, field: &str) -> Self {
        self.0.problem.field = Some(field.to_owned());
        self
    }

    /// Answers with another status than the code's usual one.
    pub fn status(mut self, status: StatusCode) -> Self {
        self.0.problem.status = status.as_u16();
        self
    }

    /// Says what more is known about a search for an organisation.
    pub fn hint(mut self, hint: SearchHint) -> Self {
        self.0.problem.hint = Some(hint);
        self
    }

    /// A sign-in that is not complete: the handle to go on with, and what is needed.
    pub fn unfinished(code: Code, auth_session: Secret, next: Next) -> Self {
        let mut refusal = Self::from(code);
        refusal.0.more = More { auth_session: Some(auth_session), next: Some(next), ..More::default() };
        refusal
    }

    /// A step that goes on in the browser.
    pub fn to_web(auth_session: Secret, request_uri: String) -> Self {
        let mut refusal = Self::from(Code::RedirectToWeb);
        let (auth_session, request_uri) = (Some(auth_session), Some(request_uri));
        refusal.0.more = More { auth_session, request_uri, ..More::default() };
        refusal
    }

    /// A sign-in that has to begin in the browser instead.
    pub fn begins_in_web(request_uri: String) -> Self {
        let mut refusal = Self::from(Code::RedirectToWeb);
        refusal.0.more.request_uri = Some(request_uri);
        refusal
    }

    /// Names the organisation or social account the sentence is about.
    pub fn org(mut self, name: &str) -> Self {
        self.0.problem.org = Some(name.to_owned());
        self
    }

    /// Asks to wait.
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.0.problem.retry_after_s = Some(seconds);
        self
    }

    /// Adds a header.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// The gate's refusal of a photo.
    pub fn photo(finding: PhotoFinding) -> Self {
        let mut refusal = Self::from(Code::PhotoRefused).photo_state(PhotoState::Refused(finding));
        refusal.0.problem.finding = Some(finding);
        refusal
    }

    /// Tells the state of the photo in its header.
    pub fn photo_state(self, state: PhotoState) -> Self {
        match HeaderValue::from_str(&state.to_string()) {
            Ok(value) => self.header(HeaderName::from_static(tus::header::PHOTO), value),
            Err(_) => self,
        }
    }
}

impl From<ServerError> for Refusal {
    fn from(error: ServerError) -> Self {
        let code = if is_out_of_space(&error) {
            Code::StorageFull
        } else if is_busy(&error) {
            Code::Busy
        } else {
            Code::ServerFault
        };
        tracing::error!(code = code.as_str(), request_id = envelope::request_id(), %error, "request failed");
        Self::from(code)
    }
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        ServerError::from(error).into()
    }
}

impl From<serde_json::Error> for Refusal {
    fn from(_: serde_json::Error) -> Self {
        ServerError::Stored { what: "JSON" }.into()
    }
}

fn is_busy(error: &ServerError) -> bool {
    match error {
        ServerError::Database(sqlx::Error::PoolTimedOut) => true,
        // 5 is SQLITE_BUSY, 517 SQLITE_BUSY_SNAPSHOT.
        ServerError::Database(sqlx::Error::Database(inner)) => matches!(inner.code().as_deref(), Some("5" | "517")),
        _ => false,
    }
}

fn is_out_of_space(error: &ServerError) -> bool {
    if let ServerError::Database(sqlx::Error::Database(inner)) = error
        && inner.code().as_deref() == Some("13")
    {
        return true;
    }
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::StorageFull) {
            return true;
        }
        cause = error.source();
    }
    false
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = self.status_code();
        let Inner { mut problem, headers, .. } = *self.0;
        problem.request_id = envelope::request_id();
        let mut response = (status, Json(&problem)).into_response();
        let fields = response.headers_mut();
        fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some(seconds) = problem.retry_after_s {
            fields.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        fields.extend(headers);
        response
    }
}

/// A refusal in OAuth's own form.
#[derive(Debug)]
pub struct OAuthRefusal(Refusal);

impl<E: Into<Refusal>> From<E> for OAuthRefusal {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for OAuthRefusal {
    fn into_response(self) -> Response {
        let Inner { problem, more, .. } = *self.0.0;
        let Problem { code, status, detail, field, org, retry_after_s, .. } = problem;
        let More { auth_session, next, request_uri } = more;
        let error = match code {
            Code::UseDpopNonce => "use_dpop_nonce",
            Code::DpopInvalid => "invalid_dpop_proof",
            _ if next.is_some() => "insufficient_authorization",
            Code::RedirectToWeb => "redirect_to_web",
            Code::AuthSessionExpired => "invalid_session",
            Code::InvalidCredentials
            | Code::AccountDisabled
            | Code::SsoRequired
            | Code::SsoDenied
            | Code::InvitationRequired
            | Code::InvitationExpired
            | Code::InvitationUsed
            | Code::InvitationWrongPerson
            | Code::IdentityConflict
            | Code::AnotherPerson
            | Code::AccountManagedElsewhere
            | Code::OrgAccessEnded
            | Code::DeviceRefused => "access_denied",
            Code::InvalidGrant => "invalid_grant",
            Code::AuthorizationPending => "authorization_pending",
            Code::SlowDown => "slow_down",
            Code::DeviceCodeExpired => "expired_token",
            Code::UnauthorizedClient => "unauthorized_client",
            Code::TooManyAttempts | Code::Busy | Code::RateLimited | Code::StorageFull | Code::OrgSsoUnavailable => {
                "temporarily_unavailable"
            }
            Code::ServerFault => "server_error",
            _ => "invalid_request",
        };
        // RFC 9449 and RFC 6749 answer 400 here where a resource would answer 401.
        let status = if status == 401 { 400 } else { status };
        let body = OAuthError {
            error: error.to_owned(),
            error_description: Some(detail),
            code,
            request_id: envelope::request_id(),
            auth_session,
            next,
            request_uri,
            org,
            field,
            retry_after_s,
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(body)).into_response();
        if let Some(seconds) = retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

//! `POST /v1/discovery/org`: from what somebody typed to their organisation.
//!
//! Guarantees: an unproven domain gets the answer of an unknown one; the answer says nothing about people.

use super::{
    domain::{Domain, NoDomain},
    organisation::{self, Found},
};
use crate::{
    app::{App, Shared},
    http::{refusal::Refusal, sent::Sent},
    oauth::challenge::network_address,
};
use axum::{
    Json,
    extract::{FromRequestParts, State},
    http::request::Parts,
};
use likeness_protocol::{
    Code, Problem,
    discovery::{FoundOrganisation, OrganisationQuery, SearchHint},
};
use std::{net::IpAddr, sync::PoisonError, time::Duration};

/// What somebody who is not signed in asks for. Each kind is counted apart, so that a room full of people who begin at once can also go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Asking {
    /// Searching: organisations, invitations, kiosks that begin.
    Search,
    /// Going on: a sign-in through the browser that is announced, a guest's phone.
    SignIn,
}

impl Asking {
    /// How often a minute from one network address: a testing centre is one.
    const fn per_minute(self) -> u32 {
        match self {
            Self::Search => 120,
            Self::SignIn => 600,
        }
    }
}

/// One question of somebody who is not signed in, counted by network address.
pub struct Question;

impl FromRequestParts<Shared> for Question {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Refusal> {
        count(app, network_address(app, parts), Asking::Search).map(|()| Self)
    }
}

/// Counts a question of a network address; refuses when there were too many.
pub fn count(app: &App, from: IpAddr, asking: Asking) -> Result<(), Refusal> {
    let now = app.now();
    let minute = Duration::from_mins(1);
    let mut questions = app.questions.lock().unwrap_or_else(PoisonError::into_inner);
    questions.retain(|_, (window, _)| now.since(*window) < minute);
    let (window, asked) = questions.entry((asking, from)).or_insert((now, 0));
    if *asked >= asking.per_minute() {
        let wait = window.plus(minute).since(now);
        let seconds = u32::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX);
        return Err(Refusal::from(Code::RateLimited).retry_after(seconds));
    }
    *asked += 1;
    Ok(())
}

/// Finds an organisation by a domain, an e-mail address or the address of a page.
#[utoipa::path(post, path = "/v1/discovery/org", tag = "sign-in", request_body = OrganisationQuery,
    responses((status = 200, body = FoundOrganisation), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn find(
    State(app): State<Shared>,
    _: Question,
    query: Sent<OrganisationQuery>,
) -> Result<Json<FoundOrganisation>, Refusal> {
    let domain = Domain::read(&query.value.input).map_err(not_a_domain)?;
    if domain.is_public_mail() {
        return Err(Refusal::from(Code::OrgNotFound).hint(SearchHint::PublicMail));
    }
    let Found { org, domain, policy } = organisation::by_domain(&app, &domain).await?.ok_or(Code::OrgNotFound)?;
    let sso = organisation::ways_in(&app, &org.id).await?;
    Ok(Json(FoundOrganisation { org, domain, sso, jit: policy.jit, password_allowed: policy.password_login }))
}

fn not_a_domain(NoDomain(hint): NoDomain) -> Refusal {
    let refusal = Refusal::from(Code::OrgInputInvalid).field("input");
    match hint {
        Some(hint) => {
            refusal.detail("That is the name of the sign-in system. Type your company's web address.").hint(hint)
        }
        None => refusal,
    }
}

/// The organisation of this address, if it wants no passwords. Depends on the domain alone, so it tells nothing about people.
pub async fn denying_passwords(app: &App, email: &str) -> Result<Option<Found>, Refusal> {
    let Ok(domain) = Domain::read(email.rsplit_once('@').map_or("", |(_, domain)| domain)) else { return Ok(None) };
    Ok(organisation::by_domain(app, &domain).await?.filter(|found| !found.policy.password_login))
}

/// The sentence for somebody of such an organisation.
pub fn not_by_password(name: &str) -> Refusal {
    let detail = format!("{name} asks you to sign in through the organisation, not with a password.");
    Refusal::from(Code::SsoRequired).detail(detail).org(name)
}

/// Refuses a password where the organisation of the address wants none.
pub async fn refuse_password_where_denied(app: &App, email: &str) -> Result<(), Refusal> {
    denying_passwords(app, email).await?.map_or(Ok(()), |found| Err(not_by_password(&found.org.name)))
}

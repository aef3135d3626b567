//! Signing in, proofs, tokens.

use super::house::{App, House, PASSWORD, send};
use likeness_protocol::{
    Code, Secret,
    account::Me,
    dpop,
    limits::DESKTOP_CLIENT_ID,
    oauth::{ChallengeAnswer, RevokeRequest, ServerMetadata, TokenRequest, TokenResponse},
};
use std::{sync::Arc, time::Duration};

const ADA: &str = "ada@corp.example";

#[tokio::test(flavor = "multi_thread")]
async fn the_right_password_signs_in_and_nothing_tells_who_has_an_account() {
    let house = House::with(&[ADA]).await;
    let app = house.app("  ADA@Corp.Example ").await;
    let me: Me = app.get("/v1/me").await.json();
    assert_eq!((me.email.as_str(), me.id), (ADA, app.account()));

    let stranger = App::new(app.to, Arc::clone(&house.clock));
    let wrong = stranger.challenge(ADA, "wrong horse battery", &"v".repeat(43)).await;
    let unknown = stranger.challenge("nobody@corp.example", "wrong horse battery", &"v".repeat(43)).await;
    let without_id = |text: String| text.split("\"request_id\"").next().unwrap().to_owned();
    assert_eq!((wrong.status, wrong.code()), (400, Code::InvalidCredentials));
    assert_eq!((unknown.status, without_id(unknown.text())), (wrong.status, without_id(wrong.text())));

    let metadata: ServerMetadata =
        send(app.to, "GET", "/.well-known/oauth-authorization-server", &[], &[]).await.json();
    assert_eq!((metadata.issuer, metadata.likeness_practice), (app.origin(), false));
    let register =
        serde_json::json!({"client_id": DESKTOP_CLIENT_ID, "action": "register", "email": "new@corp.example"});
    assert_eq!(stranger.form("/oauth/challenge", &register).await.code(), Code::SignUpUnavailable);
    house.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_slows_down_for_the_address_and_forgives_with_time() {
    let house = House::with(&[ADA]).await;
    let app = App::new(house.running.address(), Arc::clone(&house.clock));
    let verifier = "v".repeat(43);
    for _ in 0..5 {
        assert_eq!(app.challenge(ADA, "wrong horse battery", &verifier).await.code(), Code::InvalidCredentials);
    }
    let blocked = app.challenge(ADA, PASSWORD, &verifier).await;
    assert_eq!(
        (blocked.status, blocked.code(), blocked.header("retry-after")),
        (429, Code::TooManyAttempts, Some("1"))
    );
    house.clock.advance(Duration::from_secs(1));
    assert_eq!(app.challenge(ADA, PASSWORD, &verifier).await.status, 200, "the right password works after the wait");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_needs_a_fitting_fresh_and_new_proof() {
    let house = House::with(&[ADA]).await;
    let app = house.app(ADA).await;
    let token = app.tokens.as_ref().unwrap().access_token.expose().to_owned();
    app.get("/v1/me").await;
    let authorization = format!("DPoP {token}");
    let ask = async |proof: Option<&str>| {
        let mut headers = vec![("authorization", authorization.as_str())];
        headers.extend(proof.map(|proof| ("dpop", proof)));
        send(app.to, "GET", "/v1/me", &headers, &[]).await
    };
    let good = app.proof("GET", "/v1/me", Some(&token));
    assert_eq!(ask(Some(&good)).await.status, 200, "fits");
    assert_eq!(ask(Some(&good)).await.code(), Code::DpopInvalid, "the same proof twice");
    let url = format!("{}/v1/me", app.origin());
    let without_nonce =
        dpop::build(&app.key, dpop::Request { method: "GET", url: &url, access_token: Some(&token) }, None, 1, "j")
            .unwrap();
    let thief = App::new(app.to, Arc::clone(&house.clock));
    thief.get("/v1/me").await;
    #[rustfmt::skip]
    let table = [
        (None,                                              Code::DpopInvalid,  "no proof"),
        (Some("x.y.z".to_owned()),                          Code::DpopInvalid,  "no token at all"),
        (Some(app.proof("POST", "/v1/me", Some(&token))),   Code::DpopInvalid,  "another method"),
        (Some(app.proof("GET", "/v1/policy", Some(&token))), Code::DpopInvalid, "another path"),
        (Some(app.proof("GET", "/v1/me", None)),            Code::SessionEnded, "for no token"),
        (Some(without_nonce),                               Code::UseDpopNonce, "no nonce"),
    ];
    for (proof, expected, because) in table {
        let reply = ask(proof.as_deref()).await;
        assert_eq!((reply.status, reply.problem().code), (401, expected), "{because}");
        assert!(reply.header("dpop-nonce").is_some() && reply.header("www-authenticate").is_some(), "{because}");
    }
    let stolen = {
        let url = format!("{}/v1/me", app.origin());
        let fresh = ask(None).await;
        let nonce = fresh.header("dpop-nonce").unwrap().to_owned();
        dpop::build(
            &thief.key,
            dpop::Request { method: "GET", url: &url, access_token: Some(&token) },
            Some(&nonce),
            1,
            "j2",
        )
        .unwrap()
    };
    assert_eq!(ask(Some(&stolen)).await.code(), Code::SessionEnded, "a stolen token without its key");
    let old = app.proof("GET", "/v1/me", Some(&token));
    house.clock.advance(Duration::from_mins(4));
    assert_eq!(ask(Some(&old)).await.code(), Code::UseDpopNonce, "a nonce of four minutes ago");
    house.clock.advance(Duration::from_mins(10));
    assert_eq!(app.get("/v1/me").await.code(), Code::SessionEnded, "the access token has ended");
    let bearer = send(app.to, "GET", "/v1/me", &[("authorization", &format!("Bearer {token}"))], &[]).await;
    assert_eq!(bearer.code(), Code::SessionEnded, "no bearer tokens here");
}

#[tokio::test(flavor = "multi_thread")]
async fn refresh_rotates_forgives_a_lost_reply_and_ends_the_family_on_reuse() {
    let house = House::with(&[ADA]).await;
    let app = house.app(ADA).await;
    let first = app.tokens.as_ref().unwrap().refresh_token.clone().unwrap();
    let answer: TokenResponse = app.refresh(&first).await.json();
    let second = answer.refresh_token.clone().unwrap();
    assert_ne!(first, second);
    house.clock.advance(Duration::from_secs(29));
    let again: TokenResponse = app.refresh(&first).await.json();
    assert_eq!(again.refresh_token.as_ref(), Some(&second), "a lost reply gets the same successor");
    let third = app.refresh(&second).await.json::<TokenResponse>().refresh_token.unwrap();
    assert_eq!(app.refresh(&first).await.code(), Code::InvalidGrant, "its successor was used");
    assert_eq!(app.refresh(&third).await.code(), Code::InvalidGrant, "and the whole family is dead");
    assert!(house.mails(1).await[0].contains("We signed you out"), "the owner is told");

    let app = house.app(ADA).await;
    let first = app.tokens.as_ref().unwrap().refresh_token.clone().unwrap();
    let thief = App::new(app.to, Arc::clone(&house.clock));
    assert_eq!(thief.refresh(&first).await.code(), Code::InvalidGrant, "another key");
    assert_eq!(app.refresh(&first).await.code(), Code::InvalidGrant, "family dead");

    let app = house.app(ADA).await;
    let first = app.tokens.as_ref().unwrap().refresh_token.clone().unwrap();
    house.clock.advance(Duration::from_hours(31 * 24));
    assert_eq!(app.refresh(&first).await.code(), Code::InvalidGrant, "unused for a month");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_successor_counts_as_arrived_only_once_it_was_shown() {
    let house = House::with(&[ADA]).await;
    let mut app = house.app(ADA).await;
    let first = app.tokens.as_ref().unwrap().refresh_token.clone().unwrap();
    let lost: TokenResponse = app.refresh(&first).await.json();
    // A computer that was killed on Friday and starts again on Monday, twice.
    for hours in [1, 72, 10 * 24] {
        house.clock.advance(Duration::from_hours(hours));
        let again = app.refresh(&first).await;
        assert_eq!(again.status, 200, "after {hours} hours more: {}", again.text());
        let successor = again.json::<TokenResponse>().refresh_token;
        assert_eq!(successor, lost.refresh_token, "the same one, so that a late reply is as good");
    }
    let thief = App::new(app.to, Arc::clone(&house.clock));
    let answer: TokenResponse = app.refresh(&first).await.json();
    app.tokens = Some(answer.clone());
    assert_eq!(app.get("/v1/me").await.status, 200, "the access token that came with it is shown");
    assert_eq!(thief.get("/v1/me").await.code(), Code::SessionEnded);
    house.clock.advance(Duration::from_secs(1));
    assert_eq!(app.refresh(&first).await.code(), Code::InvalidGrant, "it arrived, so this is a second use");
    assert_eq!(app.get("/v1/me").await.code(), Code::SessionEnded, "and the whole family is dead");
    assert_eq!(app.refresh(&answer.refresh_token.unwrap()).await.code(), Code::InvalidGrant);

    let app = house.app(ADA).await;
    let first = app.tokens.as_ref().unwrap().refresh_token.clone().unwrap();
    let second = app.refresh(&first).await.json::<TokenResponse>().refresh_token.unwrap();
    house.clock.advance(Duration::from_hours(29 * 24));
    assert_eq!(app.refresh(&first).await.status, 200, "within its life");
    house.clock.advance(Duration::from_hours(2 * 24));
    assert_eq!(app.refresh(&first).await.code(), Code::InvalidGrant, "after its life");
    assert_eq!(app.refresh(&second).await.code(), Code::InvalidGrant, "which the successor shares to the hour");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_with_another_key_ends_the_family_even_before_the_successor_arrived() {
    let house = House::with(&[ADA]).await;
    let app = house.app(ADA).await;
    let first = app.tokens.as_ref().unwrap().refresh_token.clone().unwrap();
    assert_eq!(app.refresh(&first).await.status, 200);
    let thief = App::new(app.to, Arc::clone(&house.clock));
    assert_eq!(thief.refresh(&first).await.code(), Code::InvalidGrant);
    assert_eq!(app.refresh(&first).await.code(), Code::InvalidGrant, "the family is dead");
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_parallel_refreshes_give_one_successor() {
    let house = House::with(&[ADA]).await;
    let app = Arc::new(house.app(ADA).await);
    let first = app.tokens.as_ref().unwrap().refresh_token.clone().unwrap();
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let (app, first) = (Arc::clone(&app), first.clone());
            tokio::spawn(async move { app.refresh(&first).await.json::<TokenResponse>().refresh_token.unwrap() })
        })
        .collect();
    let mut successors = Vec::new();
    for call in calls {
        successors.push(call.await.unwrap());
    }
    assert!(successors.iter().all(|token| *token == successors[0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_works_once_for_its_verifier_and_a_revoked_sign_in_is_over() {
    let house = House::with(&[ADA]).await;
    let app = App::new(house.running.address(), Arc::clone(&house.clock));
    let verifier = "v".repeat(43);
    let code = app.challenge(ADA, PASSWORD, &verifier).await.json::<ChallengeAnswer>().authorization_code;
    let redeem = async |verifier: &str| {
        app.form("/oauth/token", &TokenRequest::code(DESKTOP_CLIENT_ID, code.clone(), Secret::new(verifier))).await
    };
    assert_eq!(redeem(&"w".repeat(43)).await.code(), Code::InvalidGrant, "another verifier");
    let tokens: TokenResponse = redeem(&verifier).await.json();
    assert_eq!(redeem(&verifier).await.code(), Code::InvalidGrant, "a second time");
    assert_eq!(
        app.refresh(&tokens.refresh_token.unwrap()).await.code(),
        Code::InvalidGrant,
        "what came of the code ended with its second use"
    );

    let app = house.app(ADA).await;
    let refresh = app.tokens.as_ref().unwrap().refresh_token.clone().unwrap();
    let body = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", DESKTOP_CLIENT_ID)
        .append_pair("token", refresh.expose())
        .finish();
    let revoked = send(
        app.to,
        "POST",
        "/oauth/revoke",
        &[("content-type", "application/x-www-form-urlencoded")],
        body.as_bytes(),
    )
    .await;
    assert_eq!(revoked.status, 200, "no proof needed: {}", revoked.text());
    assert_eq!(app.get("/v1/me").await.code(), Code::SessionEnded);
    let unknown = RevokeRequest { client_id: DESKTOP_CLIENT_ID.into(), token: Secret::new("lk_rt_unknown") };
    assert_eq!(app.form("/oauth/revoke", &unknown).await.status, 200, "an unknown token has ended already");
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_requests_are_refused_in_words() {
    let house = House::with(&[ADA]).await;
    let app = house.app(ADA).await;
    let json = [("content-type", "application/json")];
    #[rustfmt::skip]
    let table = [
        ("POST", "/v1/consents", &json[..], b"{".to_vec(),                       400, Code::InvalidRequest,       "no JSON"),
        ("POST", "/v1/consents", &json[..], b"{\"planted\":1}".to_vec(),         400, Code::InvalidRequest,       "other fields"),
        ("POST", "/v1/consents", &[][..],   b"{}".to_vec(),                      415, Code::UnsupportedMediaType, "no content type"),
        ("POST", "/v1/consents", &json[..], vec![b' '; 64 * 1024 + 1],           413, Code::TooLarge,             "over 64 KiB"),
        ("PUT",  "/v1/consents", &json[..], b"{}".to_vec(),                      405, Code::MethodNotAllowed,     "another method"),
        ("GET",  "/v1/nothing",  &[][..],   Vec::new(),                          404, Code::NotFound,             "another path"),
        ("GET",  "/v1/capture-sessions/cs_none", &[][..], Vec::new(),            404, Code::NotFound,             "a foreign or missing session"),
        ("GET",  "/v1/review/queue", &[][..], Vec::new(),                        403, Code::Forbidden,            "a learner at the review API"),
    ];
    for (method, path, headers, body, status, code, because) in table {
        let reply = app.call(method, path, headers, &body).await;
        assert_eq!((reply.status, reply.problem().code), (status, code), "{because}");
        assert!(!reply.text().contains("planted"), "what was sent is not repeated");
        assert!(reply.header("access-control-allow-origin").is_none(), "no CORS");
    }
}

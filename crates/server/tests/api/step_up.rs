//! Proving anew who one is, without a password: through the organisation or the social account the account is connected to.

use super::{
    house::{App, House, PASSWORD, Reply},
    provider::{Browser, Fault, Person, Provider, add, organisation, person, pushed},
};
use likeness_protocol::{
    Code, Secret,
    account::{Identities, IdentityKind},
    oauth::{ChallengeRequest, Intent, OAuthError, PushedRequest, TokenResponse},
};
use likeness_server::admin::{Linking, OrganisationPolicy};
use std::{sync::Arc, time::Duration};

const SAM: Person = person("sub-sam", "sam@harbour.example");
const SAM_AT_GOOGLE: Person = person("google-sam", "sam@mail.example");

struct Harbour {
    house: House,
    provider: Provider,
}

impl Harbour {
    async fn with_sam() -> Self {
        let house = House::with(&["sam@mail.example", "kim@mail.example"]).await;
        let provider = Provider::start(&house.clock).await;
        let rules = OrganisationPolicy {
            link_existing: Linking::Allow,
            block_if_social_linked: false,
            require_alt_email: false,
            ..Default::default()
        };
        organisation(&house, &provider, "Harbour University", "harbour.example", rules).await;
        add(&house, &provider, None, "google").await;
        let harbour = Self { house, provider };
        harbour.connect(&SAM, "harbour.example", "sam@mail.example").await;
        harbour.connect(&SAM_AT_GOOGLE, "google", "sam@mail.example").await;
        harbour.connect(&person("sub-kim", "kim@harbour.example"), "harbour.example", "kim@mail.example").await;
        harbour
    }

    fn app(&self) -> App {
        App::new(self.house.running.address(), Arc::clone(&self.house.clock))
    }

    async fn connect(&self, who: &Person, hint: &str, account: &str) {
        let app = self.app();
        let at: OAuthError = app.through(&self.provider, who, &pushed(hint)).await.json();
        app.step(&at, "link", |_| {}).await;
        let prove = |request: &mut ChallengeRequest| {
            request.email = Some(account.to_owned());
            request.password = Some(Secret::new(PASSWORD));
        };
        app.step(&at, "link", prove).await;
        assert_eq!(app.step(&at, "confirm", |_| {}).await.status, 200);
    }

    /// Sam, signed in through the organisation eleven minutes ago.
    async fn sam_of_before(&self) -> App {
        let mut app = self.app();
        app.tokens = Some(app.through(&self.provider, &SAM, &pushed("harbour.example")).await.json());
        self.house.clock.advance(Duration::from_mins(11));
        let refresh = app.tokens.as_ref().unwrap().refresh_token.clone().unwrap();
        app.tokens = Some(app.refresh(&refresh).await.json());
        app
    }

    async fn proves(&self, app: &App, identity: &str, who: &Person) -> Reply {
        app.through(&self.provider, who, &anew(identity)).await
    }
}

/// Asks to prove oneself anew through this way in.
fn anew(identity: &str) -> PushedRequest {
    let (prompt, max_age) = (Some("login".into()), Some("0".into()));
    PushedRequest { intent: Some(Intent::StepUp), prompt, max_age, ..pushed(identity) }
}

async fn way_in(app: &App, kind: IdentityKind) -> String {
    let listed = app.get("/v1/me/identities").await.json::<Identities>().identities;
    listed.into_iter().find(|identity| identity.kind == kind).unwrap().id
}

async fn change_password(app: &App) -> Reply {
    app.post("/v1/me/password", &serde_json::json!({ "password": "seven green bicycles" })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_sign_in_is_proven_anew_through_the_organisation_or_a_social_account() {
    let harbour = Harbour::with_sam().await;
    for (kind, who, hint) in
        [(IdentityKind::Org, &SAM, "sam@harbour.example"), (IdentityKind::Google, &SAM_AT_GOOGLE, "sam@mail.example")]
    {
        let mut app = harbour.sam_of_before().await;
        assert_eq!(change_password(&app).await.code(), Code::StepUpRequired);
        let way = way_in(&app, kind).await;
        let asked = Browser::new(app.to).set_out(&app.announce_sign_in(&anew(&way)).await).await;
        let field = |name: &str| asked.get(name).map(String::as_str);
        assert_eq!((field("prompt"), field("max_age"), field("login_hint")), (Some("login"), Some("0"), Some(hint)));
        let reply = harbour.proves(&app, &way, who).await;
        let tokens: TokenResponse = reply.json();
        assert_eq!(tokens.sub, app.account(), "{}", reply.text());
        app.tokens = Some(tokens);
        assert_eq!(change_password(&app).await.status, 204, "now it may be done");
    }
    harbour.house.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_did_not_ask_again_proves_nothing() {
    let harbour = Harbour::with_sam().await;
    let app = harbour.sam_of_before().await;
    let way = way_in(&app, IdentityKind::Org).await;
    for fault in [Fault::OldLogin, Fault::EarlierLogin, Fault::UntoldLogin] {
        harbour.provider.does(fault);
        let reply = harbour.proves(&app, &way, &SAM).await;
        let error: OAuthError = reply.json();
        assert_eq!(error.code, Code::OrgSsoUnavailable, "{fault:?}");
        assert!(error.error_description.unwrap().contains("did not ask for the password again"), "{fault:?}");
    }
    // Signing in is possible all the same, and counts as one of long ago.
    for fault in [Fault::OldLogin, Fault::UntoldLogin] {
        harbour.provider.does(fault);
        let mut app = harbour.app();
        app.tokens = Some(app.through(&harbour.provider, &SAM, &pushed("harbour.example")).await.json());
        assert_eq!(change_password(&app).await.code(), Code::StepUpRequired, "{fault:?}");
    }
    harbour.provider.does(Fault::None);
    assert_eq!(harbour.proves(&app, &way, &SAM).await.status, 200, "and the next try works");
    harbour.house.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_proves_to_be_somebody_else() {
    let harbour = Harbour::with_sam().await;
    let app = harbour.sam_of_before().await;
    let way = way_in(&app, IdentityKind::Org).await;
    for (who, because) in [
        (person("sub-kim", "kim@harbour.example"), "somebody else of the organisation"),
        (person("sub-new", "sam@harbour.example"), "an equal address under another number"),
    ] {
        let reply = harbour.proves(&app, &way, &who).await;
        assert_eq!(reply.code(), Code::AnotherPerson, "{because}: {}", reply.text());
    }
    assert_eq!(change_password(&app).await.code(), Code::StepUpRequired, "and nothing has become fresh");

    let kim = harbour.house.app("kim@mail.example").await;
    #[rustfmt::skip]
    let table = [
        (&kim,            &*way,              Code::InvalidRequest, "somebody else's way in"),
        (&app,            "idn_unknown",      Code::InvalidRequest, "no way in at all"),
        (&app,            "harbour.example",  Code::InvalidRequest, "an organisation in place of a way in"),
        (&harbour.app(),  &*way,              Code::SessionEnded,   "a key nobody is signed in with"),
    ];
    for (app, way, code, because) in table {
        assert_eq!(app.form("/oauth/par", &anew(way)).await.code(), code, "{because}");
    }
    // A link that was sent to somebody else's browser comes back there, and is worth nothing without this app's key.
    let browser = Browser::new(app.to);
    let asked = browser.set_out(&app.announce_sign_in(&anew(&way)).await).await;
    let code = harbour.provider.sign_in(&asked, &SAM);
    let heard = browser.come_back(&format!("code={code}&state={}", asked["state"])).await;
    assert_eq!(kim.trade(&heard["code"]).await.code(), Code::InvalidGrant);
    harbour.house.running.stop().await.unwrap();
}

//! Organisations: made from the command line, proven by DNS, found by what people type; invitations by link and code.

use super::{
    house::{App, House, PASSWORD, send},
    provider::{REDIRECT, STATE, by_password},
};
use likeness_protocol::{
    Code, Secret,
    discovery::{FoundOrganisation, Invitation, Joining, SearchHint, SsoKind},
};
use likeness_server::{Settings, admin};
use serde_json::json;
use std::{
    fs,
    io::Write,
    net::SocketAddr,
    path::Path,
    process::{Command, Output, Stdio},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

const ADA: &str = "ada@corp.example";
const FORTNIGHT: Duration = Duration::from_hours(24 * 14);

/// A name server that gives this TXT record for every name.
async fn name_server(record: &str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let record = record.as_bytes().to_vec();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut question = vec![0; usize::from(stream.read_u16().await.unwrap())];
            stream.read_exact(&mut question).await.unwrap();
            let mut answer = question[..2].to_vec();
            answer.extend([0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
            answer.extend(&question[12..]);
            answer.extend([0xC0, 12, 0, 16, 0, 1, 0, 0, 0, 60]);
            answer.extend(u16::try_from(record.len() + 1).unwrap().to_be_bytes());
            answer.push(u8::try_from(record.len()).unwrap());
            answer.extend(&record);
            stream.write_u16(u16::try_from(answer.len()).unwrap()).await.unwrap();
            stream.write_all(&answer).await.unwrap();
        }
    });
    address
}

pub async fn proven(settings: &Settings, name: &str, domain: &str, policy: admin::OrganisationPolicy) -> String {
    let org = admin::add_organisation(settings, name, policy).await.unwrap();
    let claim = admin::claim_domain(settings, &org, domain).await.unwrap();
    let resolver = name_server(&claim.record).await;
    admin::prove_domain(settings, domain, Some(resolver)).await.unwrap();
    org
}

async fn ask(house: &House, input: &str) -> super::house::Reply {
    let body = serde_json::to_vec(&json!({"input": input})).unwrap();
    send(house.running.address(), "POST", "/v1/discovery/org", &[("content-type", "application/json")], &body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_is_found_by_what_people_type() {
    let house = House::with(&[]).await;
    let rules = admin::OrganisationPolicy { jit: Joining::InviteOnly, ..Default::default() };
    let org = proven(&house.settings, "Corp University", "corp.example", rules).await;
    let other =
        admin::add_organisation(&house.settings, "Hopeful", admin::OrganisationPolicy::default()).await.unwrap();
    admin::claim_domain(&house.settings, &other, "unproven.example").await.unwrap();

    for typed in ["corp.example", ADA, "https://www.corp.example/login", " CORP.EXAMPLE ", "learn.corp.example"] {
        let reply = ask(&house, typed).await;
        assert_eq!(reply.status, 200, "{typed}: {}", reply.text());
        let found: FoundOrganisation = reply.json();
        assert_eq!((found.org.id, found.org.name.as_str()), (org.clone(), "Corp University"), "{typed}");
        assert_eq!(
            (found.domain.as_str(), found.jit, found.password_allowed),
            ("corp.example", Joining::InviteOnly, true)
        );
        assert!(found.sso.is_empty(), "there is no provider yet");
    }
    let secret = Secret::new("planted provider secret");
    let issuer = "https://login.corp.example";
    let new = admin::NewProvider {
        org: Some(&org),
        kind: "oidc",
        issuer,
        client_id: "likeness",
        secret: &secret,
        private_network: false,
    };
    admin::add_provider(&house.settings, new).await.unwrap();
    assert_eq!(ask(&house, "corp.example").await.json::<FoundOrganisation>().sso, [SsoKind::Oidc]);

    let (bad, unknown) = (Code::OrgInputInvalid, Code::OrgNotFound);
    let long = "a".repeat(254);
    #[rustfmt::skip]
    let table = [
        ("",                 400, bad,     None,                            "nothing"),
        ("corp example",     400, bad,     None,                            "a blank inside"),
        (long.as_str(),      400, bad,     None,                            "longer than a domain"),
        ("192.0.2.1",        400, bad,     None,                            "an IP address"),
        ("corp",             400, bad,     None,                            "a single label"),
        ("okta",             400, bad,     Some(SearchHint::IsProductName), "a product"),
        ("SSO",              400, bad,     Some(SearchHint::IsProductName), "a product's name in capitals"),
        ("ada@gmail.com",    404, unknown, Some(SearchHint::PublicMail),    "public mail"),
        ("unproven.example", 404, unknown, None,                            "claimed but not proven"),
        ("unknown.example",  404, unknown, None,                            "nobody's"),
        ("example",          400, bad,     None,                            "only what stands above the proven domain"),
    ];
    for (typed, status, code, hint, because) in table {
        let reply = ask(&house, typed).await;
        let problem = reply.problem();
        assert_eq!((problem.status, problem.code, problem.hint), (status, code, hint), "{because}: {typed}");
    }
    house.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_belongs_to_the_one_who_proved_it() {
    let house = House::with(&[]).await;
    let settings = &house.settings;
    proven(settings, "Corp University", "corp.example", admin::OrganisationPolicy::default()).await;
    let thief = admin::add_organisation(settings, "Thief", admin::OrganisationPolicy::default()).await.unwrap();
    let said = |result: Result<(), likeness_server::ServerError>| result.unwrap_err().to_string();
    let claim = admin::claim_domain(settings, &thief, "corp.example").await.map(|_| ());
    assert!(said(claim).contains("another organisation has proven"));
    for (domain, expected) in [("gmail.com", "public mail"), ("corp", "not a domain")] {
        assert!(said(admin::claim_domain(settings, &thief, domain).await.map(|_| ())).contains(expected));
    }

    let claim = admin::claim_domain(settings, &thief, "thief.example").await.unwrap();
    let record_of_another = admin::claim_domain(settings, &thief, "other.example").await.unwrap().record;
    let wrong = name_server(&record_of_another).await;
    assert!(said(admin::prove_domain(settings, "thief.example", Some(wrong)).await).contains("not there"));
    assert_eq!(ask(&house, "thief.example").await.status, 404, "a wrong record proves nothing");
    let right = name_server(&claim.record).await;
    assert!(
        said(admin::prove_domain(settings, "nobody.example", Some(right)).await).contains("no organisation claims")
    );
    admin::prove_domain(settings, "THIEF.example", Some(right)).await.unwrap();
    assert_eq!(ask(&house, "thief.example").await.status, 200);
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    assert!(said(admin::prove_domain(settings, "thief.example", Some(silent)).await).contains("--resolver"));
    house.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn where_passwords_are_denied_none_is_tried_and_nothing_tells_who_has_an_account() {
    let house = House::with(&[ADA, "bob@mail.example"]).await;
    let rules = admin::OrganisationPolicy { password_login: false, ..Default::default() };
    proven(&house.settings, "Corp University", "corp.example", rules).await;
    assert!(!ask(&house, "corp.example").await.json::<FoundOrganisation>().password_allowed);
    let app = App::new(house.running.address(), Arc::clone(&house.clock));
    for (email, password) in [(ADA, PASSWORD), (ADA, "wrong horse battery"), ("nobody@learn.corp.example", PASSWORD)] {
        let reply = app.challenge(email, password, &"v".repeat(43)).await;
        assert_eq!((reply.status, reply.code()), (403, Code::SsoRequired), "{email}");
    }
    assert_eq!(app.challenge("bob@mail.example", PASSWORD, &"v".repeat(43)).await.status, 200);
    let asking = by_password(ADA, PASSWORD).returning_to(REDIRECT, STATE);
    let reply = app.form("/oauth/challenge", &asking).await;
    assert_eq!((reply.status, reply.code()), (403, Code::SsoRequired), "nobody to send them to yet");
    house.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_of_strangers_are_limited_and_the_limit_passes() {
    let house = House::with(&[]).await;
    for _ in 0..120 {
        assert_eq!(ask(&house, "unknown.example").await.status, 404);
    }
    let refused = ask(&house, "unknown.example").await;
    assert_eq!((refused.code(), refused.header("retry-after")), (Code::RateLimited, Some("60")));
    let app = App::new(house.running.address(), Arc::clone(&house.clock));
    let announced = app.form("/oauth/par", &super::provider::pushed("unknown.example")).await;
    assert_eq!(announced.code(), Code::OrgNotFound, "whoever found their organisation can go on");
    house.clock.advance(Duration::from_mins(1));
    assert_eq!(ask(&house, "unknown.example").await.status, 404);
    house.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_opens_by_link_and_by_code_until_it_ends() {
    let house = House::with(&[]).await;
    let to = house.running.address();
    let org =
        proven(&house.settings, "Harbour University", "harbour.example", admin::OrganisationPolicy::default()).await;
    let made = admin::invite(&house.settings, &org, "Sam@Harbour.example", FORTNIGHT).await.unwrap();
    let by_link = format!("/v1/invitations/{}", made.token.expose());
    let json_type = [("content-type", "application/json")];
    let by_code = |code: &str| serde_json::to_vec(&json!({"code": code})).unwrap();
    let typed = made.code.expose().to_lowercase();

    let shown: Invitation = send(to, "GET", &by_link, &[], &[]).await.json();
    assert_eq!((shown.org.name.as_str(), shown.domain.as_deref()), ("Harbour University", Some("harbour.example")));
    assert_eq!(shown.email_masked, "s•••••@harbour.example");
    let same: Invitation = send(
        to,
        "POST",
        "/v1/invitations/resolve",
        &json_type,
        &by_code(&format!(" {}-{} ", &typed[..5], &typed[5..])),
    )
    .await
    .json();
    assert_eq!(same, shown);

    let unknown = send(to, "GET", &format!("/v1/invitations/{}", "A".repeat(43)), &[], &[]).await;
    assert_eq!(unknown.code(), Code::NotFound);
    for wrong in ["", "AAAAAAAAAA"] {
        assert_eq!(
            send(to, "POST", "/v1/invitations/resolve", &json_type, &by_code(wrong)).await.code(),
            Code::NotFound
        );
    }
    // The command line goes by the real clock, the server by the test's; a lifetime is past for both.
    house.clock.advance(Duration::from_hours(24 * 365 * 40));
    assert_eq!(send(to, "GET", &by_link, &[], &[]).await.code(), Code::InvitationExpired);

    let secret = Secret::new("planted provider secret");
    let issuer = "https://login.harbour.example";
    let new = admin::NewProvider {
        org: Some(&org),
        kind: "oidc",
        issuer,
        client_id: "likeness",
        secret: &secret,
        private_network: false,
    };
    admin::add_provider(&house.settings, new).await.unwrap();
    let twice = admin::add_provider(&house.settings, new).await;
    assert!(twice.unwrap_err().to_string().contains("already"));
    let data = house.data_dir();
    house.running.stop().await.unwrap();
    for file in fs::read_dir(data).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        let bytes = fs::read(&file).unwrap();
        for planted in
            ["sam@harbour.example", "Sam@Harbour", "planted provider", made.token.expose(), made.code.expose()]
        {
            let found = bytes.windows(planted.len()).any(|window| window == planted.as_bytes());
            assert!(!found, "{} holds an address, token, code or secret in clear", file.display());
        }
    }
}

fn command(folder: &Path, words: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_likeness-server"))
        .args(words)
        .args(["--config", "server.toml"])
        .current_dir(folder)
        .env("RUST_LOG", "off")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that ends early does not read; what it printed is what counts.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_makes_a_whole_organisation() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("mails")).unwrap();
    fs::write(folder.path().join("server.toml"), super::settings::GOOD).unwrap();
    let run = |words: &[&str], input: &str| {
        let output = command(folder.path(), words, input);
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (ended, org, why) = run(&["org", "add", "--name", "Corp University", "--jit", "invite_only"], "");
    assert_eq!(ended, Some(0), "{why}");
    let org = org.trim();
    let (ended, claim, why) = run(&["org", "domain", "add", "--org", org, "--domain", "corp.example"], "");
    assert_eq!(ended, Some(0), "{why}");
    let record = claim.split('"').nth(1).unwrap();
    assert!(record.starts_with("likeness-verify="), "{claim}");
    let resolver = name_server(record).await.to_string();
    let (ended, _, why) = run(&["org", "domain", "prove", "--domain", "corp.example", "--resolver", &resolver], "");
    assert_eq!(ended, Some(0), "{why}");
    let idp = ["org", "idp", "add", "--org", org, "--issuer", "https://login.corp.example", "--client-id", "likeness"];
    let (ended, number, why) = run(&idp, "a secret\n");
    assert!(ended == Some(0) && number.starts_with("idp_"), "{why}");
    let (ended, _, why) = run(&["idp", "secret", "--idp", number.trim()], "another secret\n");
    assert_eq!(ended, Some(0), "{why}");
    let google =
        ["social", "add", "--kind", "google", "--issuer", "https://accounts.google.example", "--client-id", "g"];
    let (ended, number, why) = run(&google, "a secret\n");
    assert!(ended == Some(0) && number.starts_with("idp_"), "{why}");
    let (ended, kiosk, why) = run(&["kiosk", "add", "--name", "Room 4, PC 12"], "");
    assert!(ended == Some(0) && kiosk.contains("client id: ksk_") && kiosk.contains("client secret: lk_ks_"), "{why}");
    let strict =
        ["--link-existing", "deny", "--beside-social", "allow", "--private-address", "optional", "--exclusive", "yes"];
    let (ended, _, why) = run(&[&["org", "add", "--name", "Strict"][..], &strict].concat(), "");
    assert_eq!(ended, Some(0), "{why}");
    let (ended, invitation, why) = run(&["org", "invite", "--org", org, "--email", ADA, "--days", "7"], "");
    assert!(
        ended == Some(0) && invitation.contains("app.likeness:/invite?t=") && invitation.contains("code: "),
        "{why}"
    );

    #[rustfmt::skip]
    let table: [(&[&str], i32, &str); 12] = [
        (&["org", "sell"],                                                  2, "no command `org sell`"),
        (&["org", "add", "--name", "X", "--colour", "red"],                 2, "no option `--colour`"),
        (&["org", "add", "--name", "X", "--jit", "maybe"],                  2, "--jit is"),
        (&["org", "invite", "--org", org, "--email", ADA, "--days", "0"],   2, "--days is"),
        (&["org", "domain", "add", "--org", "org_0", "--domain", "a.example"], 1, "there is none with this number"),
        (&["org", "invite", "--org", org, "--email", "ada"],                1, "not an e-mail address"),
        (&["org", "add", "--name", "X", "--exclusive", "maybe"],            2, "--exclusive is"),
        (&["idp", "secret", "--idp", "idp_0"],                              1, "no provider with this number"),
        (&["social", "add", "--kind", "myspace", "--issuer", "https://m.example", "--client-id", "m"], 2, "--kind is"),
        (&["social", "add", "--kind", "google", "--client-id", "g"], 2, "--issuer"),
        (&google,                                                           1, "there already"),
        (&["kiosk", "add", "--name", " "],                                  1, "must have 1 to 200 characters"),
    ];
    for (words, expected, said) in table {
        let (ended, _, why) = run(words, "a secret\n");
        assert!(ended == Some(expected) && why.contains(said), "{words:?}: {ended:?} {why}");
    }
}

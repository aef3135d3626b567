//! Practice mode: seeded accounts, mailbox, one click to the review desk.

use super::house::{App, TestClock, reject, send};
use likeness_protocol::{
    account::Role,
    manifest::Backend,
    oauth::ServerMetadata,
    practice::PracticeMails,
    verification::{Reason, Status},
};
use likeness_server::practice;
use std::sync::Arc;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn a_practice_folder_gives_the_same_accounts_and_port_again() {
    let folder = tempfile::tempdir().unwrap();
    let first = practice::start(folder.path()).await.unwrap();
    let (accounts, origin) = (first.accounts.clone(), first.origin.clone());
    first.stop().await.unwrap();
    let second = practice::start(folder.path()).await.unwrap();
    assert_eq!((second.accounts.clone(), second.origin.clone()), (accounts.clone(), origin));
    second.stop().await.unwrap();
    let other = tempfile::tempdir().unwrap();
    let stranger = practice::start(other.path()).await.unwrap();
    if std::env::var_os("LIKENESS_SEED").is_none() {
        assert_ne!(stranger.accounts[0].password, accounts[0].password, "passwords are the folder's own");
    }
    assert_eq!(accounts.iter().filter(|account| account.role == Role::Reviewer).count(), 1);
    stranger.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drawn_picture_goes_the_whole_way_and_the_mailbox_shows_it() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(TestClock::at_start());
    let server = practice::start_at(folder.path(), Arc::clone(&clock)).await.unwrap();
    let to = server.origin.socket_addrs(|| None).unwrap()[0];
    let metadata: ServerMetadata = send(to, "GET", "/.well-known/oauth-authorization-server", &[], &[]).await.json();
    assert!(metadata.likeness_practice);
    assert_eq!(metadata.likeness_social, ["google", "apple", "facebook"], "its provider plays all three");
    let sign_in = async |role: Role| {
        let account = server.accounts.iter().find(|account| account.role == role).unwrap();
        let mut app = App::new(to, Arc::clone(&clock));
        app.sign_in(&account.email, account.password.expose()).await.unwrap();
        app
    };
    let (app, reviewer) = (sign_in(Role::Learner).await, sign_in(Role::Reviewer).await);
    let mut prepared = app.prepare(1).await;
    prepared.claims.camera.backend = Backend::Studio;
    let reply = app.submit(&Uuid::new_v4().to_string(), &prepared.request("Ada", &app.key)).await;
    assert_eq!(reply.status, 202, "{}", reply.text());
    let receipt: likeness_protocol::verification::Receipt = reply.json();
    reviewer.decide(&receipt.id, &reject(Reason::FaceBlurred)).await;
    assert_eq!(app.status().await.status, Status::Rejected);
    let mailbox: PracticeMails = app.get("/practice/mails").await.json();
    let subjects: Vec<_> = mailbox.mails.iter().map(|mail| mail.subject.as_str()).collect();
    assert!(
        matches!(subjects.as_slice(), [newest, oldest] if newest.contains("needs another photo") && oldest.contains("We have your profile")),
        "{subjects:?}"
    );
    assert!(mailbox.mails[0].body.contains("Hold still and let the camera settle."));
    assert_eq!(
        reviewer.get("/practice/mails").await.json::<PracticeMails>().mails,
        [],
        "everybody has a mailbox of their own"
    );
    assert_eq!(send(to, "GET", "/practice/mails", &[], &[]).await.status, 401);

    let link = server.console_link().await.unwrap();
    let path = format!("{}?{}", link.path(), link.query().unwrap());
    let entered = send(to, "GET", &path, &[], &[]).await;
    assert_eq!((entered.status, entered.header("location")), (303, Some("/console")));
    let cookie = entered.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let desk = send(to, "GET", "/console?state=done", &[("cookie", &cookie)], &[]).await;
    assert!(desk.text().contains(&receipt.reference) && desk.text().contains("Practice"), "{}", desk.text());
    let again = send(to, "GET", &path, &[], &[]).await;
    assert_eq!(
        (again.status, again.header("location"), again.header("set-cookie")),
        (303, Some("/console/sign-in"), None),
        "a link is good once"
    );
    server.stop().await.unwrap();
}

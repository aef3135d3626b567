//! Ways in through somebody else: what their owner sees, and disconnecting one.

use super::house::{App, Reply, TestClock};
use likeness_protocol::{
    Code,
    account::{Identities, IdentityKind},
};
use likeness_server::practice::{self, PracticeServer};
use sqlx::SqlitePool;
use std::{sync::Arc, time::Duration};
use tempfile::TempDir;

const KIM: &str = "kim@mail.example";
const SAM: &str = "sam@mail.example";

/// A practice server, in which Kim has a social account, and its database.
struct Practice {
    folder: TempDir,
    clock: Arc<TestClock>,
    server: PracticeServer,
}

impl Practice {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock::at_start());
        let server = practice::start_at(folder.path(), Arc::clone(&clock)).await.unwrap();
        Self { folder, clock, server }
    }

    async fn app(&self, email: &str) -> App {
        let mut app = App::new(self.server.origin.socket_addrs(|| None).unwrap()[0], Arc::clone(&self.clock));
        let account = self.server.accounts.iter().find(|account| account.email == email).unwrap();
        app.sign_in(email, account.password.expose()).await.unwrap();
        app
    }

    async fn database(&self) -> SqlitePool {
        let file = self.folder.path().join("data/likeness.sqlite");
        SqlitePool::connect(&format!("sqlite://{}", file.display())).await.unwrap()
    }
}

async fn identities(app: &App) -> Identities {
    app.get("/v1/me/identities").await.json()
}

async fn disconnect(app: &App, id: &str) -> Reply {
    app.call("DELETE", &format!("/v1/me/identities/{id}"), &[], &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_social_account_is_seen_and_disconnected_by_its_owner_alone() {
    let practice = Practice::start().await;
    let (mut kim, sam) = (practice.app(KIM).await, practice.app(SAM).await);
    assert!(identities(&sam).await.identities.is_empty());
    let seen = identities(&kim).await.identities;
    let [google] = seen.as_slice() else { panic!("one: {seen:?}") };
    assert_eq!((google.kind, google.can_unlink, google.why_not), (IdentityKind::Google, true, None));
    assert!(google.label.contains("Google"), "{google:?}");
    assert!(google.email_masked.as_deref().is_none_or(|masked| masked.contains('…')), "{google:?}");

    assert_eq!(disconnect(&sam, &google.id).await.code(), Code::NotFound, "somebody else's");
    assert_eq!(disconnect(&kim, "idn_unknown").await.code(), Code::NotFound);
    practice.clock.advance(Duration::from_secs(601));
    let refresh = kim.tokens.as_ref().unwrap().refresh_token.clone().unwrap();
    kim.tokens = Some(kim.refresh(&refresh).await.json());
    assert_eq!(disconnect(&kim, &google.id).await.code(), Code::StepUpRequired, "a renewed token proves nobody");
    let kim = practice.app(KIM).await;
    assert_eq!(disconnect(&kim, &google.id).await.status, 204);
    assert!(identities(&kim).await.identities.is_empty());
    assert_eq!(disconnect(&kim, &google.id).await.code(), Code::NotFound, "a second time");
    assert!(kim.get("/practice/mails").await.text().contains("Google"), "the owner is told which one");
    assert_eq!(kim.get("/v1/me").await.status, 200, "and stays signed in");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_way_in_stays_and_so_does_one_of_an_organisation() {
    let practice = Practice::start().await;
    let kim = practice.app(KIM).await;
    let google = identities(&kim).await.identities[0].id.clone();
    let database = practice.database().await;
    let account = kim.account();
    sqlx::query("DELETE FROM passwords WHERE account_id = $1").bind(&account).execute(&database).await.unwrap();
    let seen = identities(&kim).await.identities;
    assert_eq!((seen[0].can_unlink, seen[0].why_not), (false, Some(Code::LastSignInMethod)));
    assert_eq!(disconnect(&kim, &google).await.code(), Code::LastSignInMethod);

    let connected = sqlx::query(
        "INSERT INTO identities (id, account_id, idp_id, iss, sub, linked_at, linked_by) SELECT 'idn_org', $1, id, issuer, 'kim', 1, 'test' FROM idps WHERE org_id IS NOT NULL LIMIT 1",
    )
    .bind(&account)
    .execute(&database)
    .await
    .unwrap();
    assert_eq!(connected.rows_affected(), 1);
    let seen = identities(&kim).await.identities;
    let org = seen.iter().find(|identity| identity.id == "idn_org").unwrap();
    assert_eq!(org.kind, IdentityKind::Org);
    assert_eq!((org.can_unlink, org.why_not), (false, Some(Code::IdentityManagedByOrganisation)));
    assert_eq!(disconnect(&kim, "idn_org").await.code(), Code::IdentityManagedByOrganisation);
    assert_eq!(disconnect(&kim, &google).await.status, 204, "there is another way in now");
    assert_eq!(identities(&kim).await.identities.len(), 1);
    database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_last_two_ways_in_pressed_at_once_one_stays() {
    let practice = Practice::start().await;
    let kim = Arc::new(practice.app(KIM).await);
    let database = practice.database().await;
    let account = kim.account();
    sqlx::query("DELETE FROM passwords WHERE account_id = $1").bind(&account).execute(&database).await.unwrap();
    sqlx::query(
        "INSERT INTO identities (id, account_id, idp_id, iss, sub, linked_at, linked_by) SELECT 'idn_apple', $1, id, issuer, 'kim', 1, 'test' FROM idps WHERE kind = 'apple'",
    )
    .bind(&account)
    .execute(&database)
    .await
    .unwrap();
    database.close().await;
    let calls: Vec<_> = identities(&kim)
        .await
        .identities
        .into_iter()
        .map(|identity| {
            let kim = Arc::clone(&kim);
            tokio::spawn(async move { disconnect(&kim, &identity.id).await.status })
        })
        .collect();
    let mut statuses = Vec::new();
    for call in calls {
        statuses.push(call.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 409]);
    assert_eq!(identities(&kim).await.identities.len(), 1);
}

//! A practice server in a folder of its own, joined to the journey exactly as the composition root does.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use likeness_account::vault::SecretStore;
use likeness_camera::Camera;
use likeness_journey::{Desk, PracticeAccount, PracticeInvitation, ReadMailbox, ReviewLink, Server};
use likeness_protocol::account::Role;
use likeness_server::practice::{self, PracticeServer};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use tempfile::TempDir;

use crate::person::Person;

/// The first seeded learner.
pub const LEARNER: &str = "learner@likeness.example";

/// The server and its folder, removed at the end.
pub struct PracticeHouse {
    server: Arc<PracticeServer>,
    folder: TempDir,
}

impl PracticeHouse {
    /// A fresh one.
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder of the test's own can be made");
        let server = practice::start(folder.path().join("practice")).await.expect("the practice server starts");
        Self { server: Arc::new(server), folder }
    }

    /// Opens the app on this server.
    pub fn person(&self, camera: Camera, store: Box<dyn SecretStore>) -> Person {
        Person::start(Server::At(self.server.origin.clone()), Some(self.desk()), camera, store)
    }

    /// The password of a seeded account.
    pub fn password(&self, email: &str) -> String {
        let account = self.server.accounts.iter().find(|account| account.email == email).expect("a seeded account");
        account.password.expose().to_owned()
    }

    /// The link of a seeded invitation.
    pub fn invitation_link(&self, email: &str) -> String {
        let invitation = self.server.invitations.iter().find(|invitation| invitation.email == email);
        invitation.expect("a seeded invitation").link.clone()
    }

    /// The token of a seeded invitation.
    pub fn invitation(&self, email: &str) -> String {
        let link = self.invitation_link(email);
        link.strip_prefix("app.likeness:/invite?t=").expect("a link with a token").to_owned()
    }

    /// Lets everybody who is signed in have proven it this much earlier.
    pub async fn age_sign_ins(&self, by: Duration) {
        let by_ms = i64::try_from(by.as_millis()).expect("minutes");
        let aged = sqlx::query("UPDATE grants SET auth_time = auth_time - $1").bind(by_ms);
        aged.execute(&self.database().await).await.expect("the sign-ins are aged");
    }

    /// From now on the organisation of this domain wants no passwords.
    pub async fn deny_passwords(&self, domain: &str) {
        let change = "UPDATE orgs SET policy_json = json_set(policy_json, '$.password_login', json('false')) \
                      WHERE id = (SELECT org_id FROM org_domains WHERE domain = $1)";
        let changed =
            sqlx::query(change).bind(domain).execute(&self.database().await).await.expect("the rule is written");
        assert_eq!(changed.rows_affected(), 1, "a seeded organisation");
    }

    /// Everything app and server may write to.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The server's database.
    pub async fn database(&self) -> SqlitePool {
        database(&self.folder.path().join("practice/data")).await
    }

    fn desk(&self) -> Desk {
        let learners = self.server.accounts.iter().filter(|account| account.role == Role::Learner);
        let accounts = learners.map(|account| PracticeAccount {
            email: account.email.clone(),
            password: account.password.expose().to_owned().into(),
            for_trying: account.for_trying.clone(),
        });
        let accounts = accounts.collect();
        let invitations = self.server.invitations.iter().map(|invitation| PracticeInvitation {
            email: invitation.email.clone(),
            link: invitation.link.clone(),
            for_trying: invitation.for_trying.clone(),
        });
        let invitations = invitations.collect();
        let mails = Arc::clone(&self.server);
        let mailbox: ReadMailbox = Box::new(move |email| {
            let practice = Arc::clone(&mails);
            Box::pin(async move { practice.mails_to(&email).await.ok() })
        });
        let practice = Arc::clone(&self.server);
        let review_link: ReviewLink = Box::new(move || {
            let practice = Arc::clone(&practice);
            Box::pin(async move { practice.console_link().await.ok().map(Into::into) })
        });
        Desk { accounts, invitations, review_link, mailbox }
    }
}

/// Opens the database of a running server beside it.
pub async fn database(data: &Path) -> SqlitePool {
    let options = SqliteConnectOptions::new().filename(data.join("likeness.sqlite"));
    SqlitePool::connect_with(options).await.expect("the server's database can be opened")
}

/// What the server accepted: number of the submission, kind of photo, hash of the bytes that were sent.
pub async fn accepted(database: &SqlitePool) -> Vec<(i64, String, String)> {
    let photos = "SELECT s.n, m.kind, m.sha256_uploaded FROM media m JOIN submissions s ON s.id = m.submission_id ORDER BY s.n, m.kind";
    sqlx::query_as(photos).fetch_all(database).await.expect("the photos can be read")
}

//! Taking one's data along, and leaving for good.

use super::house::{App, House, PASSWORD, REVIEWER, approve, reject};
use likeness_protocol::{
    Code,
    account::{AccountDeleted, Export, Kept},
    verification::{PhotoKind, Reason, Status},
};
use sqlx::{Row, SqlitePool};
use std::{sync::Arc, time::Duration};

const ADA: &str = "ada@corp.example";
const EVE: &str = "eve@corp.example";
const NAME: &str = "Ada Lovelace";

async fn leave(app: &App) -> super::house::Reply {
    app.call("DELETE", "/v1/me", &[], &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_export_holds_what_the_server_knows_and_nothing_of_anybody_else() {
    let house = House::with(&[ADA, EVE]).await;
    let (app, eve, reviewer) = (house.app(ADA).await, house.app(EVE).await, house.app(REVIEWER).await);
    let empty: Export = app.get("/v1/me/export").await.json();
    assert_eq!((empty.account.email.as_str(), empty.profile.status), (ADA, Status::None));
    assert!(empty.submissions.is_empty() && empty.photos.is_empty() && empty.consents.is_empty());

    let (receipt, _) = app.hand_in(NAME, 1).await;
    eve.hand_in("Eve Elsewhere", 2).await;
    let mut request = reject(Reason::IdGlare);
    request.note_to_learner = Some("Hold it lower.".into());
    request.internal_note = Some("Between reviewers.".into());
    reviewer.decide(&receipt.id, &request).await;
    let reply = app.get("/v1/me/export").await;
    assert_eq!(reply.header("content-disposition"), Some("attachment; filename=\"likeness-export.json\""));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let export: Export = reply.json();
    assert_eq!(export.profile.status, Status::Rejected);
    assert_eq!(export.profile.reasons[0].note.as_deref(), Some("Hold it lower."));
    assert_eq!(export.submissions[0].full_name, NAME);
    assert_eq!(export.submissions[0].outcome.as_deref(), Some("rejected"));
    assert_eq!((export.addresses.len(), export.addresses[0].primary), (1, true));
    assert_eq!((export.consents.len(), export.sessions.len()), (1, 1));
    let kinds: Vec<PhotoKind> = export.photos.iter().map(|photo| photo.kind).collect();
    assert_eq!(kinds.len(), 2, "{kinds:?}");
    for secret in ["Eve", EVE, "Between reviewers", REVIEWER] {
        assert!(!reply.text().contains(secret), "{secret} is not Ada's: {}", reply.text());
    }
    let nobody = App::new(house.running.address(), Arc::clone(&house.clock));
    assert_eq!(nobody.get("/v1/me/export").await.code(), Code::SessionEnded);
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_needs_a_fresh_sign_in_and_deletes_whatever_names_or_shows_the_owner() {
    let house = House::with(&[ADA, EVE]).await;
    let (mut app, other, eve, reviewer) =
        (house.app(ADA).await, house.app(ADA).await, house.app(EVE).await, house.app(REVIEWER).await);
    let (account, elsewhere) = (app.account(), eve.account());
    let (receipt, _) = app.hand_in(NAME, 1).await;
    eve.hand_in("Eve Elsewhere", 2).await;
    reviewer.decide(&receipt.id, &approve()).await;
    app.post("/v1/me/email-changes", &serde_json::json!({ "new_email": "ada@private.example" })).await;
    house.mails(4).await;
    house.clock.advance(Duration::from_secs(601));
    let refresh = app.tokens.as_ref().unwrap().refresh_token.clone().unwrap();
    app.tokens = Some(app.refresh(&refresh).await.json());
    assert_eq!(leave(&app).await.code(), Code::StepUpRequired, "a renewed token proves nobody");
    assert_eq!(app.status().await.status, Status::Approved, "and nothing was deleted");
    app.sign_in(ADA, PASSWORD).await.unwrap();
    let gone: AccountDeleted = leave(&app).await.json();
    assert_eq!(gone.kept, [Kept::Consents, Kept::AuditTrail]);

    for app in [&app, &other] {
        assert_eq!(app.get("/v1/me").await.code(), Code::SessionEnded);
    }
    assert_eq!(
        app.sign_in(ADA, PASSWORD).await.unwrap_err().code(),
        Code::InvalidCredentials,
        "like an address nobody has"
    );
    let farewell = house.mails(5).await;
    assert!(farewell.iter().any(|mail| mail.contains("Your account is deleted") && mail.contains(ADA)), "{farewell:?}");
    assert_eq!(
        std::fs::read_dir(house.data_dir().join("objects/media")).unwrap().count(),
        2,
        "Eve's two photos are still there, Ada's are not"
    );

    let database =
        SqlitePool::connect(&format!("sqlite://{}", house.data_dir().join("likeness.sqlite").display())).await.unwrap();
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = 'account_id' ORDER BY m.name",
    )
    .fetch_all(&database)
    .await
    .unwrap();
    assert!(tables.len() > 10, "{tables:?}");
    for table in tables {
        // What stays is what the answer says, and the last mail until it has left.
        if ["consents", "mail_outbox"].contains(&table.as_str()) {
            continue;
        }
        let count = format!("SELECT COUNT(*) FROM {table} WHERE account_id = $1");
        let rows: i64 =
            sqlx::query_scalar(sqlx::AssertSqlSafe(count)).bind(&account).fetch_one(&database).await.unwrap();
        assert_eq!(rows, 0, "{table} still knows the account: deleting it needs a line in farewell.rs");
    }
    let row = sqlx::query("SELECT status, display_name_sealed, deleted_at FROM accounts WHERE id = $1")
        .bind(&account)
        .fetch_one(&database)
        .await
        .unwrap();
    assert_eq!(row.get::<String, _>(0), "deleted");
    assert!(row.get::<Option<Vec<u8>>, _>(1).is_none() && row.get::<Option<i64>, _>(2).is_some());
    let open: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM consents WHERE account_id = $1 AND withdrawn_at IS NULL")
        .bind(&account)
        .fetch_one(&database)
        .await
        .unwrap();
    assert_eq!(open, 0, "the consent ended");
    let theirs: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM submissions WHERE account_id = $1")
        .bind(&elsewhere)
        .fetch_one(&database)
        .await
        .unwrap();
    assert_eq!(theirs, 1, "nobody else lost anything");
    App::new(house.running.address(), Arc::clone(&house.clock)).sign_in(EVE, PASSWORD).await.unwrap();
    database.close().await;
    likeness_server::add_account(
        &house.settings,
        ADA,
        &likeness_protocol::Secret::new(PASSWORD),
        likeness_protocol::account::Role::Learner,
    )
    .await
    .expect("the address is free again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reviewer_cannot_leave_by_the_app() {
    let house = House::with(&[]).await;
    let reviewer = house.app(REVIEWER).await;
    assert_eq!(leave(&reviewer).await.code(), Code::Forbidden);
    assert_eq!(reviewer.get("/v1/me").await.status, 200);
}

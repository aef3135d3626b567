//! The review desk, as a browser uses it.

use super::house::{House, PASSWORD, REVIEWER, Reply, send};
use likeness_protocol::verification::{PhotoKind, Reason, Status};
use std::net::SocketAddr;

const ADA: &str = "ada@corp.example";

/// A browser with one cookie.
struct Browser {
    to: SocketAddr,
    cookie: String,
}

impl Browser {
    async fn get(&self, path: &str) -> Reply {
        send(self.to, "GET", path, &[("cookie", &self.cookie)], &[]).await
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)], site: &str) -> Reply {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let origin =
            if site == "same-origin" { format!("http://{}", self.to) } else { "https://evil.example".to_owned() };
        let headers = [
            ("cookie", self.cookie.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
            ("sec-fetch-site", site),
            ("origin", &origin),
        ];
        send(self.to, "POST", path, &headers, body.as_bytes()).await
    }

    async fn sign_in(&mut self, email: &str, password: &str) -> Reply {
        let reply = self.post("/console/sign-in", &[("email", email), ("password", password)], "same-origin").await;
        if let Some(cookie) = reply.header("set-cookie") {
            assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
            cookie.split(';').next().unwrap().clone_into(&mut self.cookie);
        }
        reply
    }
}

/// Values of an attribute, in the order they stand in the page.
fn attributes(html: &str, before: &str) -> Vec<String> {
    html.split(before).skip(1).map(|rest| rest.split('"').next().unwrap().replace("&amp;", "&")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reviewer_looks_rejects_with_a_reason_and_confirms() {
    let house = House::with(&[ADA]).await;
    let app = house.app(ADA).await;
    let (receipt, _) = app.hand_in("Ada <b>Lovelace</b>", 1).await;
    let mut desk = Browser { to: app.to, cookie: String::new() };
    assert_eq!(desk.get("/console").await.header("location"), Some("/console/sign-in"));
    let page = desk.get("/console/sign-in").await;
    let policy = page.header("content-security-policy").unwrap().to_owned();
    assert!(
        policy.contains("default-src 'none'")
            && policy.contains("frame-ancestors 'none'")
            && !policy.contains("unsafe"),
        "{policy}"
    );
    let because = "under no-referrer a browser hides the origin of its own forms";
    assert_eq!(page.header("referrer-policy"), Some("same-origin"), "{because}");
    assert_eq!(desk.sign_in(REVIEWER, "wrong horse battery").await.status, 400);
    assert_eq!(desk.sign_in(ADA, PASSWORD).await.status, 403, "learners have no desk");
    assert!(desk.cookie.is_empty());
    assert_eq!(desk.sign_in(REVIEWER, PASSWORD).await.status, 303);

    let queue = desk.get("/console").await.text();
    assert!(queue.contains(&receipt.reference), "{queue}");
    let path = format!("/console/review/{}", receipt.id);
    let page = desk.get(&path).await.text();
    assert!(page.contains("Ada &lt;b&gt;Lovelace&lt;/b&gt;") && !page.contains("<b>Love"), "a name is text");
    assert!(!page.contains(ADA), "no e-mail address for the reviewer");
    let form = attributes(&page, "name=\"form\" value=\"")[0].clone();
    let (confirm, decide) = (format!("{path}/confirm"), format!("{path}/decide"));
    let approve = [("form", form.as_str()), ("outcome", "approve")];
    assert!(
        desk.post(&decide, &approve, "same-origin").await.text().contains("Look at each photo"),
        "nothing viewed yet"
    );
    let photos = attributes(&page, "<img src=\"");
    assert_eq!(photos.len(), 2);
    for photo in &photos {
        let shown = desk.get(photo).await;
        assert_eq!(
            (shown.header("content-type"), shown.header("cache-control")),
            (Some("image/jpeg"), Some("no-store"))
        );
    }
    let stranger = Browser { to: app.to, cookie: "lkc=stolen".into() };
    assert_eq!(stranger.get(&photos[0]).await.status, 303, "no session, no photo");

    assert_eq!(desk.post(&decide, &approve, "cross-site").await.status, 403, "another site sends the form");
    assert_eq!(
        desk.post(&decide, &[("form", "guess"), ("outcome", "approve")], "same-origin").await.status,
        403,
        "a form that is not this session's"
    );
    assert_eq!(
        desk.post(&confirm, &[("form", &form), ("outcome", "reject"), ("may_resubmit", "yes")], "same-origin")
            .await
            .status,
        422,
        "no reason"
    );
    let reject = [
        ("form", form.as_str()),
        ("outcome", "reject"),
        ("reason-id_glare", "on"),
        ("note", "<i>Tilt it</i>"),
        ("may_resubmit", "yes"),
    ];
    let asked = desk.post(&confirm, &reject, "same-origin").await.text();
    assert!(asked.contains("Light reflects on your ID.") && asked.contains("&lt;i&gt;Tilt it"), "{asked}");
    assert_eq!(app.status().await.status, Status::InReview, "the confirm step decides nothing");
    assert_eq!(desk.post(&decide, &reject, "same-origin").await.status, 200);
    let status = app.status().await;
    assert_eq!(
        (status.status, status.reasons[0].code, status.retake.as_slice()),
        (Status::Rejected, Reason::IdGlare, &[PhotoKind::Id][..])
    );
    assert!(desk.post(&decide, &approve, "same-origin").await.text().contains("decided already"));
    assert!(desk.get("/console?state=done").await.text().contains(&receipt.reference));
    for asset in ["/console/console.css", "/console/console.js"] {
        assert_eq!(desk.get(asset).await.status, 200, "{asset}");
    }
    house.clock.advance(std::time::Duration::from_mins(31));
    assert_eq!(desk.get("/console").await.status, 303, "idle for half an hour");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_the_session() {
    let house = House::with(&[]).await;
    let mut desk = Browser { to: house.running.address(), cookie: String::new() };
    desk.sign_in(REVIEWER, PASSWORD).await;
    let page = desk.get("/console").await.text();
    assert!(page.contains("Nothing here."));
    let form = attributes(&page, "name=\"form\" value=\"")[0].clone();
    assert_eq!(desk.post("/console/sign-out", &[("form", &form)], "same-origin").await.status, 303);
    assert_eq!(desk.get("/console").await.header("location"), Some("/console/sign-in"));
}

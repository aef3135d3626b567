//! The reviewer at the console, as a browser would be: follows the one-time link, looks at both photos, decides.

use crate::http::{Answer, ask};

/// A signed-in reviewer.
pub struct ReviewDesk {
    authority: String,
    cookie: String,
}

impl ReviewDesk {
    /// Follows the one-time link that the window opened.
    pub fn enter(link: &str) -> Self {
        let rest = link.strip_prefix("http://").unwrap_or_else(|| panic!("a link on this computer, not {link}"));
        let (authority, path) = rest.split_once('/').expect("a link has a path");
        let answer = ask(authority, "GET", &format!("/{path}"), &[], b"").expect("the review desk answers");
        let cookie = answer.header("set-cookie").and_then(|cookie| cookie.split(';').next()).map(str::to_owned);
        let cookie =
            cookie.unwrap_or_else(|| panic!("no session at the review desk: {} {}", answer.status, answer.text()));
        Self { authority: authority.to_owned(), cookie }
    }

    /// Fetches a page or picture.
    pub fn get(&self, path: &str) -> Answer {
        let answer = ask(&self.authority, "GET", path, &self.headers(), b"").expect("the review desk answers");
        assert!(answer.status == 200, "GET {path}: {} {}", answer.status, answer.text());
        answer
    }

    /// Sends a form.
    pub fn post(&self, path: &str, form: &str) -> Answer {
        let mut headers = self.headers();
        headers.push(("Content-Type", "application/x-www-form-urlencoded"));
        ask(&self.authority, "POST", path, &headers, form.as_bytes()).expect("the review desk answers")
    }

    /// Opens the first profile of the queue.
    pub fn oldest_case(&self) -> Case {
        let queue = self.get("/console").text();
        let path = attribute(&queue, "href", "/console/review/").unwrap_or_else(|| panic!("nothing waits: {queue}"));
        let page = self.get(&path).text();
        Case { form: value_of(&page, "form"), path, page }
    }

    /// Fetches both photos: a decision without having looked is refused.
    pub fn look_at_photos(&self, case: &Case) {
        let early = self.decide(case, "outcome=approve");
        assert!(early.status >= 400, "a decision without having seen the photos must be refused");
        for kind in ["face", "id"] {
            let path = attribute(&case.page, "src", &format!("{}/media/{kind}", case.path));
            let photo = self.get(&path.unwrap_or_else(|| panic!("no {kind} photo: {}", case.page)));
            assert!(photo.body.starts_with(&[0xFF, 0xD8]), "the {kind} photo is a JPEG");
            assert_eq!(photo.header("cache-control"), Some("no-store"), "no browser keeps a photo");
        }
    }

    /// Rejects with one reason.
    pub fn reject(&self, case: &Case, reason: &str) {
        let answer = self.decide(case, &format!("outcome=reject&reason-{reason}=on&may_resubmit=yes"));
        assert!(answer.status < 400, "the rejection was refused: {}", answer.text());
    }

    /// Approves.
    pub fn approve(&self, case: &Case) {
        let answer = self.decide(case, "outcome=approve");
        assert!(answer.status < 400, "the approval was refused: {}", answer.text());
    }

    fn decide(&self, case: &Case, fields: &str) -> Answer {
        self.post(&format!("{}/decide", case.path), &format!("form={}&{fields}", case.form))
    }

    fn headers(&self) -> Vec<(&str, &str)> {
        vec![("Cookie", self.cookie.as_str()), ("Sec-Fetch-Site", "same-origin")]
    }
}

/// One profile under review.
pub struct Case {
    /// Where it is.
    path: String,
    /// What its forms carry.
    form: String,
    /// The page.
    pub page: String,
}

/// The first value of this attribute that begins so.
fn attribute(page: &str, name: &str, begins: &str) -> Option<String> {
    let start = page.find(&format!("{name}=\"{begins}"))? + name.len() + 2;
    let value = page.get(start..)?.split('"').next()?;
    Some(value.replace("&amp;", "&"))
}

/// The value of the hidden field of this name.
fn value_of(page: &str, name: &str) -> String {
    let field = page.split("<input").find(|field| field.contains(&format!("name=\"{name}\""))).unwrap_or_default();
    field.split("value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
}

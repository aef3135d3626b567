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
        let cookie = cookie.unwrap_or_else(|| panic!("no session at the review desk: {} {}", answer.status, answer.text()));
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

    fn headers(&self) -> Vec<(&str, &str)> {
        vec![("Cookie", self.cookie.as_str()), ("Sec-Fetch-Site", "same-origin")]
    }
}

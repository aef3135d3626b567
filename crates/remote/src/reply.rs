//! Reading what a server sends, without trusting it.
//!
//! Guarantees: no more than 1 MiB of an answer is ever held; no text of an answer carries control characters or marks
//! that turn the direction of writing, with which a name on the screen can be made to read as another.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use likeness_protocol::limits::MAX_REPLY_BYTES;
use likeness_protocol::oauth::OAuthError;
use likeness_protocol::problem::{Code, Problem};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{LONGEST_RETRY_AFTER, Refusal, RemoteError, from_reqwest};

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl Reply {
    /// Reads the whole answer, and stops at the limit while it is still arriving.
    pub(crate) async fn read(mut response: reqwest::Response) -> Result<Self, RemoteError> {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let mut body = BytesMut::new();
        while let Some(piece) = response.chunk().await.map_err(|error| from_reqwest(&error))? {
            if body.len() + piece.len() > MAX_REPLY_BYTES {
                return Err(RemoteError::ReplyTooLarge);
            }
            body.extend_from_slice(&piece);
        }
        Ok(Self { status, headers, body: body.freeze() })
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// A header's value, if it is there once and plain text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The JSON of a success, or what the answer means instead.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, RemoteError> {
        if !self.is_success() {
            return Err(self.refusal());
        }
        if !self.is_json() {
            return Err(self.not_from_our_server());
        }
        let mut value: Value = serde_json::from_slice(&self.body).map_err(|_| RemoteError::ReplyMalformed)?;
        clean(&mut value);
        serde_json::from_value(value).map_err(|_| RemoteError::ReplyMalformed)
    }

    /// A success without a body that matters.
    pub(crate) fn accepted(&self) -> Result<(), RemoteError> {
        if !self.is_success() {
            return Err(self.refusal());
        }
        if self.is_html() { Err(RemoteError::CaptivePortal) } else { Ok(()) }
    }

    /// What an answer that is no success means.
    pub(crate) fn refusal(&self) -> RemoteError {
        let retry_after = self.retry_after();
        match self.status {
            300..400 => return RemoteError::RedirectRefused,
            407 => return RemoteError::ProxyAuthRequired,
            511 => return RemoteError::CaptivePortal,
            _ => {}
        }
        match self.problem() {
            Some(problem) => {
                let asked = problem
                    .retry_after_s
                    .map(|seconds| Duration::from_secs(u64::from(seconds)).min(LONGEST_RETRY_AFTER));
                RemoteError::Refused(Box::new(Refusal { problem, retry_after: retry_after.or(asked) }))
            }
            None => RemoteError::ServerTrouble { status: self.status, retry_after },
        }
    }

    /// The refusal of a route under `/oauth`, which speaks OAuth's own JSON.
    pub(crate) fn oauth_refusal(&self) -> RemoteError {
        match self.oauth_error() {
            Some(OAuthError { next: Some(next), .. }) => RemoteError::StepUnknown(Box::new(next)),
            _ => self.refusal(),
        }
    }

    pub(crate) fn oauth_error(&self) -> Option<OAuthError> {
        self.cleaned().and_then(read_oauth_error)
    }

    /// The server's problem document. Its status is taken from the answer itself, for the document may lie about it.
    fn problem(&self) -> Option<Problem> {
        let value = self.cleaned()?;
        if let Ok(problem) = serde_json::from_value::<Problem>(value.clone()) {
            return Some(Problem { status: self.status, ..problem });
        }
        let error = read_oauth_error(value)?;
        Some(Problem {
            status: self.status,
            detail: error.error_description.unwrap_or_else(|| error.code.detail().to_owned()),
            retry_after_s: error.retry_after_s,
            ..Problem::new(error.code, error.request_id)
        })
    }

    fn cleaned(&self) -> Option<Value> {
        if !self.is_json() {
            return None;
        }
        let mut value: Value = serde_json::from_slice(&self.body).ok()?;
        clean(&mut value);
        Some(value)
    }

    fn not_from_our_server(&self) -> RemoteError {
        if self.is_html() { RemoteError::CaptivePortal } else { RemoteError::ReplyMalformed }
    }

    fn content_type(&self) -> &str {
        self.header(CONTENT_TYPE.as_str()).unwrap_or("").split(';').next().unwrap_or("").trim()
    }

    fn is_json(&self) -> bool {
        let kind = self.content_type();
        kind.eq_ignore_ascii_case("application/json") || (kind.starts_with("application/") && kind.ends_with("+json"))
    }

    fn is_html(&self) -> bool {
        self.content_type().eq_ignore_ascii_case("text/html")
    }

    /// Seconds only: the other form of this header is a date, and dates are not worth trusting here.
    fn retry_after(&self) -> Option<Duration> {
        let seconds: u64 = self.header(RETRY_AFTER.as_str())?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds).min(LONGEST_RETRY_AFTER))
    }

    /// Whether the server wants the proof again, with the nonce it just sent. The answer to a HEAD has no words to say so.
    pub(crate) fn asks_for_nonce(&self) -> bool {
        match self.status {
            400 | 401 => match self.problem() {
                Some(problem) => problem.code == Code::UseDpopNonce,
                None => self.body.is_empty() && self.header("dpop-nonce").is_some(),
            },
            _ => false,
        }
    }

    /// Whether the access token was not accepted.
    pub(crate) fn is_unauthorised(&self) -> bool {
        self.status == 401 && self.problem().map_or(self.body.is_empty(), |problem| problem.code == Code::SessionEnded)
    }
}

/// OAuth's own JSON. Our server puts its code beside OAuth's word; any other has the word alone (RFC 6749, section 5.2).
fn read_oauth_error(mut value: Value) -> Option<OAuthError> {
    let fields = value.as_object_mut()?;
    if !fields.contains_key("code") {
        let code = code_of_word(fields.get("error")?.as_str()?)?;
        fields.insert("code".to_owned(), code.as_str().into());
    }
    serde_json::from_value(value).ok()
}

/// What a word of the standards is among our codes; `None` where it says nothing that could be acted on.
fn code_of_word(word: &str) -> Option<Code> {
    match word {
        // RFC 6749, section 5.2.
        "invalid_grant" => Some(Code::InvalidGrant),
        "invalid_request" | "invalid_scope" | "unsupported_grant_type" => Some(Code::InvalidRequest),
        // RFC 9449, sections 5 and 8.
        "invalid_dpop_proof" => Some(Code::DpopInvalid),
        "use_dpop_nonce" => Some(Code::UseDpopNonce),
        _ => None,
    }
}

#[cfg(test)]
impl Reply {
    pub(crate) fn of(status: u16, headers: &[(&'static str, &str)], body: &str) -> Self {
        let headers = headers
            .iter()
            .map(|(name, value)| (reqwest::header::HeaderName::from_static(name), value.parse().unwrap()))
            .collect();
        Self { status, headers, body: Bytes::copy_from_slice(body.as_bytes()) }
    }
}

/// Takes out of every text what has no business on a screen. Line breaks and tabs stay.
fn clean(value: &mut Value) {
    match value {
        Value::String(text) => {
            if text.chars().any(is_hostile) {
                text.retain(|character| !is_hostile(character));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(clean),
        Value::Object(fields) => fields.values_mut().for_each(clean),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Control characters, and the marks that embed, override or isolate a direction of writing.
/// The plain left-to-right and right-to-left marks stay: Arabic and Hebrew text needs them and they deceive nobody.
fn is_hostile(character: char) -> bool {
    (character.is_control() && character != '\n' && character != '\t')
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: (&str, &str) = ("content-type", "application/json");
    const HTML: (&str, &str) = ("content-type", "text/html; charset=utf-8");

    #[test]
    fn an_answer_means_what_its_status_and_kind_say() {
        let problem = r#"{"type":"urn:likeness:problem:busy","title":"","status":200,"detail":"d","code":"busy","request_id":"r"}"#;
        let oauth = r#"{"error":"invalid_grant","code":"invalid-grant","request_id":"r"}"#;
        let plain = r#"{"error":"invalid_grant","error_description":"grant request is invalid"}"#;
        let foreign = r#"{"error":"server_error"}"#;
        #[rustfmt::skip]
        let table = [
            (Reply::of(200, &[JSON], "{}"),                                        "ok",              "an empty object is JSON"),
            (Reply::of(200, &[HTML], "<html>"),                                    "captive-portal",  "a page where JSON was due"),
            (Reply::of(200, &[JSON], "{"),                                         "reply-malformed", "half an answer"),
            (Reply::of(200, &[("content-type", "image/png")], ""),                 "reply-malformed", "not JSON, not a page"),
            (Reply::of(302, &[("location", "https://login.hotel.example")], ""),   "redirect-refused","followed nowhere"),
            (Reply::of(407, &[HTML], ""),                                          "proxy-auth-required", "the proxy speaks"),
            (Reply::of(511, &[HTML], ""),                                          "captive-portal",  "the status made for it"),
            (Reply::of(503, &[("content-type", "application/problem+json")], problem), "busy",        "our server's own words"),
            (Reply::of(400, &[JSON], oauth),                                       "invalid-grant",   "OAuth's words with our code"),
            (Reply::of(400, &[JSON], plain),                                       "invalid-grant",   "OAuth's word alone, as other servers say it"),
            (Reply::of(400, &[JSON], foreign),                                     "server-trouble",  "a word nobody could act on"),
            (Reply::of(502, &[HTML], "<h1>Bad gateway"),                           "server-trouble",  "a proxy's page for a broken server is no portal"),
        ];
        for (reply, expected, because) in table {
            let got = reply.json::<Value>().map_or_else(|error| error.code(), |_| "ok");
            assert_eq!(got, expected, "{because}");
        }
        let lying = Reply::of(503, &[("content-type", "application/problem+json")], problem).refusal();
        assert_eq!(
            lying.problem().map(|problem| problem.status),
            Some(503),
            "the document's own status is not believed"
        );
    }

    #[test]
    fn a_nonce_is_asked_for_in_our_words_or_in_the_standards() {
        #[rustfmt::skip]
        let table = [
            (400, r#"{"error":"use_dpop_nonce","code":"use-dpop-nonce","request_id":"r"}"#, true,  "our server"),
            (400, r#"{"error":"use_dpop_nonce"}"#,                                          true,  "any other (RFC 9449, section 8)"),
            (400, r#"{"error":"invalid_dpop_proof"}"#,                                      false, "a proof that is wrong stays wrong"),
            (200, r#"{"error":"use_dpop_nonce"}"#,                                          false, "a success asks for nothing"),
        ];
        for (status, body, expected, because) in table {
            assert_eq!(Reply::of(status, &[JSON], body).asks_for_nonce(), expected, "{because}");
        }
    }

    #[test]
    fn an_absurd_wait_is_capped() {
        #[rustfmt::skip]
        let table = [
            ("3",                       Some(3),   "as asked"),
            ("99999999",                Some(600), "three years are not waited"),
            ("-1",                      None,      "not a number of seconds"),
            ("Wed, 21 Oct 2065 07:28:00 GMT", None, "dates are not read"),
        ];
        for (asked, expected, because) in table {
            let error = Reply::of(503, &[("retry-after", asked)], "").refusal();
            assert_eq!(error.retry_after(), expected.map(Duration::from_secs), "{asked}: {because}");
        }
    }

    #[test]
    fn hostile_marks_are_taken_out_of_every_text() {
        let body = "{\"a\":\"evil\\u202etxt\\u0000\",\"b\":[{\"c\":\"line\\nbreak\\r\\u2066\"}],\"d\":\"\\u200fשלום\"}";
        let value: Value = Reply::of(200, &[JSON], body).json().unwrap();
        assert_eq!(value, serde_json::json!({"a": "eviltxt", "b": [{"c": "line\nbreak"}], "d": "\u{200f}שלום"}));
    }
}

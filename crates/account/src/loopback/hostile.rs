//! Everything that may knock in the browser's place. Fourteen knocks are refused, and after each the browser still comes in.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::*;

const STATE: &str = "Zm9ydHktdGhyZWUgY2hhcmFjdGVycyBvZiBjaGFuY2Uh";
const ISSUER: &str = "https://verify.example";
/// Five times what anything here takes; no test asserts a time.
const LIMIT: Duration = Duration::from_mins(1);

struct Waiting {
    authority: String,
    answer: JoinHandle<Callback>,
}

impl Waiting {
    async fn new() -> Self {
        let loopback = Loopback::open().await.unwrap();
        let authority = loopback.authority.clone();
        assert_eq!(loopback.redirect_uri(), format!("http://{authority}/callback"));
        let expected = Expected { state: Secret::new(STATE), issuer: ISSUER.to_owned() };
        Self { authority, answer: tokio::spawn(loopback.wait(Arc::new(expected))) }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.authority).await.unwrap()
    }

    fn get(&self, query: &str) -> String {
        format!("GET /callback?{query} HTTP/1.1\r\nHost: {}\r\nUser-Agent: test\r\n\r\n", self.authority)
    }

    /// The status that comes back; 0 when the connection is closed without a word.
    async fn knock(&self, request: &str) -> u16 {
        let mut stream = self.connect().await;
        // The listener may hang up before it has read a request that is far too long.
        let _ = stream.write_all(request.as_bytes()).await;
        status_of(&mut stream).await
    }

    /// The browser itself, after whatever happened before.
    async fn the_browser_comes(self, because: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(self.get(&good("good")).as_bytes()).await.unwrap();
        let mut page = String::new();
        tokio::time::timeout(LIMIT, stream.read_to_string(&mut page)).await.expect("a page").unwrap();
        assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{because}: {page}");
        let answer = tokio::time::timeout(LIMIT, self.answer).await.expect("the answer").unwrap();
        assert_eq!(answer, Callback::Code(Secret::new("good")), "{because}");
        self.authority
    }
}

async fn status_of(stream: &mut TcpStream) -> u16 {
    let mut page = Vec::new();
    let _ = tokio::time::timeout(LIMIT, stream.read_to_end(&mut page)).await.expect("an end");
    let page = String::from_utf8_lossy(&page).into_owned();
    let (head, body) = page.split_once("\r\n\r\n").unwrap_or((&page, ""));
    assert!(body.is_empty() || head.contains(" 200 "), "only the browser gets a page: {page}");
    head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}

fn good(code: &str) -> String {
    let issuer: String = url::form_urlencoded::byte_serialize(ISSUER.as_bytes()).collect();
    format!("code={code}&state={STATE}&iss={issuer}")
}

#[tokio::test]
async fn loopback_hostile_requests_are_refused_and_the_browser_still_comes_in() {
    let with = |query: String| format!("GET /callback?{query} HTTP/1.1\r\nHost: AUTHORITY\r\n\r\n");
    let issuer = "iss=https%3A%2F%2Fverify.example";
    #[rustfmt::skip]
    let table: [(&str, String, u16); 17] = [
        ("wrong state",               with(format!("code=x&state={}&{issuer}", "A".repeat(STATE.len()))), 400),
        ("missing state",             with(format!("code=x&{issuer}")), 400),
        ("a part of the state",       with(format!("code=x&state={}&{issuer}", &STATE[..20])), 400),
        ("POST",                      with(good("x")).replace("GET ", "POST "), 405),
        ("HEAD",                      with(good("x")).replace("GET ", "HEAD "), 405),
        ("foreign Host",              with(good("x")).replace("AUTHORITY", "verify.example"), 400),
        ("the same port by a name",   with(good("x")).replace("AUTHORITY", "localhost"), 400),
        ("no Host",                   with(good("x")).replace("Host: AUTHORITY\r\n", ""), 400),
        ("two Hosts",                 with(good("x")).replace("Host:", "Host: AUTHORITY\r\nHost:"), 400),
        ("duplicate code",            with(format!("{}&code=y", good("x"))), 400),
        ("error with wrong state",    with(format!("error=access_denied&state=guess&{issuer}")), 400),
        ("wrong iss",                 with(good("x")).replace("verify.example&", "evil.example&").replace("iss=https%3A%2F%2Fverify.example", "iss=https%3A%2F%2Fevil.example"), 400),
        ("missing iss",               with(format!("code=x&state={STATE}")), 400),
        ("code and error at once",    with(format!("{}&error=access_denied", good("x"))), 400),
        ("another path",              with(good("x")).replace("/callback", "/"), 404),
        ("not HTTP",                  "\u{16}\u{3}\u{1}\r\n\r\n".to_owned(), 400),
        ("1 MiB query",               with(format!("{}&pad={}", good("x"), "p".repeat(1 << 20))), 400),
    ];
    for (what, request, status) in table {
        let waiting = Waiting::new().await;
        let got = waiting.knock(&request.replace("AUTHORITY", &waiting.authority)).await;
        // A request that is cut off while it is still being sent may end in a reset in the place of a page.
        assert!(got == status || (what == "1 MiB query" && got == 0), "{what}: {got}");
        waiting.the_browser_comes(what).await;
    }
}

#[tokio::test]
async fn loopback_hostile_second_use_and_late_find_a_closed_port() {
    let waiting = Waiting::new().await;
    let authority = waiting.the_browser_comes("nothing before it").await;
    assert!(TcpStream::connect(&authority).await.is_err(), "second use: nobody is there any more");

    let waiting = Waiting::new().await;
    let mut speculative = waiting.connect().await;
    // The deadline drops the wait.
    waiting.answer.abort();
    assert!(waiting.answer.await.unwrap_err().is_cancelled());
    assert!(TcpStream::connect(&waiting.authority).await.is_err(), "late: the port is closed");
    assert_eq!(status_of(&mut speculative).await, 0, "and so is what was open");
}

#[tokio::test]
async fn loopback_hostile_slow_drip_is_cut_off_and_the_browser_is_not_kept_waiting() {
    let waiting = Waiting::new().await;
    let mut drip = waiting.connect().await;
    let request = waiting.get(&good("drip"));
    for letter in request.as_bytes().iter().take(8) {
        let _ = drip.write_all(&[*letter]).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(status_of(&mut drip).await, 0, "hung up on after five seconds");
    waiting.the_browser_comes("slow drip").await;
}

#[tokio::test]
async fn loopback_hostile_crowds_and_early_birds_do_not_keep_the_browser_out() {
    let waiting = Waiting::new().await;
    let early = waiting.connect().await;
    let mut crowd = Vec::new();
    for _ in 0..1_000 {
        crowd.push(waiting.connect().await);
    }
    waiting.the_browser_comes("1,000 connections, and another process first").await;
    drop((early, crowd));
}

#[tokio::test]
async fn two_good_answers_at_once_are_one() {
    let waiting = Waiting::new().await;
    let (first, second) = (waiting.get(&good("one")), waiting.get(&good("two")));
    let (first, second) = tokio::join!(waiting.knock_or_refused(&first), waiting.knock_or_refused(&second));
    assert_eq!([first, second].iter().filter(|status| **status == 200).count(), 1, "{first} and {second}");
    assert!(matches!(tokio::time::timeout(LIMIT, waiting.answer).await.unwrap().unwrap(), Callback::Code(_)));
}

impl Waiting {
    /// As `knock`, for a port that may be closed already.
    async fn knock_or_refused(&self, request: &str) -> u16 {
        let Ok(mut stream) = TcpStream::connect(&self.authority).await else { return 0 };
        let _ = stream.write_all(request.as_bytes()).await;
        status_of(&mut stream).await
    }
}

#[tokio::test]
async fn a_no_on_the_way_is_told_apart_from_a_failure() {
    let issuer = "iss=https%3A%2F%2Fverify.example";
    #[rustfmt::skip]
    let table = [
        ("error=access_denied",                           Callback::Cancelled, "somebody pressed no"),
        ("error=server_error&error_description=Internal", Callback::Refused,   "the description is for logs of others"),
        ("error=moon_phase&later=1",                      Callback::Refused,   "a word that came after us"),
    ];
    for (query, expected, because) in table {
        let waiting = Waiting::new().await;
        let status = waiting.knock(&waiting.get(&format!("{query}&state={STATE}&{issuer}"))).await;
        assert_eq!(status, 200, "{because}");
        let answer = tokio::time::timeout(LIMIT, waiting.answer).await.unwrap().unwrap();
        assert_eq!(answer, expected, "{because}");
    }
}

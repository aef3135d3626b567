//! One HTTP/1.1 request at a time over a plain socket: all that WebDriver and the review desk need, without a second HTTP client in the tree.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// An answer: status, headers as they came, body.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Header lines, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Asks `authority` (host and port on this computer) and reads the whole answer.
pub fn ask(
    authority: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> std::io::Result<Answer> {
    let mut line = TcpStream::connect(authority)?;
    line.set_read_timeout(Some(Duration::from_mins(2)))?;
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        for part in [name, ": ", value, "\r\n"] {
            head.push_str(part);
        }
    }
    line.write_all(format!("{head}\r\n").as_bytes())?;
    line.write_all(body)?;
    let mut all = Vec::new();
    read_answer(&mut line, &mut all)?;
    let end = find_head_end(&all).ok_or_else(|| std::io::Error::other("the answer has no end of headers"))?;
    let text = String::from_utf8_lossy(&all[..end]).into_owned();
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok()).unwrap_or(0);
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut body = all[end + 4..].to_vec();
    if headers.iter().any(|(name, value)| name == "transfer-encoding" && value.eq_ignore_ascii_case("chunked")) {
        body = unchunk(&body);
    }
    Ok(Answer { status, headers, body })
}

/// Reads until the peer closes, or until as many bytes came as it announced (WebKit's driver keeps the line open).
fn read_answer(line: &mut TcpStream, all: &mut Vec<u8>) -> std::io::Result<()> {
    let mut piece = vec![0_u8; 65_536];
    loop {
        let length = line.read(&mut piece)?;
        if length == 0 {
            return Ok(());
        }
        all.extend_from_slice(&piece[..length]);
        if let Some(end) = find_head_end(all) {
            let head = String::from_utf8_lossy(&all[..end]).to_ascii_lowercase();
            let announced =
                head.split("\r\n").find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
            if announced.is_some_and(|announced| all.len() >= end + 4 + announced) {
                return Ok(());
            }
        }
    }
}

fn find_head_end(all: &[u8]) -> Option<usize> {
    all.windows(4).position(|four| four == b"\r\n\r\n")
}

fn unchunk(body: &[u8]) -> Vec<u8> {
    let (mut rest, mut plain) = (body, Vec::new());
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = String::from_utf8_lossy(&rest[..end]);
        let Ok(size) = usize::from_str_radix(size.split(';').next().unwrap_or_default().trim(), 16) else { break };
        if size == 0 || rest.len() < end + 2 + size {
            break;
        }
        plain.extend_from_slice(&rest[end + 2..end + 2 + size]);
        rest = rest.get(end + 4 + size..).unwrap_or_default();
    }
    plain
}

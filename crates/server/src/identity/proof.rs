//! Proving a domain: its owner publishes a TXT record, and we ask the name service for it.
//!
//! Guarantees: asks over TCP, so that an answer is never cut and cannot be slipped in from beside; an answer to another question is not read;
//! a record of another organisation proves nothing. Where the guarantee ends: the name server that is asked is believed.

use super::domain::Domain;
use crate::{error::ServerError, keys::Keys, tokens};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// What the record begins with.
const PREFIX: &str = "likeness-verify=";
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// TXT and IN of RFC 1035, section 3.2.
const TXT: u16 = 16;
const INTERNET: u16 = 1;

/// The record an organisation publishes at its domain. Made from the server's key, so that nothing has to be kept and nobody can guess it.
pub fn record(keys: &Keys, org: &str, domain: &Domain) -> String {
    format!("{PREFIX}{}", keys.lookup(&format!("domain proof|{org}|{}", domain.as_str())))
}

/// Whether the domain carries the record, as the name server at `resolver` says.
pub async fn is_published(resolver: SocketAddr, domain: &Domain, record: &str) -> Result<bool, ServerError> {
    let number = u16::from_be_bytes(tokens::random::<2>()?);
    let question = question(number, domain.as_str());
    let answer = tokio::time::timeout(ANSWER_WITHIN, ask(resolver, &question))
        .await
        .map_err(|_| ServerError::NameService { resolver, why: "did not answer within 10 s".into() })?
        .map_err(|error| ServerError::NameService { resolver, why: error.to_string() })?;
    let texts = texts(&answer, &question)
        .ok_or_else(|| ServerError::NameService { resolver, why: "gave an answer that cannot be read".into() })?;
    Ok(texts.iter().any(|text| text == record.as_bytes()))
}

async fn ask(resolver: SocketAddr, question: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(resolver).await?;
    // RFC 1035, section 4.2.2: over TCP a message follows its length.
    stream.write_u16(u16::try_from(question.len()).unwrap_or(u16::MAX)).await?;
    stream.write_all(question).await?;
    let mut answer = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut answer).await?;
    Ok(answer)
}

/// A question for TXT records, with recursion desired.
fn question(number: u16, domain: &str) -> Vec<u8> {
    let mut message = number.to_be_bytes().to_vec();
    message.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in domain.split('.') {
        // A `Domain` has labels of 1 to 63 bytes.
        message.push(u8::try_from(label.len()).unwrap_or(63));
        message.extend(label.as_bytes());
    }
    message.push(0);
    message.extend(TXT.to_be_bytes());
    message.extend(INTERNET.to_be_bytes());
    message
}

/// The TXT records of an answer to this question, each with its pieces joined (RFC 7208, section 3.3, does the same). `None` for anything else.
///
/// Records of an alias count too: who may write the alias may write the record.
fn texts(answer: &[u8], question: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (head, asked) = question.split_at_checked(12)?;
    let rest = answer.strip_prefix(head.get(..2)?)?;
    let (&flags, rest) = rest.split_first()?;
    let (&outcome, rest) = rest.split_first()?;
    // An answer, to a plain query; code 0 is success, 3 "no such name".
    if flags & 0xF8 != 0x80 || !matches!(outcome & 0x0F, 0 | 3) {
        return None;
    }
    let (&[0, 1], rest) = rest.split_first_chunk::<2>()? else { return None };
    let (count, rest) = rest.split_first_chunk::<2>()?;
    let rest = rest.get(4..)?;
    let (echoed, mut rest) = rest.split_at_checked(asked.len())?;
    if !echoed.eq_ignore_ascii_case(asked) {
        return None;
    }
    let mut texts = Vec::new();
    for _ in 0..u16::from_be_bytes(*count) {
        rest = after_name(rest)?;
        let (fixed, after) = rest.split_first_chunk::<10>()?;
        let [kind_high, kind_low, class_high, class_low, _, _, _, _, length_high, length_low] = *fixed;
        let (data, next) = after.split_at_checked(usize::from(u16::from_be_bytes([length_high, length_low])))?;
        if u16::from_be_bytes([kind_high, kind_low]) == TXT && u16::from_be_bytes([class_high, class_low]) == INTERNET {
            texts.push(joined(data)?);
        }
        rest = next;
    }
    Some(texts)
}

/// What follows a name. A pointer ends it (RFC 1035, section 4.1.4) and is not followed.
fn after_name(mut bytes: &[u8]) -> Option<&[u8]> {
    loop {
        let (&length, rest) = bytes.split_first()?;
        match length {
            0 => return Some(rest),
            1..=63 => bytes = rest.get(usize::from(length)..)?,
            192.. => return rest.get(1..),
            _ => return None,
        }
    }
}

fn joined(mut data: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(data.len());
    while let Some((&length, rest)) = data.split_first() {
        let (piece, next) = rest.split_at_checked(usize::from(length))?;
        text.extend(piece);
        data = next;
    }
    Some(text)
}

/// The first name server this system uses.
///
/// # Errors
/// When the system does not tell in `/etc/resolv.conf`: then it is named with `--resolver`.
pub fn resolver_of_the_system() -> Result<SocketAddr, ServerError> {
    let text = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    text.lines()
        .filter_map(|line| line.strip_prefix("nameserver"))
        .find_map(|address| address.trim().parse().ok())
        .map(|address| SocketAddr::new(address, 53))
        .ok_or(ServerError::Organisation("this system names no name server; name one with --resolver 192.0.2.53:53"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(question: &[u8], outcome: u8, records: &[(u16, &[u8])]) -> Vec<u8> {
        let mut message = question[..2].to_vec();
        message.extend([0x81, 0x80 | outcome, 0, 1, 0, u8::try_from(records.len()).unwrap(), 0, 0, 0, 0]);
        message.extend(&question[12..]);
        for (kind, data) in records {
            message.extend([0xC0, 12]);
            message.extend(kind.to_be_bytes());
            message.extend([0, 1, 0, 0, 0, 60]);
            message.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
            message.extend(*data);
        }
        message
    }

    #[test]
    fn only_the_answer_to_our_question_is_read() {
        let ours = question(7, "corp.example");
        let good = answer(&ours, 0, &[(5, b"\x01a\x00"), (TXT, b"\x02li\x03ke!"), (TXT, b"\x00")]);
        let found = Some(vec![b"like!".to_vec(), Vec::new()]);
        assert_eq!(texts(&good, &ours), found, "pieces are joined, an alias is passed over");
        let mut shouted = good.clone();
        shouted[13..17].make_ascii_uppercase();
        assert_eq!(texts(&shouted, &ours), found, "names have no case");
        let mut query = good.clone();
        query[2] = 1;
        #[rustfmt::skip]
        let table = [
            (answer(&ours, 3, &[]),                         Some(Vec::new()), "no such name"),
            (answer(&ours, 2, &[]),                         None,             "the server failed"),
            (answer(&question(8, "corp.example"), 0, &[]),  None,             "another number"),
            (answer(&question(7, "evil.example"), 0, &[]),  None,             "another name"),
            (query,                                         None,             "a question in place of an answer"),
            (answer(&ours, 0, &[(TXT, b"\x09short")]),      None,             "a piece longer than its record"),
        ];
        for (message, expected, because) in table {
            assert_eq!(texts(&message, &ours), expected, "{because}");
        }
        for length in 0..good.len() {
            assert_eq!(texts(&good[..length], &ours), None, "cut after {length} bytes");
        }
    }
}

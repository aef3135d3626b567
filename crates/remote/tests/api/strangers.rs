//! What answers in the place of our server, and what the learner is told about it.

use std::time::Duration;

use likeness_remote::{Api, RemoteError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use url::Url;

/// A server that gives every connection the same answer and then, if asked to, goes on with one piece for ever.
async fn stranger(answer: &'static str, endless: Option<&'static str>) -> Url {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = vec![0; 4096];
                let _ = client.read(&mut request).await;
                if client.write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
                while let Some(piece) = endless {
                    if client.write_all(piece.as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    url
}

async fn policy_at(url: &Url) -> &'static str {
    Api::new(url).unwrap().policy().await.map_or_else(|error| error.code(), |_| "a policy")
}

#[tokio::test]
async fn an_answer_that_is_not_ours_is_named() {
    #[rustfmt::skip]
    let table = [
        ("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>",               "captive-portal",   "a hotel's page"),
        ("HTTP/1.1 511 Network Authentication Required\r\ncontent-length: 0\r\n\r\n",                   "captive-portal",   "a portal that says so"),
        ("HTTP/1.1 302 Found\r\nlocation: http://192.0.2.1/\r\ncontent-length: 0\r\n\r\n",              "redirect-refused", "followed nowhere"),
        ("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}",            "reply-malformed",  "JSON of somebody else"),
        ("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{",            "network-connect",  "cut in the middle"),
        ("HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\ncontent-length: 4\r\n\r\n<h1>",        "server-trouble",   "a proxy without its server"),
        ("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n",                     "proxy-auth-required", "a proxy with a lock"),
        ("SSH-2.0-OpenSSH_9.2\r\n",                                                                     "network-connect",  "not even HTTP"),
    ];
    for (answer, expected, because) in table {
        let url = stranger(answer, None).await;
        assert_eq!(policy_at(&url).await, expected, "{because}");
    }
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let piece = "                                                                \n";
    let url = stranger("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n", Some(piece)).await;
    let limit = Duration::from_mins(1);
    let code = tokio::time::timeout(limit, policy_at(&url)).await.expect("an endless answer must end here");
    assert_eq!(code, "reply-too-large");
}

#[tokio::test]
async fn nobody_there_is_told_apart_from_somebody_else() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    assert_eq!(policy_at(&url).await, "network-connect");
}

#[tokio::test]
async fn a_server_that_speaks_plain_text_where_tls_was_asked_for_gets_nothing() {
    let url = stranger("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", None).await;
    let url = Url::parse(&url.as_str().replace("http://", "https://")).unwrap();
    match Api::new(&url) {
        Ok(api) => assert_eq!(api.policy().await.unwrap_err(), RemoteError::TlsUntrusted),
        // A computer without any certificates: told before anything is sent.
        Err(error) => assert_eq!(error, RemoteError::TlsUnavailable),
    }
}

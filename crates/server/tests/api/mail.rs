//! Mails over a real SMTP conversation.

use super::house::{House, REVIEWER, reject};
use likeness_protocol::verification::Reason;
use likeness_server::settings::{Encryption, MailRoute, Smtp};
use std::time::Duration;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
    sync::mpsc,
};

/// A mail server that takes everything; the first mail only at the second try.
async fn catcher() -> (u16, mpsc::UnboundedReceiver<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (caught, inbox) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut refuse_first = true;
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (read, mut write) = stream.into_split();
            let mut lines = BufReader::new(read).lines();
            write.write_all(b"220 catcher\r\n").await.unwrap();
            let (mut to, mut text, mut in_data) = (String::new(), String::new(), false);
            while let Ok(Some(line)) = lines.next_line().await {
                let answer: &[u8] = if in_data {
                    if line == "." {
                        in_data = false;
                        let refused = std::mem::take(&mut refuse_first);
                        if refused {
                            b"451 later\r\n"
                        } else {
                            caught.send((std::mem::take(&mut to), std::mem::take(&mut text))).unwrap();
                            b"250 ok\r\n"
                        }
                    } else {
                        text += &line;
                        text += "\n";
                        continue;
                    }
                } else if let Some(address) = line.strip_prefix("RCPT TO:") {
                    address.trim().clone_into(&mut to);
                    b"250 ok\r\n"
                } else if line == "DATA" {
                    in_data = true;
                    text.clear();
                    b"354 go on\r\n"
                } else if line == "QUIT" {
                    b"221 bye\r\n"
                } else {
                    b"250 ok\r\n"
                };
                write.write_all(answer).await.unwrap();
            }
        }
    });
    (port, inbox)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_arrives_as_plain_text_with_reason_and_remedy() {
    let (port, mut inbox) = catcher().await;
    let smtp = Smtp {
        host: "127.0.0.1".into(),
        port,
        encryption: Encryption::None,
        from: "Corp <verify@corp.example>".into(),
        user: None,
        password_file: None,
    };
    let house = House::changed(&["ada@corp.example"], |settings| settings.mail = MailRoute::Smtp(smtp)).await;
    let (app, reviewer) = (house.app("ada@corp.example").await, house.app(REVIEWER).await);
    let (receipt, _) = app.hand_in("Ada Lovelace", 1).await;
    // The first try was refused for now: it is tried again when the pause is over, not before.
    assert!(tokio::time::timeout(Duration::from_millis(500), inbox.recv()).await.is_err());
    house.clock.advance(Duration::from_secs(61));
    let mut request = reject(Reason::IdGlare);
    request.note_to_learner = Some("Look\r\nBcc: all@corp.example\r\n\r\nhere".into());
    reviewer.decide(&receipt.id, &request).await;
    let mut mails = Vec::new();
    while mails.len() < 2 {
        mails.push(tokio::time::timeout(Duration::from_secs(30), inbox.recv()).await.expect("a mail").unwrap());
    }
    let about = |subject: &str| {
        mails.iter().find(|(_, text)| text.contains(subject)).unwrap_or_else(|| panic!("no {subject}: {mails:?}"))
    };
    let (to, received) = about("Subject: We have your profile");
    assert_eq!(to, "<ada@corp.example>");
    assert!(
        received.contains(&receipt.reference) && received.contains("From: \"Corp\" <verify@corp.example>")
            || received.contains("From: Corp <verify@corp.example>"),
        "{received}"
    );
    let (_, rejected) = about("Subject: Your profile needs another photo");
    let (head, body) = rejected.split_once("\n\n").unwrap();
    assert!(head.contains("text/plain") && !head.contains("Bcc"), "{head}");
    let flowed = body.replace("=\n", "");
    for words in [
        "Light reflects on your ID.",
        "Tip the top edge towards you.",
        "Look Bcc: all@corp.example here",
        "help@likeness.example",
    ] {
        assert!(flowed.contains(words), "{words}: {flowed}");
    }
    assert!(!rejected.contains("Ada Lovelace"), "no ID data in a mail");
}

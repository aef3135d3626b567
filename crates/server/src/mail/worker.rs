//! Sends what lies in the outbox, again and again with growing pauses, for three days.
//!
//! Delivery is at least once: a crash after the mail server took a mail sends it again, under the same Message-ID.

use super::{Rendered, render};
use crate::{
    accounts,
    app::{App, Shared},
    database::{column, time},
    error::ServerError,
    settings::{Encryption, MailRoute, Smtp},
};
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::{
        authentication::Credentials,
        client::{Tls, TlsParameters},
    },
};
use std::{fs, path::PathBuf, time::Duration};

/// How often the outbox is looked at when nobody rings.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// How long one mail may take; another worker may take it over afterwards.
const LEASE: Duration = Duration::from_mins(1);
/// Pauses before another try; the last one repeats.
const PAUSES_S: [u64; 6] = [60, 5 * 60, 15 * 60, 3_600, 4 * 3_600, 12 * 3_600];
/// When to give up.
const GIVE_UP_AFTER: Duration = Duration::from_hours(3 * 24);

/// The way mails leave.
pub enum Post {
    /// By a mail server.
    Smtp { transport: Box<AsyncSmtpTransport<Tokio1Executor>>, from: Mailbox },
    /// As files.
    Folder { folder: PathBuf, from: Mailbox },
    /// Not at all.
    Kept,
}

enum Failure {
    /// Try again later.
    Later(String),
    /// The mail server will never take it.
    Never(String),
}

impl Post {
    /// Sets the way up; nothing is sent yet.
    pub fn open(route: &MailRoute) -> Result<Self, ServerError> {
        let mailbox = |text: &str| {
            text.parse::<Mailbox>().map_err(|_| ServerError::Mail("`from` is not an e-mail address".to_owned()))
        };
        match route {
            MailRoute::Kept => Ok(Self::Kept),
            MailRoute::Folder(folder) => {
                Ok(Self::Folder { folder: folder.clone(), from: mailbox("likeness@localhost.example")? })
            }
            MailRoute::Smtp(smtp) => {
                Ok(Self::Smtp { transport: Box::new(transport(smtp)?), from: mailbox(&smtp.from)? })
            }
        }
    }

    async fn send(&self, id: &str, to: &str, mail: Rendered) -> Result<(), Failure> {
        let (Self::Smtp { from, .. } | Self::Folder { from, .. }) = self else {
            return Err(Failure::Later("mails are kept".to_owned()));
        };
        let to: Address = to.parse().map_err(|_| Failure::Never("address not usable".to_owned()))?;
        let message = Message::builder()
            .from(from.clone())
            .to(Mailbox::new(None, to))
            .message_id(Some(format!("<{id}@likeness>")))
            .subject(mail.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(mail.body)
            .map_err(|_| Failure::Never("mail not writable".to_owned()))?;
        match self {
            Self::Smtp { transport, .. } => match transport.send(message).await {
                Ok(_) => Ok(()),
                // Only the kind of failure is kept: a mail server's text may repeat the address.
                Err(error) if error.is_permanent() => Err(Failure::Never(status_of(&error))),
                Err(error) => Err(Failure::Later(status_of(&error))),
            },
            Self::Folder { folder, .. } => {
                let file = folder.join(format!("{id}.eml"));
                tokio::fs::write(file, message.formatted())
                    .await
                    .map_err(|error| Failure::Later(error.kind().to_string()))
            }
            Self::Kept => Ok(()),
        }
    }
}

fn status_of(error: &lettre::transport::smtp::Error) -> String {
    error.status().map_or_else(|| "no answer".to_owned(), |status| status.to_string())
}

fn transport(smtp: &Smtp) -> Result<AsyncSmtpTransport<Tokio1Executor>, ServerError> {
    let tls = || {
        TlsParameters::new(smtp.host.clone())
            .map_err(|error| ServerError::Mail(format!("TLS cannot be set up: {error}")))
    };
    let protection = match smtp.encryption {
        Encryption::Tls => Tls::Wrapper(tls()?),
        Encryption::Starttls => Tls::Required(tls()?),
        Encryption::None => Tls::None,
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&smtp.host)
        .port(smtp.port)
        .tls(protection)
        .timeout(Some(Duration::from_secs(30)));
    if let Some(user) = &smtp.user {
        let password = match &smtp.password_file {
            Some(file) => fs::read_to_string(file).map_err(|source| ServerError::File {
                action: "read the mail password",
                path: file.clone(),
                source,
            })?,
            None => String::new(),
        };
        builder = builder.credentials(Credentials::new(user.clone(), password.trim_end().to_owned()));
    }
    Ok(builder.build())
}

/// Runs until the server stops.
pub async fn run(app: Shared, post: Post) {
    if matches!(post, Post::Kept) {
        return;
    }
    let mut stopping = app.stopping.clone();
    loop {
        loop {
            match send_next(&app, &post).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    tracing::error!(code = "mail-worker-failed", %error);
                    break;
                }
            }
        }
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            () = app.mail_due.notified() => {}
            () = tokio::time::sleep(LOOK_AGAIN) => {}
        }
    }
}

#[derive(sqlx::FromRow)]
struct Due {
    id: String,
    account_id: String,
    template: String,
    vars_sealed: Vec<u8>,
    to_sealed: Option<Vec<u8>>,
    tries: i64,
    created_at: i64,
}

/// Sends one mail; `false` when none is due.
async fn send_next(app: &App, post: &Post) -> Result<bool, ServerError> {
    let now = app.now();
    let mut transaction = app.database.write().await?;
    let due: Option<Due> = sqlx::query_as(
        "UPDATE mail_outbox SET lease_until = $2 WHERE id = (SELECT id FROM mail_outbox WHERE state = 'queued' AND next_at <= $1 AND lease_until <= $1 ORDER BY created_at LIMIT 1) \
         RETURNING id, account_id, template, vars_sealed, to_sealed, tries, created_at",
    )
    .bind(column(now))
    .bind(column(now.plus(LEASE)))
    .fetch_optional(&mut *transaction)
    .await?;
    transaction.commit().await?;
    let Some(due) = due else { return Ok(false) };
    let to = match &due.to_sealed {
        Some(sealed) => Some(app.keys.open_text("mail_outbox", "to", &due.id, sealed)?),
        None => accounts::primary_email(app, &due.account_id).await?,
    };
    let done = match to {
        Some(to) => post.send(&due.id, &to, render(app, &due.id, &due.template, &due.vars_sealed)?).await,
        None => Err(Failure::Never("no address".to_owned())),
    };
    let (state, error) = match done {
        Ok(()) => ("sent", None),
        Err(Failure::Later(error)) if now.since(time(due.created_at)) < GIVE_UP_AFTER => ("queued", Some(error)),
        Err(Failure::Later(error) | Failure::Never(error)) => ("failed", Some(error)),
    };
    if let Some(error) = &error {
        tracing::warn!(code = "mail-not-sent", mail = due.id, state, error);
    }
    let pause = usize::try_from(due.tries)
        .ok()
        .and_then(|tries| PAUSES_S.get(tries))
        .or(PAUSES_S.last())
        .copied()
        .unwrap_or(3_600);
    let mut transaction = app.database.write().await?;
    sqlx::query("UPDATE mail_outbox SET state = $2, tries = tries + 1, next_at = $3, lease_until = 0, last_error = $4 WHERE id = $1")
        .bind(&due.id)
        .bind(state)
        .bind(column(app.now().plus(Duration::from_secs(pause))))
        .bind(error)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(true)
}

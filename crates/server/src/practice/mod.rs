//! Practice mode: the whole server on loopback inside the app, with seeded accounts, a readable mailbox and one click to the review desk,
//! and a provider of its own with two organisations and three social accounts, so that each way of signing in can be tried without the internet.
//!
//! Guarantees: never listens anywhere but on loopback; passwords are random per data folder and the same after a restart; they are fixed only
//! when the environment sets `LIKENESS_SEED`, for tests. Where the guarantee ends: any program of any user on this machine can reach a loopback
//! port, which is why the passwords are not well-known ones.

mod issuer;
mod seed;

use crate::{
    accounts,
    app::{App, Running, Server, Shared},
    clock::{Clock, SystemClock},
    database::column,
    error::ServerError,
    http::{caller::Caller, refusal::Refusal},
    mail,
    settings::{MailRoute, Settings},
    tokens,
};
use axum::{Json, extract::State};
use likeness_protocol::{
    Problem, Secret,
    account::Role,
    practice::{PracticeAccount, PracticeInvitation, PracticeMail, PracticeMails},
};
use sha2::{Digest, Sha256};
use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};
use url::Url;
use utoipa_axum::{router::OpenApiRouter, routes};

/// How long a link to the review desk is good.
const LINK_LIFE: Duration = Duration::from_mins(5);
/// Most mails the mailbox shows.
const MAILBOX: i64 = 100;

const SEEDS: [(&str, Role, &str); 4] = [
    ("learner@likeness.example", Role::Learner, "Verify yourself for the first time."),
    ("sam@mail.example", Role::Learner, "A second learner, to see that profiles are kept apart."),
    ("reviewer@likeness.example", Role::Reviewer, "Decide about profiles at the review desk."),
    ("kim@mail.example", Role::Learner, "Has Google connected, which is in the way of Harbour University."),
];

/// A running practice server.
pub struct PracticeServer {
    /// Where the app reaches it.
    pub origin: Url,
    /// The seeded accounts.
    pub accounts: Vec<PracticeAccount>,
    /// Invitations of Harbour University, new at each start.
    pub invitations: Vec<PracticeInvitation>,
    issuer: issuer::Issuer,
    running: Running,
    reviewer: String,
}

/// Starts a practice server on the system's clock. Everything it keeps lies below `data_dir`; the same folder gives the same accounts and, if it is free, the same port.
///
/// # Errors
/// [`ServerError`], as [`Server::start`].
pub async fn start(data_dir: impl Into<PathBuf>) -> Result<PracticeServer, ServerError> {
    start_at(data_dir, SystemClock).await
}

/// Like [`start`], on a clock of the caller's.
///
/// # Errors
/// [`ServerError`], as [`Server::start`].
pub async fn start_at(
    data_dir: impl Into<PathBuf>,
    clock: impl Clock + 'static,
) -> Result<PracticeServer, ServerError> {
    start_changed(data_dir, clock, |_| {}).await
}

/// Like [`start_at`], with settings an organisation might choose, to see what follows from them.
///
/// # Errors
/// [`ServerError`], as [`Server::start`].
pub async fn start_changed(
    data_dir: impl Into<PathBuf>,
    clock: impl Clock + 'static,
    change: impl FnOnce(&mut Settings),
) -> Result<PracticeServer, ServerError> {
    let folder = data_dir.into();
    let (data, keys) = (folder.join("data"), folder.join("keys"));
    for made in [&data, &keys] {
        fs::create_dir_all(made).map_err(|source| ServerError::File {
            action: "make the folder",
            path: made.clone(),
            source,
        })?;
    }
    let mut settings = Settings::loopback(data, keys.join("kek"), MailRoute::Kept);
    settings.practice = true;
    // Trying things out means doing them over and over.
    settings.limits.sessions_per_hour = 500;
    settings.limits.submissions_per_day = 500;
    change(&mut settings);
    let port_file = folder.join("port");
    let running = start_on_remembered_port(settings, clock, &port_file).await?;
    let (accounts, reviewer) = seed(&running.app).await?;
    let issuer = issuer::start(&running.app, &folder.join("issuer-port")).await?;
    let invitations = seed::organisations(&running.app, &issuer).await?;
    Ok(PracticeServer { origin: running.origin()?, accounts, invitations, issuer, running, reviewer })
}

async fn start_on_remembered_port(
    mut settings: Settings,
    clock: impl Clock + 'static,
    port_file: &Path,
) -> Result<Running, ServerError> {
    let remembered = fs::read_to_string(port_file).ok().and_then(|text| text.trim().parse::<u16>().ok());
    if let Some(port) = remembered {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if std::net::TcpListener::bind(address).is_ok() {
            settings.listen = address;
        }
    }
    let running = Server::start(settings, clock).await?;
    let port = running.address().port().to_string();
    fs::write(port_file, port).map_err(|source| ServerError::File {
        action: "write",
        path: port_file.to_owned(),
        source,
    })?;
    Ok(running)
}

impl PracticeServer {
    /// A link that signs a reviewer in once, within 5 minutes.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn console_link(&self) -> Result<Url, ServerError> {
        let app = &self.running.app;
        let token = tokens::token("")?;
        let mut transaction = app.database.write().await?;
        sqlx::query("INSERT INTO console_links (hash, account_id, expires_at) VALUES ($1, $2, $3)")
            .bind(tokens::hash(token.expose()))
            .bind(&self.reviewer)
            .bind(column(app.now().plus(LINK_LIFE)))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        let mut link = self.origin.clone();
        link.set_path("/console/enter");
        link.set_query(Some(&format!("t={}", token.expose())));
        Ok(link)
    }

    /// The mails to the account with this address, newest first: whoever has forgotten a password cannot sign in to read its mailbox.
    /// An address that is nobody's yet has the mails that went to it alone: whoever is to prove it has to read them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn mails_to(&self, email: &str) -> Result<PracticeMails, ServerError> {
        let app = &self.running.app;
        let owner: Option<(String,)> = sqlx::query_as("SELECT account_id FROM emails WHERE addr_lookup = $1")
            .bind(app.keys.lookup(&accounts::normalised(email)))
            .fetch_optional(app.database.read())
            .await?;
        match owner {
            Some((account,)) => mails_of(app, &account).await,
            None => mails_sent_to(app, email).await,
        }
    }

    /// Stops the server; its data stays.
    ///
    /// # Errors
    /// As [`Running::stop`].
    pub async fn stop(self) -> Result<(), ServerError> {
        drop(self.issuer);
        self.running.stop().await
    }
}

async fn seed(app: &App) -> Result<(Vec<PracticeAccount>, String), ServerError> {
    let mut made = Vec::with_capacity(SEEDS.len());
    let mut reviewer = String::new();
    let fixed = std::env::var("LIKENESS_SEED").ok();
    for (position, (email, role, for_trying)) in SEEDS.into_iter().enumerate() {
        let (id, password) = match known(app, email).await? {
            Some(known) => known,
            None => create(app, email, role, for_trying, position, fixed.as_deref()).await?,
        };
        if role == Role::Reviewer {
            reviewer = id;
        }
        made.push(PracticeAccount { email: email.to_owned(), password, role, for_trying: for_trying.to_owned() });
    }
    Ok((made, reviewer))
}

async fn known(app: &App, email: &str) -> Result<Option<(String, Secret)>, ServerError> {
    let row: Option<(String, Vec<u8>)> = sqlx::query_as("SELECT p.account_id, p.password_sealed FROM practice_accounts p JOIN emails e ON e.account_id = p.account_id WHERE e.addr_lookup = $1")
        .bind(app.keys.lookup(&accounts::normalised(email)))
        .fetch_optional(app.database.read())
        .await?;
    row.map(|(id, sealed)| {
        let password = app.keys.open_text("practice_accounts", "password", &id, &sealed)?;
        Ok((id, Secret::new(password)))
    })
    .transpose()
}

async fn create(
    app: &App,
    email: &str,
    role: Role,
    for_trying: &str,
    position: usize,
    fixed: Option<&str>,
) -> Result<(String, Secret), ServerError> {
    let password = match fixed {
        Some(seed) => readable(Sha256::digest(format!("likeness practice|{seed}|{email}")).into()),
        None => readable(tokens::random::<32>()?),
    };
    let id = accounts::create(&app.database, &app.keys, app.now(), email, &password, role).await?;
    let sealed = app.keys.seal("practice_accounts", "password", &id, password.expose().as_bytes())?;
    let mut transaction = app.database.write().await?;
    sqlx::query(
        "INSERT INTO practice_accounts (account_id, position, password_sealed, for_trying) VALUES ($1, $2, $3, $4)",
    )
    .bind(&id)
    .bind(i64::try_from(position).unwrap_or(0))
    .bind(sealed)
    .bind(for_trying)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok((id, password))
}

/// A password somebody can type: four groups of four, about 79 bits.
fn readable(bytes: [u8; 32]) -> Secret {
    const ALPHABET: &[u8; 31] = b"23456789abcdefghjkmnpqrstuvwxyz";
    let letters: Vec<char> = bytes
        .iter()
        .take(16)
        .filter_map(|byte| ALPHABET.get(usize::from(*byte) % 31).map(|letter| char::from(*letter)))
        .collect();
    Secret::new(letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-"))
}

/// The routes only a practice server has.
pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(mails))
}

/// Number, template, variables, another address, time.
type MailRow = (String, String, Vec<u8>, Option<Vec<u8>>, i64);

/// The mails to the signed-in account, newest first.
#[utoipa::path(get, path = "/practice/mails", tag = "practice", responses((status = 200, body = PracticeMails), (status = "4XX", body = Problem, content_type = "application/problem+json")))]
async fn mails(State(app): State<Shared>, caller: Caller) -> Result<Json<PracticeMails>, Refusal> {
    if !app.settings.practice {
        return Err(likeness_protocol::Code::NotFound.into());
    }
    Ok(Json(mails_of(&app, &caller.account).await?))
}

async fn mails_of(app: &App, account: &str) -> Result<PracticeMails, ServerError> {
    let to = accounts::primary_email(app, account).await?.unwrap_or_default();
    let rows: Vec<MailRow> =
        sqlx::query_as("SELECT id, template, vars_sealed, to_sealed, created_at FROM mail_outbox WHERE account_id = $1 ORDER BY created_at DESC, rowid DESC LIMIT $2")
            .bind(account)
            .bind(MAILBOX)
            .fetch_all(app.database.read())
            .await?;
    let mails = rows.into_iter().map(|row| opened(app, row, &to)).collect::<Result<_, ServerError>>()?;
    Ok(PracticeMails { mails })
}

/// The mails that went to this very address, whosever account they belong to.
async fn mails_sent_to(app: &App, email: &str) -> Result<PracticeMails, ServerError> {
    let wanted = accounts::normalised(email);
    let rows: Vec<MailRow> =
        sqlx::query_as("SELECT id, template, vars_sealed, to_sealed, created_at FROM mail_outbox WHERE to_sealed IS NOT NULL ORDER BY created_at DESC, rowid DESC LIMIT $1")
            .bind(MAILBOX)
            .fetch_all(app.database.read())
            .await?;
    let mut mails = rows.into_iter().map(|row| opened(app, row, "")).collect::<Result<Vec<_>, ServerError>>()?;
    mails.retain(|mail| accounts::normalised(&mail.to) == wanted);
    Ok(PracticeMails { mails })
}

/// `to`: where the mail went that names no address of its own.
fn opened(app: &App, (id, template, vars, other, created_at): MailRow, to: &str) -> Result<PracticeMail, ServerError> {
    let mail = mail::render(app, &id, &template, &vars)?;
    let other = other.map(|sealed| app.keys.open_text("mail_outbox", "to", &id, &sealed)).transpose()?;
    Ok(PracticeMail {
        id,
        to: other.unwrap_or_else(|| to.to_owned()),
        subject: mail.subject,
        body: mail.body,
        written_at: crate::database::time(created_at),
    })
}

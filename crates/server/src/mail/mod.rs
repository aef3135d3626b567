//! Mails to learners: written in the transaction of the deed, sent later, rendered when they are sent.
//!
//! Guarantees: what a mail needs lies sealed in the database and nowhere else; the address is looked up when the mail is sent; plain text only, no picture,
//! no link that signs in; what a reviewer wrote cannot add a header or turn text around.

pub mod words;
pub mod worker;

use crate::{
    app::App,
    database::{Write, column},
    error::ServerError,
    tokens,
};
use likeness_protocol::verification::ReasonNotice;
use serde::{Deserialize, Serialize};
use words::Words;

/// Which mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Template {
    /// The profile has arrived.
    Received,
    /// It was approved.
    Approved,
    /// It was rejected, with reasons and what to do.
    Rejected,
    /// Everything was deleted on the learner's wish.
    Deleted,
    /// A sign-in was ended because its token was misused.
    SignedOut,
    /// The code that allows a forgotten password to be replaced.
    PasswordCode,
    /// The password is another one now.
    PasswordChanged,
    /// To a new address: the code that proves its mailbox.
    EmailCode,
    /// To an address that has an account: somebody else wanted to use it.
    EmailTaken,
    /// To the old address: another one was asked for, and how to stop that.
    EmailAsked,
    /// To the old address: another one is used now, and how to undo that.
    EmailChanged,
    /// To the old address: it is used again.
    EmailReverted,
    /// To the last address of an account that is gone.
    AccountDeleted,
    /// To an address that has an account: somebody wanted it as the private address of a new one.
    AddressTaken,
    /// One more way in was connected.
    Connected,
    /// A way in was disconnected.
    Disconnected,
}

impl Template {
    const ALL: [Self; 16] = [
        Self::Received,
        Self::Approved,
        Self::Rejected,
        Self::Deleted,
        Self::SignedOut,
        Self::PasswordCode,
        Self::PasswordChanged,
        Self::EmailCode,
        Self::EmailTaken,
        Self::EmailAsked,
        Self::EmailChanged,
        Self::EmailReverted,
        Self::AccountDeleted,
        Self::AddressTaken,
        Self::Connected,
        Self::Disconnected,
    ];

    /// Name in the database and in message keys.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Deleted => "deleted",
            Self::SignedOut => "signed-out",
            Self::PasswordCode => "password-code",
            Self::PasswordChanged => "password-changed",
            Self::EmailCode => "email-code",
            Self::EmailTaken => "email-taken",
            Self::EmailAsked => "email-asked",
            Self::EmailChanged => "email-changed",
            Self::EmailReverted => "email-reverted",
            Self::AccountDeleted => "account-deleted",
            Self::AddressTaken => "address-taken",
            Self::Connected => "connected",
            Self::Disconnected => "disconnected",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|template| template.as_str() == name)
    }
}

/// What a mail speaks about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variables {
    /// Reference number of the submission.
    pub reference: Option<String>,
    /// Why it was rejected.
    pub reasons: Vec<ReasonNotice>,
    /// Whether another try is allowed.
    pub may_resubmit: bool,
    /// A code to be typed into the app, as it is shown.
    #[serde(default)]
    pub code: Option<String>,
    /// A page of this server to open.
    #[serde(default)]
    pub link: Option<String>,
    /// An address, masked.
    #[serde(default)]
    pub address: Option<String>,
    /// Name of a way in: an organisation, a social account.
    #[serde(default)]
    pub way_in: Option<String>,
}

impl Variables {
    /// Nothing to speak about.
    pub const fn new() -> Self {
        Self {
            reference: None,
            reasons: Vec::new(),
            may_resubmit: true,
            code: None,
            link: None,
            address: None,
            way_in: None,
        }
    }
}

/// Writes a mail into the outbox, to the address that is primary when it is sent.
pub async fn enqueue(
    transaction: &mut Write,
    app: &App,
    account: &str,
    template: Template,
    variables: &Variables,
) -> Result<(), ServerError> {
    write(transaction, app, account, None, template, variables).await
}

/// Writes a mail about an account into the outbox, to this address whatever is primary.
pub async fn enqueue_to(
    transaction: &mut Write,
    app: &App,
    account: &str,
    address: &str,
    template: Template,
    variables: &Variables,
) -> Result<(), ServerError> {
    write(transaction, app, account, Some(address), template, variables).await
}

async fn write(
    transaction: &mut Write,
    app: &App,
    account: &str,
    to: Option<&str>,
    template: Template,
    variables: &Variables,
) -> Result<(), ServerError> {
    let id = tokens::identifier("mail")?;
    let json = serde_json::to_vec(variables).map_err(|_| ServerError::Stored { what: "mail variables" })?;
    let now = column(app.now());
    sqlx::query(
        "INSERT INTO mail_outbox (id, account_id, template, vars_sealed, locale, state, tries, next_at, lease_until, created_at, to_sealed) VALUES ($1, $2, $3, $4, 'en', 'queued', 0, $5, 0, $5, $6)",
    )
    .bind(&id)
    .bind(account)
    .bind(template.as_str())
    .bind(app.keys.seal("mail_outbox", "vars", &id, &json)?)
    .bind(now)
    .bind(to.map(|address| app.keys.seal("mail_outbox", "to", &id, address.as_bytes())).transpose()?)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// A mail in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    pub subject: String,
    pub body: String,
}

/// Renders a row of the outbox.
pub fn render(app: &App, id: &str, template: &str, vars_sealed: &[u8]) -> Result<Rendered, ServerError> {
    let broken = || ServerError::Stored { what: "mail row" };
    let template = Template::named(template).ok_or_else(broken)?;
    let json = app.keys.open("mail_outbox", "vars", id, vars_sealed)?;
    let variables: Variables = serde_json::from_slice(&json).map_err(|_| broken())?;
    put_into_words(&app.words, template, &variables, &app.policy)
}

fn put_into_words(
    words: &Words,
    template: Template,
    variables: &Variables,
    policy: &likeness_protocol::verification::Policy,
) -> Result<Rendered, ServerError> {
    let provider = plain(&policy.provider.name);
    let way_in = plain(variables.way_in.as_deref().unwrap_or_default());
    let reference = variables.reference.as_deref().unwrap_or_default();
    let hours = policy.expected_review_hours;
    let args = [
        ("provider", provider.as_str().into()),
        ("reference", reference.into()),
        ("help", policy.provider.help_address.as_str().into()),
        ("hours", hours.into()),
        ("code", variables.code.as_deref().unwrap_or_default().into()),
        ("way-in", way_in.as_str().into()),
        ("link", variables.link.as_deref().unwrap_or_default().into()),
        ("address", variables.address.as_deref().unwrap_or_default().into()),
    ];
    let name = template.as_str();
    let mut paragraphs = vec![words.say(&format!("mail-{name}-body"), &args)?];
    if template == Template::Rejected {
        for reason in &variables.reasons {
            paragraphs.push(reason_in_words(words, reason, policy)?);
        }
        let closing = if variables.may_resubmit { "mail-rejected-again" } else { "mail-rejected-closed" };
        paragraphs.push(words.say(closing, &args)?);
    }
    paragraphs.push(words.say("mail-closing", &args)?);
    Ok(Rendered {
        subject: plain(&words.say(&format!("mail-{name}-subject"), &args)?),
        body: paragraphs.join("\n\n") + "\n",
    })
}

/// What was wrong and what to do, and the reviewer's own words where there are any.
fn reason_in_words(
    words: &Words,
    reason: &ReasonNotice,
    policy: &likeness_protocol::verification::Policy,
) -> Result<String, ServerError> {
    let [what, todo] = words.reason(reason.code, &policy.id_types)?;
    let note = reason.note.as_deref().map(plain).filter(|note| !note.is_empty());
    let lines = match (reason.code, note) {
        (likeness_protocol::verification::Reason::Other, Some(note)) => vec![note],
        (_, Some(note)) => vec![what, todo, note],
        (_, None) => vec![what, todo],
    };
    Ok(lines.into_iter().map(|line| format!("- {line}")).collect::<Vec<_>>().join("\n"))
}

/// What a person wrote, as one paragraph without anything that is not text.
pub fn plain(text: &str) -> String {
    let turns = |letter: char| matches!(letter, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    let spaced: String = text
        .chars()
        .filter(|letter| !turns(*letter))
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_words_cannot_become_headers() {
        #[rustfmt::skip]
        let table = [
            ("Please hold the card closer.",       "Please hold the card closer.",        "plain words stay"),
            ("a\r\nBcc: all@corp.example",         "a Bcc: all@corp.example",             "no new header line"),
            ("a\n\n.\nQUIT",                       "a . QUIT",                            "no end of the message"),
            ("user\u{202E}gpj.exe",                "usergpj.exe",                         "no turned text"),
            ("\u{0}\u{7}bell",                     "bell",                                "no control characters"),
        ];
        for (written, expected, because) in table {
            assert_eq!(plain(written), expected, "{because}");
        }
    }
}

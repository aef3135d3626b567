//! `server.toml`: what an operator sets, checked before anything is opened.
//!
//! Guarantees: an unknown key, a value of the wrong kind and an unsafe combination are refused with the file, line and key, in words.
//! Paths in the file are relative to the file's folder.

use likeness_protocol::verification::{IdType, PhotoLimits, Provider, Retention};
use serde::Deserialize;
use std::{
    fs,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};
use toml::Spanned;
use url::{Host, Url};

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("cannot read {file}: {source}", file = file.display())]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// One key is unknown, missing or wrong.
    #[error("{file}, line {line}, key `{key}`: {why}", file = file.display())]
    Key {
        /// Which file.
        file: PathBuf,
        /// Counted from 1.
        line: usize,
        /// As written in the file, or the missing one.
        key: String,
        /// What is wrong and what to write instead.
        why: String,
    },
    /// Settings made in code do not fit together.
    #[error("{0}")]
    Combination(&'static str),
}

/// Where mails go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailRoute {
    /// To a mail server.
    Smtp(Smtp),
    /// Into a folder, one file each; for trying a server out. The files hold names and addresses in clear.
    Folder(PathBuf),
    /// Nowhere: sealed rows that the practice mailbox reads. Practice mode only.
    Kept,
}

/// A mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Smtp {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub encryption: Encryption,
    /// Sender address.
    pub from: String,
    /// Name to sign in with, if it asks for one.
    pub user: Option<String>,
    /// File with the password.
    pub password_file: Option<PathBuf>,
}

/// How a connection to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encryption {
    /// TLS from the first byte.
    Tls,
    /// TLS after STARTTLS; refused when the server does not offer it.
    Starttls,
    /// None; only to a mail server on this machine.
    None,
}

/// What happens to photos whose camera seems to be a program. A type of its own because an operator's spelling mistake is refused,
/// while an app takes a rule it does not know for [`Flag`](Self::Flag).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VirtualCameraRule {
    /// The reviewer is told.
    Flag,
    /// They are refused.
    Block,
    /// Nothing is said.
    Allow,
}

impl From<VirtualCameraRule> for likeness_protocol::verification::VirtualCameraRule {
    fn from(rule: VirtualCameraRule) -> Self {
        match rule {
            VirtualCameraRule::Flag => Self::Flag,
            VirtualCameraRule::Block => Self::Block,
            VirtualCameraRule::Allow => Self::Allow,
        }
    }
}

/// How much one account may ask for, and how long its work may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// What each photo must hold to.
    pub photo: PhotoLimits,
    /// From opening a capture session to the last photo.
    pub capture: Duration,
    /// From opening a capture session to the submission.
    pub upload: Duration,
    /// Capture sessions an account may open in an hour.
    pub sessions_per_hour: u32,
    /// Submissions an account may make in a day.
    pub submissions_per_day: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            photo: PhotoLimits {
                min_px: 480,
                max_px: 4096,
                min_bytes: 10 * 1024,
                max_bytes: 4 * 1024 * 1024,
                chunk_max: 1024 * 1024,
            },
            capture: Duration::from_mins(15),
            upload: Duration::from_hours(72),
            sessions_per_hour: 10,
            submissions_per_day: 5,
        }
    }
}

/// Everything an operator sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Origin under which clients reach the server. `None`: the address it listens on, which must then be loopback.
    pub public_url: Option<Url>,
    /// Where database and objects lie.
    pub data_dir: PathBuf,
    /// The master key; outside `data_dir`.
    pub kek_file: PathBuf,
    /// Where mails go.
    pub mail: MailRoute,
    /// Who asks for the photos.
    pub provider: Provider,
    /// Accepted documents.
    pub id_types: Vec<IdType>,
    /// How long a review usually takes.
    pub expected_review_hours: u32,
    /// How long things are kept.
    pub retention: Retention,
    /// Limits per photo and account.
    pub limits: Limits,
    /// What happens to virtual cameras.
    pub virtual_cameras: VirtualCameraRule,
    /// Reverse proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    pub(crate) practice: bool,
}

impl Settings {
    /// Settings for a server on loopback with a free port: what tests and practice mode start from.
    pub fn loopback(data_dir: impl Into<PathBuf>, kek_file: impl Into<PathBuf>, mail: MailRoute) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            public_url: None,
            data_dir: data_dir.into(),
            kek_file: kek_file.into(),
            mail,
            provider: Provider {
                name: "Practice University".to_owned(),
                terms_url: "https://likeness.example/terms".to_owned(),
                privacy_url: "https://likeness.example/privacy".to_owned(),
                help_address: "help@likeness.example".to_owned(),
            },
            id_types: usual_documents(),
            expected_review_hours: 48,
            retention: usual_retention(),
            limits: Limits::default(),
            virtual_cameras: VirtualCameraRule::Flag,
            trusted_proxies: Vec::new(),
            practice: false,
        }
    }

    /// Reads `server.toml`.
    ///
    /// # Errors
    /// [`SettingsError`], naming file, line and key.
    pub fn read(file: &Path) -> Result<Self, SettingsError> {
        let text =
            fs::read_to_string(file).map_err(|source| SettingsError::Unreadable { file: file.to_owned(), source })?;
        Self::parse(&text, file)
    }

    /// Reads the text of a `server.toml`; `file` is where it came from.
    ///
    /// # Errors
    /// [`SettingsError`], naming file, line and key.
    pub fn parse(text: &str, file: &Path) -> Result<Self, SettingsError> {
        let page = Page { text, file };
        let raw: Raw = toml::from_str(text).map_err(|error| page.toml_error(&error))?;
        raw.check(&page)
    }

    /// Checks what no single key can say.
    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        let loopback = self.listen.ip().is_loopback();
        if self.public_url.is_none() && !loopback {
            return Err(SettingsError::Combination("`public_url` is needed when `listen` is not a loopback address"));
        }
        if self.practice && !loopback {
            return Err(SettingsError::Combination("practice mode listens on loopback only"));
        }
        if self.mail == MailRoute::Kept && !self.practice {
            return Err(SettingsError::Combination("mails can only stay unsent in practice mode"));
        }
        Ok(())
    }
}

fn usual_documents() -> Vec<IdType> {
    [
        ("passport", "Passport"),
        ("national_id", "National identity card"),
        ("driving_licence", "Driving licence"),
        ("residence_permit", "Residence permit"),
    ]
    .map(|(code, label)| IdType { code: code.to_owned(), label: label.to_owned() })
    .to_vec()
}

const fn usual_retention() -> Retention {
    Retention { unbound_upload_hours: 24, rejected_media_days: 30, approved_media_days: 30, account_days: 1_095 }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    listen: Spanned<String>,
    public_url: Spanned<String>,
    data_dir: Spanned<PathBuf>,
    kek_file: Option<Spanned<PathBuf>>,
    smtp: Option<RawSmtp>,
    mail: Option<Spanned<String>>,
    provider: RawProvider,
    id_types: Option<Vec<RawIdType>>,
    expected_review_hours: Option<u32>,
    retention: Option<RawRetention>,
    limits: Option<RawLimits>,
    virtual_cameras: Option<VirtualCameraRule>,
    #[serde(default)]
    trusted_proxies: Vec<IpAddr>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProvider {
    name: Spanned<String>,
    terms_url: Spanned<String>,
    privacy_url: Spanned<String>,
    help_address: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawIdType {
    code: String,
    label: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSmtp {
    host: Spanned<String>,
    port: u16,
    encryption: Spanned<Encryption>,
    from: String,
    user: Option<String>,
    password_file: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRetention {
    unbound_upload_hours: Option<u32>,
    rejected_media_days: Option<u32>,
    approved_media_days: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLimits {
    max_bytes: Option<Spanned<u64>>,
    capture_minutes: Option<u32>,
    upload_hours: Option<u32>,
    sessions_per_hour: Option<u32>,
    submissions_per_day: Option<u32>,
}

impl Raw {
    fn check(self, page: &Page<'_>) -> Result<Settings, SettingsError> {
        let listen: SocketAddr =
            page.parsed("listen", &self.listen, "an address and a port, for example \"127.0.0.1:8780\"")?;
        let public_url = page.origin(&self.public_url)?;
        let data_dir = page.beside(self.data_dir.as_ref());
        fs::create_dir_all(&data_dir).map_err(|error| {
            page.at("data_dir", self.data_dir.span(), format!("cannot be made or written: {error}"))
        })?;
        let kek_file = match (&self.kek_file, std::env::var_os("LIKENESS_KEK_FILE")) {
            (_, Some(named)) => PathBuf::from(named),
            (Some(named), None) => page.beside(named.as_ref()),
            (None, None) => {
                return Err(page.missing("kek_file", "name a file outside `data_dir`, or set LIKENESS_KEK_FILE"));
            }
        };
        let mail = page.mail(self.smtp, self.mail, &data_dir)?;
        let mut limits = Limits::default();
        if let Some(raw) = self.limits {
            raw.apply(&mut limits, page)?;
        }
        let mut retention = usual_retention();
        if let Some(raw) = self.retention {
            retention.unbound_upload_hours = raw.unbound_upload_hours.unwrap_or(retention.unbound_upload_hours);
            retention.rejected_media_days = raw.rejected_media_days.unwrap_or(retention.rejected_media_days);
            retention.approved_media_days = raw.approved_media_days.unwrap_or(retention.approved_media_days);
        }
        let id_types = self.id_types.map_or_else(usual_documents, |types| {
            types.into_iter().map(|kind| IdType { code: kind.code, label: kind.label }).collect()
        });
        Ok(Settings {
            listen,
            public_url: Some(public_url),
            data_dir,
            kek_file,
            mail,
            provider: page.provider(self.provider)?,
            id_types,
            expected_review_hours: self.expected_review_hours.unwrap_or(48),
            retention,
            limits,
            virtual_cameras: self.virtual_cameras.unwrap_or(VirtualCameraRule::Flag),
            trusted_proxies: self.trusted_proxies,
            practice: false,
        })
    }
}

impl RawLimits {
    fn apply(self, limits: &mut Limits, page: &Page<'_>) -> Result<(), SettingsError> {
        if let Some(max_bytes) = self.max_bytes {
            let allowed = 64 * 1024..=16 * 1024 * 1024;
            if !allowed.contains(max_bytes.as_ref()) {
                return Err(page.at(
                    "max_bytes",
                    max_bytes.span(),
                    "must lie between 65536 and 16777216 bytes".to_owned(),
                ));
            }
            limits.photo.max_bytes = max_bytes.into_inner();
        }
        limits.capture = self.capture_minutes.map_or(limits.capture, |minutes| Duration::from_mins(minutes.into()));
        limits.upload = self.upload_hours.map_or(limits.upload, |hours| Duration::from_hours(hours.into()));
        limits.sessions_per_hour = self.sessions_per_hour.unwrap_or(limits.sessions_per_hour);
        limits.submissions_per_day = self.submissions_per_day.unwrap_or(limits.submissions_per_day);
        Ok(())
    }
}

/// The file being read, for saying where something stands.
struct Page<'a> {
    text: &'a str,
    file: &'a Path,
}

impl Page<'_> {
    fn line_of(&self, offset: usize) -> usize {
        self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
    }

    fn at(&self, key: &str, span: std::ops::Range<usize>, why: String) -> SettingsError {
        SettingsError::Key { file: self.file.to_owned(), line: self.line_of(span.start), key: key.to_owned(), why }
    }

    fn missing(&self, key: &str, why: &str) -> SettingsError {
        SettingsError::Key {
            file: self.file.to_owned(),
            line: self.text.lines().count().max(1),
            key: key.to_owned(),
            why: format!("is missing; {why}"),
        }
    }

    /// An error of the TOML reader: it knows the place; the key is what stands before the `=` there, or what its message names.
    fn toml_error(&self, error: &toml::de::Error) -> SettingsError {
        let line = error.span().map_or(1, |span| self.line_of(span.start));
        let written =
            self.text.lines().nth(line - 1).and_then(|text| text.split_once('=')).map(|(key, _)| key.trim().to_owned());
        let named = error.message().split('`').nth(1).map(str::to_owned);
        let speaks_of_a_name =
            error.message().starts_with("unknown field") || error.message().starts_with("missing field");
        let key = if speaks_of_a_name { named.or(written) } else { written.or(named) };
        SettingsError::Key {
            file: self.file.to_owned(),
            line,
            key: key.unwrap_or_default(),
            why: error.message().to_owned(),
        }
    }

    fn beside(&self, path: &Path) -> PathBuf {
        self.file.parent().map_or_else(|| path.to_owned(), |folder| folder.join(path))
    }

    fn parsed<T: std::str::FromStr>(
        &self,
        key: &str,
        value: &Spanned<String>,
        wanted: &str,
    ) -> Result<T, SettingsError> {
        value.as_ref().parse().map_err(|_| self.at(key, value.span(), format!("must be {wanted}")))
    }

    fn origin(&self, value: &Spanned<String>) -> Result<Url, SettingsError> {
        let refuse = |why: &str| self.at("public_url", value.span(), why.to_owned());
        let url: Url = self.parsed("public_url", value, "an address like \"https://verify.corp.example\"")?;
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
            return Err(refuse("must be an origin: scheme, host and port, nothing behind it"));
        }
        match url.scheme() {
            "https" => Ok(url),
            "http" if is_loopback(&url) => Ok(url),
            "http" => {
                Err(refuse("http is only safe on loopback; write https and let a reverse proxy hold the certificate"))
            }
            _ => Err(refuse("must begin with https://")),
        }
    }

    fn web_page(&self, key: &str, value: &Spanned<String>) -> Result<String, SettingsError> {
        let url: Url = self.parsed(key, value, "a web address beginning with https://")?;
        if url.scheme() != "https" {
            return Err(self.at(key, value.span(), "must begin with https://".to_owned()));
        }
        Ok(url.into())
    }

    fn provider(&self, raw: RawProvider) -> Result<Provider, SettingsError> {
        if raw.name.as_ref().trim().is_empty() {
            return Err(self.at("name", raw.name.span(), "must be the name learners know you by".to_owned()));
        }
        if raw.help_address.as_ref().parse::<lettre::Address>().is_err() {
            return Err(self.at("help_address", raw.help_address.span(), "must be an e-mail address".to_owned()));
        }
        Ok(Provider {
            terms_url: self.web_page("terms_url", &raw.terms_url)?,
            privacy_url: self.web_page("privacy_url", &raw.privacy_url)?,
            name: raw.name.into_inner(),
            help_address: raw.help_address.into_inner(),
        })
    }

    fn mail(
        &self,
        smtp: Option<RawSmtp>,
        mail: Option<Spanned<String>>,
        data_dir: &Path,
    ) -> Result<MailRoute, SettingsError> {
        match (smtp, mail) {
            (None, None) => {
                Err(self.missing("smtp", "write a section [smtp], or mail = \"folder:/path\" to try the server out"))
            }
            (Some(_), Some(mail)) => {
                Err(self.at("mail", mail.span(), "stands beside [smtp]; keep one of the two".to_owned()))
            }
            (Some(smtp), None) => {
                let local = matches!(smtp.host.as_ref().as_str(), "localhost" | "127.0.0.1" | "::1");
                if *smtp.encryption.as_ref() == Encryption::None && !local {
                    return Err(self.at(
                        "encryption",
                        smtp.encryption.span(),
                        "\"none\" is only allowed for a mail server on this machine; write \"tls\" or \"starttls\""
                            .to_owned(),
                    ));
                }
                Ok(MailRoute::Smtp(Smtp {
                    host: smtp.host.into_inner(),
                    port: smtp.port,
                    encryption: smtp.encryption.into_inner(),
                    from: smtp.from,
                    user: smtp.user,
                    password_file: smtp.password_file.map(|file| self.beside(&file)),
                }))
            }
            (None, Some(mail)) => {
                let Some(folder) = mail.as_ref().strip_prefix("folder:") else {
                    return Err(self.at(
                        "mail",
                        mail.span(),
                        "must be \"folder:\" and a path; a mail server goes into a section [smtp]".to_owned(),
                    ));
                };
                let folder = self.beside(Path::new(folder));
                let real = |path: &Path| {
                    fs::canonicalize(path).map_err(|error| {
                        self.at("mail", mail.span(), format!("the folder cannot be made or found: {error}"))
                    })
                };
                fs::create_dir_all(&folder)
                    .map_err(|error| self.at("mail", mail.span(), format!("the folder cannot be made: {error}")))?;
                if real(&folder)?.starts_with(real(data_dir)?) {
                    return Err(self.at(
                        "mail",
                        mail.span(),
                        "the folder lies in `data_dir`, which must hold nothing readable; put it elsewhere".to_owned(),
                    ));
                }
                Ok(MailRoute::Folder(folder))
            }
        }
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

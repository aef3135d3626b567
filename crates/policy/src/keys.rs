//! The keys: what each may hold, and what a kiosk cannot do without.

use std::fmt;
use std::time::Duration;

use serde_json::Value;
use url::Url;
use zeroize::Zeroizing;

use crate::files::Entry;
use crate::{PolicyFault, Wrong};

/// The key whose value nobody else may read.
pub(crate) const SECRET: &str = "KioskEnrolmentSecret";

/// Every key that is followed; matched without regard to case.
const KEYS: [&str; 7] = [
    "ServerUrl",
    "KioskMode",
    "KioskId",
    SECRET,
    "KioskIdleSeconds",
    "KioskWarningSeconds",
    "KioskSessionLimitMinutes",
];

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policies {
    /// The server. Nobody else may name one then.
    pub server: Option<Url>,
    /// This computer is a kiosk. Then `server` is there.
    pub kiosk: Option<Kiosk>,
}

/// A computer that guests sign in at, one after another.
#[derive(Clone, PartialEq, Eq)]
pub struct Kiosk {
    /// Its number at the server, `ksk_…`.
    pub id: String,
    /// Its secret there, `lk_ks_…`.
    pub secret: Zeroizing<String>,
    /// So long nothing may happen before the guest is asked whether they are still there; 20 to 600 s, 60 unless said.
    pub idle: Duration,
    /// So long the guest has to answer; 20 to 120 s, 30 unless said.
    pub warning: Duration,
    /// So long a visit may last; 5 to 20 min, 20 unless said. A guest's token ends after 25 min and is renewed by nobody.
    pub limit: Duration,
}

impl fmt::Debug for Kiosk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Kiosk").field("id", &self.id).field("secret", &"set").finish_non_exhaustive()
    }
}

/// The canonical form of a key that is followed.
pub(crate) fn known(key: &str) -> Option<&'static str> {
    KEYS.into_iter().find(|known| known.eq_ignore_ascii_case(key))
}

/// What the entries come to; each is looked at, also one that another file has the last word over.
pub(crate) fn follow(entries: &[Entry]) -> Result<Policies, PolicyFault> {
    let mut found = Found::default();
    for entry in entries {
        found.take(entry)?;
    }
    if found.kiosk_mode.is_none_or(|(on, _)| !on) {
        return Ok(Policies { server: found.server, kiosk: None });
    }
    let switched_on_in = found.kiosk_mode.map(|(_, file)| file).unwrap_or_default().to_owned();
    let missing = |key| PolicyFault { file: switched_on_in.clone(), key: Some(key), what: Wrong::Missing };
    Ok(Policies {
        server: Some(found.server.ok_or_else(|| missing("ServerUrl"))?),
        kiosk: Some(Kiosk {
            id: found.id.ok_or_else(|| missing("KioskId"))?,
            secret: found.secret.ok_or_else(|| missing(SECRET))?,
            idle: Duration::from_secs(found.idle_s.unwrap_or(60)),
            warning: Duration::from_secs(found.warning_s.unwrap_or(30)),
            limit: Duration::from_mins(found.limit_min.unwrap_or(20)),
        }),
    })
}

/// What was found so far.
#[derive(Default)]
struct Found<'a> {
    server: Option<Url>,
    kiosk_mode: Option<(bool, &'a str)>,
    id: Option<String>,
    secret: Option<Zeroizing<String>>,
    idle_s: Option<u64>,
    warning_s: Option<u64>,
    limit_min: Option<u64>,
}

impl<'a> Found<'a> {
    fn take(&mut self, entry: &'a Entry) -> Result<(), PolicyFault> {
        let wrong = || PolicyFault { file: entry.file.clone(), key: Some(entry.key), what: Wrong::Value };
        let number = |least: u64, most: u64| {
            entry.value.as_u64().filter(|number| (least..=most).contains(number)).ok_or_else(wrong)
        };
        let text = || entry.value.as_str().filter(|text| !text.trim().is_empty()).ok_or_else(wrong);
        match entry.key {
            "ServerUrl" => self.server = Some(server(text()?).ok_or_else(wrong)?),
            "KioskMode" => self.kiosk_mode = Some((yes_or_no(&entry.value).ok_or_else(wrong)?, &entry.file)),
            "KioskId" => self.id = Some(text()?.to_owned()),
            "KioskIdleSeconds" => self.idle_s = Some(number(20, 600)?),
            "KioskWarningSeconds" => self.warning_s = Some(number(20, 120)?),
            "KioskSessionLimitMinutes" => self.limit_min = Some(number(5, 20)?),
            // What is left of the list of keys.
            _ => self.secret = Some(Zeroizing::new(text()?.to_owned())),
        }
        Ok(())
    }
}

/// A server's address: encrypted, or on this very computer.
fn server(text: &str) -> Option<Url> {
    let address = Url::parse(text).ok()?;
    let here = matches!(address.host_str(), Some("127.0.0.1" | "localhost"));
    let safe = address.scheme() == "https" || (address.scheme() == "http" && here);
    (safe && address.has_host()).then_some(address)
}

/// Also as people write it.
fn yes_or_no(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::Number(number) => match number.as_u64()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        },
        Value::String(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Some(true),
            "false" | "0" | "no" | "off" => Some(false),
            _ => None,
        },
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

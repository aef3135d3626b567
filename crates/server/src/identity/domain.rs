//! Reading a domain out of what people type: a domain, an e-mail address, the address of a page.
//!
//! Guarantees: one domain has one spelling (ASCII form, lower case, no `www.`, no final dot), the same for what an administrator enters and what a learner types.

use likeness_protocol::discovery::{MAX_DOMAIN_CHARS, SearchHint};
use url::{Host, Url};

/// Names under which people know the way they sign in. Typed into the field, they mean that the question was not understood.
const PRODUCTS: [&str; 16] = [
    "adfs",
    "azure",
    "duo",
    "entra",
    "imprivata",
    "keycloak",
    "ldap",
    "ltpa",
    "oidc",
    "okta",
    "onelogin",
    "openid",
    "saml",
    "shibboleth",
    "sso",
    "tivoli",
];

/// Mail services open to everybody.
const PUBLIC_MAIL: &str = include_str!("../../data/public-mail.txt");

/// What was typed holds no domain; a hint where more can be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoDomain(pub Option<SearchHint>);

/// A domain of at least two labels, in its one spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain(String);

impl Domain {
    /// Reads what somebody typed.
    ///
    /// # Errors
    /// [`NoDomain`] for an empty or overlong text, blanks inside, an IP address, a single label, the name of a product, another scheme than http(s).
    pub fn read(typed: &str) -> Result<Self, NoDomain> {
        let text = typed.trim().to_lowercase();
        let unreadable = text.is_empty()
            || text.chars().count() > MAX_DOMAIN_CHARS
            || text.chars().any(|letter| letter.is_whitespace() || letter.is_control());
        if unreadable {
            return Err(NoDomain(None));
        }
        if PRODUCTS.contains(&text.as_str()) {
            return Err(NoDomain(Some(SearchHint::IsProductName)));
        }
        let address = if text.starts_with("https://") || text.starts_with("http://") {
            text
        } else if text
            .split_once("://")
            .is_some_and(|(scheme, _)| scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        {
            return Err(NoDomain(None));
        } else {
            // An e-mail address is read as user and host of such an address.
            format!("https://{text}")
        };
        let url = Url::parse(&address).map_err(|_| NoDomain(None))?;
        let Some(Host::Domain(host)) = url.host() else { return Err(NoDomain(None)) };
        let host = host.strip_suffix('.').unwrap_or(host);
        let bare = host.strip_prefix("www.").filter(|rest| rest.contains('.')).unwrap_or(host);
        let is_name = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        if bare.contains('.') && bare.len() <= MAX_DOMAIN_CHARS && bare.split('.').all(is_name) {
            Ok(Self(bare.to_owned()))
        } else {
            Err(NoDomain(None))
        }
    }

    /// The domain as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it belongs to a public mail service.
    pub fn is_public_mail(&self) -> bool {
        self.ladder().any(|domain| PUBLIC_MAIL.lines().any(|line| line == domain))
    }

    /// The domain and those above it, longest first, down to two labels.
    ///
    /// Stopping there and not at a registry's own list is safe: a domain above counts only once its owner proved it, and nobody proves a registry's.
    pub fn ladder(&self) -> impl Iterator<Item = &str> {
        std::iter::successors(Some(self.0.as_str()), |domain| above(domain))
    }
}

fn above(domain: &str) -> Option<&str> {
    domain.split_once('.').map(|(_, rest)| rest).filter(|rest| rest.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(typed: &str, expected: Result<&str, Option<SearchHint>>, because: &str) {
        let read = Domain::read(typed);
        let read = read.as_ref().map(Domain::as_str).map_err(|none| none.0);
        assert_eq!(read, expected, "{because}: {typed:?}");
    }

    #[test]
    fn a_domain_is_read_out_of_what_people_type() {
        let product = Err(Some(SearchHint::IsProductName));
        let long = format!("{}.example", "a".repeat(250));
        #[rustfmt::skip]
        let table = [
            ("corp.example",                       Ok("corp.example"),              "a domain"),
            (" CORP.EXAMPLE ",                     Ok("corp.example"),              "case and blanks around it"),
            ("corp.example.",                      Ok("corp.example"),              "the final dot of a full name"),
            ("ada@corp.example",                   Ok("corp.example"),              "an e-mail address"),
            ("ada+tag@learn.corp.example",         Ok("learn.corp.example"),        "a tagged address at a subdomain"),
            ("https://www.corp.example/login",     Ok("corp.example"),              "a page"),
            ("www.corp.example/login?next=a@b.c",  Ok("corp.example"),              "a page without its scheme; the query is not an address"),
            ("http://corp.example:8080",           Ok("corp.example"),              "a port"),
            ("corp.example/?to=https://x.example", Ok("corp.example"),              "another address inside the query"),
            ("mailto:ada@corp.example",            Ok("corp.example"),              "a pasted mail link"),
            ("bücher.example",                     Ok("xn--bcher-kva.example"),     "the ASCII form"),
            ("www.example",                        Ok("www.example"),               "www is the name itself here"),
            ("",                                   Err(None),                       "nothing"),
            ("   ",                                Err(None),                       "blanks"),
            ("corp example",                       Err(None),                       "a blank inside"),
            ("corp.example\nother.example",        Err(None),                       "two lines"),
            ("corp",                               Err(None),                       "a single label"),
            ("localhost",                          Err(None),                       "this machine"),
            ("192.0.2.7",                          Err(None),                       "an IP address"),
            ("0x7f.1",                             Err(None),                       "an IP address in disguise"),
            ("[2001:db8::1]",                      Err(None),                       "an IP address of the new kind"),
            ("corp..example",                      Err(None),                       "an empty label"),
            ("-corp.example",                      Err(None),                       "a label that begins with a hyphen"),
            ("ftp://corp.example",                 Err(None),                       "another scheme"),
            ("javascript:alert(1)",                Err(None),                       "no address at all"),
            (&long,                                Err(None),                       "longer than a domain can be"),
            ("okta",                               product,                         "a product"),
            (" SAML ",                             product,                         "a protocol"),
            ("ltpa",                               product,                         "a token's name"),
            ("tivoli",                             product,                         "an older product"),
            ("imprivata",                          product,                         "a hospital's product"),
            ("sso",                                product,                         "the thing itself"),
        ];
        for (typed, expected, because) in table {
            check(typed, expected, because);
        }
    }

    #[test]
    fn the_ladder_ends_at_two_labels() {
        let domain = Domain::read("a.learn.corp.example").unwrap();
        assert_eq!(domain.ladder().collect::<Vec<_>>(), ["a.learn.corp.example", "learn.corp.example", "corp.example"]);
    }

    #[test]
    fn public_mail_is_known_at_every_depth() {
        for (typed, expected) in [("gmail.com", true), ("ada@mail.gmx.de", true), ("notgmail.com", false)] {
            assert_eq!(Domain::read(typed).unwrap().is_public_mail(), expected, "{typed}");
        }
    }
}

//! The app's own scheme: what a link of another program may say to Likeness, and nothing else.
//!
//! Guarantees: exactly two shapes are read, `app.likeness:/invite?t=` with a token of 43 letters and `app.likeness:/callback?` with an answer;
//! whatever else comes, of whatever length, is nothing. The system hands us every command-line argument that looks like one, so each is hostile.
//! Refuses to know: whether a token is good (the server says) and whether an answer was waited for (the sign-in compares its `state`).

use likeness_protocol::text::Secret;

const INVITATION: &str = "app.likeness:/invite?t=";
const CALLBACK: &str = "app.likeness:/callback?";
/// Longest link that is read. Our own callback has less than 1 KiB.
const MOST_BYTES: usize = 2 * 1024;
/// A token: 256 bits in base64url.
const TOKEN_LETTERS: usize = 43;

/// What a link says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppLink {
    /// The token of an invitation.
    Invitation(Secret),
    /// What a browser brings back, as the query it came with.
    Callback(Secret),
}

impl AppLink {
    /// Reads a link; `None` for everything that is none of ours.
    pub fn read(link: &str) -> Option<Self> {
        // Written out and not parsed as an address: a parser forgives, and this must not.
        if link.len() > MOST_BYTES || !link.bytes().all(|byte| byte.is_ascii_graphic()) || link.contains('#') {
            return None;
        }
        if let Some(token) = link.strip_prefix(INVITATION) {
            let is_token = token.len() == TOKEN_LETTERS && token.bytes().all(is_base64url);
            return is_token.then(|| Self::Invitation(Secret::new(token)));
        }
        let query = link.strip_prefix(CALLBACK)?;
        (!query.is_empty()).then(|| Self::Callback(Secret::new(query)))
    }
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd-_8";

    #[test]
    fn exactly_two_shapes_are_read() {
        let invite = |token: &str| format!("{INVITATION}{token}");
        let query = format!("code=c&state={TOKEN}&iss=https%3A%2F%2Fverify.example");
        let (short, long) = (&TOKEN[1..], format!("{TOKEN}A"));
        let longest = format!("{CALLBACK}{}", "a".repeat(MOST_BYTES - CALLBACK.len()));
        #[rustfmt::skip]
        let table: Vec<(String, bool, &str)> = vec![
            (invite(TOKEN),                                    true,  "an invitation"),
            (format!("{CALLBACK}{query}"),                     true,  "a browser that comes back"),
            (longest.clone(),                                  true,  "as long as may be; whether it is waited for is not asked here"),
            (format!("{longest}a"),                            false, "one byte too long"),
            (format!("{CALLBACK}{}", "a".repeat(1 << 20)),     false, "a megabyte"),
            (String::new(),                                    false, "nothing"),
            ("app.likeness:".into(),                           false, "the scheme alone"),
            ("app.likeness:/invite".into(),                    false, "no token"),
            (invite(""),                                       false, "an empty token"),
            (invite(short),                                    false, "a token too short"),
            (invite(&long),                                    false, "a token too long"),
            (invite(&TOKEN.replace('-', "%")),                 false, "an escape in the token"),
            (invite(&TOKEN.replace('-', "/")),                 false, "a path in the token"),
            (format!("{}&t={TOKEN}", invite(TOKEN)),           false, "a second token"),
            (format!("{}#x", invite(TOKEN)),                   false, "a fragment"),
            (format!("app.likeness:/invite?x=1&t={TOKEN}"),    false, "another parameter first"),
            (format!("app.likeness://invite?t={TOKEN}"),       false, "a host"),
            (format!("app.likeness:///invite?t={TOKEN}"),      false, "an empty host"),
            (format!("app.likeness:/invite/?t={TOKEN}"),       false, "another path"),
            (format!("app.likeness:/../invite?t={TOKEN}"),     false, "a path in disguise"),
            (format!("app.likeness:/quit?t={TOKEN}"),          false, "a command we do not have"),
            (format!("APP.LIKENESS:/invite?t={TOKEN}"),        false, "another spelling; systems hand over the lower one"),
            (format!("https://verify.example/invite?t={TOKEN}"), false, "a page"),
            (format!("javascript:/invite?t={TOKEN}"),          false, "a script"),
            (format!("file:///etc/passwd?t={TOKEN}"),          false, "a file"),
            ("--help".into(),                                  false, "an argument of the command line"),
            (format!(" {}", invite(TOKEN)),                    false, "a blank before it"),
            (format!("{}\n", invite(TOKEN)),                   false, "a line break behind it"),
            (format!("{}\0", invite(TOKEN)),                   false, "a zero byte behind it"),
            (invite(&TOKEN.replace('A', "А")),                 false, "a letter that only looks like one"),
            (CALLBACK.into(),                                  false, "an answer without words"),
            (format!("app.likeness:/callback/?{query}"),       false, "another path"),
            (format!("app.likeness:/callback#{query}"),        false, "words in the fragment"),
            (format!("{CALLBACK}{query}#x"),                   false, "a fragment behind it"),
            (format!("{CALLBACK}code=a b"),                    false, "a blank in it"),
        ];
        for (link, expected, because) in table {
            let shown: String = link.chars().take(80).collect();
            assert_eq!(AppLink::read(&link).is_some(), expected, "{because}: {shown}");
        }
        assert_eq!(AppLink::read(&invite(TOKEN)), Some(AppLink::Invitation(Secret::new(TOKEN))));
        assert_eq!(AppLink::read(&format!("{CALLBACK}{query}")), Some(AppLink::Callback(Secret::new(query))));
    }

    #[test]
    fn a_link_is_in_no_debug() {
        let link = AppLink::read(&format!("{INVITATION}{TOKEN}")).unwrap();
        assert!(!format!("{link:?}").contains(TOKEN), "{link:?}");
    }
}

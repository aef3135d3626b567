//! The name that is verified, as a person writes it. One word is a name; so are two hundred characters in any script.

use std::fmt;

use likeness_protocol::limits::MAX_NAME_CHARS;
use unicode_normalization::UnicodeNormalization;

/// The longest name, in characters after composition.
pub const LONGEST_NAME_CHARS: usize = MAX_NAME_CHARS;

/// A full name: composed (NFC), without spaces around it, of 1 to 200 characters, at least one of them a letter.
#[derive(Clone, PartialEq, Eq)]
pub struct FullName(String);

/// Why a text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing was typed.
    #[error("type your full name as on your ID")]
    Empty,
    /// More than 200 characters.
    #[error("a name has at most {LONGEST_NAME_CHARS} characters; leave out what is not on your ID")]
    TooLong,
    /// A line break, an invisible mark that turns the direction of writing, or no letter at all.
    #[error("a name is made of letters; remove line breaks and invisible characters")]
    Characters,
}

impl NameError {
    /// The code the window looks up.
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "name-empty",
            Self::TooLong => "name-too-long",
            Self::Characters => "name-characters",
        }
    }
}

impl FullName {
    /// Reads what was typed.
    pub fn parse(typed: &str) -> Result<Self, NameError> {
        let name: String = typed.trim().nfc().collect();
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        if name.chars().count() > LONGEST_NAME_CHARS {
            return Err(NameError::TooLong);
        }
        if name.chars().any(is_forbidden) || !name.chars().any(char::is_alphabetic) {
            return Err(NameError::Characters);
        }
        Ok(Self(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for FullName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("FullName(<redacted>)")
    }
}

/// What could make a name look like another on the reviewer's screen. Joiners inside words stay: Persian and Indic names need them.
fn is_forbidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(typed: &str, expected: Result<&str, NameError>, because: &str) {
        let got = FullName::parse(typed);
        assert_eq!(got.as_ref().map(FullName::as_str).map_err(|error| *error), expected, "{typed:?}: {because}");
    }

    #[test]
    fn a_name_is_what_people_call_themselves() {
        let longest = "é".repeat(200);
        let too_long = "é".repeat(201);
        let decomposed = "e\u{301}".repeat(200);
        #[rustfmt::skip]
        let table: &[(&str, Result<&str, NameError>, &str)] = &[
            ("Ada Lovelace",        Ok("Ada Lovelace"),        "the usual case"),
            ("  Ada \n",            Ok("Ada"),                 "spaces around it are slips of the hand"),
            ("Sukarno",             Ok("Sukarno"),             "one word is a name"),
            ("O'Brien-Smith Jr. 3", Ok("O'Brien-Smith Jr. 3"), "punctuation and digits stand on IDs"),
            ("Jose\u{301}",         Ok("José"),                "composed, as the server stores it"),
            ("שרה כהן",             Ok("שרה כהן"),              "right to left without marks"),
            ("می\u{200c}خواهم",      Ok("می\u{200c}خواهم"),      "a joiner is part of the word"),
            ("李小龍",               Ok("李小龍"),               "no spaces, no case"),
            (&longest,              Ok(&longest),              "two hundred characters"),
            (&decomposed,           Ok(&longest),              "counted after composition"),
            (&too_long,             Err(NameError::TooLong),   "one more"),
            ("",                    Err(NameError::Empty),     "nothing"),
            (" \t ",                Err(NameError::Empty),     "only spaces"),
            ("\u{301}\u{301}",      Err(NameError::Characters), "only marks"),
            ("...",                 Err(NameError::Characters), "no letter"),
            ("Ada\nLovelace",       Err(NameError::Characters), "a line break inside"),
            ("Ada\u{202e}ecalevoL", Err(NameError::Characters), "reads as another name"),
            ("A\u{0}da",            Err(NameError::Characters), "a control character"),
        ];
        for (typed, expected, because) in table {
            check(typed, *expected, because);
        }
    }

    #[test]
    fn a_name_does_not_print() {
        assert_eq!(format!("{:?}", FullName::parse("Ada").unwrap()), "FullName(<redacted>)");
    }
}

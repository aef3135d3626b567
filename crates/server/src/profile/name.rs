//! What a full name may be. One word is a name; a control character is not part of one.

use likeness_protocol::limits::MAX_NAME_CHARS;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Characters that change the direction of text: harmless in prose, a disguise in a name.
const DIRECTION_MARKS: [std::ops::RangeInclusive<char>; 4] =
    ['\u{061C}'..='\u{061C}', '\u{200E}'..='\u{200F}', '\u{202A}'..='\u{202E}', '\u{2066}'..='\u{2069}'];

/// The name as it is stored: trimmed and in composed form. `None` when it is no name.
pub fn usable(typed: &str) -> Option<String> {
    let name: String = typed.trim().nfc().collect();
    let length_fits = (1..=MAX_NAME_CHARS).contains(&name.chars().count());
    let forbidden = |letter: char| {
        letter.is_control()
            || DIRECTION_MARKS.iter().any(|range| range.contains(&letter))
            || matches!(letter, '\u{2028}' | '\u{2029}')
    };
    let has_letter = name.chars().any(|letter| letter.is_alphabetic() && !is_combining_mark(letter));
    (length_fits && has_letter && !name.chars().any(forbidden)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_judged_kindly_but_strictly() {
        #[rustfmt::skip]
        let table = [
            ("Ada Lovelace",            Some("Ada Lovelace"),   "the usual case"),
            ("  Ada ",                  Some("Ada"),            "one word, blanks around it"),
            ("Ame\u{301}lie",           Some("Am\u{e9}lie"),    "composed form"),
            ("Nguyễn Thị Minh Khai",    Some("Nguyễn Thị Minh Khai"), "many marks"),
            ("李雷",                    Some("李雷"),           "no spaces"),
            ("O'Brien-Smith Jr.",       Some("O'Brien-Smith Jr."), "punctuation"),
            ("",                        None,                   "empty"),
            ("   ",                     None,                   "blank"),
            ("\u{301}\u{302}",          None,                   "only marks"),
            ("12345",                   None,                   "no letter"),
            ("Ada\nLovelace",           None,                   "a line break"),
            ("Ada\u{202E}ecalevoL",     None,                   "turns the text around"),
            ("Ada\u{0}",                None,                   "a control character"),
        ];
        for (typed, expected, because) in table {
            assert_eq!(usable(typed).as_deref(), expected, "{because}: {typed:?}");
        }
        assert!(usable(&"é".repeat(200)).is_some(), "exactly the limit");
        assert!(usable(&"é".repeat(201)).is_none(), "one too many");
    }
}

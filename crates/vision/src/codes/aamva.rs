//! The holder's name in the text of an American or Canadian card's code: the card design standards of AAMVA, versions 1 (2000) to
//! 10 (2020), annex D.
//!
//! The text begins with a header, `@ LF RS CR "ANSI "`, the issuer's six digits, the version of the standard, from version 2 on
//! the version of the issuer, and the number of subfiles; for each of those follow its type, where it begins and how long it is.
//! A subfile is its type and then elements, each a code of three letters and a value up to the end of the line. How long a subfile is
//! said to be is not believed: issuers count wrongly, and the elements of a name stand in no other subfile.
//! Guarantees: text that has no such header has no name; any text is taken. Refuses to know every element but those of the name.

use zeroize::Zeroizing;

use super::CodeName;

/// Types of the subfiles that describe the holder: a licence, and an identification card.
const ABOUT_THE_HOLDER: [&str; 2] = ["DL", "ID"];
/// What issuers write where there is nothing to say.
const NOTHING: [&str; 6] = ["NONE", "UNAVL", "UNAVAIL", "NFN", "FNU", "LNU"];
/// Longest value of a name's element from version 4 on, letters (table D.3); one that fills it may have been cut.
const LONGEST_ELEMENT: usize = 40;
/// What stands between the parts of a name in one element.
const DIVIDERS: [char; 3] = [',', '$', '@'];
/// A designator: two letters, four digits, four digits.
const DESIGNATOR: usize = 10;

/// The name in a decoded text; `None` without AAMVA's header or without a name.
pub(super) fn name(text: &str) -> Option<CodeName> {
    let elements = Elements(about_the_holder(text)?);
    let cut = ["DDE", "DDF", "DDG"].iter().any(|code| elements.get(code) == Some("T"));
    let family = elements.name("DCS").or_else(|| elements.name("DAB"));
    let given = elements.name("DAC").or_else(|| elements.name("DCT"));
    let middle = elements.name("DAD");
    let (family, given) = if family.is_none() && given.is_none() {
        // 2000: one element, family name first, its parts divided by commas (some issuers wrote other signs).
        let whole = elements.name("DAA")?;
        let (family, rest) = whole.split_once(DIVIDERS).unwrap_or((whole, ""));
        (family, [rest, ""])
    } else {
        (family.unwrap_or(""), [given.unwrap_or(""), middle.unwrap_or("")])
    };
    let cut = cut || [family].iter().chain(&given).any(|part| part.chars().count() >= LONGEST_ELEMENT);
    let given = Zeroizing::new(given.join(" "));
    let given = Zeroizing::new(given.replace(DIVIDERS, " "));
    let is_name = [family, given.as_str()].iter().any(|part| part.chars().any(char::is_alphanumeric));
    is_name.then(|| CodeName { family: Zeroizing::new(family.to_owned()), given, cut })
}

/// The part of the text that describes the holder.
fn about_the_holder(text: &str) -> Option<&str> {
    let header = text.find("ANSI ").or_else(|| text.find("AAMVA"))?;
    // Nothing but the four signs of the beginning may stand before it.
    if header > 8 || !text.starts_with('@') {
        return None;
    }
    let digits = text.get(header + 5..)?;
    let version: u32 = digits.get(6..8)?.parse().ok()?;
    let issuer_version = if version >= 2 { 2 } else { 0 };
    let subfiles: usize = digits.get(8 + issuer_version..10 + issuer_version)?.parse().ok()?;
    let designators = digits.get(10 + issuer_version..)?;
    let listed = (0..subfiles).find_map(|index| {
        let designator = designators.get(index * DESIGNATOR..(index + 1) * DESIGNATOR)?;
        let kind = ABOUT_THE_HOLDER.into_iter().find(|kind| designator.starts_with(kind))?;
        let start: usize = designator.get(2..6)?.parse().ok()?;
        text.get(start..)?.strip_prefix(kind)
    });
    // Where it is not at its place, the first one begins right behind the designators.
    listed.or_else(|| {
        let behind = designators.get(subfiles * DESIGNATOR..)?.trim_start();
        ABOUT_THE_HOLDER.into_iter().find_map(|kind| behind.strip_prefix(kind))
    })
}

/// The elements of a subfile.
struct Elements<'a>(&'a str);

impl<'a> Elements<'a> {
    fn get(&self, code: &str) -> Option<&'a str> {
        let ends = |letter: char| matches!(letter, '\n' | '\r' | '\u{1e}');
        self.0.split(ends).find_map(|element| element.strip_prefix(code)).map(str::trim)
    }

    /// The value of an element of the name, if it says anything.
    fn name(&self, code: &str) -> Option<&'a str> {
        self.get(code).filter(|held| !held.is_empty() && !NOTHING.iter().any(|word| held.eq_ignore_ascii_case(word)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::trials::{Chance, seed};
    use crate::names::{NameVerdict, compare};

    #[track_caller]
    fn check(text: &str, expected: Option<(&str, &str, bool)>, because: &str) {
        let found = name(text);
        let found = found.as_ref().map(|found| (found.family.as_str(), found.given.as_str(), found.cut));
        let expected = expected.map(|(family, given, cut)| (family, given.to_owned(), cut));
        let expected = expected.as_ref().map(|(family, given, cut)| (*family, given.as_str(), *cut));
        assert_eq!(found.map(|(family, given, cut)| (family, given.trim(), cut)), expected, "{because}: {text:?}");
    }

    /// A text with its header, its one subfile at its place.
    fn card(version: u32, elements: &str) -> String {
        let issuer = if version >= 2 { "01" } else { "" };
        let start = 4 + 5 + 6 + 2 + issuer.len() + 2 + DESIGNATOR;
        format!("@\n\u{1e}\rANSI 636000{version:02}{issuer}01DL{start:04}{:04}DL{elements}\r", elements.len() + 3)
    }

    #[test]
    fn every_version_of_the_standard_names_the_holder() {
        let long = "A".repeat(40);
        #[rustfmt::skip]
        let table = [
            // text                                                             expected                                    because
            (card(1, "DAAPUBLIC,JOHN,QUINCY\nDBB19900131"),                     Some(("PUBLIC", "JOHN QUINCY", false)),     "2000: one element"),
            (card(1, "DAAPUBLIC"),                                              Some(("PUBLIC", "", false)),                "2000: one name"),
            (card(1, "DAQ123\nDABPUBLIC\nDACJOHN\nDADQ"),                       Some(("PUBLIC", "JOHN Q", false)),          "2000: the same in parts"),
            (card(2, "DCSPUBLIC\nDCTJOHN,QUINCY\nDCUJR"),                       Some(("PUBLIC", "JOHN QUINCY", false)),     "2003: given names together"),
            (card(3, "DCTJOHN QUINCY\nDCSPUBLIC"),                              Some(("PUBLIC", "JOHN QUINCY", false)),     "2005: in any order"),
            (card(8, "DCSSAMPLE\nDDEN\nDACMICHAEL\nDDFN\nDADJOHN\nDDGN"),       Some(("SAMPLE", "MICHAEL JOHN", false)),    "2013"),
            (card(10, "DACMICHAEL\nDADNONE\nDCSSAMPLE\nDDEU"),                  Some(("SAMPLE", "MICHAEL", false)),         "2020, no middle name"),
            (card(10, "DACunavl\nDCSSAMPLE"),                                   Some(("SAMPLE", "", false)),                "nothing under the given names"),
            (card(10, "DACMICHAEL\nDCSSAMP\nDDET"),                             Some(("SAMP", "MICHAEL", true)),            "cut, and it says so"),
            (card(10, &format!("DACMICHAEL\nDCS{long}")),                       Some((&long, "MICHAEL", true)),             "the field is full"),
            (card(10, "DCSSAMPLE\r\nDACMICHAEL\r\n"),                           Some(("SAMPLE", "MICHAEL", false)),         "lines end in two signs"),
            (card(10, "DCSMÜLLER\nDACJÖRG"),                                    Some(("MÜLLER", "JÖRG", false)),            "letters with marks"),
            (card(10, "DAQ1234\nDBB01312001"),                                  None,                                       "no name in it"),
            (card(10, "DCS...\nDAC--"),                                         None,                                       "no letter in it"),
            (card(10, "DCSSAMPLE\nDACMICHAEL").replace("DL0031", "DL0033"),     Some(("SAMPLE", "MICHAEL", false)),         "the issuer counted wrongly"),
            (card(10, "DCSSAMPLE").replace("DL", "ID"),                         Some(("SAMPLE", "", false)),                "an identification card"),
            (card(10, "DCSSAMPLE").replace("ANSI ", "AAMVA"),                   Some(("SAMPLE", "", false)),                "the mark of the first cards"),
            (card(10, "DCSSAMPLE").replace("636000", "63600x"),                 Some(("SAMPLE", "", false)),                "whose card it is does not matter"),
            (card(10, "DCSSAMPLE").replace("6360001001", "636000xx01"),         None,                                       "a version nobody wrote"),
            (card(10, "DCSSAMPLE").replace('@', "%"),                           None,                                       "another beginning"),
            ("DCSSAMPLE\nDACMICHAEL".to_owned(),                                None,                                       "elements without a header"),
            ("https://example.org".to_owned(),                                  None,                                       "any other code"),
            (String::new(),                                                     None,                                       "nothing"),
        ];
        for (text, expected, because) in table {
            check(&text, expected, because);
        }
    }

    #[test]
    fn two_subfiles_are_told_apart() {
        let text = "@\n\u{1e}\rANSI 636000100102ZV00410008DL00490029ZVZVAXY\rDLDCSSPECIMEN\nDACJANE\nDADNONE\r";
        check(text, Some(("SPECIMEN", "JANE", false)), "the holder's is the second");
    }

    #[test]
    fn a_typed_name_is_compared_with_the_code() {
        #[rustfmt::skip]
        let table = [
            // elements                                      typed                   expected                 because
            ("DCSSAMPLE\nDACMICHAEL\nDADJOHN",               "Michael John Sample",  NameVerdict::Same,       "as on the card"),
            ("DCSSAMPLE\nDACMICHAEL\nDADJOHN",               "Michael Sample",       NameVerdict::Partly,     "without the middle name"),
            ("DCSSAMPLE\nDACMICHAEL\nDCUJR",                 "Michael Sample Jr.",   NameVerdict::Same,       "a suffix in its own element"),
            ("DCSSAMPLE JR\nDACMICHAEL",                     "Michael Sample",       NameVerdict::Same,       "a suffix in the name"),
            ("DCSSUHARTO\nDACNFN",                           "Suharto",              NameVerdict::Same,       "one name"),
            ("DCSSAMPLE\nDACMICHAEL",                        "Jane Public",          NameVerdict::Different,  "somebody else"),
        ];
        for (elements, typed, expected, because) in table {
            let held = name(&card(10, elements)).unwrap();
            assert_eq!(compare(typed, &held.as_card_name()), expected, "{because}: {typed}");
        }
    }

    #[test]
    fn ten_thousand_texts_of_any_kind_are_taken() {
        let mut chance = Chance(seed());
        let pieces = [
            "@\n\u{1e}\rANSI ",
            "636000",
            "10",
            "01",
            "02",
            "DL",
            "0031",
            "9999",
            "ID",
            "DCS",
            "DAC",
            "DAA",
            "\n",
            "\r",
            ",",
            "É",
            "田",
            "\0",
            "T",
        ];
        for _ in 0..10_000 {
            let count = chance.below(24);
            let mut text: String = (0..count).map(|_| pieces[chance.below(pieces.len())]).collect();
            if chance.below(2) == 0 {
                // Most get a right beginning, so that the parser is not left at its first line.
                text = format!("@\n\u{1e}\rANSI 6360001001{:02}{text}", chance.below(4));
            }
            if let Some(found) = name(&text) {
                assert!(text.contains(found.family.as_str()), "{text:?} does not say {:?}", found.family);
            }
        }
    }
}

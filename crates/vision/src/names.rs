//! Are the name the learner typed and the name a code on the card holds the same name?
//!
//! Guarantees: no I/O, nothing kept, nothing logged; the texts are compared and forgotten. The answer is a hint to look again and
//! never a reason to refuse: names are written in more ways than any rule knows.
//! Refuses to know: where the card's text comes from, and names in letters that only one of the two sides uses.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What comparing two names gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameVerdict {
    /// Every word of each is in the other.
    Same,
    /// One is part of the other (a middle name, an initial, a name cut short), or they differ by one letter.
    Partly,
    /// Each says something the other does not. Worth a question, never a refusal.
    Different,
    /// There is nothing to compare: one is empty, or they are written in different scripts.
    Unread,
}

/// A name as a code on a card holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CardName<'a> {
    /// Family name; may be empty.
    pub family: &'a str,
    /// Given names; may be empty (people with one name).
    pub given: &'a str,
    /// Does the name fill its field to the end, so that it may have been cut there?
    pub cut: bool,
}

/// Words that say which of two namesakes is meant, not how they are called.
const SUFFIXES: [&str; 7] = ["JR", "SR", "JNR", "SNR", "II", "III", "IV"];
/// Words of this many letters and more may differ by one letter and still be near.
const NEAR_FROM_LETTERS: usize = 5;

/// Compares what was typed with what the card says.
///
/// `typed`: any text. Words may stand in any order. Marks over letters, case, punctuation and suffixes do not count; letters that
/// ICAO Doc 9303 part 3 (section 6, table A) writes as two may stand as one, as two, or as themselves.
pub fn compare(typed: &str, card: &CardName<'_>) -> NameVerdict {
    let typed = words(typed);
    let card_words = words(&format!("{} {}", card.family, card.given));
    if typed.is_empty() || card_words.is_empty() || is_latin(&typed) != is_latin(&card_words) {
        return NameVerdict::Unread;
    }
    if joined_alike(&typed, card) {
        return NameVerdict::Same;
    }
    let mut left: Vec<&Word> = card_words.iter().collect();
    let mut near = false;
    let mut alone = Vec::new();
    // The surest first, so that an initial does not take the place of a whole word.
    for word in &typed {
        match left.iter().position(|other| word.is(other)) {
            Some(index) => drop(left.remove(index)),
            None => alone.push(word),
        }
    }
    let exact = typed.len() - alone.len();
    alone.retain(|word| {
        let found = left.iter().position(|other| word.is_near(other) || (card.cut && word.begins_with(other)));
        near |= found.is_some();
        found.map(|index| left.remove(index)).is_none()
    });
    // What a cut field had no room for is not missing.
    let all_here = alone.is_empty() || (card.cut && exact > 0);
    match (all_here, left.is_empty()) {
        (true, true) if !near && alone.is_empty() => NameVerdict::Same,
        (false, false) => NameVerdict::Different,
        _ if exact == 0 && !near => NameVerdict::Different,
        _ => NameVerdict::Partly,
    }
}

/// One word in the two ways it may be written on a card.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Word {
    /// Letters with marks become one letter: MULLER.
    plain: String,
    /// They become two where ICAO says so: MUELLER.
    long: String,
}

impl Word {
    fn spellings(&self) -> [&str; 2] {
        [&self.plain, &self.long]
    }

    fn any_pair(&self, other: &Self, test: impl Fn(&str, &str) -> bool) -> bool {
        self.spellings().iter().any(|mine| other.spellings().iter().any(|theirs| test(mine, theirs)))
    }

    fn is(&self, other: &Self) -> bool {
        self.any_pair(other, |mine, theirs| mine == theirs)
    }

    /// An initial of it, or one letter off.
    fn is_near(&self, other: &Self) -> bool {
        let initial = |short: &str, long: &str| short.chars().count() == 1 && long.starts_with(short);
        self.any_pair(other, |mine, theirs| {
            initial(mine, theirs) || initial(theirs, mine) || one_letter_off(mine, theirs)
        })
    }

    fn begins_with(&self, other: &Self) -> bool {
        self.any_pair(other, |mine, theirs| mine.starts_with(theirs))
    }
}

/// Does one become the other by one letter put in, left out, replaced, or swapped with its neighbour?
fn one_letter_off(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let (short, long) = if a.len() <= b.len() { (&a, &b) } else { (&b, &a) };
    if short.len() < NEAR_FROM_LETTERS || long.len() - short.len() > 1 {
        return false;
    }
    let same = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    if same == short.len() {
        return true;
    }
    if long.len() > short.len() {
        return short[same..] == long[same + 1..];
    }
    let swapped = same + 1 < short.len()
        && short[same] == long[same + 1]
        && short[same + 1] == long[same]
        && short[same + 2..] == long[same + 2..];
    swapped || short[same + 1..] == long[same + 1..]
}

/// The words that count, suffixes left out unless there is nothing else.
fn words(text: &str) -> Vec<Word> {
    let all: Vec<Word> = text
        .split(|letter: char| {
            letter.is_whitespace() || matches!(letter, '<' | '-' | '\u{2010}'..='\u{2015}' | ',' | '/' | '\u{b7}')
        })
        .map(|word| Word { plain: written(word, false), long: written(word, true) })
        .filter(|word| !word.plain.is_empty())
        .collect();
    let names: Vec<Word> = all.iter().filter(|word| !SUFFIXES.contains(&word.plain.as_str())).cloned().collect();
    if names.is_empty() { all } else { names }
}

/// Letters and digits in capitals, without marks; everything else is dropped.
fn written(word: &str, long: bool) -> String {
    let letters =
        word.nfkc().flat_map(|letter| spelled(letter, long).chars().chain(own(letter, long)).collect::<Vec<_>>());
    letters.nfd().filter(|letter| !is_combining_mark(*letter) && letter.is_alphanumeric()).collect()
}

/// The letter itself in capitals, unless `spelled` writes it.
fn own(letter: char, long: bool) -> impl Iterator<Item = char> {
    let letter = Some(letter).filter(|letter| spelled(*letter, long).is_empty());
    letter.into_iter().flat_map(char::to_uppercase)
}

/// Letters that do not become Latin capitals by dropping their marks, and, when `long`, those that ICAO writes as two.
fn spelled(letter: char, long: bool) -> &'static str {
    match (letter, long) {
        ('ä' | 'Ä', true) | ('æ' | 'Æ', _) => "AE",
        ('ö' | 'Ö' | 'ø' | 'Ø', true) | ('œ' | 'Œ', _) => "OE",
        ('ü' | 'Ü', true) => "UE",
        ('å' | 'Å', true) => "AA",
        ('ñ' | 'Ñ', true) => "NXX",
        ('ø' | 'Ø', false) => "O",
        ('ß' | 'ẞ', _) => "SS",
        ('þ' | 'Þ', _) => "TH",
        ('ð' | 'Ð' | 'đ' | 'Đ', _) => "D",
        ('ł' | 'Ł', _) => "L",
        ('ħ' | 'Ħ', _) => "H",
        ('ŧ' | 'Ŧ', _) => "T",
        ('ŋ' | 'Ŋ', _) => "N",
        // The four Turkic letters are one: typed with the wrong one, they still name the same person.
        ('ı' | 'İ' | 'i' | 'I', _) => "I",
        _ => "",
    }
}

fn is_latin(words: &[Word]) -> bool {
    words.iter().flat_map(|word| word.plain.chars()).all(|letter| letter.is_ascii_alphanumeric())
}

/// `van der Berg` is `VANDERBERG` on some cards, and `Anna Maria` is `ANNAMARIA`.
fn joined_alike(typed: &[Word], card: &CardName<'_>) -> bool {
    let join = |words: &mut dyn Iterator<Item = &Word>, long: bool| {
        words.map(|word| if long { word.long.as_str() } else { word.plain.as_str() }).collect::<String>()
    };
    let (family, given) = (words(card.family), words(card.given));
    let both = [false, true];
    both.iter().any(|mine| {
        let typed = join(&mut typed.iter(), *mine);
        both.iter().any(|theirs| {
            typed == join(&mut family.iter().chain(&given), *theirs)
                || typed == join(&mut given.iter().chain(&family), *theirs)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::NameVerdict::{Different, Partly, Same, Unread};
    use super::*;

    #[track_caller]
    fn check(typed: &str, family: &str, given: &str, expected: NameVerdict, because: &str) {
        let card = CardName { family, given, cut: false };
        assert_eq!(compare(typed, &card), expected, "{because}: {typed:?} against {family:?}, {given:?}");
    }

    #[test]
    fn names_are_compared_as_people_write_them() {
        #[rustfmt::skip]
        let table = [
            // typed                        family             given               expected    because
            ("Anna Eriksson",               "ERIKSSON",        "ANNA",             Same,       "the plain case"),
            ("Eriksson Anna",               "ERIKSSON",        "ANNA",             Same,       "the order is a custom, not a difference"),
            ("  anna   ERIKSSON ",          "Eriksson",        "Anna",             Same,       "case and spaces"),
            ("Anna Maria Eriksson",         "ERIKSSON",        "ANNA",             Partly,     "a middle name the card leaves out"),
            ("Anna Eriksson",               "ERIKSSON",        "ANNA MARIA",       Partly,     "a middle name the learner leaves out"),
            ("Anna M. Eriksson",            "ERIKSSON",        "ANNA MARIA",       Partly,     "an initial"),
            ("A. Eriksson",                 "ERIKSSON",        "ANNA",             Partly,     "only an initial"),
            ("Jürgen Müller",               "MUELLER",         "JUERGEN",          Same,       "ICAO writes ü as UE"),
            ("Jürgen Müller",               "MULLER",          "JURGEN",           Same,       "other cards write U"),
            ("Juergen Mueller",             "MÜLLER",          "JÜRGEN",           Same,       "typed without umlauts"),
            ("Jurgen Muller",               "MÜLLER",          "JÜRGEN",           Same,       "typed on a foreign keyboard"),
            ("Groß Strauß",                 "STRAUSS",         "GROSS",            Same,       "ß is SS"),
            ("Søren Ærø",                   "AEROE",           "SOEREN",           Same,       "Ø is OE, Æ is AE"),
            ("Søren Kjær",                  "KJAER",           "SOREN",            Same,       "or O"),
            ("Åse Ångström",                "AANGSTROEM",      "AASE",             Same,       "Å is AA"),
            ("Åse Ångström",                "ANGSTROM",        "ASE",              Same,       "or A"),
            ("Þór Guðmundsson",             "GUDMUNDSSON",     "THOR",             Same,       "Þ is TH, Ð is D"),
            ("Łukasz Wałęsa",               "WALESA",          "LUKASZ",           Same,       "Ł is L, ę is E"),
            ("Đorđe Đukić",                 "DUKIC",           "DORDE",            Same,       "Đ is D, ć is C"),
            ("Begoña Muñoz",                "MUNOZ",           "BEGONA",           Same,       "Ñ is N"),
            ("Begoña Muñoz",                "MUNXXOZ",         "BEGONXXA",         Same,       "or NXX, as ICAO has it"),
            ("Işıl Yılmaz",                 "YILMAZ",          "IŞIL",             Same,       "the dotless i"),
            ("İbrahim Çelik",               "CELIK",           "IBRAHIM",          Same,       "the dotted I"),
            ("ibrahim çelik",               "ÇELİK",           "İBRAHİM",          Same,       "in small letters"),
            ("IBRAHIM CELIK",               "çelik",           "ibrahim",          Same,       "without any of it"),
            ("José María García",           "GARCIA",          "JOSE MARIA",       Same,       "accents"),
            ("Jose\u{301} Garcia",          "GARCÍA",          "JOSÉ",             Same,       "an accent as a letter of its own"),
            ("Nguyễn Văn An",               "NGUYEN",          "VAN AN",           Same,       "two marks on a letter"),
            ("Seán O'Brien",                "OBRIEN",          "SEAN",             Same,       "ICAO drops the apostrophe"),
            ("Seán O’Brien",                "O'BRIEN",         "SEAN",             Same,       "of either kind"),
            ("Anne-Marie Dupont",           "DUPONT",          "ANNE MARIE",       Same,       "a hyphen parts words"),
            ("Annemarie Dupont",            "DUPONT",          "ANNE MARIE",       Same,       "written as one"),
            ("Jan van der Berg",            "VANDERBERG",      "JAN",              Same,       "particles run together"),
            ("Jan Vanderberg",              "VAN DER BERG",    "JAN",              Same,       "or apart"),
            ("Martin King Jr.",             "KING",            "MARTIN",           Same,       "a suffix is no name"),
            ("Martin King",                 "KING JR",         "MARTIN",           Same,       "on the card either"),
            ("Henry Ford III",              "FORD II",         "HENRY",            Same,       "not even another one: a person will look"),
            ("Iv Delacroix",                "DELACROIX",       "IV",               Same,       "a name that looks like a suffix"),
            ("Iv",                          "IV",              "",                 Same,       "and nothing beside it"),
            ("Suharto",                     "SUHARTO",         "",                 Same,       "one name"),
            ("Suharto",                     "",                "SUHARTO",          Same,       "in either field"),
            ("Suharto Suharto",             "SUHARTO",         "",                 Partly,     "typed twice where a form wants two names"),
            ("Ｙｕｋｉ Ｓａｔｏ",           "SATO",            "YUKI",             Same,       "full-width letters"),
            ("ﬁona Ray",                    "RAY",             "FIONA",            Same,       "a ligature"),
            ("Katarina Weber",              "WEBER",           "KATHARINA",        Partly,     "one letter more"),
            ("Smtih John",                  "SMITH",           "JOHN",             Partly,     "two letters swapped"),
            ("Jane Smith",                  "SMITH",           "JOHN",             Different,  "another person of the family"),
            ("Anna Eriksson",               "SMITH",           "ANNA",             Different,  "another family: married, or someone else's card"),
            ("Anna Eriksson",               "MARTIN",          "SPECIMEN",         Different,  "nothing in common"),
            ("Bob Smith",                   "SMITH",           "ROBERT",           Different,  "what friends say is worth a question"),
            ("Li Wei",                      "LI",              "MEI",              Different,  "short words are not near"),
            ("Юлия Иванова",                "ИВАНОВА",         "ЮЛИЯ",             Same,       "another script on both sides"),
            ("Юлия Иванова",                "IVANOVA",         "IULIIA",           Unread,     "transliteration has too many rules"),
            ("田中 花子",                   "TANAKA",          "HANAKO",           Unread,     "nothing to compare"),
            ("田中 花子",                   "田中",            "花子",             Same,       "the same on both sides"),
            ("",                            "TANAKA",          "HANAKO",           Unread,     "nothing typed"),
            ("...",                         "TANAKA",          "HANAKO",           Unread,     "nothing but dots"),
            ("Anna",                        "",                "",                 Unread,     "nothing on the card"),
        ];
        for (typed, family, given, expected, because) in table {
            check(typed, family, given, expected, because);
        }
    }

    #[test]
    fn what_a_full_field_had_no_room_for_is_not_missing() {
        #[rustfmt::skip]
        let table = [
            // family                          given            typed                                      expected   because
            ("BENNELONG WOOLOOMOOLOO WARRANDY", "",             "Diingu Bennelong Wooloomooloo Warrandyte", Partly,   "cut in the family name, the given name lost"),
            ("NILAVADHANANANDA",               "CHAYAPA DEJT",  "Chayapa Dejthamrong Nilavadhanananda",    Partly,    "cut in the given name"),
            ("NILAVADHANANANDA",               "ARNPOL PETC",   "Somebody Else",                           Different, "cut, and someone else"),
            ("",                               "",              "Anna Eriksson",                           Unread,    "an empty field"),
        ];
        for (family, given, typed, expected, because) in table {
            assert_eq!(compare(typed, &CardName { family, given, cut: true }), expected, "{because}: {typed}");
        }
    }

    #[test]
    fn any_text_is_taken_and_a_name_is_itself() {
        let seed = std::env::var("LIKENESS_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_261_125_u64);
        println!("LIKENESS_SEED={seed}");
        let mut state = seed;
        let mut next = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as u32
        };
        let alphabet = "aAıİßÄøñþ 'é-<.,JR\u{301}田я\u{202e}\0ﬁ";
        let letters: Vec<char> = alphabet.chars().collect();
        let mut text = || -> String {
            let length = next() % 9;
            (0..length).map(|_| letters[next() as usize % letters.len()]).collect()
        };
        for _ in 0..5_000 {
            let (a, b) = (text(), text());
            let name = |text| CardName { family: text, given: "", cut: false };
            let (there, back) = (compare(&a, &name(&b)), compare(&b, &name(&a)));
            assert_eq!(there == Unread, back == Unread, "{a:?} against {b:?}");
            let with_itself = compare(&a, &name(&a));
            assert!(matches!(with_itself, Same | Unread), "{a:?} with itself is {with_itself:?}");
        }
    }
}

//! Codes and sentences belong together.

use std::collections::BTreeSet;
use std::path::Path;

use likeness_capture::HintCode;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

fn keys(fluent: &str, prefix: &str) -> BTreeSet<String> {
    fluent
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .filter_map(|(key, _)| key.strip_prefix(prefix))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_hint_has_its_words_and_every_word_its_hint() {
    let codes: BTreeSet<String> = HintCode::ALL.iter().map(|hint| hint.code().to_owned()).collect();
    assert_eq!(codes.len(), HintCode::ALL.len(), "no code twice");
    assert_eq!(keys(&read("locales/en/hints.ftl"), "hint-"), codes);
}

#[test]
fn every_hint_has_its_line_in_the_documents() {
    let page = read("docs/hints.md");
    for hint in HintCode::ALL {
        let line = format!("| {} | `{}` | {} |", hint.priority(), hint.code(), hint.heaviest().as_str());
        assert!(page.contains(&line), "docs/hints.md lacks {line}");
    }
    assert_eq!(page.lines().filter(|line| line.contains("| `")).count(), HintCode::ALL.len(), "no line without a hint");
}

#[test]
fn hints_are_short_and_name_the_move() {
    let fluent = read("locales/en/hints.ftl");
    for line in fluent
        .lines()
        .filter(|line| !line.starts_with('#') && !line.starts_with("hint-camera-") && !line.starts_with("verdict-"))
    {
        let words = line.rsplit_once(['=', ']']).map_or("", |(_, words)| words);
        assert!(
            words.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).count() <= 12,
            "more than twelve words: {line}"
        );
        for never in ["phone", "device"] {
            assert!(!words.contains(never), "the camera is never called {never}: {line}");
        }
    }
}

#[test]
fn camera_codes_are_found_and_others_are_not() {
    for (code, found) in [("camera-lost", true), ("camera-opening", false), ("no-face", false), ("", false)] {
        assert_eq!(HintCode::from_camera(code).is_some(), found, "{code}");
    }
}

#[test]
fn the_order_of_the_list_is_the_order_of_priorities() {
    assert!(HintCode::ALL.windows(2).all(|pair| pair[0].priority() <= pair[1].priority()));
}

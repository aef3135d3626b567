//! A bad profile must not build.

#[path = "../../build/profiles.rs"]
mod generator;

use generator::{ProfileError, literal};
use likeness_capture::Profile;

const GOOD: &str = "name = \"x\"\nversion = 1\n[limits]\nyaw_max = { warn = 1.0, stop = 2.0 }\nlow_min = { warn = 2.0, stop = 1.0 }\nonly_max = { warn = 1.0 }\n[values]\nv = 0.5\n";

#[test]
fn a_good_profile_becomes_a_constant() {
    let text = literal("f", GOOD).unwrap();
    for part in [
        "name: \"x\"",
        "version: 1",
        "yaw_max: Limits { warn: 1.0, stop: 2.0 }",
        "only_max: Limits { warn: 1.0, stop: f64::INFINITY }",
        "v: 0.5",
    ] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
}

#[test]
fn each_fault_of_a_profile_is_named() {
    let key = |key: &str| key.to_owned();
    let file = || "f".to_owned();
    #[rustfmt::skip]
    let rows = [
        ("stop = 2.0 }\nlow", "stop = 0.5 }\nlow", ProfileError::Order { file: file(), key: key("yaw_max") }, "stop before warn"),
        ("low_min = { warn = 2.0, stop = 1.0 }", "low_min = { warn = 2.0, stop = 3.0 }", ProfileError::Order { file: file(), key: key("low_min") }, "the other direction"),
        ("yaw_max", "yaw", ProfileError::Direction { file: file(), key: key("yaw") }, "which side is bad must be in the name"),
        ("warn = 1.0, stop = 2.0", "stop = 2.0", ProfileError::Kind { file: file(), key: key("yaw_max") }, "warn is missing"),
        ("warn = 1.0, stop = 2.0", "warn = 1.0, halt = 2.0", ProfileError::Kind { file: file(), key: key("yaw_max") }, "an unknown field"),
        ("v = 0.5", "v = nan", ProfileError::Number { file: file(), key: key("v") }, "not a number"),
        ("v = 0.5", "v = -0.5", ProfileError::Number { file: file(), key: key("v") }, "negative"),
        ("v = 0.5", "v = \"a\"", ProfileError::Number { file: file(), key: key("v") }, "a text"),
        ("v = 0.5", "\"V v\" = 0.5", ProfileError::Name { file: file(), key: key("V v") }, "not a name"),
        ("version = 1", "version = 0", ProfileError::Kind { file: file(), key: key("version") }, "versions start at 1"),
        ("[values]", "[other]", ProfileError::Kind { file: file(), key: key("values") }, "a section is missing"),
    ];
    for (from, to, expected, because) in rows {
        assert_eq!(literal("f", &GOOD.replace(from, to)), Err(expected), "{because}");
    }
    assert!(matches!(literal("f", "name = "), Err(ProfileError::Syntax { .. })), "not TOML");
}

#[test]
fn the_profiles_have_names() {
    assert_eq!(Profile::by_name("standard").map(Profile::label).as_deref(), Some("standard/1"));
    assert_eq!(Profile::by_name("strict").map(Profile::label).as_deref(), Some("strict/1"));
    assert!(Profile::by_name("lax").is_none());
}

//! The rules of the house, read from `cargo metadata` and the sources. `docs/architecture.md` names each invariant and the test here that holds it.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Normal and build dependencies of each member, by package name. Dev-dependencies are free: a test may know everything.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo metadata starts");
    assert!(output.status.success(), "cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    let mut members = BTreeMap::new();
    for package in metadata["packages"].as_array().expect("packages") {
        let name = package["name"].as_str().expect("name").to_owned();
        let needs = package["dependencies"].as_array().expect("dependencies").iter();
        let needs = needs.filter(|need| need["kind"].as_str() != Some("dev"));
        members.insert(name, needs.map(|need| need["name"].as_str().expect("name").to_owned()).collect());
    }
    members
}

/// Who of ours each of ours may know.
fn allowed() -> BTreeMap<&'static str, &'static [&'static str]> {
    BTreeMap::from([
        ("likeness-camera", &[] as &[&str]),
        ("likeness-vision", &[]),
        ("likeness-protocol", &[]),
        ("likeness-policy", &[]),
        ("likeness-studio", &[]),
        ("likeness-server", &["likeness-protocol"]),
        ("likeness-remote", &["likeness-protocol"]),
        ("likeness-account", &["likeness-protocol", "likeness-remote"]),
        ("likeness-capture", &["likeness-camera", "likeness-vision"]),
        // Measures the product on drawn scenes; nothing depends on it.
        ("likeness-evaluation", &["likeness-camera", "likeness-capture", "likeness-studio", "likeness-vision"]),
        ("likeness-submission", &["likeness-capture", "likeness-protocol", "likeness-remote"]),
        (
            "likeness-journey",
            &[
                "likeness-account",
                "likeness-camera",
                "likeness-capture",
                "likeness-protocol",
                "likeness-remote",
                "likeness-submission",
                "likeness-vision",
            ],
        ),
    ])
}

#[test]
fn arrows_point_one_way() {
    let members = dependencies();
    for (crate_name, may_know) in allowed() {
        let needs = members.get(crate_name).unwrap_or_else(|| panic!("{crate_name} is not a member of the workspace"));
        for need in needs.iter().filter(|need| need.starts_with("likeness")) {
            assert!(may_know.contains(&need.as_str()), "{crate_name} must not know {need}: see docs/architecture.md");
        }
    }
}

#[test]
fn every_crate_of_ours_has_a_row_in_the_rules() {
    for name in dependencies().keys().filter(|name| name.starts_with("likeness-")) {
        let known = allowed().contains_key(name.as_str())
            || root()
                .join("tests/devices")
                .join(name.trim_start_matches("likeness-").trim_start_matches("device-"))
                .exists();
        assert!(known, "{name} is new: say in `allowed` whom it may know");
    }
}

#[test]
fn a_foreign_crate_is_named_in_its_home_only() {
    #[rustfmt::skip]
    let homes: [(&str, &[&str]); 10] = [
        ("tauri",        &["likeness"]),
        ("tauri-plugin-deep-link", &["likeness"]),
        ("tauri-plugin-opener", &["likeness"]),
        ("tauri-plugin-single-instance", &["likeness"]),
        ("nokhwa",       &["likeness-camera"]),
        ("keyring",      &["likeness-account"]),
        ("keyring-core", &["likeness-account"]),
        ("reqwest",      &["likeness-remote"]),
        ("axum",         &["likeness-server"]),
        ("sqlx",         &["likeness-server"]),
    ];
    let members = dependencies();
    for (foreign, homes) in homes {
        for (member, needs) in &members {
            assert!(
                !needs.contains(foreign) || homes.contains(&member.as_str()),
                "{foreign} may be named only in {}, but {member} depends on it",
                homes.join(", ")
            );
        }
        assert!(
            homes.iter().any(|home| members[*home].contains(foreign)),
            "nobody names {foreign}: the rule guards nothing"
        );
    }
}

#[test]
fn the_synthetic_camera_and_the_studio_meet_only_in_the_composition_root() {
    let members = dependencies();
    for (member, needs) in &members {
        // The test cameras and the evaluation draw their pictures with it, and are no part of the product.
        let may = ["likeness", "likeness-device-cases", "likeness-evaluation"].contains(&member.as_str());
        assert!(!needs.contains("likeness-studio") || may, "{member} must not know the studio");
    }
    for source in rust_sources(&root().join("src-tauri/src")) {
        let text = fs::read_to_string(&source).expect("source is readable");
        assert!(
            !text.contains("likeness_studio") || source.ends_with("compose.rs"),
            "{} names the studio; only compose.rs may",
            source.display()
        );
    }
}

#[test]
fn every_member_keeps_the_workspace_lints() {
    for manifest in manifests() {
        let text = fs::read_to_string(&manifest).expect("manifest is readable");
        let value: toml::Value = toml::from_str(&text).expect("manifest is TOML");
        let inherited = value.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool);
        assert_eq!(inherited, Some(true), "{} must say [lints] workspace = true", manifest.display());
    }
}

#[test]
fn unsafe_code_stands_only_in_the_listed_files() {
    let list = fs::read_to_string(root().join("tests/architecture/unsafe_files.txt")).expect("the list is readable");
    let listed: BTreeSet<&str> =
        list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let mut found = BTreeSet::new();
    for folder in ["crates", "src-tauri/src", "xtask/src", "tests/devices"] {
        for source in rust_sources(&root().join(folder)) {
            let text = fs::read_to_string(&source).expect("source is readable");
            let uses = text.lines().any(|line| {
                let code = line.split("//").next().unwrap_or_default();
                ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern", "unsafe(no_mangle)"]
                    .iter()
                    .any(|word| code.contains(word))
            });
            if uses {
                let name = source.strip_prefix(root()).expect("below the root").to_string_lossy().replace('\\', "/");
                assert!(
                    listed.contains(name.as_str()),
                    "{name} has unsafe code and is not in tests/architecture/unsafe_files.txt"
                );
                found.insert(name);
            }
        }
    }
    for name in listed {
        assert!(found.contains(name), "{name} is listed and has no unsafe code: take it off the list");
    }
}

#[test]
fn a_release_has_no_practice_no_studio_and_no_driver() {
    let manifest: toml::Value =
        toml::from_str(&fs::read_to_string(root().join("Cargo.toml")).expect("Cargo.toml")).expect("TOML");
    let needs = manifest["dependencies"].as_table().expect("dependencies");
    for name in ["likeness-server", "likeness-studio"] {
        assert_eq!(needs[name].get("optional").and_then(toml::Value::as_bool), Some(true), "{name} must be optional");
    }
    let defaults: Vec<&str> =
        manifest["features"]["default"].as_array().expect("default").iter().filter_map(toml::Value::as_str).collect();
    assert!(!defaults.contains(&"window-tests"), "window-tests lets WebDriver in and is never a default");
    assert_eq!(
        manifest["profile"]["release"]["panic"].as_str(),
        Some("unwind"),
        "a damaged frame may unwind: see crates/camera"
    );
}

#[test]
fn the_window_may_call_our_commands_and_nothing_else() {
    let list = fs::read_to_string(root().join("src-tauri/commands.rs.in")).expect("the list of commands");
    let names = list.split_once('{').expect("a list").1;
    let commands: BTreeSet<String> = names
        .split(|sign: char| !(sign.is_ascii_lowercase() || sign == '_'))
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    let capability: Value =
        serde_json::from_str(&fs::read_to_string(root().join("src-tauri/capabilities/main.json")).expect("capability"))
            .expect("JSON");
    let granted: BTreeSet<String> = capability["permissions"]
        .as_array()
        .expect("permissions")
        .iter()
        .map(|name| {
            let name = name.as_str().expect("a plain permission");
            name.strip_prefix("allow-").unwrap_or_else(|| panic!("{name} is not one of our commands")).replace('-', "_")
        })
        .collect();
    assert_eq!(commands, granted, "the list of commands and what the window is granted must be equal");
    assert!(capability.get("remote").is_none(), "no remote page may call anything");
}

#[test]
fn no_page_can_choose_a_file() {
    for source in files(&root().join("ui/src"), &["svelte", "ts", "html"]) {
        let text = fs::read_to_string(&source).expect("source is readable");
        for word in ["type=\"file\"", "type='file'", "showOpenFilePicker", "FileReader", "DataTransfer"] {
            assert!(!text.contains(word), "{} names {word}: photos come only from the live camera", source.display());
        }
    }
}

#[test]
fn the_generated_types_are_current() {
    let fresh = std::env::temp_dir().join(format!("likeness-types-{}", std::process::id()));
    likeness_journey::view::export_types(&fresh).expect("the shapes can be written");
    let kept = root().join("ui/src/gen");
    for (one, other) in [(&fresh, &kept), (&kept, &fresh)] {
        for file in files(one, &["ts"]) {
            let twin = other.join(file.strip_prefix(one).expect("below"));
            assert_eq!(
                fs::read(&file).ok(),
                fs::read(&twin).ok(),
                "{} is not current. Run: cargo xtask generate types",
                twin.display()
            );
        }
    }
    fs::remove_dir_all(&fresh).expect("a folder of the test's own");
}

#[test]
fn the_content_security_policy_is_strict() {
    let config: Value =
        serde_json::from_str(&fs::read_to_string(root().join("tauri.conf.json")).expect("tauri.conf.json"))
            .expect("JSON");
    let security = &config["app"]["security"];
    let policy = security["csp"].as_str().expect("a content security policy");
    assert_eq!(security["csp"], security["devCsp"], "the window is tested under the policy it ships with");
    for word in ["unsafe-inline", "unsafe-eval", "https:", "*", "data:"] {
        assert!(!policy.contains(word), "the policy must not say {word}");
    }
    assert_eq!(security["freezePrototype"], true);
    assert_eq!(security["assetProtocol"]["enable"], false);
    assert_eq!(config["app"]["withGlobalTauri"], false);
}

/// Tauri's own desktop entry names the scheme and hands no link over.
#[test]
fn a_link_of_our_scheme_reaches_the_app_that_is_installed() {
    let config: Value =
        serde_json::from_str(&fs::read_to_string(root().join("tauri.conf.json")).expect("tauri.conf.json"))
            .expect("JSON");
    assert_eq!(config["plugins"]["deep-link"]["desktop"]["schemes"], serde_json::json!(["app.likeness"]));
    for bundle in ["deb", "rpm"] {
        let template = config["bundle"]["linux"][bundle]["desktopTemplate"].as_str().expect("a template of ours");
        let entry = fs::read_to_string(root().join(template)).expect("the template");
        for line in ["Exec={{exec}} %u", "MimeType={{mime_type}};"] {
            assert!(entry.lines().any(|it| it == line), "{template} for {bundle} lacks `{line}`");
        }
    }
}

fn manifests() -> Vec<PathBuf> {
    let mut found = vec![root().join("Cargo.toml"), root().join("xtask/Cargo.toml")];
    for folder in ["crates", "tests/devices"] {
        let Ok(entries) = fs::read_dir(root().join(folder)) else { continue };
        found.extend(
            entries.flatten().map(|entry| entry.path().join("Cargo.toml")).filter(|manifest| manifest.exists()),
        );
    }
    found
}

/// Rust below the folder, but for the tests of its crates.
fn rust_sources(folder: &Path) -> Vec<PathBuf> {
    let is_test = |path: &PathBuf| {
        path.strip_prefix(folder).is_ok_and(|below| below.components().any(|part| part.as_os_str() == "tests"))
    };
    files(folder, &["rs"]).into_iter().filter(|path| !is_test(path)).collect()
}

fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{} cannot be read: {error}", folder.display()));
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target" && name != "node_modules") {
                found.extend(files(&path, endings));
            }
        } else if path.extension().is_some_and(|ending| endings.iter().any(|wanted| ending == *wanted)) {
            found.push(path);
        }
    }
    found
}

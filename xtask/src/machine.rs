//! What this machine must have, and how it gets there. One list: `xtask/packages.toml`.
//!
//! On Debian and Ubuntu missing packages are installed, and it is said aloud. Elsewhere the line to type is printed and nothing is run.

use std::collections::BTreeMap;

use crate::Options;
use crate::process::{Failure, Outcome, ask, must, program};

/// The list itself, inside this program.
const PACKAGES: &str = include_str!("../packages.toml");

/// Makes sure that the packages of these groups are there.
pub fn packages(groups: &[&str], options: &Options) -> Outcome {
    if !cfg!(target_os = "linux") || ask("dpkg-query", &["--version"]).is_none() {
        println!(
            "This is not Debian or Ubuntu, so packages are not checked. What is needed, by system:\n{}",
            elsewhere()?
        );
        return Ok(());
    }
    let missing: Vec<String> = names(groups)?.into_iter().filter(|name| !installed(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list: Vec<&str> = missing.iter().map(String::as_str).collect();
    let line = format!("apt-get install -y --no-install-recommends {}", list.join(" "));
    let root = ask("id", &["-u"]).as_deref() == Some("0");
    let sudo = !root && ask("sudo", &["-n", "true"]).is_some();
    if options.no_install || !(root || sudo) {
        return Err(Failure::Machine(format!("packages for {}. Type:\n  sudo {line}", groups.join(", "))));
    }
    println!("Installing what is missing for {}: {}", groups.join(", "), list.join(" "));
    apt(sudo, &["update", "-qq"])?;
    let mut words = vec!["install", "-y", "-qq", "--no-install-recommends"];
    words.extend(&list);
    apt(sudo, &words)?;
    match missing.iter().find(|name| !installed(name)) {
        None => Ok(()),
        Some(name) => Err(Failure::Machine(format!("{name} is still not there after:\n  {line}"))),
    }
}

fn apt(sudo: bool, words: &[&str]) -> Outcome {
    let mut command = if sudo { program("sudo", &["-n", "apt-get"]) } else { program("apt-get", &[]) };
    must(command.args(words).env("DEBIAN_FRONTEND", "noninteractive"))
}

fn installed(name: &str) -> bool {
    ask("dpkg-query", &["-W", "-f=${db:Status-Status}", name]).as_deref() == Some("installed")
}

fn names(groups: &[&str]) -> Result<Vec<String>, Failure> {
    let list = list()?;
    let mut names = Vec::new();
    for group in groups {
        let found = list.get(*group).and_then(|group| group.get("debian")).and_then(toml::Value::as_array);
        let found = found.ok_or_else(|| Failure::Step(format!("xtask/packages.toml has no group `{group}`")))?;
        names.extend(found.iter().filter_map(toml::Value::as_str).map(str::to_owned));
    }
    names.sort();
    names.dedup();
    Ok(names)
}

fn elsewhere() -> Result<String, Failure> {
    let list = list()?;
    let lines = list.get("elsewhere").and_then(toml::Value::as_table).into_iter().flatten();
    Ok(lines
        .map(|(system, line)| format!("  {system}: {}", line.as_str().unwrap_or_default()))
        .collect::<Vec<_>>()
        .join("\n"))
}

fn list() -> Result<BTreeMap<String, toml::Value>, Failure> {
    toml::from_str(PACKAGES).map_err(|error| Failure::Step(format!("xtask/packages.toml: {error}")))
}

/// Node ^20.19 or >= 22.12, as Vite 8 needs it.
pub fn node() -> Outcome {
    let version = ask("node", &["--version"]).unwrap_or_default();
    let mut numbers = version.trim_start_matches('v').split('.').filter_map(|part| part.parse::<u32>().ok());
    let (major, minor) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    let good = (major == 20 && minor >= 19) || (major == 22 && minor >= 12) || major > 22;
    if good && ask("npm", &["--version"]).is_some() {
        return Ok(());
    }
    let found = if version.is_empty() { "none".to_owned() } else { version };
    Err(Failure::Machine(format!(
        "Node 20.19 or newer with npm (found: {found}). Debian 12's own nodejs is too old. Two ways:\n  \
         unpack the official archive from https://nodejs.org/dist/ (node-v20.*-linux-x64.tar.xz) and put its bin folder on PATH, or\n  \
         add your distribution's back-port of Node 20 or newer and install it."
    )))
}

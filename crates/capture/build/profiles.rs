//! Turns a profile file into a Rust constant, so that a bad threshold is a build error and no file is read at run time.
//!
//! Guarantees: every number is finite, every `stop` lies at or beyond its `warn`. A missing or unknown name
//! does not fit the struct in `src/profile.rs` and stops the compiler.

use std::fmt::Write as _;

use thiserror::Error;

/// Why a profile file is refused.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ProfileError {
    #[error("{file}: not TOML: {why}")]
    Syntax { file: String, why: String },
    #[error("{file}: `{key}` is missing or of another kind than expected")]
    Kind { file: String, key: String },
    #[error("{file}: the name `{key}` must be lower case letters, digits and underscores")]
    Name { file: String, key: String },
    #[error("{file}: limit `{key}` must end in _min or _max")]
    Direction { file: String, key: String },
    #[error("{file}: in `{key}` stop is on the good side of warn")]
    Order { file: String, key: String },
    #[error("{file}: `{key}` must be a finite number that is not negative")]
    Number { file: String, key: String },
}

/// `text` is the content of `file`; the answer is a struct literal of `Thresholds`.
pub fn literal(file: &str, text: &str) -> Result<String, ProfileError> {
    let kind = |key: &str| ProfileError::Kind { file: file.to_owned(), key: key.to_owned() };
    let root: toml::Table = text.parse().map_err(|why: toml::de::Error| ProfileError::Syntax {
        file: file.to_owned(),
        why: why.message().to_owned(),
    })?;
    let name = root.get("name").and_then(toml::Value::as_str).ok_or_else(|| kind("name"))?;
    let version = root
        .get("version")
        .and_then(toml::Value::as_integer)
        .filter(|version| *version > 0)
        .ok_or_else(|| kind("version"))?;
    let limits = root.get("limits").and_then(toml::Value::as_table).ok_or_else(|| kind("limits"))?;
    let values = root.get("values").and_then(toml::Value::as_table).ok_or_else(|| kind("values"))?;
    if let Some(key) = root.keys().find(|key| !["name", "version", "limits", "values"].contains(&key.as_str())) {
        return Err(kind(key));
    }
    let mut out = format!("Thresholds {{\n    name: {name:?},\n    version: {version},\n");
    for (key, entry) in limits {
        let (warn, stop) = limit(file, key, entry)?;
        let _ = writeln!(out, "    {key}: Limits {{ warn: {warn}, stop: {stop} }},");
    }
    for (key, entry) in values {
        plain_name(file, key)?;
        let _ = writeln!(out, "    {key}: {:?},", number(file, key, entry)?);
    }
    out.push('}');
    Ok(out)
}

fn limit(file: &str, key: &str, entry: &toml::Value) -> Result<(String, String), ProfileError> {
    plain_name(file, key)?;
    let kind = || ProfileError::Kind { file: file.to_owned(), key: key.to_owned() };
    let table = entry.as_table().ok_or_else(kind)?;
    if table.keys().any(|field| field != "warn" && field != "stop") {
        return Err(kind());
    }
    let warn = number(file, key, table.get("warn").ok_or_else(kind)?)?;
    let stop = table.get("stop").map(|stop| number(file, key, stop)).transpose()?;
    let (never, out_of_order) = if key.ends_with("_min") {
        ("f64::NEG_INFINITY", stop.is_some_and(|stop| stop > warn))
    } else if key.ends_with("_max") {
        ("f64::INFINITY", stop.is_some_and(|stop| stop < warn))
    } else {
        return Err(ProfileError::Direction { file: file.to_owned(), key: key.to_owned() });
    };
    if out_of_order {
        return Err(ProfileError::Order { file: file.to_owned(), key: key.to_owned() });
    }
    Ok((format!("{warn:?}"), stop.map_or_else(|| never.to_owned(), |stop| format!("{stop:?}"))))
}

fn plain_name(file: &str, key: &str) -> Result<(), ProfileError> {
    let plain = key.starts_with(|first: char| first.is_ascii_lowercase())
        && key.chars().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '_');
    plain.then_some(()).ok_or_else(|| ProfileError::Name { file: file.to_owned(), key: key.to_owned() })
}

fn number(file: &str, key: &str, value: &toml::Value) -> Result<f64, ProfileError> {
    value
        .as_float()
        .filter(|number| number.is_finite() && *number >= 0.0)
        .ok_or_else(|| ProfileError::Number { file: file.to_owned(), key: key.to_owned() })
}

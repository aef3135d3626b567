//! One judged frame, as a line of the cache.

use std::collections::BTreeMap;

use likeness_capture::Opinion;
use serde::{Deserialize, Serialize};

/// A card whose corners are further off than this was not understood.
const MOST_CORNER_ERROR_PERCENT: f64 = 1.5;

/// What was shown, and what the product made of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record {
    /// Which part of the evaluation.
    pub set: String,
    /// What was wrong with the frame, or `good`.
    pub shown: String,
    pub seed: u64,
    /// Tells frames of one seed and kind apart.
    pub variant: u32,
    /// It passed: without a stop or a warning, with everything the photo needs seen.
    pub passed: bool,
    /// A photo of it would be kept by the automatic shutter: no stop, with everything the photo needs seen.
    pub kept: bool,
    /// Hints that a stop or a warning speaks through.
    pub codes: Vec<String>,
    /// The one the learner would be told first.
    pub first: Option<String>,
    /// Measures and truths that are compared.
    pub values: BTreeMap<String, f64>,
}

impl Record {
    pub fn new(set: &str, shown: &str, seed: u64, variant: u32, opinion: &Opinion) -> Self {
        Self {
            set: set.to_owned(),
            shown: shown.to_owned(),
            seed,
            variant,
            passed: opinion.clean(),
            kept: opinion.acceptable(),
            codes: opinion.findings.iter().map(|(code, _)| code.code().to_owned()).collect(),
            first: opinion.first.map(|code| code.code().to_owned()),
            values: BTreeMap::new(),
        }
    }

    pub fn with(mut self, name: &str, value: impl Into<f64>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }

    /// The decision was right: good frames pass, others do not. Frames that only feed a ruler are right where the ruler is.
    pub fn right(&self) -> bool {
        let off = |name: &str, most: f64| self.values.get(name).is_some_and(|value| *value > most);
        if off("corner_error_percent", MOST_CORNER_ERROR_PERCENT) {
            return false;
        }
        self.shown == "distance" || self.passed == self.shown.starts_with("good")
    }

    pub fn says(&self, codes: &[&str]) -> bool {
        self.codes.iter().any(|code| codes.contains(&code.as_str()))
    }

    /// Name of its small picture.
    pub fn file(&self) -> String {
        format!("{}-{}-{}-{}.jpg", self.set, self.shown, self.seed, self.variant)
    }
}

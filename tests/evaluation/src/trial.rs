//! What every part of the evaluation shares: its result, and the wall on which small pictures are hung.

use std::path::PathBuf;

use crate::EvaluationError;
use crate::record::Record;
use crate::shot::Shot;

pub type Trial = Result<Vec<Record>, EvaluationError>;

/// Where small pictures go: of every wrong decision, and of some right ones.
pub struct Wall {
    pub folder: PathBuf,
    /// Seeds below this one are shown also where they are right.
    pub right_below: u64,
}

impl Wall {
    pub fn hang(&self, record: &Record, shot: &Shot) -> Result<(), EvaluationError> {
        if record.right() && record.seed >= self.right_below {
            return Ok(());
        }
        shot.keep_small(&self.folder.join(record.file()))
    }
}

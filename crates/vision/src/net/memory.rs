//! Memory of the maps, from the start of a line of the cache on.
//!
//! Guarantees: as long as was asked for, zero at first. Alignment saves time and nothing else depends on it.

/// Length of a line of the cache on every CPU this runs on today, bytes.
const LINE_BYTES: usize = 64;

/// Numbers that begin where a line of the cache begins.
#[derive(Debug, Default)]
pub struct Memory {
    numbers: Vec<f32>,
    start: usize,
}

impl Memory {
    /// `length` zeros.
    pub fn new(length: usize) -> Self {
        let spare = LINE_BYTES / size_of::<f32>();
        let numbers = vec![0.0; length + spare];
        // The offset may be unknown, or beyond the spare room; then the numbers simply begin at the beginning.
        let start = Some(numbers.as_ptr().align_offset(LINE_BYTES)).filter(|start| *start <= spare).unwrap_or(0);
        Self { numbers, start }
    }

    /// To be read.
    pub fn numbers(&self) -> &[f32] {
        &self.numbers[self.start..]
    }

    /// To be written.
    pub fn numbers_mut(&mut self) -> &mut [f32] {
        &mut self.numbers[self.start..]
    }
}

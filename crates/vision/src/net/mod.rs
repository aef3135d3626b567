//! A small interpreter for exactly the two networks this program carries.
//!
//! Guarantees: a file that needs anything else is refused when it is loaded; a loaded [`Network`] cannot fail, allocates
//! nothing more and gives finite numbers for finite input of ordinary size.
//! Refuses to know: faces. Format and operators: the TensorFlow Lite schema, version 3.

mod dispatch;
#[cfg(test)]
mod each_operator;
mod flat;
mod load;
mod memory;
mod ops;
mod plan;
#[cfg(test)]
pub(crate) mod tests;

use dispatch::Cpu;
use memory::Memory;
use ops::{ConvJob, DepthwiseJob, Map, Shape};
use plan::{Plan, Work};
use thiserror::Error;

/// The detector, 128 x 128 RGB in -1..1; gives `[896 x 16, 896]`: boxes and logits.
const DETECTOR: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/face_detector.tflite"));
/// The mesh, 192 x 192 RGB in 0..1; gives `[468 x 3, 1]`: points and presence logit, in the order of the file.
const MESH: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/face_mesh.tflite"));

/// Why the face networks cannot be used. The program was built wrong; nothing at run time can mend it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ModelError {
    /// The bytes are no model, or contradict themselves.
    #[error("the built-in face model is damaged ({what}); install Likeness again")]
    Damaged {
        /// What was found.
        what: &'static str,
    },
    /// The model needs something the interpreter does not compute.
    #[error("the built-in face model needs {op} in a form that is not computed here ({why}); install Likeness again")]
    Unsupported {
        /// Operator, by its name in the TensorFlow Lite schema.
        op: String,
        /// Which property of it.
        why: &'static str,
    },
}

/// One network, ready to run.
pub struct Network {
    cpu: Cpu,
    plan: Plan,
    slots: Vec<Memory>,
    /// Numbers of the picture, which its slot may be longer than.
    picture: usize,
    scratch: Memory,
    zeros: Vec<f32>,
    results: Vec<Vec<f32>>,
}

impl Network {
    /// The face detector.
    pub fn detector() -> Result<Self, ModelError> {
        Self::load(DETECTOR, Cpu::fastest())
    }

    /// The face mesh.
    pub fn mesh() -> Result<Self, ModelError> {
        Self::load(MESH, Cpu::fastest())
    }

    fn load(file: &[u8], cpu: Cpu) -> Result<Self, ModelError> {
        Self::of(load::Model::read(file)?, cpu)
    }

    fn of(model: load::Model, cpu: Cpu) -> Result<Self, ModelError> {
        let plan = Plan::new(model)?;
        Ok(Self {
            cpu,
            slots: plan.slots.iter().map(|length| Memory::new(*length)).collect(),
            picture: plan.slots[plan::INPUT],
            scratch: Memory::new(plan.scratch),
            zeros: vec![0.0; plan.longest_row],
            results: plan.outputs.iter().map(|output| vec![0.0; output.length()]).collect(),
            plan,
        })
    }

    /// Where the picture goes: rows of pixels of three numbers.
    pub fn input(&mut self) -> &mut [f32] {
        &mut self.slots[plan::INPUT].numbers_mut()[..self.picture]
    }

    /// Computes the outputs from what stands in [`Self::input`].
    pub fn run(&mut self) -> &[Vec<f32>] {
        for step in &self.plan.steps {
            // Taken out for the time of the step, so that it can be written while others are read.
            let mut output = std::mem::take(&mut self.slots[step.output]);
            let read = |index: usize| {
                let place = &step.reads[index];
                Map { shape: place.shape, data: &self.slots[place.slot].numbers()[..place.shape.stored()] }
            };
            let second = (step.reads.len() > 1).then(|| read(1));
            let shape = step.shape;
            let written = &mut output.numbers_mut()[..shape.stored()];
            match &step.work {
                Work::Conv(conv) => self.cpu.convolve(&mut ConvJob {
                    conv,
                    input: read(0),
                    residual: second,
                    scratch: self.scratch.numbers_mut(),
                    zeros: &self.zeros,
                    output: written,
                    shape,
                }),
                Work::Depthwise(depthwise) => self.cpu.depthwise(&mut DepthwiseJob {
                    depthwise,
                    input: read(0),
                    zeros: &self.zeros,
                    output: written,
                }),
                Work::Pool => self.cpu.pool(read(0), written, shape),
                Work::Combine(slope) => self.cpu.combine(read(0), second, slope, written, shape),
            }
            self.slots[step.output] = output;
        }
        for (output, result) in self.plan.outputs.iter().zip(&mut self.results) {
            let mut rest = result.as_mut_slice();
            for part in &output.parts {
                let Shape { channels, lanes, .. } = part.shape;
                for pixel in self.slots[part.slot].numbers()[..part.shape.stored()].chunks_exact(lanes) {
                    let (now, later) = rest.split_at_mut(channels);
                    now.copy_from_slice(&pixel[..channels]);
                    rest = later;
                }
            }
        }
        &self.results
    }
}

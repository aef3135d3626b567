//! Guided capture: watches frames, gives one hint at a time, takes the burst, yields a [`CapturedPhoto`].
//!
//! Guarantees: one hint at a time, held long enough to be read, never against what the picture shows;
//! the manual shutter works whenever frames flow; what was measured is what is sent.
//! Refuses to know: files, networks, windows, sentences. Nothing here claims that somebody is alive or real.

mod advice;
mod candidates;
mod clock;
mod dwell;
mod error;
mod eyes;
mod focus;
mod gates;
mod guide;
mod hint;
mod memory;
mod mode;
mod name_check;
#[cfg(feature = "evaluation")]
mod observer;
mod photo;
mod profile;
mod ruler;
mod run;
mod session;
mod view;

pub use advice::{Advice, Amount, GuideShape, Hint, Measured, Outline, Oval, Phase, Side};
pub use error::CaptureError;
pub use hint::HintCode;
pub use likeness_vision::names::NameVerdict;
pub use mode::{CardNeeds, Hand, LONGEST_COUNTDOWN, Mode, Settings, TypedName};
#[cfg(feature = "evaluation")]
pub use observer::{Observer, ObserverError, Opinion};
pub use photo::{CameraFacts, CapturedPhoto, Finding, How, Level, PhotoKind, Provenance, Verdict};
pub use profile::Profile;
pub use ruler::MeasuredLens;
pub use run::CaptureRun;

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "limits are compared with the very constants they come from")]
mod trials;

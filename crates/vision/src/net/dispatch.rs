//! Chooses, once at start, which compilation of the kernels this CPU runs.
//!
//! Guarantees: the AVX2 path is entered only by a CPU that said it has AVX2 and FMA.
//! The only file of this crate that may say `unsafe`: calling a function compiled for more than the baseline is.
#![cfg_attr(
    target_arch = "x86_64",
    allow(unsafe_code, reason = "calls of target_feature functions; each is guarded by a value of `Detected`")
)]

use super::ops::{self, ConvJob, DepthwiseJob, Map, Shape, Slope};

/// Every aarch64 CPU fuses multiply and add, and has twice the registers of SSE2.
const BASE_FUSED: bool = cfg!(target_arch = "aarch64");
const BASE_GROUPS: usize = if BASE_FUSED { 2 } else { 1 };

/// Which compilation runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cpu {
    /// What every CPU of the architecture has: SSE2 on x86-64, NEON on aarch64.
    Base,
    /// AVX2 and FMA.
    #[cfg(target_arch = "x86_64")]
    Wide(Detected),
}

/// Proof that the CPU was asked. Only [`Cpu::fastest`] makes one.
#[cfg(target_arch = "x86_64")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Detected(());

impl Cpu {
    /// The best this machine can do.
    pub fn fastest() -> Self {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            return Self::Wide(Detected(()));
        }
        Self::Base
    }

    /// See [`ops::convolve`].
    pub fn convolve(self, job: &mut ConvJob<'_>) {
        match self {
            Self::Base => ops::convolve::<BASE_FUSED, BASE_GROUPS>(job),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a `Detected` exists only after `fastest` found AVX2 and FMA.
            Self::Wide(Detected(())) => unsafe { convolve_wide(job) },
        }
    }

    /// See [`ops::depthwise`].
    pub fn depthwise(self, job: &mut DepthwiseJob<'_>) {
        match self {
            Self::Base => ops::depthwise::<BASE_FUSED>(job),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a `Detected` exists only after `fastest` found AVX2 and FMA.
            Self::Wide(Detected(())) => unsafe { depthwise_wide(job) },
        }
    }

    /// See [`ops::pool`].
    pub fn pool(self, input: Map<'_>, output: &mut [f32], shape: Shape) {
        match self {
            Self::Base => ops::pool(input, output, shape),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a `Detected` exists only after `fastest` found AVX2 and FMA.
            Self::Wide(Detected(())) => unsafe { pool_wide(input, output, shape) },
        }
    }

    /// See [`ops::combine`].
    pub fn combine(self, first: Map<'_>, second: Option<Map<'_>>, slope: &Slope, output: &mut [f32], shape: Shape) {
        match self {
            Self::Base => ops::combine(first, second, slope, output, shape),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a `Detected` exists only after `fastest` found AVX2 and FMA.
            Self::Wide(Detected(())) => unsafe { combine_wide(first, second, slope, output, shape) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn convolve_wide(job: &mut ConvJob<'_>) {
    ops::convolve::<true, 2>(job);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn depthwise_wide(job: &mut DepthwiseJob<'_>) {
    ops::depthwise::<true>(job);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn pool_wide(input: Map<'_>, output: &mut [f32], shape: Shape) {
    ops::pool(input, output, shape);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn combine_wide(first: Map<'_>, second: Option<Map<'_>>, slope: &Slope, output: &mut [f32], shape: Shape) {
    ops::combine(first, second, slope, output, shape);
}

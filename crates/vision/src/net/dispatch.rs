//! Chooses, once at start, which compilation of the kernels this CPU runs.
//!
//! Guarantees: a wider path is entered only by a CPU that said it has what that path was compiled for.
//! The only file of this crate that may say `unsafe`: calling a function compiled for more than the baseline is.
#![cfg_attr(
    target_arch = "x86_64",
    allow(unsafe_code, reason = "calls of target_feature functions; each is guarded by a value of `Detected`")
)]

use super::ops::{self, ConvJob, DepthwiseJob, Map, Shape};

/// Every aarch64 CPU fuses multiply and add, and has twice the registers of SSE2.
const BASE_FUSED: bool = cfg!(target_arch = "aarch64");
const BASE_PIXELS: usize = if BASE_FUSED { 8 } else { 4 };

/// Which compilation runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cpu {
    /// What every CPU of the architecture has: SSE2 on x86-64, NEON on aarch64.
    Base,
    /// AVX2 and FMA.
    #[cfg(target_arch = "x86_64")]
    Wide(Detected),
    /// AVX-512 as well: as many numbers in half as many instructions.
    #[cfg(target_arch = "x86_64")]
    Widest(Detected),
}

/// Proof that the CPU was asked. Only [`Cpu::all`] makes one.
#[cfg(target_arch = "x86_64")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Detected(());

impl Cpu {
    /// What this machine can do, the best first.
    fn all() -> impl Iterator<Item = Self> {
        #[cfg(target_arch = "x86_64")]
        let wider = {
            let wide = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            let widest = wide && is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl");
            let detected = |has: bool, path: fn(Detected) -> Self| has.then_some(path(Detected(())));
            [detected(widest, Self::Widest), detected(wide, Self::Wide)]
        };
        #[cfg(not(target_arch = "x86_64"))]
        let wider: [Option<Self>; 0] = [];
        wider.into_iter().flatten().chain([Self::Base])
    }

    /// The best this machine can do.
    pub fn fastest() -> Self {
        Self::all().next().unwrap_or(Self::Base)
    }

    /// Every path this machine can run, so that all of them are held against each other.
    #[cfg(test)]
    pub fn every_path() -> Vec<Self> {
        Self::all().collect()
    }

    /// See [`ops::convolve`].
    pub fn convolve(self, job: &mut ConvJob<'_>) {
        match self {
            Self::Base => ops::convolve::<BASE_FUSED, BASE_PIXELS, 1, 8, 4>(job),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a `Detected` exists only after `all` found what this path is compiled for.
            Self::Wide(Detected(())) => unsafe { convolve_wide(job) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a `Detected` exists only after `all` found what this path is compiled for.
            Self::Widest(Detected(())) => unsafe { convolve_widest(job) },
        }
    }

    /// See [`ops::depthwise`].
    pub fn depthwise(self, job: &mut DepthwiseJob<'_>) {
        match self {
            Self::Base => ops::depthwise::<BASE_FUSED, 4>(job),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a `Detected` exists only after `all` found what this path is compiled for.
            Self::Wide(Detected(())) => unsafe { depthwise_wide(job) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a `Detected` exists only after `all` found what this path is compiled for.
            Self::Widest(Detected(())) => unsafe { depthwise_widest(job) },
        }
    }

    /// See [`ops::pool`].
    pub fn pool(self, input: Map<'_>, output: &mut [f32], shape: Shape) {
        match self {
            Self::Base => ops::pool(input, output, shape),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a `Detected` exists only after `all` found what this path is compiled for.
            Self::Wide(Detected(())) => unsafe { pool_wide(input, output, shape) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a `Detected` exists only after `all` found what this path is compiled for.
            Self::Widest(Detected(())) => unsafe { pool_widest(input, output, shape) },
        }
    }

    /// See [`ops::combine`].
    pub fn combine(self, first: Map<'_>, second: Option<Map<'_>>, slope: &[f32], output: &mut [f32], shape: Shape) {
        match self {
            Self::Base => ops::combine(first, second, slope, output, shape),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a `Detected` exists only after `all` found what this path is compiled for.
            Self::Wide(Detected(())) => unsafe { combine_wide(first, second, slope, output, shape) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a `Detected` exists only after `all` found what this path is compiled for.
            Self::Widest(Detected(())) => unsafe { combine_widest(first, second, slope, output, shape) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn convolve_wide(job: &mut ConvJob<'_>) {
    ops::convolve::<true, 4, 1, 16, 8>(job);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f,avx512vl")]
fn convolve_widest(job: &mut ConvJob<'_>) {
    ops::convolve::<true, 8, 2, 16, 16>(job);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn depthwise_wide(job: &mut DepthwiseJob<'_>) {
    ops::depthwise::<true, 8>(job);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f,avx512vl")]
fn depthwise_widest(job: &mut DepthwiseJob<'_>) {
    ops::depthwise::<true, 16>(job);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn pool_wide(input: Map<'_>, output: &mut [f32], shape: Shape) {
    ops::pool(input, output, shape);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f,avx512vl")]
fn pool_widest(input: Map<'_>, output: &mut [f32], shape: Shape) {
    ops::pool(input, output, shape);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn combine_wide(first: Map<'_>, second: Option<Map<'_>>, slope: &[f32], output: &mut [f32], shape: Shape) {
    ops::combine(first, second, slope, output, shape);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f,avx512vl")]
fn combine_widest(first: Map<'_>, second: Option<Map<'_>>, slope: &[f32], output: &mut [f32], shape: Shape) {
    ops::combine(first, second, slope, output, shape);
}

//! The kernels of the two face networks: convolutions, pooling, sums. Written once, compiled per CPU by `dispatch`.
//!
//! Guarantees: no allocation, no panic on maps of the shapes `model` has checked.
//! Every map is height x width x lanes, lanes a multiple of 8 (unused ones zero), so that no inner loop has a rest;
//! only the picture itself may have 3 lanes, and only convolutions read it.
#![allow(
    clippy::inline_always,
    reason = "a kernel takes on the CPU features of the caller it is inlined into; left to a hint, it may stay plain"
)]

/// Channels that are worked on together.
pub const LANES: usize = 8;
/// Pixels that are worked on together.
const PIXELS: usize = 4;

type Lane = [f32; LANES];

/// Size of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Rows.
    pub height: usize,
    /// Pixels in a row.
    pub width: usize,
    /// Channels the network knows.
    pub channels: usize,
    /// Channels as stored.
    pub lanes: usize,
}

impl Shape {
    /// Numbers as stored.
    pub fn stored(&self) -> usize {
        self.height * self.width * self.lanes
    }
}

/// A map that is read.
#[derive(Clone, Copy)]
pub struct Map<'a> {
    /// Its size.
    pub shape: Shape,
    /// Its numbers.
    pub data: &'a [f32],
}

/// What happens to each sum before it is stored: `max(x, 0) + slope * min(x, 0)`. Slope 1 leaves it, 0 is RELU.
pub type Slope = Vec<Lane>;

/// A convolution with everything that can follow it for free: a sum with another map, and an activation.
#[derive(Debug, PartialEq)]
pub struct Conv {
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Distance between neighbouring places of the kernel, pixels.
    pub stride: usize,
    /// Zero rows above and columns to the left.
    pub before: [usize; 2],
    /// Per 8 output channels: `kernel height x kernel width x input channels` rows of 8 weights.
    pub panels: Vec<Vec<Lane>>,
    /// Per output channel.
    pub bias: Vec<Lane>,
    /// Per output channel.
    pub slope: Slope,
}

/// A 3x3 convolution in which every channel sees only itself.
#[derive(Debug, PartialEq)]
pub struct Depthwise {
    /// Distance between neighbouring places of the kernel, pixels.
    pub stride: usize,
    /// Zero rows above and columns to the left.
    pub before: [usize; 2],
    /// Per 8 channels: the nine weights, row by row.
    pub weights: Vec<[Lane; 9]>,
    /// Per channel.
    pub bias: Vec<Lane>,
}

#[inline(always)]
fn add_product<const FUSED: bool>(sum: f32, a: f32, b: f32) -> f32 {
    // Without the CPU's own instruction `mul_add` would be a call into a library, many times slower.
    if FUSED { a.mul_add(b, sum) } else { a * b + sum }
}

#[inline(always)]
fn lane_at(data: &[f32], at: usize) -> &Lane {
    const EMPTY: &Lane = &[0.0; LANES];
    data.get(at..).and_then(<[f32]>::first_chunk).unwrap_or(EMPTY)
}

#[inline(always)]
fn activate(value: &mut Lane, slope: &Lane) {
    for lane in 0..LANES {
        value[lane] = value[lane].max(0.0) + slope[lane] * value[lane].min(0.0);
    }
}

/// Sums of `P` pixels and `G` groups of 8 output channels at once; `rows` are the pixels' inputs.
#[inline(always)]
fn tile<const FUSED: bool, const P: usize, const G: usize>(
    rows: [&[f32]; P],
    panels: [&[Lane]; G],
    bias: [&Lane; G],
) -> [[Lane; G]; P] {
    let mut sums = [bias.map(|lane| *lane); P];
    let length = panels[0].len();
    let rows = rows.map(|row| &row[..length]);
    let panels = panels.map(|panel| &panel[..length]);
    for index in 0..length {
        for pixel in 0..P {
            let value = rows[pixel][index];
            for group in 0..G {
                for lane in 0..LANES {
                    sums[pixel][group][lane] =
                        add_product::<FUSED>(sums[pixel][group][lane], value, panels[group][index][lane]);
                }
            }
        }
    }
    sums
}

/// Everything a convolution needs besides its weights.
pub struct ConvJob<'a> {
    /// Weights.
    pub conv: &'a Conv,
    /// Read.
    pub input: Map<'a>,
    /// Added before the activation; may have fewer lanes.
    pub residual: Option<Map<'a>>,
    /// Room for the inputs of 4 pixels; not used by 1x1 kernels.
    pub scratch: &'a mut [f32],
    /// Written.
    pub output: &'a mut [f32],
    /// Size of what is written.
    pub shape: Shape,
}

/// `GROUPS`: how many times 8 output channels the CPU's registers hold for 4 pixels.
#[inline(always)]
pub fn convolve<const FUSED: bool, const GROUPS: usize>(job: &mut ConvJob<'_>) {
    let pixels = job.shape.height * job.shape.width;
    let mut pixel = 0;
    while pixel + PIXELS <= pixels {
        convolve_pixels::<FUSED, GROUPS, PIXELS>(job, pixel);
        pixel += PIXELS;
    }
    while pixel < pixels {
        convolve_pixels::<FUSED, GROUPS, 1>(job, pixel);
        pixel += 1;
    }
}

#[inline(always)]
fn convolve_pixels<const FUSED: bool, const GROUPS: usize, const P: usize>(job: &mut ConvJob<'_>, first: usize) {
    let conv = job.conv;
    let length = conv.panels[0].len();
    let direct = conv.kernel == [1, 1] && conv.stride == 1;
    if !direct {
        for pixel in 0..P {
            gather(conv, job.input, job.shape.width, first + pixel, &mut job.scratch[pixel * length..][..length]);
        }
    }
    let mut rows: [&[f32]; P] = [&[]; P];
    for (pixel, row) in rows.iter_mut().enumerate() {
        *row = if direct {
            &job.input.data[(first + pixel) * job.input.shape.lanes..][..length]
        } else {
            &job.scratch[pixel * length..][..length]
        };
    }
    let mut group = 0;
    while group + GROUPS <= conv.panels.len() {
        let mut panels: [&[Lane]; GROUPS] = [&[]; GROUPS];
        let mut bias: [&Lane; GROUPS] = [&conv.bias[group]; GROUPS];
        for index in 0..GROUPS {
            panels[index] = &conv.panels[group + index];
            bias[index] = &conv.bias[group + index];
        }
        let sums = tile::<FUSED, P, GROUPS>(rows, panels, bias);
        finish(conv, job.residual, job.shape.lanes, job.output, first, group, sums);
        group += GROUPS;
    }
    while group < conv.panels.len() {
        let sums = tile::<FUSED, P, 1>(rows, [&conv.panels[group]], [&conv.bias[group]]);
        finish(conv, job.residual, job.shape.lanes, job.output, first, group, sums);
        group += 1;
    }
}

#[inline(always)]
fn finish<const P: usize, const G: usize>(
    conv: &Conv,
    residual: Option<Map<'_>>,
    lanes: usize,
    output: &mut [f32],
    first: usize,
    group: usize,
    sums: [[Lane; G]; P],
) {
    for (pixel, groups) in sums.into_iter().enumerate() {
        for (index, mut value) in groups.into_iter().enumerate() {
            let channel = (group + index) * LANES;
            if let Some(other) = residual
                && channel < other.shape.lanes
            {
                let other = lane_at(other.data, (first + pixel) * other.shape.lanes + channel);
                for lane in 0..LANES {
                    value[lane] += other[lane];
                }
            }
            activate(&mut value, &conv.slope[group + index]);
            output[(first + pixel) * lanes + channel..][..LANES].copy_from_slice(&value);
        }
    }
}

/// Lays out what the kernel sees at one output pixel, zeros outside the map.
fn gather(conv: &Conv, input: Map<'_>, output_width: usize, pixel: usize, row: &mut [f32]) {
    let Shape { height, width, channels, lanes } = input.shape;
    let [kernel_height, kernel_width] = conv.kernel;
    let top = (pixel / output_width * conv.stride) as isize - conv.before[0] as isize;
    let left = (pixel % output_width * conv.stride) as isize - conv.before[1] as isize;
    let whole = lanes == channels && left >= 0 && left as usize + kernel_width <= width;
    for down in 0..kernel_height {
        let y = top + down as isize;
        let part = &mut row[down * kernel_width * channels..][..kernel_width * channels];
        if y < 0 || y as usize >= height {
            part.fill(0.0);
        } else if whole {
            part.copy_from_slice(&input.data[(y as usize * width + left as usize) * lanes..][..part.len()]);
        } else {
            for (across, tap) in part.chunks_exact_mut(channels).enumerate() {
                let x = left + across as isize;
                if x < 0 || x as usize >= width {
                    tap.fill(0.0);
                } else {
                    tap.copy_from_slice(&input.data[(y as usize * width + x as usize) * lanes..][..channels]);
                }
            }
        }
    }
}

/// Everything a depthwise convolution needs besides its weights.
pub struct DepthwiseJob<'a> {
    /// Weights.
    pub depthwise: &'a Depthwise,
    /// Read.
    pub input: Map<'a>,
    /// At least one row of the input, all zero: what lies outside the map.
    pub zeros: &'a [f32],
    /// Written.
    pub output: &'a mut [f32],
    /// Size of what is written.
    pub shape: Shape,
}

/// Each channel with its own 3x3 kernel.
#[inline(always)]
pub fn depthwise<const FUSED: bool>(job: &mut DepthwiseJob<'_>) {
    let Shape { height, width, lanes, .. } = job.input.shape;
    let row_length = width * lanes;
    let output_length = job.shape.width * lanes;
    for y in 0..job.shape.height {
        let mut rows: [&[f32]; 3] = [&job.zeros[..row_length]; 3];
        for (down, row) in rows.iter_mut().enumerate() {
            let source = (y * job.depthwise.stride + down).wrapping_sub(job.depthwise.before[0]);
            if source < height {
                *row = &job.input.data[source * row_length..][..row_length];
            }
        }
        let output = &mut job.output[y * output_length..][..output_length];
        depthwise_row::<FUSED>(job.depthwise, rows, [width, lanes], output);
    }
}

#[inline(always)]
fn depthwise_row<const FUSED: bool>(
    depthwise: &Depthwise,
    rows: [&[f32]; 3],
    [width, lanes]: [usize; 2],
    output: &mut [f32],
) {
    for (group, weights) in depthwise.weights.iter().enumerate() {
        let bias = depthwise.bias[group];
        let channel = group * LANES;
        for (x, target) in output.chunks_exact_mut(lanes).enumerate() {
            let left = (x * depthwise.stride).wrapping_sub(depthwise.before[1]);
            let mut sum = bias;
            if left < width && left + 3 <= width {
                let start = left * lanes + channel;
                for down in 0..3 {
                    let row = &rows[down][start..start + 2 * lanes + LANES];
                    for across in 0..3 {
                        let value = lane_at(row, across * lanes);
                        for lane in 0..LANES {
                            sum[lane] = add_product::<FUSED>(sum[lane], value[lane], weights[down * 3 + across][lane]);
                        }
                    }
                }
            } else {
                depthwise_edge(rows, left, [width, lanes, channel], weights, &mut sum);
            }
            target[channel..channel + LANES].copy_from_slice(&sum);
        }
    }
}

/// The first and last columns, where the kernel hangs over the border.
fn depthwise_edge(
    rows: [&[f32]; 3],
    left: usize,
    [width, lanes, channel]: [usize; 3],
    weights: &[Lane; 9],
    sum: &mut Lane,
) {
    for (down, row) in rows.iter().enumerate() {
        for across in 0..3 {
            let x = left.wrapping_add(across);
            if x >= width {
                continue;
            }
            let value = lane_at(row, x * lanes + channel);
            for lane in 0..LANES {
                sum[lane] += value[lane] * weights[down * 3 + across][lane];
            }
        }
    }
}

/// The largest of each 2x2 pixels.
#[inline(always)]
pub fn pool(input: Map<'_>, output: &mut [f32], shape: Shape) {
    let lanes = shape.lanes;
    let row_length = input.shape.width * lanes;
    for (y, row) in output.chunks_exact_mut(shape.width * lanes).enumerate() {
        let upper = &input.data[2 * y * row_length..][..row_length];
        let lower = &input.data[(2 * y + 1) * row_length..][..row_length];
        for (x, target) in row.chunks_exact_mut(lanes).enumerate() {
            let block = 2 * x * lanes..2 * (x + 1) * lanes;
            let (a, b) = upper[block.clone()].split_at(lanes);
            let (c, d) = lower[block].split_at(lanes);
            for lane in 0..lanes {
                target[lane] = a[lane].max(b[lane]).max(c[lane].max(d[lane]));
            }
        }
    }
}

/// Sum of one or two maps and an activation. Lanes an input does not have count as zero.
#[inline(always)]
pub fn combine(first: Map<'_>, second: Option<Map<'_>>, slope: &Slope, output: &mut [f32], shape: Shape) {
    for (pixel, target) in output.chunks_exact_mut(shape.lanes).enumerate() {
        for (group, target) in target.chunks_exact_mut(LANES).enumerate() {
            let mut value = [0.0; LANES];
            for map in [Some(first), second].into_iter().flatten() {
                if group * LANES < map.shape.lanes {
                    let part = lane_at(map.data, pixel * map.shape.lanes + group * LANES);
                    for lane in 0..LANES {
                        value[lane] += part[lane];
                    }
                }
            }
            activate(&mut value, &slope[group]);
            target.copy_from_slice(&value);
        }
    }
}

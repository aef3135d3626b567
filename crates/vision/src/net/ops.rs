//! The kernels of the two face networks: convolutions, pooling, sums. Written once, compiled per CPU by `dispatch`.
//!
//! Guarantees: no allocation, no panic on maps of the shapes `model` has checked.
//! Every map is height x width x lanes, lanes a multiple of 8 (unused ones zero), so that no inner loop has a rest;
//! only the picture itself may have 3 lanes, and only convolutions read it.
#![allow(
    clippy::inline_always,
    reason = "a kernel takes on the CPU features of the caller it is inlined into; left to a hint, it may stay plain"
)]

/// Channels a map is stored in multiples of.
pub const LANES: usize = 8;
/// Output channels whose weights stand side by side.
pub const WIDE: usize = 16;
/// Pixels of the spread map that are made before the convolution reads them: enough that no kernel runs half empty.
pub const TOGETHER: usize = 16;
/// Inputs that are worked on between two checks of a bound. Every stretch a kernel reads is a multiple of it.
pub const BLOCK: usize = 4;
/// Places of the depthwise kernel.
const TAPS: usize = 9;

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

/// What happens to each sum before it is stored, per channel: `max(x, 0) + slope * min(x, 0)`. Slope 1 leaves it, 0 is
/// RELU. Filled up to a multiple of [`WIDE`].
pub type Slope = Vec<f32>;

/// What one input counts for in 16 output channels. Aligned, so that no load touches two lines of the cache.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(align(64))]
pub struct Weights(pub [f32; WIDE]);

/// A convolution with everything that can be computed on the way: a depthwise convolution before it, a sum with
/// another map and an activation after it.
#[derive(Debug, PartialEq)]
pub struct Conv {
    /// Made of the input first, a few rows at a time, so that its map never goes through the large memory.
    pub spread: Option<Depthwise>,
    /// Is the input read as it lies there? Only pixel by pixel, and with whole lanes.
    pub direct: bool,
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Distance between neighbouring places of the kernel, pixels.
    pub stride: usize,
    /// Zero rows above and columns to the left.
    pub before: [usize; 2],
    /// Per 16 output channels and row of the kernel: `kernel width x input channels` rows of 16 weights, filled up with
    /// zeros to a multiple of [`BLOCK`].
    pub panels: Vec<Vec<Weights>>,
    /// Per output channel, filled up to a multiple of [`WIDE`].
    pub bias: Vec<f32>,
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
    /// The nine weights, row by row, each per channel, filled up to a multiple of [`WIDE`].
    pub weights: [Vec<f32>; TAPS],
    /// Per channel, filled up as well.
    pub bias: Vec<f32>,
    /// Size of what it makes.
    pub shape: Shape,
}

impl Conv {
    /// Numbers it needs to lay out its input.
    pub fn scratch(&self, input: Shape, output: Shape) -> usize {
        match &self.spread {
            Some(spread) => rows_together(spread.shape) * spread.shape.width * spread.shape.lanes,
            None if self.direct => 0,
            None => {
                let [height, width] = self.framed(output);
                // The last stretch may read zero weights' worth beyond the end.
                height * width * input.channels + BLOCK
            }
        }
    }

    /// Height and width of the input with its zeros around and without what no kernel reaches.
    fn framed(&self, output: Shape) -> [usize; 2] {
        let side = |count: usize, kernel: usize| (count - 1) * self.stride + kernel;
        [side(output.height, self.kernel[0]), side(output.width, self.kernel[1])]
    }
}

fn rows_together(shape: Shape) -> usize {
    TOGETHER.div_ceil(shape.width).min(shape.height)
}

#[inline(always)]
fn add_product<const FUSED: bool>(sum: f32, a: f32, b: f32) -> f32 {
    // Without the CPU's own instruction `mul_add` would be a call into a library, many times slower.
    if FUSED { a.mul_add(b, sum) } else { a * b + sum }
}

#[inline(always)]
fn lane_at<const L: usize>(data: &[f32], at: usize) -> &[f32; L] {
    data.get(at..).and_then(<[f32]>::first_chunk).unwrap_or(const { &[0.0; L] })
}

#[inline(always)]
fn activate<const L: usize>(value: &mut [f32; L], slope: &[f32; L]) {
    for lane in 0..L {
        value[lane] = value[lane].max(0.0) + slope[lane] * value[lane].min(0.0);
    }
}

/// What the kernels along one row of output pixels see: `runs` stretches of `length` numbers, `pitch` apart, the first
/// pixel's at `start`, each next one's `step` further.
#[derive(Clone, Copy)]
struct Window<'a> {
    data: &'a [f32],
    runs: usize,
    length: usize,
    pitch: usize,
    start: usize,
    step: usize,
}

/// Sums of `P` pixels from `pixel` on and of `L` output channels from `HALF * 8` on of each of `G` panels, at once.
#[inline(always)]
fn tile<const FUSED: bool, const P: usize, const G: usize, const L: usize, const HALF: usize>(
    window: &Window<'_>,
    pixel: usize,
    panels: [&[Weights]; G],
    bias: [&[f32; L]; G],
) -> [[[f32; L]; G]; P] {
    let mut sums = [[[0.0; L]; G]; P];
    for sums in &mut sums {
        for group in 0..G {
            sums[group] = *bias[group];
        }
    }
    for run in 0..window.runs {
        let mut rows: [&[[f32; BLOCK]]; P] = [&[]; P];
        for (index, row) in rows.iter_mut().enumerate() {
            let start = window.start + (pixel + index) * window.step + run * window.pitch;
            *row = window.data[start..][..window.length].as_chunks().0;
        }
        let mut weights: [&[[Weights; BLOCK]]; G] = [&[]; G];
        for (weights, panel) in weights.iter_mut().zip(panels) {
            *weights = panel[run * window.length..][..window.length].as_chunks().0;
        }
        for block in 0..window.length / BLOCK {
            let inputs: [&[f32; BLOCK]; P] = std::array::from_fn(|pixel| &rows[pixel][block]);
            let weights: [&[Weights; BLOCK]; G] = std::array::from_fn(|group| &weights[group][block]);
            for index in 0..BLOCK {
                for group in 0..G {
                    let weights: [f32; L] = *lane_at(&weights[group][index].0, HALF * LANES);
                    for pixel in 0..P {
                        let value = inputs[pixel][index];
                        for lane in 0..L {
                            sums[pixel][group][lane] =
                                add_product::<FUSED>(sums[pixel][group][lane], value, weights[lane]);
                        }
                    }
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
    /// As long as [`Conv::scratch`] says.
    pub scratch: &'a mut [f32],
    /// At least one row of the input, all zero: what lies outside the map for the depthwise convolution.
    pub zeros: &'a [f32],
    /// Written.
    pub output: &'a mut [f32],
    /// Size of what is written.
    pub shape: Shape,
}

/// `P`: pixels at once; `G`: panels at once; `L`: channels of a panel at once; `D`: channels of the depthwise kernel at
/// once. What the CPU's registers hold.
#[inline(always)]
pub fn convolve<const FUSED: bool, const P: usize, const G: usize, const L: usize, const D: usize>(
    job: &mut ConvJob<'_>,
) {
    let conv = job.conv;
    let scratch = std::mem::take(&mut job.scratch);
    if let Some(spread) = &conv.spread {
        let Shape { height, width, lanes, .. } = spread.shape;
        let together = rows_together(spread.shape);
        for first in (0..height).step_by(together) {
            let rows = together.min(height - first);
            for (row, output) in scratch.chunks_exact_mut(width * lanes).take(rows).enumerate() {
                spread_row::<FUSED, D>(spread, job.input, job.zeros, first + row, output);
            }
            let window = Window { data: scratch, runs: 1, length: lanes, pitch: 0, start: 0, step: lanes };
            convolve_row::<FUSED, P, G, L>(job, &window, first * width, rows * width);
        }
    } else if conv.direct {
        let Shape { lanes, .. } = job.input.shape;
        let window = Window { data: job.input.data, runs: 1, length: lanes, pitch: 0, start: 0, step: lanes };
        convolve_row::<FUSED, P, G, L>(job, &window, 0, job.shape.height * job.shape.width);
    } else {
        let channels = job.input.shape.channels;
        let [_, framed_width] = conv.framed(job.shape);
        frame(conv, job.input, job.shape, scratch);
        let pitch = framed_width * channels;
        let length = (conv.kernel[1] * channels).next_multiple_of(BLOCK);
        for y in 0..job.shape.height {
            let (start, step) = (y * conv.stride * pitch, conv.stride * channels);
            let window = Window { data: scratch, runs: conv.kernel[0], length, pitch, start, step };
            convolve_row::<FUSED, P, G, L>(job, &window, y * job.shape.width, job.shape.width);
        }
    }
    job.scratch = scratch;
}

/// `count` output pixels from `first` on.
#[inline(always)]
fn convolve_row<const FUSED: bool, const P: usize, const G: usize, const L: usize>(
    job: &mut ConvJob<'_>,
    window: &Window<'_>,
    first: usize,
    count: usize,
) {
    let mut pixel = 0;
    while pixel + P <= count {
        convolve_pixels::<FUSED, P, G, L>(job, window, first, pixel);
        pixel += P;
    }
    while pixel + 4 <= count {
        convolve_pixels::<FUSED, 4, G, L>(job, window, first, pixel);
        pixel += 4;
    }
    while pixel < count {
        convolve_pixels::<FUSED, 1, G, L>(job, window, first, pixel);
        pixel += 1;
    }
}

#[inline(always)]
fn convolve_pixels<const FUSED: bool, const P: usize, const G: usize, const L: usize>(
    job: &mut ConvJob<'_>,
    window: &Window<'_>,
    first: usize,
    pixel: usize,
) {
    let panels = job.conv.panels.len();
    let mut panel = 0;
    while panel + G <= panels {
        convolve_panels::<FUSED, P, G, L>(job, window, first, pixel, panel);
        panel += G;
    }
    while panel < panels {
        convolve_panels::<FUSED, P, 1, L>(job, window, first, pixel, panel);
        panel += 1;
    }
}

#[inline(always)]
fn convolve_panels<const FUSED: bool, const P: usize, const G: usize, const L: usize>(
    job: &mut ConvJob<'_>,
    window: &Window<'_>,
    first: usize,
    pixel: usize,
    panel: usize,
) {
    let mut panels: [&[Weights]; G] = [&[]; G];
    for (index, rows) in panels.iter_mut().enumerate() {
        *rows = &job.conv.panels[panel + index];
    }
    let channel = panel * WIDE;
    let sums = tile::<FUSED, P, G, L, 0>(window, pixel, panels, lanes_of(&job.conv.bias, channel));
    finish(job, first + pixel, channel, &sums);
    if L == LANES && channel + LANES < job.shape.lanes {
        let channel = channel + LANES;
        let sums = tile::<FUSED, P, G, L, 1>(window, pixel, panels, lanes_of(&job.conv.bias, channel));
        finish(job, first + pixel, channel, &sums);
    }
}

/// `L` values for each of `G` panels, of which the first begins at `channel`.
#[inline(always)]
fn lanes_of<const G: usize, const L: usize>(values: &[f32], channel: usize) -> [&[f32; L]; G] {
    std::array::from_fn(|group| lane_at(values, channel + group * WIDE))
}

/// Adds what is to be added, bends, and stores.
#[inline(always)]
fn finish<const P: usize, const G: usize, const L: usize>(
    job: &mut ConvJob<'_>,
    first: usize,
    channel: usize,
    sums: &[[[f32; L]; G]; P],
) {
    let lanes = job.shape.lanes;
    let slopes: [&[f32; L]; G] = lanes_of(&job.conv.slope, channel);
    let target = &mut job.output[first * lanes..][..P * lanes];
    let (others, other_lanes) = job.residual.map_or((&[][..], 0), |other| {
        (&other.data[first * other.shape.lanes..][..P * other.shape.lanes], other.shape.lanes)
    });
    for group in 0..G {
        let channel = channel + group * WIDE;
        // The last panel may be wider than the map.
        let whole = channel + L <= lanes;
        let added = other_lanes.saturating_sub(channel).min(L);
        for pixel in 0..P {
            let mut value = sums[pixel][group];
            if added >= L {
                let other = lane_at::<L>(others, pixel * other_lanes + channel);
                for lane in 0..L {
                    value[lane] += other[lane];
                }
            } else if added > 0 {
                let other = lane_at::<LANES>(others, pixel * other_lanes + channel);
                for lane in 0..LANES {
                    value[lane] += other[lane];
                }
            }
            activate(&mut value, slopes[group]);
            let target = &mut target[pixel * lanes + channel..];
            if whole {
                target[..L].copy_from_slice(&value);
            } else {
                target[..LANES].copy_from_slice(&value[..LANES]);
            }
        }
    }
}

/// Lays out the input with its zeros around, without unused lanes, so that every kernel reads whole stretches.
fn frame(conv: &Conv, input: Map<'_>, output: Shape, framed: &mut [f32]) {
    let Shape { height, width, channels, lanes } = input.shape;
    let [framed_height, framed_width] = conv.framed(output);
    let [above, left] = conv.before;
    let columns = width.min(framed_width - left);
    for (y, row) in framed.chunks_exact_mut(framed_width * channels).take(framed_height).enumerate() {
        let Some(y) = y.checked_sub(above).filter(|y| *y < height) else {
            row.fill(0.0);
            continue;
        };
        let (before, rest) = row.split_at_mut(left * channels);
        let (inside, after) = rest.split_at_mut(columns * channels);
        before.fill(0.0);
        after.fill(0.0);
        let source = &input.data[y * width * lanes..][..width * lanes];
        if lanes == channels {
            inside.copy_from_slice(&source[..columns * channels]);
        } else {
            for (to, from) in inside.chunks_exact_mut(channels).zip(source.chunks_exact(lanes)) {
                to.copy_from_slice(&from[..channels]);
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
}

/// Each channel with its own 3x3 kernel; `D` channels at once.
#[inline(always)]
pub fn depthwise<const FUSED: bool, const D: usize>(job: &mut DepthwiseJob<'_>) {
    let length = job.depthwise.shape.width * job.depthwise.shape.lanes;
    for (y, output) in job.output.chunks_exact_mut(length).enumerate() {
        spread_row::<FUSED, D>(job.depthwise, job.input, job.zeros, y, output);
    }
}

/// The three rows of the input that a row of the output sees.
#[derive(Clone, Copy)]
struct ThreeRows<'a> {
    rows: [&'a [f32]; 3],
    width: usize,
    lanes: usize,
}

#[inline(always)]
fn spread_row<const FUSED: bool, const D: usize>(
    depthwise: &Depthwise,
    input: Map<'_>,
    zeros: &[f32],
    y: usize,
    output: &mut [f32],
) {
    let Shape { height, width, lanes, .. } = input.shape;
    let length = width * lanes;
    let mut rows: [&[f32]; 3] = [&zeros[..length]; 3];
    for (down, row) in rows.iter_mut().enumerate() {
        let source = (y * depthwise.stride + down).wrapping_sub(depthwise.before[0]);
        if source < height {
            *row = &input.data[source * length..][..length];
        }
    }
    let rows = ThreeRows { rows, width, lanes };
    let mut channel = 0;
    while channel + D <= lanes {
        spread_channels::<FUSED, D>(depthwise, rows, channel, output);
        channel += D;
    }
    while channel < lanes {
        spread_channels::<FUSED, LANES>(depthwise, rows, channel, output);
        channel += LANES;
    }
}

#[inline(always)]
fn spread_channels<const FUSED: bool, const D: usize>(
    depthwise: &Depthwise,
    rows: ThreeRows<'_>,
    channel: usize,
    output: &mut [f32],
) {
    let mut weights = [[0.0; D]; TAPS];
    for (weights, tap) in weights.iter_mut().zip(&depthwise.weights) {
        *weights = *lane_at(tap, channel);
    }
    let bias = lane_at::<D>(&depthwise.bias, channel);
    if depthwise.stride == 1 {
        slide::<FUSED, D>(rows, channel, &weights, bias, output);
        return;
    }
    for (x, target) in output.chunks_exact_mut(rows.lanes).enumerate() {
        let left = (x * depthwise.stride).wrapping_sub(depthwise.before[1]);
        let sum = if left < rows.width && left + 3 <= rows.width {
            one::<FUSED, D>(rows, left * rows.lanes + channel, &weights, bias)
        } else {
            at_the_edge(rows, left, channel, &weights, bias)
        };
        target[channel..channel + D].copy_from_slice(&sum);
    }
}

/// At stride 1 every column is read once: what it counts for in the pixel to its right, in its own and in the one to its
/// left is summed at once, and a pixel is complete one column later.
#[inline(always)]
fn slide<const FUSED: bool, const D: usize>(
    ThreeRows { rows, lanes, .. }: ThreeRows<'_>,
    channel: usize,
    weights: &[[f32; D]; TAPS],
    bias: &[f32; D],
    output: &mut [f32],
) {
    let [upper, middle, lower] = rows.map(|row| row.chunks_exact(lanes));
    let mut targets = output.chunks_exact_mut(lanes);
    let (mut started, mut nearly) = (*bias, *bias);
    for (x, ((upper, middle), lower)) in upper.zip(middle).zip(lower).enumerate() {
        let mut parts = [[0.0; D]; 3];
        for (down, row) in [upper, middle, lower].into_iter().enumerate() {
            let value: [f32; D] = *lane_at(row, channel);
            for across in 0..3 {
                for lane in 0..D {
                    parts[across][lane] =
                        add_product::<FUSED>(parts[across][lane], value[lane], weights[down * 3 + across][lane]);
                }
            }
        }
        let mut complete = nearly;
        for lane in 0..D {
            complete[lane] += parts[2][lane];
            nearly[lane] = started[lane] + parts[1][lane];
            started[lane] = bias[lane] + parts[0][lane];
        }
        if x > 0
            && let Some(target) = targets.next()
        {
            target[channel..channel + D].copy_from_slice(&complete);
        }
    }
    if let Some(target) = targets.next() {
        target[channel..channel + D].copy_from_slice(&nearly);
    }
}

#[inline(always)]
fn one<const FUSED: bool, const D: usize>(
    rows: ThreeRows<'_>,
    start: usize,
    weights: &[[f32; D]; TAPS],
    bias: &[f32; D],
) -> [f32; D] {
    let mut sum = *bias;
    for down in 0..3 {
        let row = &rows.rows[down][start..];
        for across in 0..3 {
            let value = lane_at::<D>(row, across * rows.lanes);
            for lane in 0..D {
                sum[lane] = add_product::<FUSED>(sum[lane], value[lane], weights[down * 3 + across][lane]);
            }
        }
    }
    sum
}

/// The first and last columns, where the kernel hangs over the border.
fn at_the_edge<const D: usize>(
    rows: ThreeRows<'_>,
    left: usize,
    channel: usize,
    weights: &[[f32; D]; TAPS],
    bias: &[f32; D],
) -> [f32; D] {
    let mut sum = *bias;
    for (down, row) in rows.rows.iter().enumerate() {
        for across in 0..3 {
            let x = left.wrapping_add(across);
            if x >= rows.width {
                continue;
            }
            let value = lane_at::<D>(row, x * rows.lanes + channel);
            for lane in 0..D {
                sum[lane] += value[lane] * weights[down * 3 + across][lane];
            }
        }
    }
    sum
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
pub fn combine(first: Map<'_>, second: Option<Map<'_>>, slope: &[f32], output: &mut [f32], shape: Shape) {
    for (pixel, target) in output.chunks_exact_mut(shape.lanes).enumerate() {
        for (group, target) in target.chunks_exact_mut(LANES).enumerate() {
            let mut value = [0.0; LANES];
            for map in [Some(first), second].into_iter().flatten() {
                if group * LANES < map.shape.lanes {
                    let part = lane_at::<LANES>(map.data, pixel * map.shape.lanes + group * LANES);
                    for lane in 0..LANES {
                        value[lane] += part[lane];
                    }
                }
            }
            activate(&mut value, lane_at(slope, group * LANES));
            target.copy_from_slice(&value);
        }
    }
}

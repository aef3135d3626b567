//! Chance from a seed: the same number gives the same learner, card and noise, everywhere and for ever.

/// A stream of chance. Splitmix64: tiny, fast, and good enough for pictures; never for secrets.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// `purpose` keeps streams of one seed apart, so that a new hair colour does not change everybody's name.
    pub(crate) fn new(seed: u64, purpose: u64) -> Self {
        let mut dice = Self(seed ^ purpose.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        dice.next();
        dice
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// 0 to just under 1.
    pub(crate) fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 24) as f32
    }

    pub(crate) fn between(&mut self, least: f32, most: f32) -> f32 {
        least + (most - least) * self.unit()
    }

    /// 0 to `count - 1`; `count` is at least 1.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        (self.next() % count as u64) as usize
    }

    /// Mean 0, standard deviation 1, never beyond 3.5: the sum of four uniform numbers.
    pub(crate) fn bell(&mut self) -> f32 {
        let n = self.next();
        let sum = (n & 0xFFFF) + ((n >> 16) & 0xFFFF) + ((n >> 32) & 0xFFFF) + (n >> 48);
        (sum as f32 / 65_535.0 - 2.0) * 1.732
    }
}

fn corner(x: i32, y: i32, z: i32) -> f32 {
    let mut n = (x as u32).wrapping_mul(0x8DA6_B343)
        ^ (y as u32).wrapping_mul(0xD816_3841)
        ^ (z as u32).wrapping_mul(0xCB1A_B31F);
    n ^= n >> 15;
    n = n.wrapping_mul(0x2C1B_3C6D);
    n ^= n >> 13;
    (n >> 8) as f32 / 8_388_608.0 - 1.0
}

/// Smooth noise in space, -1 to 1, with features about one unit across.
pub(crate) fn noise(x: f32, y: f32, z: f32) -> f32 {
    let (fx, fy, fz) = (x.floor(), y.floor(), z.floor());
    let (ix, iy, iz) = (fx as i32, fy as i32, fz as i32);
    let soft = |t: f32| t * t * (3.0 - 2.0 * t);
    let (u, v, w) = (soft(x - fx), soft(y - fy), soft(z - fz));
    let mix = |a: f32, b: f32, t: f32| a + (b - a) * t;
    let plane = |k: i32| {
        mix(
            mix(corner(ix, iy, k), corner(ix + 1, iy, k), u),
            mix(corner(ix, iy + 1, k), corner(ix + 1, iy + 1, k), u),
            v,
        )
    };
    mix(plane(iz), plane(iz + 1), w)
}

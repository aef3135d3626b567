//! Five thousand damaged JPEGs and twenty thousand raw buffers of any size: a refusal or the exact picture, within bounded
//! time and memory. The bodies are those of the fuzz targets in `fuzz/`, whose seeds are played here too.

use std::path::Path;
use std::time::{Duration, Instant};

use likeness_camera::bad_input::{self, Outcome};
use likeness_camera::{Damage, decode_still, encode_rgb};

use crate::played::now;

/// Five times the aim of 200 ms for one picture.
const LONGEST: Duration = Duration::from_secs(1);
/// A picture of the largest sides has 48 MB of samples at full chroma; a few of them may be alive at once.
const MOST_MEMORY_KB: u64 = 400 * 1024;

/// Chance with a printed seed; `LIKENESS_SEED` plays one again.
struct Chance(u64);

impl Chance {
    #[allow(clippy::print_stdout, reason = "the seed is for whoever reads the test run")]
    fn new(what: &str) -> Self {
        let seed = std::env::var("LIKENESS_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_261_125);
        println!("{what}: seed {seed} (LIKENESS_SEED={seed} plays it again)");
        Self(seed)
    }
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap_or(0)
    }
    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }
    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.byte()).collect()
    }
}

fn drawn(width_px: u16, height_px: u16, chance: &mut Chance) -> Vec<u8> {
    let tint = chance.byte() / 2;
    let rgb: Vec<u8> = (0..usize::from(width_px) * usize::from(height_px) * 3)
        .map(|index| u8::try_from(index / 9 % 97).unwrap_or(0) + tint / 2 + chance.byte() / 8)
        .collect();
    encode_rgb(&rgb, width_px, height_px, 85).unwrap()
}

/// Where a marker segment begins.
fn marker(jpeg: &[u8], marker: u8) -> usize {
    let mut at = 2;
    while jpeg[at + 1] != marker {
        at += 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
    }
    at
}

/// The kinds of damage, and whether every picture damaged this way must be refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Cut,
    CutAndEnded,
    OneBit,
    ManyBytes,
    Run,
    Spliced,
    Size,
    HugeSize,
    Tables,
    Coding,
    TwelveBit,
    Sampling,
    Quantisation,
    Restarts,
    Glued,
    Noise,
}

const KINDS: [Kind; 16] = [
    Kind::Cut,
    Kind::CutAndEnded,
    Kind::OneBit,
    Kind::ManyBytes,
    Kind::Run,
    Kind::Spliced,
    Kind::Size,
    Kind::HugeSize,
    Kind::Tables,
    Kind::Coding,
    Kind::TwelveBit,
    Kind::Sampling,
    Kind::Quantisation,
    Kind::Restarts,
    Kind::Glued,
    Kind::Noise,
];

fn damaged(kind: Kind, whole: &[u8], other: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    let (frame, scan) = (marker(whole, 0xC0), marker(whole, 0xDA));
    match kind {
        Kind::Cut => bytes.truncate(chance.below(whole.len())),
        Kind::CutAndEnded => {
            // Somewhere in the first three quarters of the scan, so that blocks are missing for certain.
            bytes.truncate(scan + 14 + chance.below((whole.len() - scan) * 3 / 4 - 14));
            while bytes.last() == Some(&0xFF) {
                bytes.pop();
            }
            bytes.extend([0xFF, 0xD9]);
        }
        Kind::OneBit => {
            let at = chance.below(whole.len());
            bytes[at] ^= 1 << chance.below(8);
        }
        Kind::ManyBytes => (0..20).for_each(|_| {
            let at = chance.below(whole.len());
            bytes[at] = chance.byte();
        }),
        Kind::Run => {
            let (at, len) = (chance.below(whole.len()), chance.below(1024));
            bytes.iter_mut().skip(at).take(len).for_each(|byte| *byte = chance.byte());
        }
        Kind::Spliced => {
            let at = chance.below(whole.len().min(other.len()));
            bytes = [&whole[..at], &other[at..]].concat();
        }
        Kind::Size => {
            let at = frame + 5 + chance.below(4);
            bytes[at] = chance.byte();
        }
        Kind::HugeSize => {
            // A small picture that claims to be as large as is taken at all, or larger.
            let side: u16 = [4_096, 4_095, 4_097, 65_535, 16, 15, 0][chance.below(7)];
            let at = frame + 5 + 2 * chance.below(2);
            bytes[at..at + 2].copy_from_slice(&side.to_be_bytes());
        }
        Kind::Tables => {
            let tables = marker(whole, 0xC4);
            let at = tables + 2 + chance.below(scan.min(tables + 420) - tables - 2);
            bytes[at] = chance.byte();
        }
        Kind::Coding => bytes[frame + 1] = [0xC1, 0xC2, 0xC3, 0xC5, 0xC9, 0xCA, 0xCF][chance.below(7)],
        Kind::TwelveBit => bytes[frame + 4] = [12, 16, 1, 0][chance.below(4)],
        Kind::Sampling => {
            let at = frame + 11 + 3 * chance.below(3);
            bytes[at] = [0x11, 0x12, 0x21, 0x22, 0x41, 0x14, 0x44, 0x00, 0xFF][chance.below(9)];
        }
        Kind::Quantisation => {
            let at = marker(whole, 0xDB) + 2 + chance.below(67);
            bytes[at] = chance.byte();
        }
        Kind::Restarts => {
            let interval = chance.bytes(2);
            let segment = [&[0xFF, 0xDD, 0, 4][..], &interval].concat();
            bytes.splice(scan..scan, segment);
        }
        Kind::Glued => {
            let tail = chance.below(64);
            bytes.extend(chance.bytes(tail));
            bytes.extend(other);
        }
        Kind::Noise => {
            let len = chance.below(4_000);
            bytes = chance.bytes(len);
            if chance.below(2) == 0 {
                bytes.splice(0..0, [0xFF, 0xD8]);
            }
        }
    }
    bytes
}

/// The most memory this process has ever held.
#[cfg(target_os = "linux")]
fn high_water_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[cfg(not(target_os = "linux"))]
fn high_water_kb() -> u64 {
    0
}

#[allow(clippy::print_stdout, reason = "counts are for whoever reads the test run")]
fn report(what: &str, tried: usize, refused: usize, slowest: Duration) {
    println!(
        "{what}: {tried} tried, {refused} refused, slowest {} ms, most memory {} MB",
        slowest.as_millis(),
        high_water_kb() / 1024
    );
    assert!(slowest < LONGEST, "{what}: no picture may hold up the stream: {slowest:?}");
    assert!(high_water_kb() < MOST_MEMORY_KB, "{what}: {} KB", high_water_kb());
}

fn timed(slowest: &mut Duration, body: impl FnOnce() -> Outcome) -> Outcome {
    let began: Instant = now();
    let outcome = body();
    *slowest = (*slowest).max(began.elapsed());
    outcome
}

#[test]
fn five_thousand_damaged_jpegs_are_refused_or_are_exact_pictures() {
    let mut chance = Chance::new("damaged JPEGs");
    let sizes = [(64, 64), (160, 120), (321, 241), (640, 480)];
    let whole: Vec<Vec<u8>> = sizes.iter().map(|(width, height)| drawn(*width, *height, &mut chance)).collect();
    let (mut refused, mut slowest) = (0, Duration::ZERO);
    for round in 0..5_000 {
        let kind = KINDS[round % KINDS.len()];
        // Mostly small ones: a kind of damage does not depend on the size.
        let size = [0, 0, 0, 1, 1, 2, 3][chance.below(7)];
        let other = chance.below(2);
        let bytes = damaged(kind, &whole[size], &whole[other], &mut chance);
        match (timed(&mut slowest, || bad_input::jpeg(&bytes)), kind) {
            (Outcome::Refused(_), _) => refused += 1,
            (taken, Kind::CutAndEnded | Kind::Cut | Kind::Coding | Kind::TwelveBit | Kind::Noise) => {
                panic!("round {round}: {kind:?} must always be seen, and was {taken:?}");
            }
            (Outcome::Picture { .. }, _) => {}
        }
    }
    report("damaged JPEGs", 5_000, refused, slowest);
    assert!((2_000..4_900).contains(&refused), "most damage is seen, and some is harmless: {refused}");
}

#[test]
fn half_a_picture_with_an_end_glued_on_is_never_a_still() {
    let mut chance = Chance::new("glued ends");
    for _ in 0..200 {
        let whole = drawn(160, 120, &mut chance);
        assert!(decode_still(&whole).is_ok());
        let torn = damaged(Kind::CutAndEnded, &whole, &whole, &mut chance);
        assert!(matches!(decode_still(&torn), Err(Damage::Codec(_))), "{} of {} bytes", torn.len(), whole.len());
    }
}

#[test]
fn twenty_thousand_raw_buffers_of_any_size_are_refused_or_are_exact_pictures() {
    let mut chance = Chance::new("raw buffers");
    let noise = chance.bytes(1 << 20);
    let (mut refused, mut slowest) = (0, Duration::ZERO);
    for round in 0..20_000usize {
        let largest = if round % 100 == 0 { 700 } else { 48 };
        let (width, height) = (1 + chance.below(largest), 1 + chance.below(largest));
        let exact = [2 * width * height, width * height + 2 * width.div_ceil(2) * height.div_ceil(2)][round % 2];
        let len = match chance.below(5) {
            0 => exact,
            1 => exact.saturating_sub(1 + chance.below(4)),
            2 => exact + chance.below(4_096),
            3 => chance.below(exact + 1),
            _ => chance.below(64),
        };
        let side = |px: usize| u16::try_from(px - 1).unwrap_or(0).to_be_bytes();
        let from = chance.below(noise.len() - len.min(noise.len() - 1));
        let head = [&[u8::try_from(round % 2).unwrap_or(0)][..], &side(width), &side(height)].concat();
        let bytes = [&head, &noise[from..(from + len).min(noise.len())]].concat();
        if matches!(timed(&mut slowest, || bad_input::raw(&bytes)), Outcome::Refused(_)) {
            refused += 1;
        }
    }
    report("raw buffers", 20_000, refused, slowest);
    assert!((8_000..16_000).contains(&refused), "about half are whole: {refused}");
}

/// The largest picture that is taken at all, and what claims to be larger.
#[test]
fn the_largest_sides_are_bounded_in_time_and_memory() {
    let mut chance = Chance::new("largest");
    let small = drawn(64, 64, &mut chance);
    let frame = marker(&small, 0xC0);
    let mut slowest = Duration::ZERO;
    for side in [4_096u16, 4_097, 65_535] {
        let mut bytes = small.clone();
        bytes[frame + 5..frame + 7].copy_from_slice(&side.to_be_bytes());
        bytes[frame + 7..frame + 9].copy_from_slice(&side.to_be_bytes());
        let outcome = timed(&mut slowest, || bad_input::jpeg(&bytes));
        assert!(matches!(outcome, Outcome::Refused(_)), "64 blocks are no picture of {side} rows: {outcome:?}");
    }
    report("largest", 3, 3, slowest);
}

/// What the fuzz targets start from, and whatever they found.
#[test]
fn the_seeds_of_the_fuzz_targets_are_played() {
    type Body = fn(&[u8]) -> Outcome;
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    for (folder, body) in [("jpeg", bad_input::jpeg as Body), ("raw", bad_input::raw as Body)] {
        let (mut played, mut taken) = (0, 0);
        for entry in std::fs::read_dir(seeds.join(folder)).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            played += 1;
            taken += usize::from(matches!(body(&bytes), Outcome::Picture { .. }));
        }
        assert!(played >= 4 && taken >= 2, "{folder}: {played} seeds, {taken} of them whole pictures");
    }
}

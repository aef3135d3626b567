//! The interpreter against LiteRT, path against path, each kernel against a plain one, and damaged files.

use super::Network;
use super::dispatch::Cpu;

const SIDES: [usize; 2] = [128, 192];
const POINTS: usize = 896 * 17;

/// Largest difference allowed, as a share of the output's largest value and in its own units.
const RELATIVE: f32 = 1e-4;
const ABSOLUTE: f32 = 5e-4;

fn noise(side: usize) -> Vec<u8> {
    let mut state = 12_345_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..side * side * 3).map(|_| next()).collect()
}

fn gradient(side: usize) -> Vec<u8> {
    let pixel = |at: usize| {
        let (x, y) = (at % side, at / side);
        [x * 255 / side, y * 255 / side, (x + y) * 255 / (2 * side)].map(|value| value as u8)
    };
    (0..side * side).flat_map(pixel).collect()
}

/// Centre, half axes (in 256ths of the side) and colour; later ones cover earlier ones.
const HEAD: [([i64; 4], [u8; 3]); 12] = [
    ([128, 118, 66, 86], [58, 40, 30]),
    ([128, 132, 56, 76], [205, 160, 132]),
    ([106, 118, 13, 7], [238, 236, 232]),
    ([150, 118, 13, 7], [238, 236, 232]),
    ([106, 118, 6, 6], [48, 36, 30]),
    ([150, 118, 6, 6], [48, 36, 30]),
    ([106, 103, 16, 3], [70, 50, 38]),
    ([150, 103, 16, 3], [70, 50, 38]),
    ([128, 140, 6, 16], [188, 142, 114]),
    ([121, 152, 4, 3], [120, 80, 64]),
    ([135, 152, 4, 3], [120, 80, 64]),
    ([128, 174, 20, 6], [158, 82, 76]),
];

fn head(side: usize) -> Vec<u8> {
    let size = side as i64;
    let pixel = |at: i64| {
        let covers = |[cx, cy, rx, ry]: [i64; 4]| {
            let (dx, dy) = (256 * (at % size) - cx * size, 256 * (at / size) - cy * size);
            (dx * ry).pow(2) + (dy * rx).pow(2) <= (rx * ry * size).pow(2)
        };
        HEAD.iter().rev().find(|(ellipse, _)| covers(*ellipse)).map_or([150, 158, 166], |(_, colour)| *colour)
    };
    (0..size * size).flat_map(pixel).collect()
}

/// Boxes, logits, points and presence, as the reference files hold them.
fn outputs(detector: &mut Network, mesh: &mut Network, picture: fn(usize) -> Vec<u8>) -> Vec<Vec<f32>> {
    for (number, pixel) in detector.input().iter_mut().zip(picture(SIDES[0])) {
        *number = f32::from(pixel) / 127.5 - 1.0;
    }
    for (number, pixel) in mesh.input().iter_mut().zip(picture(SIDES[1])) {
        *number = f32::from(pixel) / 255.0;
    }
    let mut all = detector.run().to_vec();
    all.extend_from_slice(mesh.run());
    all.sort_by_key(|output| std::cmp::Reverse(output.len()));
    // Points come before logits by length; the files keep each network together.
    all.swap(1, 2);
    all
}

#[track_caller]
fn check(found: &[Vec<f32>], expected: &[Vec<f32>], because: &str) {
    let names = ["boxes", "logits", "points", "presence"];
    for ((found, expected), name) in found.iter().zip(expected).zip(names) {
        assert_eq!(found.len(), expected.len(), "{name}: {because}");
        let largest = expected.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        let apart = found.iter().zip(expected).fold(0.0_f32, |apart, (a, b)| apart.max((a - b).abs()));
        assert!(
            apart <= ABSOLUTE && apart <= RELATIVE * largest,
            "{name}: {apart:e} apart at most, largest value {largest}: {because}"
        );
        println!("{because}: {name} {apart:e} apart, largest value {largest}");
    }
}

fn reference(file: &[u8]) -> Vec<Vec<f32>> {
    let (words, _) = file.as_chunks::<4>();
    let values: Vec<f32> = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
    let ends = [0, 896 * 16, POINTS, POINTS + 1404, POINTS + 1405];
    assert_eq!(values.len(), ends[4], "a reference file holds all four outputs");
    ends.windows(2).map(|pair| values[pair[0]..pair[1]].to_vec()).collect()
}

type Drawing = (&'static str, fn(usize) -> Vec<u8>, &'static [u8]);

const DRAWINGS: [Drawing; 3] = [
    ("noise", noise, include_bytes!("../../tests/data/litert/noise.f32")),
    ("gradient", gradient, include_bytes!("../../tests/data/litert/gradient.f32")),
    ("head", head, include_bytes!("../../tests/data/litert/head.f32")),
];

/// Detector and mesh on every path of this machine, the fastest first.
pub(crate) fn each_path() -> Vec<(String, Network, Network)> {
    let load = |cpu| {
        let (detector, mesh) = networks(cpu);
        let name = format!("{cpu:?}").split('(').next().unwrap_or_default().to_lowercase();
        (name, detector, mesh)
    };
    Cpu::every_path().into_iter().map(load).collect()
}

fn networks(cpu: Cpu) -> (Network, Network) {
    (Network::load(super::DETECTOR, cpu).unwrap(), Network::load(super::MESH, cpu).unwrap())
}

#[test]
fn both_paths_compute_what_litert_computes_and_the_same_again() {
    for cpu in Cpu::every_path() {
        let (mut detector, mut mesh) = networks(cpu);
        let runs = DRAWINGS.map(|(_, picture, _)| outputs(&mut detector, &mut mesh, picture));
        for ((name, picture, file), run) in DRAWINGS.iter().zip(&runs) {
            check(run, &reference(file), &format!("{name} on {cpu:?}"));
            let again = outputs(&mut detector, &mut mesh, *picture);
            assert_eq!(run, &again, "{name} on {cpu:?}: an earlier picture must leave no trace in the shared memory");
        }
    }
}

//! Pictures nobody would take: no panic, every number finite.

use likeness_vision::face::{Face, FaceAnalyser, FaceBox, FaceReport};
use likeness_vision::people::Sweep;
use likeness_vision::{Colour, Lens, Picture, Plane, PlaneError, Rect};

/// Chance from a seed (splitmix64). `LIKENESS_SEED` replays a run.
struct Dice(u64);

impl Dice {
    fn new() -> Self {
        let seed = std::env::var("LIKENESS_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_261_124);
        println!("LIKENESS_SEED={seed}");
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// One of several kinds of nonsense.
    fn bytes(&mut self, count: usize) -> Vec<u8> {
        let kind = self.next() % 4;
        let level = (self.next() % 256) as u8;
        let mut bytes = vec![level; count];
        match kind {
            0 => {}
            1 => bytes.chunks_mut(8).for_each(|chunk| {
                let eight = self.next().to_le_bytes();
                chunk.copy_from_slice(&eight[..chunk.len()]);
            }),
            2 => bytes.iter_mut().enumerate().for_each(|(at, byte)| *byte = (at / 7 % 256) as u8),
            _ => bytes.iter_mut().enumerate().for_each(|(at, byte)| *byte = if at / 11 % 2 == 0 { 0 } else { 255 }),
        }
        bytes
    }
}

fn numbers_of_box(face: &FaceBox) -> Vec<f32> {
    let mut all = vec![face.score, face.bounds.x, face.bounds.y, face.bounds.width, face.bounds.height];
    all.extend(face.keypoints.iter().flat_map(|point| [point.x, point.y]));
    all
}

fn numbers_of_face(face: &Face) -> Vec<f32> {
    let mut all = vec![
        face.score,
        face.presence,
        face.bounds.x,
        face.bounds.y,
        face.bounds.width,
        face.bounds.height,
        face.inter_eye_px,
        face.head_height_ratio,
        face.border_margin,
        face.yaw_degrees,
        face.pitch_degrees,
        face.roll_degrees,
        face.eye_white_luma,
        face.eye_contrast,
        face.burnt_share,
        face.background_over_eye,
        face.side_light_ratio,
        face.blur,
        face.mouth_open,
        face.face_p95_luma,
        face.chroma.unwrap_or(0.0),
        face.distance_mm,
    ];
    all.extend(face.points.iter().flatten());
    all.extend(face.eyes.iter().flat_map(|eye| [eye.x, eye.y]));
    all
}

/// Every number of a report.
pub fn numbers(report: &FaceReport) -> Vec<f32> {
    let mut all = vec![report.scene.p10, report.scene.p90, report.scene.mean];
    all.extend(report.main.iter().flat_map(numbers_of_face));
    all.extend(report.others.iter().flat_map(numbers_of_box));
    all
}

#[track_caller]
fn check(analyser: &mut FaceAnalyser, picture: &Picture<'_>, lens: &Lens, because: &str) {
    let report = analyser.analyse(picture, lens);
    assert!(numbers(&report).iter().all(|number| number.is_finite()), "{because}: {report:?}");
    let region = Rect { x: -3.5, y: picture.luma.height() as f32 / 2.0, width: 40.25, height: 1e9 };
    for region in [None, Some(region), Some(Rect { width: f32::NAN, ..region }), Some(Rect::default())] {
        let found = analyser.find(picture, region);
        assert!(found.iter().flat_map(numbers_of_box).all(f32::is_finite), "{because}, {region:?}: {found:?}");
    }
    let people = analyser.people(picture, Sweep::Next);
    assert!(people.iter().flat_map(numbers_of_box).all(f32::is_finite), "{because}: {people:?}");
}

#[test]
fn a_picture_of_anything_is_measured_without_a_panic() {
    let mut dice = Dice::new();
    let mut analyser = FaceAnalyser::new().unwrap();
    #[rustfmt::skip]
    let sizes = [
        (1, 1), (2, 1), (1, 2), (3, 3), (7, 5), (16, 16), (127, 129), (128, 128), (1, 4096), (4096, 1), (4096, 3), (3, 4096),
        (641, 1), (640, 480), (1281, 721), (1366, 768), (4095, 97), (4096, 4096),
    ];
    for (width, height) in sizes {
        let stride = width + (dice.next() % 9) as u32;
        let luma = dice.bytes((stride * height) as usize);
        let luma = Plane::new(&luma, width, height, stride).unwrap();
        for (shift_x, shift_y) in [(0, 0), (1, 1), (1, 0), (2, 2)] {
            // Colour planes of a damaged JPEG may have any size at all.
            let (half_width, half_height) = ((width >> shift_x).max(1), (height >> shift_y).max(1));
            let blue = dice.bytes((half_width * half_height) as usize);
            let red = dice.bytes(9);
            let colour = Colour::Planar {
                u: Plane::new(&blue, half_width, half_height, half_width).unwrap(),
                v: Plane::new(&red, 3, 3, 3).unwrap(),
                shift_x,
                shift_y,
            };
            let picture = Picture { luma, colour };
            check(
                &mut analyser,
                &picture,
                &Lens::assumed(width, height),
                &format!("{width}x{height}, {shift_x} {shift_y}"),
            );
        }
        let lens = Lens { focal_px: 0.0, centre_x_px: -1.0, centre_y_px: 1e9, known: true };
        check(
            &mut analyser,
            &Picture { luma, colour: Colour::None },
            &lens,
            &format!("{width}x{height}, grey, no lens"),
        );
    }
}

#[test]
fn bytes_that_are_no_picture_are_refused() {
    let bytes = [0; 100];
    #[rustfmt::skip]
    let table = [
        //  w     h  stride  expected                 because
        (   0,    0,    0,   PlaneError::Empty,       "nothing is not a picture"),
        (   0,    5,    5,   PlaneError::Empty,       "a row without pixels"),
        (  10,   10,    9,   PlaneError::Stride,      "rows would overlap"),
        (  10,   11,   10,   PlaneError::Short,       "the last row is missing"),
        (   9,   10,   11,   PlaneError::Short,       "the last row is cut"),
        (4097,    1, 4097,   PlaneError::TooLarge,    "wider than any camera"),
        (   1, 4097,    1,   PlaneError::TooLarge,    "higher than any camera"),
    ];
    for (width, height, stride, expected, because) in table {
        assert_eq!(Plane::new(&bytes, width, height, stride).err(), Some(expected), "{because}");
    }
    assert!(Plane::new(&bytes, 10, 10, 10).is_ok(), "exactly enough bytes");
}

//! Drawn heads: what is measured against what is really there.
//!
//! Where it ends: drawn heads find regressions. They say nothing about how well real people are seen.

use crate::any_picture::numbers;
use crate::drawn::Drawn;
use likeness_studio::{Learner, Light, RoomStyle, Scene};
use likeness_vision::face::{Face, FaceAnalyser, FaceReport};
use likeness_vision::people::Sweep;
use likeness_vision::{Colour, Lens, Picture, Plane, Rect};

const SIZE: (u32, u32) = (640, 480);

fn good(seed: u64) -> Scene {
    Scene::face(seed, SIZE.0, SIZE.1)
}

fn with_learner(seed: u64, change: impl FnOnce(&mut Learner)) -> Scene {
    let mut scene = good(seed);
    change(scene.learner.as_mut().unwrap());
    scene
}

fn report(drawn: &Drawn) -> FaceReport {
    FaceAnalyser::new().unwrap().analyse(&drawn.picture(), &drawn.lens())
}

fn main_face(scene: &Scene) -> Face {
    report(&Drawn::new(scene)).main.unwrap_or_else(|| panic!("a drawn head is found: {scene:?}"))
}

/// Prints the number with the sentence, so that a failure names both.
#[track_caller]
fn check(value: f32, expected: std::ops::RangeInclusive<f32>, because: &str) {
    assert!(expected.contains(&value), "{value} is not within {expected:?}: {because}");
}

#[test]
fn good_heads_are_found_where_they_are_and_no_measure_objects() {
    let mut analyser = FaceAnalyser::new().unwrap();
    for seed in 1..=20 {
        let drawn = Drawn::new(&good(seed));
        analyser.forget();
        let report = analyser.analyse(&drawn.picture(), &drawn.lens());
        let face = report.main.unwrap_or_else(|| panic!("seed {seed}: a good head is found"));
        let truth = drawn.truth.face.unwrap();
        assert!(report.others.is_empty(), "seed {seed}: a learner alone");
        let off = |eye: usize, place: likeness_studio::Point| {
            (face.eyes[eye].x - place.x_px).hypot(face.eyes[eye].y - place.y_px) / truth.inter_eye_px
        };
        check(off(0, truth.landmarks.right_eye), 0.0..=0.10, "the person's right eye stands left in the picture");
        check(off(1, truth.landmarks.left_eye), 0.0..=0.10, "the person's left eye");
        check(face.inter_eye_px / truth.inter_eye_px, 0.88..=1.08, "the eyes are as far apart as they are");
        check(face.head_height_ratio / truth.eyes_to_chin_share, 0.80..=1.12, "the chin is found within 8 % and some");
        check(face.distance_mm / truth.distance_mm, 0.88..=1.20, "eyes of 63 mm give the distance");
        check(face.yaw_degrees, -12.0..=12.0, "she looks straight ahead");
        check(face.pitch_degrees, -12.0..=12.0, "and neither up nor down");
        check(face.roll_degrees, -10.0..=10.0, "and holds the head upright");
        check(face.eye_white_luma, 135.0..=247.0, "neither dark nor bright");
        check(face.eye_contrast, 0.20..=1.0, "the eyes are open");
        check(face.burnt_share, 0.0..=0.01, "nothing is burnt");
        check(face.background_over_eye, 0.0..=1.1, "the wall is no brighter than the eyes");
        check(face.side_light_ratio, 1.0..=2.2, "both cheeks have light");
        check(face.mouth_open, 0.0..=0.10, "the mouth is closed");
        check(face.border_margin, 0.01..=0.5, "the whole face is in the picture");
        check(face.chroma.unwrap(), 3.0..=64.0, "skin has colour");
    }
}

#[test]
fn the_pose_has_the_right_sign_and_size() {
    #[rustfmt::skip]
    let table = [
        // yaw    pitch   roll   because
        (  28.0,   0.0,   0.0,   "turned to the image's right"),
        ( -28.0,   0.0,   0.0,   "turned to the image's left"),
        (   0.0,  24.0,   0.0,   "chin raised"),
        (   0.0, -26.0,   0.0,   "chin lowered"),
        (   0.0,   0.0,  20.0,   "tilted clockwise"),
        (   0.0,   0.0, -20.0,   "tilted against the clock"),
    ];
    for (yaw, pitch, roll, because) in table {
        let face = main_face(&with_learner(3, |learner| {
            (learner.yaw_deg, learner.pitch_deg, learner.roll_deg) = (yaw, pitch, roll);
        }));
        check(face.yaw_degrees, yaw - 9.0..=yaw + 9.0, because);
        // Pitch reads short when the chin is lowered; it is good for a gate at 18 degrees, not for more.
        check(face.pitch_degrees, pitch - 11.0..=pitch + 11.0, because);
        check(face.roll_degrees, roll - 6.0..=roll + 6.0, because);
    }
}

#[test]
fn a_defect_moves_its_own_measure_beyond_the_limit() {
    type Measure = fn(&Face) -> f32;
    let light = |seed, light: Light, room| Scene { light, room, ..good(seed) };
    let backlit = Light { key: 0.05, fill: 0.06, ambient: 0.12, background: 1.3, ..Light::default() };
    let beside = |azimuth| Light {
        key_azimuth_deg: azimuth,
        key_elevation_deg: 10.0,
        key: 1.3,
        fill: 0.03,
        ambient: 0.10,
        ..Light::default()
    };
    for seed in [2, 9] {
        let mut blurred = good(seed);
        blurred.lens.blur_px = 3.0;
        let far_mm = good(seed).distance_for_share_mm(0.14);
        let near_mm = good(seed).distance_for_share_mm(0.60);
        let side = |azimuth| light(seed, beside(azimuth), RoomStyle::Plain);
        let exposed = |exposure| light(seed, Light { exposure, ..Light::default() }, RoomStyle::Shelf);
        #[rustfmt::skip]
        let table: [(Scene, Measure, std::ops::RangeInclusive<f32>, &str); 12] = [
            (exposed(0.15),                             |face| face.eye_white_luma,        0.0..=109.0,  "too dark"),
            (exposed(3.2),                              |face| face.eye_white_luma,        248.0..=255.0, "too bright"),
            (light(seed, backlit, RoomStyle::Window),   |face| face.background_over_eye,   1.3..=9.0,    "the window is brighter"),
            (light(seed, backlit, RoomStyle::Window),   |face| face.eye_white_luma,        0.0..=134.0,  "and the face is dark"),
            (side(-86.0),                               |face| face.side_light_ratio,      3.0..=500.0,  "light from one side"),
            (blurred,                                   |face| face.blur,                  0.060..=255.0, "out of focus"),
            (with_learner(seed, |learner| learner.distance_mm = far_mm),
                                                        |face| face.head_height_ratio,     0.0..=0.18,   "too far"),
            (with_learner(seed, |learner| learner.distance_mm = near_mm),
                                                        |face| face.head_height_ratio,     0.48..=1.0,   "too close"),
            (with_learner(seed, |learner| learner.eyes_open = 0.0),
                                                        |face| face.eye_contrast,          0.0..=0.24,   "eyes closed"),
            (with_learner(seed, |learner| learner.mouth_open_mm = 14.0),
                                                        |face| face.mouth_open,            0.10..=2.0,   "mouth open"),
            (side(-86.0), |face| f32::from(u8::from(face.darker_side_is_image_left)),      0.0..=0.0,    "light from the left darkens the right"),
            (side(86.0),  |face| f32::from(u8::from(face.darker_side_is_image_left)),      1.0..=1.0,    "and the other way round"),
        ];
        for (scene, measure, expected, because) in table {
            check(measure(&main_face(&scene)), expected, &format!("{because}, seed {seed}"));
        }
    }
}

#[test]
fn the_light_of_the_eyes_is_the_same_in_every_skin_tone() {
    let mut whites = Vec::new();
    let mut skins = Vec::new();
    let tones = [
        [0.75, 0.55, 0.45],
        [0.62, 0.40, 0.30],
        [0.55, 0.35, 0.24],
        [0.36, 0.21, 0.13],
        [0.20, 0.11, 0.07],
        [0.10, 0.055, 0.035],
    ];
    for tone in tones {
        let face = main_face(&with_learner(4, |learner| learner.looks.skin = tone));
        whites.push(face.eye_white_luma);
        skins.push(face.face_p95_luma);
    }
    let spread = |values: &[f32]| {
        values.iter().copied().fold(f32::MIN, f32::max) - values.iter().copied().fold(f32::MAX, f32::min)
    };
    check(spread(&skins), 60.0..=255.0, "the drawn skins do differ");
    check(spread(&whites), 0.0..=12.0, "and the light that is judged does not");
}

#[test]
fn an_empty_room_has_no_face() {
    let mut analyser = FaceAnalyser::new().unwrap();
    for seed in 1..=20 {
        let room = [RoomStyle::Plain, RoomStyle::Shelf, RoomStyle::Window][seed as usize % 3];
        let drawn = Drawn::new(&Scene { room, ..Scene::empty(seed, SIZE.0, SIZE.1) });
        analyser.forget();
        let report = analyser.analyse(&drawn.picture(), &drawn.lens());
        assert!(report.main.is_none(), "seed {seed}: {:?}", report.main);
        assert!(report.others.is_empty(), "seed {seed}");
        assert!(
            analyser.people(&drawn.picture(), Sweep::All).is_empty(),
            "seed {seed}: tiles show no shelf as a person"
        );
    }
}

#[test]
fn a_head_without_features_is_no_face() {
    let mut analyser = FaceAnalyser::new().unwrap();
    for (half_width, half_height, hair) in [(60.0, 80.0, 60), (80.0, 105.0, 30), (100.0, 130.0, 90), (120.0, 150.0, 20)]
    {
        let pixel = |at: u32| {
            let (x, y) = ((at % SIZE.0) as f32 - 320.0, (at / SIZE.0) as f32 - 240.0);
            let shape = (x / half_width).powi(2) + (y / half_height).powi(2);
            match shape {
                // Rounder towards the edge, as a head lit from the front.
                _ if shape < 1.0 && y > -0.55 * half_height => (185.0 - 45.0 * shape) as u8,
                _ if shape < 1.25 && y < 0.3 * half_height => hair,
                _ => 130,
            }
        };
        let luma: Vec<u8> = (0..SIZE.0 * SIZE.1).map(pixel).collect();
        let luma = Plane::new(&luma, SIZE.0, SIZE.1, SIZE.0).unwrap();
        let picture = Picture { luma, colour: Colour::None };
        analyser.forget();
        let report = analyser.analyse(&picture, &Lens::assumed(SIZE.0, SIZE.1));
        assert!(
            report.main.is_none(),
            "{half_width} wide: the detector may see it, the eyes refuse it: {:?}",
            report.main
        );
    }
}

#[test]
fn people_behind_are_seen_by_the_tiles() {
    let mut analyser = FaceAnalyser::new().unwrap();
    for (distance_mm, seed) in [(1050.0, 11), (1500.0, 12), (2000.0, 13)] {
        let mut scene = Scene::face(seed, 1280, 720);
        let right_mm = 0.31 * distance_mm;
        scene.others.push(Learner { distance_mm, right_mm, up_mm: 60.0, ..Learner::of(seed + 50) });
        let drawn = Drawn::new(&scene);
        analyser.forget();
        let main = analyser.analyse(&drawn.picture(), &drawn.lens()).main.expect("the learner is found");
        check(main.bounds.centre().x, 540.0..=740.0, "the nearer one is the learner");
        let all = analyser.people(&drawn.picture(), Sweep::All);
        assert_eq!(all.len(), 2, "somebody stands at {distance_mm} mm");
        assert!(all[0].bounds.width > all[1].bounds.width, "largest first");
        let mut seen = 0;
        for _ in 0..12 {
            seen = analyser.people(&drawn.picture(), Sweep::Next).len();
        }
        assert_eq!(seen, 2, "twelve frames see as much as one sweep, at {distance_mm} mm");
    }
}

#[test]
fn a_face_is_followed_from_frame_to_frame_and_measured_alike() {
    let mut analyser = FaceAnalyser::new().unwrap();
    let frames: Vec<Drawn> = [-30.0, -18.0, -6.0, 6.0, 18.0, 30.0]
        .map(|right_mm| Drawn::new(&with_learner(8, |learner| learner.right_mm = right_mm)))
        .into();
    // Back and forth: at most a fifth of an inter-eye distance from one frame to the next.
    for (index, drawn) in frames.iter().chain(frames.iter().rev()).enumerate() {
        let followed = analyser.analyse(&drawn.picture(), &drawn.lens()).main.unwrap();
        let fresh = report(drawn).main.unwrap();
        let apart = followed.bounds.centre().distance(fresh.bounds.centre()) / fresh.inter_eye_px;
        check(apart, 0.0..=0.12, &format!("frame {index} is found where a fresh look finds it"));
        check(followed.eye_white_luma - fresh.eye_white_luma, -10.0..=10.0, "and is as bright");
        check(followed.yaw_degrees - fresh.yaw_degrees, -5.0..=5.0, "and turned the same way");
    }
    let room = Drawn::new(&Scene::empty(8, SIZE.0, SIZE.1));
    assert!(analyser.analyse(&room.picture(), &room.lens()).main.is_none(), "who has left is not there any more");
}

#[test]
fn a_larger_picture_of_the_same_scene_reads_the_same() {
    let small = main_face(&good(6));
    let large = main_face(&Scene { width_px: 1920, height_px: 1440, ..good(6) });
    check(large.inter_eye_px / small.inter_eye_px, 2.8..=3.2, "pixels of the frame, not of the analysis");
    check(large.head_height_ratio - small.head_height_ratio, -0.03..=0.03, "shares do not depend on the size");
    check(large.eye_white_luma - small.eye_white_luma, -12.0..=12.0, "nor does the light");
    check(large.yaw_degrees - small.yaw_degrees, -4.0..=4.0, "nor the pose");
}

#[test]
fn grey_pictures_are_measured_too() {
    for seed in [1, 2, 3, 4] {
        let drawn = Drawn::new(&good(seed));
        let face =
            FaceAnalyser::new().unwrap().analyse(&drawn.grey(), &drawn.lens()).main.expect("colour is not needed");
        assert_eq!(face.chroma, None, "but it is said that there was none");
    }
}

#[test]
fn find_looks_only_where_it_is_told() {
    let drawn = Drawn::new(&with_learner(7, |learner| learner.right_mm = -110.0));
    let truth = drawn.truth.face.unwrap();
    let mut analyser = FaceAnalyser::new().unwrap();
    let nose = truth.landmarks.nose_tip;
    let here = Rect { x: nose.x_px - 150.0, y: nose.y_px - 170.0, width: 300.0, height: 340.0 };
    let found = analyser.find(&drawn.picture(), Some(here));
    let face = found.first().expect("the region holds the face");
    check(face.score, 0.6..=1.0, "it fills the region well");
    let off = (face.keypoints[2].x - nose.x_px).hypot(face.keypoints[2].y - nose.y_px) / truth.inter_eye_px;
    check(off, 0.0..=0.35, "places are those of the whole picture");
    assert!(face.keypoints[0].x < face.keypoints[1].x, "the person's right eye stands left in the picture");
    let there = Rect { x: 440.0, y: 0.0, width: 200.0, height: 200.0 };
    assert!(analyser.find(&drawn.picture(), Some(there)).iter().all(|face| face.score < 0.6), "nobody is there");
}

#[test]
fn the_same_frame_gives_the_same_numbers() {
    let drawn = Drawn::new(&good(10));
    assert_eq!(numbers(&report(&drawn)), numbers(&report(&drawn)), "nothing depends on chance or on what came before");
    let assumed = Lens::assumed(SIZE.0, SIZE.1);
    let other_lens =
        FaceAnalyser::new().unwrap().analyse(&drawn.picture(), &Lens { focal_px: 2.0 * assumed.focal_px, ..assumed });
    let ratio = other_lens.main.unwrap().distance_mm / report(&drawn).main.unwrap().distance_mm;
    check(ratio, 1.9..=2.1, "only the distance depends on the lens");
}

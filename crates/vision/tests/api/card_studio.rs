//! The card on the studio's scenes: specimen cards in hands, with the studio's truth.
//!
//! Drawn cards and thresholds chosen on drawn cards: these rows find regressions and say nothing about real cards.

use likeness_studio::{CardLayout, CardScene, Glare, Learner, RoomStyle, Scene};
use likeness_vision::card::{Card, CardAnalyser, CardFormat, Guide};
use likeness_vision::face::FaceAnalyser;
use likeness_vision::{Point, Quad, Rect};

use crate::card::{corner_error_percent, percentile};
use crate::card_drawing::{CARD_MM, guide_outline};
use crate::drawn::Drawn;

const WIDTH: u32 = 1280;
const HEIGHT: u32 = 720;

/// A card held well in a hand, slightly turned, in one of the rooms.
fn held(seed: u64, layout: CardLayout) -> Scene {
    let mut scene = Scene::id(seed, WIDTH, HEIGHT, layout);
    scene.room = [RoomStyle::Plain, RoomStyle::Shelf, RoomStyle::Window][(seed % 3) as usize];
    let sway = |step: u64| (seed * step % 9) as f32 - 4.0;
    let card = card_of(&mut scene);
    (card.roll_deg, card.yaw_deg, card.pitch_deg) = (sway(5), sway(7), sway(11));
    (card.right_mm, card.up_mm) = (0.6 * sway(2), 0.6 * sway(13));
    scene
}

fn card_of(scene: &mut Scene) -> &mut CardScene {
    scene.card.as_mut().expect("the scene has a card")
}

fn analyse(drawn: &Drawn) -> Option<Card> {
    let guide = Guide { outline: guide_outline(WIDTH, HEIGHT, 0.52) };
    CardAnalyser::new().analyse(&drawn.picture(), &drawn.lens(), &guide, CardFormat::Id1)
}

/// The studio counts pixels from their corners, vision from their middles.
fn true_quad(drawn: &Drawn) -> Quad {
    let corners = drawn.truth.card.as_ref().expect("a card was drawn").corners;
    Quad(corners.map(|at| Point { x: at.x_px - 0.5, y: at.y_px - 0.5 }))
}

#[test]
fn good_cards_are_found_and_measured() {
    let mut errors = Vec::new();
    for seed in 1..=9 {
        let drawn = Drawn::new(&held(seed, CardLayout::PhotoAndName));
        let card = analyse(&drawn).unwrap_or_else(|| panic!("seed {seed}: a good card is found"));
        errors.push(corner_error_percent(&card.quad, &true_quad(&drawn)));
        let truth = drawn.truth.card.as_ref().expect("a card");
        let near = |found: f32, wanted: f32, share: f32| (found / wanted - 1.0).abs() <= share;
        assert!(near(card.px_per_mm, truth.px_per_mm, 0.01), "seed {seed}: {} of {}", card.px_per_mm, truth.px_per_mm);
        assert!(near(card.sigma_mm, truth.sigma_mm, 0.35), "seed {seed}: {} of {}", card.sigma_mm, truth.sigma_mm);
        assert!(card.sigma_mm <= 0.15, "seed {seed}: a sharp card reads sharp: {}", card.sigma_mm);
        assert!(
            (card.tilt_degrees - truth.tilt_deg).abs() <= 3.0,
            "seed {seed}: {} of {}",
            card.tilt_degrees,
            truth.tilt_deg
        );
        assert!(card.glare_share < 0.005, "seed {seed}: no glare: {}", card.glare_share);
        assert!(card.text_lines >= 3 && card.text_lines as usize <= truth.text_lines.len(), "seed {seed}: {card:?}");
        assert!(card.capital_height_px >= 14.0, "seed {seed}: {}", card.capital_height_px);
    }
    assert!(percentile(&mut errors, 0.95) <= 0.5, "corners, percent of the width: {errors:?}");
}

#[test]
fn turned_cards_tell_their_tilt() {
    // Beyond 33 degrees sides run together by more than a card held well ever shows.
    let slightly = [(18.0, 0.0), (-24.0, 6.0), (4.0, 20.0), (-10.0, -16.0), (30.0, 0.0)];
    let far = [(38.0, 3.0), (-41.0, -4.0), (2.0, 40.0), (-5.0, -37.0)];
    for (yaw_deg, pitch_deg) in slightly.into_iter().chain(far) {
        let mut scene = held(4, CardLayout::PhotoAndName);
        let card = card_of(&mut scene);
        (card.yaw_deg, card.pitch_deg) = (yaw_deg, pitch_deg);
        let drawn = Drawn::new(&scene);
        let truth = drawn.truth.card.as_ref().expect("a card").tilt_deg;
        let card = analyse(&drawn).unwrap_or_else(|| panic!("yaw {yaw_deg}, pitch {pitch_deg}: found"));
        assert!(
            (card.tilt_degrees - truth).abs() <= 3.0,
            "yaw {yaw_deg}, pitch {pitch_deg}: {} of {truth}",
            card.tilt_degrees
        );
    }
}

#[test]
fn blur_dark_and_noise_leave_the_corners_and_only_blur_moves_the_spread() {
    type Change = fn(&mut Scene);
    #[rustfmt::skip]
    let table: [(&str, Change, bool); 4] = [
        ("as it is",         |_| {},                               false),
        ("exposure / 6",     |scene| scene.light.exposure = 0.17,  false),
        ("noise 10",         |scene| scene.lens.noise = 10.0,      false),
        ("blur 2.5 px",      |scene| scene.lens.blur_px = 2.5,     true),
    ];
    for (because, change, blurred) in table {
        let mut scene = held(8, CardLayout::PhotoAndName);
        change(&mut scene);
        let drawn = Drawn::new(&scene);
        let card = analyse(&drawn).unwrap_or_else(|| panic!("{because}: found"));
        let error = corner_error_percent(&card.quad, &true_quad(&drawn));
        assert!(error < 0.5, "{because}: {error} % of the width");
        assert_eq!(card.sigma_mm > 0.22, blurred, "{because}: {} mm", card.sigma_mm);
    }
}

#[test]
fn the_share_of_glare_is_near_the_truth() {
    for (x_mm, y_mm, radius_mm) in [(60.0, 25.0, 6.0), (30.0, 20.0, 9.0), (70.0, 40.0, 4.0)] {
        let mut scene = held(5, CardLayout::PhotoAndName);
        card_of(&mut scene).glare = Some(Glare { x_mm, y_mm, radius_mm, strength: 4.0 });
        let drawn = Drawn::new(&scene);
        let truth = drawn.truth.card.as_ref().expect("a card").glare_share;
        let card = analyse(&drawn).expect("a card with glare is found");
        assert!(truth > 0.01, "the scene has glare: {truth}");
        assert!((card.glare_share - truth).abs() <= 0.25 * truth + 0.003, "{} of {truth}", card.glare_share);
        assert!(!card.glare_blobs.is_empty(), "glare has a place");
    }
}

#[test]
fn the_portrait_says_which_side_is_shown() {
    let mut faces = FaceAnalyser::new().expect("the models load");
    let mut analyser = CardAnalyser::new();
    let guide = Guide { outline: guide_outline(WIDTH, HEIGHT, 0.52) };
    for seed in 1..=3 {
        for layout in CardLayout::ALL {
            let drawn = Drawn::new(&held(seed, layout));
            for (picture, because) in [(drawn.picture(), "colour"), (drawn.grey(), "grey")] {
                let found = analyser.analyse(&picture, &drawn.lens(), &guide, CardFormat::Id1);
                let mut card = found.unwrap_or_else(|| panic!("{layout:?} {seed}: found"));
                assert_eq!(card.portrait, None, "it was not looked for yet");
                analyser.portrait(&mut faces, &picture, &mut card);
                let score = card.portrait.expect("it was looked for");
                assert_eq!(score >= 0.60, layout.has_portrait(), "{layout:?} {seed} {because}: {score}");
                if layout.has_portrait() {
                    let corners = drawn.truth.card.as_ref().expect("a card").portrait;
                    let truth = Quad(corners.map(|at| Point { x: at.x_px, y: at.y_px }));
                    let bounds = card.portrait_bounds.expect("a portrait has a place");
                    assert!(truth.holds(bounds.centre(), 0.0), "{layout:?} {seed} {because}: {bounds:?}");
                }
            }
        }
    }
}

#[test]
fn a_portrait_on_its_head_is_told_from_one_that_stands() {
    let mut faces = FaceAnalyser::new().expect("the models load");
    let mut analyser = CardAnalyser::new();
    let guide = Guide { outline: guide_outline(WIDTH, HEIGHT, 0.52) };
    for seed in 1..=2 {
        for layout in CardLayout::ALL {
            for roll_deg in [-176.0, 4.0] {
                let mut scene = held(seed, layout);
                card_of(&mut scene).roll_deg = roll_deg;
                let drawn = Drawn::new(&scene);
                let found = analyser.analyse(&drawn.picture(), &drawn.lens(), &guide, CardFormat::Id1);
                let mut card = found.unwrap_or_else(|| panic!("{layout:?} {seed} {roll_deg}: found"));
                analyser.portrait(&mut faces, &drawn.picture(), &mut card);
                let stands = roll_deg.abs() < 90.0;
                let because = format!("{layout:?} {seed}, turned by {roll_deg}: {:?}", card.portrait);
                assert_eq!(card.upside_down, layout.has_portrait() && !stands, "{because}");
                assert_eq!(card.portrait.is_some_and(|score| score >= 0.60), layout.has_portrait(), "{because}");
                if layout.has_portrait() {
                    let corners = drawn.truth.card.as_ref().expect("a card").portrait;
                    let truth = Quad(corners.map(|at| Point { x: at.x_px, y: at.y_px })).bounds();
                    let bounds = card.portrait_bounds.expect("a portrait has a place");
                    assert!(truth.overlap(&bounds) > 0.2, "{because}, {bounds:?} over {truth:?}");
                }
            }
        }
    }
}

#[test]
fn a_room_without_a_card_has_none() {
    for seed in 1..=9 {
        let mut scene = held(seed, CardLayout::Back);
        scene.card = None;
        let found = analyse(&Drawn::new(&scene));
        assert!(found.is_none(), "seed {seed}: {found:?}");
    }
}

#[test]
fn openings_between_boards_are_no_cards() {
    // The first five were taken for cards once: straight, of a card's ratio, in the outline, or leaving the frame at the top.
    for room_seed in [15, 17, 18, 37, 43, 1, 2, 3] {
        let mut scene = Scene::empty(2 * room_seed, WIDTH, HEIGHT);
        scene.room = RoomStyle::Lines;
        let found = analyse(&Drawn::new(&scene));
        assert!(found.is_none(), "room {room_seed}: {found:?}");
    }
}

#[test]
fn a_board_beside_the_cards_side_is_not_its_side() {
    let mut errors = Vec::new();
    for seed in 1..=12 {
        let mut scene = held(seed, CardLayout::PhotoAndName);
        scene.room = RoomStyle::Lines;
        let drawn = Drawn::new(&scene);
        let card = analyse(&drawn).unwrap_or_else(|| panic!("seed {seed}: found before a shelf"));
        errors.push(corner_error_percent(&card.quad, &true_quad(&drawn)));
    }
    assert!(percentile(&mut errors, 0.95) <= 0.5, "corners, percent of the width: {errors:?}");
}

#[test]
fn a_card_beside_the_head_may_be_wider_and_aside() {
    for (wider, aside, because) in
        [(1.10, 0.10, "nearer and outwards"), (1.12, -0.02, "nearer"), (0.94, 0.14, "outwards")]
    {
        for seed in [2, 7, 10] {
            let drawn = Drawn::new(&Scene::face_with_card(seed, WIDTH, HEIGHT));
            let held = true_quad(&drawn).bounds();
            // The outline the card is held against: smaller by as much as the card is wider, and further in.
            let width = held.width / wider;
            let height = width * CARD_MM.1 / CARD_MM.0;
            let (x, y) = (held.centre().x - aside * width, held.centre().y);
            let outline = Rect { x: x - width / 2.0, y: y - height / 2.0, width, height };
            let found =
                CardAnalyser::new().analyse(&drawn.picture(), &drawn.lens(), &Guide { outline }, CardFormat::Id1);
            let card = found.unwrap_or_else(|| panic!("{because}, seed {seed}: found"));
            let error = corner_error_percent(&card.quad, &true_quad(&drawn));
            assert!(error <= 1.5, "{because}, seed {seed}: {error} % of the width");
        }
    }
}

#[test]
fn somebody_who_looks_over_the_card_is_seen_and_the_portrait_on_it_is_not_taken_for_that() {
    let mut faces = FaceAnalyser::new().expect("the models load");
    let mut seen = 0;
    for seed in 1..=4 {
        let mut scene = Scene::face_with_card(seed, WIDTH, HEIGHT);
        let alone = Drawn::new(&scene);
        let quad = true_quad(&alone);
        let nobody = faces.over_the_edge(&alone.picture(), &quad);
        assert!(nobody.is_none(), "seed {seed}, nobody is behind the card: {nobody:?}");
        let (bounds, distance_mm) = (quad.bounds(), 1_300.0);
        let mm_a_px = distance_mm / scene.focal_px();
        scene.others.push(Learner {
            distance_mm,
            right_mm: (bounds.centre().x - WIDTH as f32 / 2.0) * mm_a_px,
            up_mm: (HEIGHT as f32 / 2.0 - (bounds.y - 0.05 * bounds.height)) * mm_a_px,
            ..Learner::of(seed + 90)
        });
        let watched = Drawn::new(&scene);
        if let Some(face) = faces.over_the_edge(&watched.picture(), &quad) {
            let middle = face.bounds.centre();
            assert!((middle.x - bounds.centre().x).abs() < 0.3 * bounds.width, "seed {seed}: {face:?}");
            seen += 1;
        }
    }
    assert!(seen >= 2, "eyes and hair over the card's edge, seen {seen} times of 4");
}

#[test]
fn beside_the_head_a_card_is_found_and_without_it_nothing_is() {
    let mut faces = FaceAnalyser::new().expect("the models load");
    let mut analyser = CardAnalyser::new();
    for seed in 1..=3 {
        let mut scene = Scene::face_with_card(seed, WIDTH, HEIGHT);
        let drawn = Drawn::new(&scene);
        let guide = Guide { outline: outline_beside_head(&drawn) };
        let found = analyser.analyse(&drawn.picture(), &drawn.lens(), &guide, CardFormat::Id1);
        let mut card = found.unwrap_or_else(|| panic!("seed {seed}: found beside the head"));
        let error = corner_error_percent(&card.quad, &true_quad(&drawn));
        assert!(error <= 1.5, "seed {seed}: {error} % of the width");
        assert!(card.px_per_mm >= 2.0, "seed {seed}: {}", card.px_per_mm);
        analyser.portrait(&mut faces, &drawn.picture(), &mut card);
        assert!(card.portrait.is_some_and(|score| score >= 0.60), "seed {seed}: {:?}", card.portrait);
        scene.card = None;
        let drawn = Drawn::new(&scene);
        let found = analyser.analyse(&drawn.picture(), &drawn.lens(), &guide, CardFormat::Id1);
        assert!(found.is_none(), "seed {seed}, the same without a card: {found:?}");
    }
}

/// The guide of the two-subject frame: beside the eye on the picture's right, at cheek height, a little larger than a
/// card at the head's depth.
fn outline_beside_head(drawn: &Drawn) -> Rect {
    let face = drawn.truth.face.as_ref().expect("a face was drawn");
    let (eye, nose) = (face.landmarks.left_eye, face.landmarks.nose_tip);
    let width = 1.36 * 1.12 * face.inter_eye_px;
    let height = width * CARD_MM.1 / CARD_MM.0;
    let y = f32::midpoint(eye.y_px, nose.y_px) - height / 2.0;
    Rect { x: eye.x_px + 0.75 * face.inter_eye_px, y, width, height }
}

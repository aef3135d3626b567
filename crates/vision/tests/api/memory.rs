//! Once they are warm, the entries that are called per frame allocate nothing.

use crate::card_drawing::guide_outline;
use crate::drawn::Drawn;
use likeness_studio::{CardLayout, Glare, Scene};
use likeness_vision::card::{CardAnalyser, CardFormat, Guide};
use likeness_vision::face::{FaceAnalyser, FaceReport};
use likeness_vision::people::Sweep;

/// Frames before it counts: the detector looks on every fifth, and the twelve tiles take turns.
const WARM: u32 = 26;
const COUNTED: u32 = 26;

#[track_caller]
fn check(mut frame: impl FnMut(), because: &str) {
    (0..WARM).for_each(|_| frame());
    let counted = allocation_counter::measure(|| (0..COUNTED).for_each(|_| frame()));
    assert_eq!((counted.count_total, counted.bytes_total), (0, 0), "{because}: {counted:?} in {COUNTED} frames");
}

#[test]
fn frames_after_the_first_few_allocate_nothing() {
    let face = Drawn::new(&Scene::face(7, 640, 480));
    let nobody = Drawn::new(&Scene::empty(7, 640, 480));
    let two = Drawn::new(&Scene::face_with_card(7, 1280, 720));
    for (drawn, because) in [(&face, "a face"), (&nobody, "nobody"), (&two, "a face and a card")] {
        let (picture, lens) = (drawn.picture(), drawn.lens());
        let mut analyser = FaceAnalyser::new().unwrap();
        let mut report = FaceReport::default();
        check(|| analyser.analyse_into(&picture, &lens, &mut report), because);
        let mut people = Vec::new();
        check(|| analyser.people_into(&picture, Sweep::Next, &mut people), because);
        check(|| assert!(analyser.boxes(&picture, None).len() < 100), because);
    }
}

#[test]
fn cards_after_the_first_few_allocate_nothing() {
    let mut burnt = Scene::id(7, 1280, 720, CardLayout::PhotoAndName);
    burnt.card.as_mut().expect("a card").glare = Some(Glare { x_mm: 60.0, y_mm: 20.0, radius_mm: 6.0, strength: 2.5 });
    let good = Drawn::new(&Scene::id(7, 1280, 720, CardLayout::PhotoAndName));
    let (burnt, none) = (Drawn::new(&burnt), Drawn::new(&Scene::empty(7, 1280, 720)));
    let guide = Guide { outline: guide_outline(1280, 720, 0.52) };
    for (drawn, found, because) in
        [(&good, true, "a card"), (&burnt, true, "a card with glare"), (&none, false, "no card")]
    {
        let (picture, lens) = (drawn.picture(), drawn.lens());
        let mut analyser = CardAnalyser::new();
        let mut card = None;
        check(|| analyser.analyse_into(&picture, &lens, &guide, CardFormat::Id1, &mut card), because);
        assert_eq!(card.is_some(), found, "{because}");
    }
}

//! The eyes on drawn frames of a stream that goes on: looking allocates nothing once it is warm.
//!
//! Counted is everything from the frame's planes to its measures, in each mode, with the search for the portrait. Not
//! counted, because they happen once for a photo and not for a frame: the close look at the still, and reading the code on
//! the card, whose library allocates. What the session makes of the measures is not counted either.

use std::time::Duration;

use likeness_camera::{Planes, decode_still, encode_rgb};
use likeness_studio::{CardLayout, Glare, Scene, render};
use likeness_vision::card::CardFormat;

use super::fixtures::{BESIDE, ID};
use crate::eyes::{Eyes, Sight};
use crate::guide;
use crate::mode::Mode;
use crate::profile::Profile;
use crate::view::Measures;

const SIZE_PX: (u16, u16) = (1280, 720);
/// Room around the frame, over which the camera sways.
const SWAY_PX: u16 = 16;
/// Where the frames are cut out, one after the other.
const SWAYS: [(usize, usize); 7] = [(8, 8), (13, 10), (16, 5), (11, 1), (5, 0), (0, 6), (3, 12)];
/// Two rounds of the twelve tiles in which other people are looked for: each has memory of its own.
const WARM: u32 = 24;
const COUNTED: u32 = 30;
/// From here on, for four frames, nobody is there, while it warms up and once more while it counts.
const AWAY: [u32; 2] = [14, 36];
const LOOK_EVERY: Duration = Duration::from_millis(83);

/// A drawn scene, a little larger than the frames that are cut out of it.
struct Drawn {
    rgb: Vec<u8>,
    width_px: usize,
}

impl Drawn {
    fn new(scene: impl Fn(u32, u32) -> Scene) -> Self {
        let (width, height) = (SIZE_PX.0 + SWAY_PX, SIZE_PX.1 + SWAY_PX);
        let mut rgb = Vec::new();
        render(&scene(u32::from(width), u32::from(height)), &mut rgb).unwrap();
        Self { rgb, width_px: usize::from(width) }
    }

    /// Frame `number`: no two that follow each other are equal.
    fn frame(&self, number: u32) -> Planes {
        let (width, height) = (usize::from(SIZE_PX.0), usize::from(SIZE_PX.1));
        let (left, top) = SWAYS.iter().copied().cycle().nth(number as usize).unwrap();
        let rows = self.rgb.chunks_exact(3 * self.width_px).skip(top).take(height);
        let cut: Vec<u8> = rows.flat_map(|row| &row[3 * left..3 * (left + width)]).copied().collect();
        decode_still(&encode_rgb(&cut, SIZE_PX.0, SIZE_PX.1, 90).unwrap()).unwrap()
    }
}

#[track_caller]
fn check(mode: Mode, scene: impl Fn(u32, u32) -> Scene, is_seen: impl Fn(&Measures) -> bool, because: &str) {
    let (there, away) = (Drawn::new(scene), Drawn::new(|width, height| Scene::empty(3, width, height)));
    let size_px = (f32::from(SIZE_PX.0), f32::from(SIZE_PX.1));
    let guide = guide::guide(mode, CardFormat::Id1, size_px, 0, Profile::standard());
    let mut eyes = Eyes::new().unwrap();
    let (mut seen, mut first) = (0, 0);
    for number in 0..WARM + COUNTED {
        let is_away = AWAY.iter().any(|start| (*start..start + 4).contains(&number));
        let planes = if is_away { &away } else { &there }.frame(number);
        let sight = Sight { mode, format: CardFormat::Id1, guide, lens: None, at: LOOK_EVERY * number };
        let mut is_seen_now = false;
        let counted = allocation_counter::measure(|| {
            let measures = eyes.look(&planes, &sight).unwrap();
            is_seen_now = is_seen(&measures);
            eyes.give_back(measures);
        });
        if number == 0 {
            first = counted.count_total;
        }
        if number >= WARM {
            assert_eq!((counted.count_total, counted.bytes_total), (0, 0), "{because}, frame {number}: {counted:?}");
            seen += u32::from(is_seen_now);
        }
        assert!(!(is_away && is_seen_now), "{because}, frame {number}: the empty room is empty");
    }
    assert!(first > 0, "{because}: the first look needs memory, and it is counted");
    assert_eq!(seen, COUNTED - 4, "{because}: in all other frames there is something to measure");
}

#[test]
fn a_stream_of_faces_allocates_nothing() {
    check(Mode::Face, |width, height| Scene::face(7, width, height), |measures| measures.face.is_some(), "a face");
}

#[test]
fn a_stream_of_faces_with_cards_allocates_nothing() {
    let both = |measures: &Measures| measures.face.is_some() && measures.card.is_some();
    check(BESIDE, |width, height| Scene::face_with_card(7, width, height), both, "a face and a card");
}

#[test]
fn a_stream_of_cards_allocates_nothing() {
    let scene = |width, height| {
        let mut scene = Scene::id(7, width, height, CardLayout::PhotoAndName);
        let glare = Glare { x_mm: 60.0, y_mm: 20.0, radius_mm: 6.0, strength: 2.5 };
        scene.card.iter_mut().for_each(|card| card.glare = Some(glare));
        scene
    };
    let burnt = |measures: &Measures| measures.card.as_ref().is_some_and(|card| !card.glare_blobs.is_empty());
    check(ID, scene, burnt, "a card with a reflection");
}

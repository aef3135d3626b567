//! Scenes with a name, for the command line and for tests that want "the usual dark face".

use crate::looks::Hair;
use crate::scene::{CardLayout, CardScene, Flat, FlatKind, Glare, Learner, Light, RoomStyle, Scene};

/// Names that [`scene_named`] knows.
pub const SCENE_NAMES: [&str; 36] = [
    "face-good",
    "face-dark",
    "face-bright",
    "face-far",
    "face-near",
    "face-turned",
    "face-nod",
    "face-leaning",
    "face-blink",
    "face-mouth-open",
    "face-side-light",
    "face-backlit",
    "face-blurred",
    "face-glasses",
    "face-old",
    "face-scarf",
    "second-person",
    "person-behind",
    "poster",
    "phone-screen",
    "picture-frame",
    "lines-without-card",
    "card-over-face",
    "empty-room",
    "face-with-card",
    "id-good",
    "id-far",
    "id-tilted",
    "id-glare",
    "id-blurred",
    "id-dark",
    "id-covered",
    "id-cut-off",
    "id-photo-only",
    "id-name-only",
    "id-back",
];

/// The scene of that name at 1280 x 720, with the given seed. `None` for a name that is not in [`SCENE_NAMES`].
pub fn scene_named(name: &str, seed: u64) -> Option<Scene> {
    let (w, h) = (1280, 720);
    let scene = match name {
        "empty-room" => Scene::empty(seed, w, h),
        "face-with-card" => Scene::face_with_card(seed, w, h),
        "second-person" => {
            let mut scene = Scene::face(seed, w, h);
            scene.others.push(Learner {
                distance_mm: 1_050.0,
                right_mm: 330.0,
                up_mm: 60.0,
                ..Learner::of(seed.wrapping_add(1))
            });
            scene
        }
        "person-behind" => {
            let mut scene = Scene::face(seed, w, h);
            scene.others.push(Learner {
                distance_mm: 1_900.0,
                right_mm: -420.0,
                up_mm: 120.0,
                ..Learner::of(seed.wrapping_add(1))
            });
            scene
        }
        "poster" | "picture-frame" => {
            let mut scene = Scene::face(seed, w, h);
            let kind = if name == "poster" { FlatKind::Poster } else { FlatKind::PictureFrame };
            let (right_mm, up_mm) = (0.31 * 1_700.0, 0.12 * 1_700.0);
            scene.flats.push(Flat {
                seed: seed.wrapping_add(1),
                kind,
                distance_mm: 1_700.0,
                right_mm,
                up_mm,
                ..Flat::default()
            });
            scene
        }
        "phone-screen" => {
            let mut scene = Scene { card: None, ..Scene::face_with_card(seed, w, h) };
            let (right_mm, up_mm) = (0.26 * 400.0, 0.01 * 400.0);
            let kind = FlatKind::PhoneScreen;
            scene.flats.push(Flat {
                seed: seed.wrapping_add(1),
                kind,
                distance_mm: 400.0,
                right_mm,
                up_mm,
                ..Flat::default()
            });
            scene
        }
        "lines-without-card" => Scene { room: RoomStyle::Lines, ..Scene::empty(seed, w, h) },
        "card-over-face" => {
            let mut scene = Scene::face_with_card(seed, w, h);
            let face = scene
                .learner
                .as_ref()
                .map(|learner| (learner.right_mm / learner.distance_mm, learner.up_mm / learner.distance_mm));
            if let (Some(card), Some((across, up))) = (&mut scene.card, face) {
                card.right_mm = across * card.distance_mm;
                card.up_mm = (up - 0.06) * card.distance_mm;
            }
            scene
        }
        face if face.starts_with("face-") => face_named(face, Scene::face(seed, w, h))?,
        id => id_named(id, seed, w, h)?,
    };
    Some(scene)
}

fn face_named(name: &str, mut scene: Scene) -> Option<Scene> {
    let (far_mm, near_mm) = (scene.distance_for_share_mm(0.15), scene.distance_for_share_mm(0.52));
    let learner = scene.learner.as_mut()?;
    match name {
        "face-good" => {}
        "face-dark" => scene.light.exposure = 0.15,
        "face-bright" => scene.light.exposure = 2.6,
        "face-far" => learner.distance_mm = far_mm,
        "face-near" => learner.distance_mm = near_mm,
        "face-turned" => learner.yaw_deg = 28.0,
        "face-nod" => learner.pitch_deg = -24.0,
        "face-leaning" => learner.roll_deg = 20.0,
        "face-blink" => learner.eyes_open = 0.0,
        "face-mouth-open" => learner.mouth_open_mm = 14.0,
        "face-side-light" => {
            scene.light = Light {
                key_azimuth_deg: -86.0,
                key_elevation_deg: 10.0,
                key: 1.3,
                fill: 0.03,
                ambient: 0.10,
                ..Light::default()
            };
        }
        "face-backlit" => {
            scene.room = RoomStyle::Window;
            scene.light = Light { key: 0.05, fill: 0.06, ambient: 0.12, background: 1.3, ..Light::default() };
        }
        "face-blurred" => scene.lens.blur_px = 4.5,
        "face-old" => learner.looks = learner.looks.clone().aged(1.0),
        "face-scarf" => learner.looks.hair = Hair::Scarf,
        "face-glasses" => learner.looks.glasses = true,
        _ => return None,
    }
    Some(scene)
}

fn id_named(name: &str, seed: u64, w: u32, h: u32) -> Option<Scene> {
    let layout = match name {
        "id-photo-only" => CardLayout::PhotoOnly,
        "id-name-only" => CardLayout::NameOnly,
        "id-back" => CardLayout::Back,
        _ => CardLayout::PhotoAndName,
    };
    let mut scene = Scene::id(seed, w, h, layout);
    let far_mm = scene.distance_for_card_share_mm(0.30);
    let card: &mut CardScene = scene.card.as_mut()?;
    match name {
        "id-good" | "id-photo-only" | "id-name-only" | "id-back" => {}
        "id-far" => card.distance_mm = far_mm,
        "id-tilted" => card.pitch_deg = 38.0,
        "id-glare" => card.glare = Some(Glare { x_mm: 50.0, y_mm: 26.0, radius_mm: 11.0, strength: 2.2 }),
        "id-blurred" => scene.lens.blur_px = 3.2,
        "id-dark" => scene.light.exposure = 0.14,
        "id-covered" => card.thumb_deeper_mm = 22.0,
        "id-cut-off" => card.right_mm = 45.0,
        _ => return None,
    }
    Some(scene)
}

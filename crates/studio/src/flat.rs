//! Pictures of people in the room: a poster, a framed photo, a telephone's screen. They are flat, and nobody sits in them.

use std::sync::atomic::AtomicBool;

use crate::card::print_face;
use crate::geometry::{Homography, Pinhole, Point, Turn, v3};
use crate::looks::Looks;
use crate::march::Lamps;
use crate::picture::Picture;
use crate::render::{BASE_EXPOSURE, rectangle};
use crate::scene::{Flat, FlatKind, Scene};
use crate::sheet::{Drawing, Sheet};

/// Rounded corners of a telephone.
const PHONE_CORNER_MM: f32 = 9.0;
/// Light of a white screen, in units of a white surface at right exposure.
const SCREEN_LIGHT: f32 = 0.95;

fn map_of(flat: &Flat, eye: &Pinhole) -> Homography {
    let (width_mm, height_mm) = flat.kind.size_mm();
    let turn = Turn::from_degrees(flat.yaw_deg, 0.0, flat.roll_deg);
    let centre = v3(flat.right_mm, flat.up_mm, -flat.distance_mm);
    Homography::of_plane(eye, centre, &turn, (width_mm / 2.0, height_mm / 2.0))
}

/// Corners in the picture: top left, top right, bottom right, bottom left of the thing itself.
pub(crate) fn flat_corners(flat: &Flat, eye: &Pinhole) -> [Point; 4] {
    let (width_mm, height_mm) = flat.kind.size_mm();
    rectangle(&map_of(flat, eye), [0.0, 0.0, width_mm, height_mm])
}

/// Lays it into the picture, lit by the room, or by itself where it is a screen.
pub(crate) fn lay_flat(picture: &mut Picture, flat: &Flat, scene: &Scene, eye: &Pinhole) {
    let px_per_mm = eye.f_px / flat.distance_mm;
    let density = [0.5, 1.0, 2.0, 4.0, 8.0].into_iter().find(|d| *d >= 1.2 * px_per_mm).unwrap_or(8.0);
    let turn = Turn::from_degrees(flat.yaw_deg, 0.0, flat.roll_deg);
    let lit = Lamps::new(&scene.light).irradiance(turn.apply(v3(0.0, 0.0, 1.0))).dot(v3(0.2126, 0.7152, 0.0722));
    let light = if flat.kind == FlatKind::PhoneScreen { SCREEN_LIGHT / BASE_EXPOSURE } else { lit };
    if let Some(sheet) = printed(flat, density) {
        sheet.lay(picture, &map_of(flat, eye), px_per_mm, light);
    }
}

fn printed(flat: &Flat, density: f32) -> Option<Sheet> {
    let (width_mm, height_mm) = flat.kind.size_mm();
    let border = 1.0 / density;
    let mut drawing = Drawing::new(-border, -border, width_mm + 2.0 * border, height_mm + 2.0 * border, density);
    let body = match flat.kind {
        FlatKind::Poster => [0.80, 0.79, 0.76],
        FlatKind::PhoneScreen => [0.012, 0.012, 0.014],
        FlatKind::PictureFrame => [0.11, 0.07, 0.04],
    };
    let corner = if flat.kind == FlatKind::PhoneScreen { PHONE_CORNER_MM } else { 0.0 };
    drawing.paint(-border, -border, width_mm + border, height_mm + border, |x, y, px| {
        let dx = (x - width_mm / 2.0).abs() - (width_mm / 2.0 - corner);
        let dy = (y - height_mm / 2.0).abs() - (height_mm / 2.0 - corner);
        let d = dx.max(0.0).hypot(dy.max(0.0)) + dx.max(dy).min(0.0) - corner;
        *px = [body[0], body[1], body[2], (0.5 - d * density).clamp(0.0, 1.0)];
    });
    let place = match flat.kind {
        FlatKind::Poster => [20.0, 20.0, width_mm - 20.0, height_mm - 90.0],
        FlatKind::PhoneScreen => [3.0, 22.0, width_mm - 3.0, height_mm - 24.0],
        FlatKind::PictureFrame => [22.0, 22.0, width_mm - 22.0, height_mm - 22.0],
    };
    print_face(&mut drawing, place, &Looks::from_seed(flat.seed), flat.seed, &AtomicBool::new(false))?;
    Some(Sheet::new(&drawing))
}

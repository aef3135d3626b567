//! How the head is turned, from the depth of the mesh.
//!
//! Where it ends: good for gates, not for reporting. On drawn heads a true yaw of -45 to 45 degrees reads -54 to 52.

use super::mesh::Mesh;

/// Pairs of points left and right in the face, whose line is level and square to the line of sight in a frontal view.
const ACROSS: [(usize, usize); 7] = [(33, 263), (133, 362), (61, 291), (234, 454), (127, 356), (50, 280), (105, 334)];
/// Pairs from above to below along the middle of the face.
const DOWN: [(usize, usize); 3] = [(10, 152), (151, 200), (9, 175)];
/// How much the middle of an upright face leans in this mesh: its angle when the pitch is zero.
const LEAN_DEGREES: f32 = 8.9;

/// Angles of the head, degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PoseDegrees {
    /// Turned to the image's right is positive.
    pub yaw: f32,
    /// Chin raised is positive.
    pub pitch: f32,
    /// Tilted clockwise in the image is positive.
    pub roll: f32,
}

/// Reads the pose off a mesh.
pub fn pose(mesh: &Mesh) -> PoseDegrees {
    let [across_x, across_y, across_z] = mean_direction(mesh, &ACROSS);
    let [_, down_y, down_z] = mean_direction(mesh, &DOWN);
    PoseDegrees {
        yaw: across_z.atan2(across_x).to_degrees(),
        pitch: LEAN_DEGREES - down_z.atan2(down_y).to_degrees(),
        roll: within_half_turn((mesh.crop.turn + across_y.atan2(across_x)).to_degrees()),
    }
}

/// Mean of the pairs' unit vectors, in the axes of the square the mesh was found in.
fn mean_direction(mesh: &Mesh, pairs: &[(usize, usize)]) -> [f32; 3] {
    let (sin, cos) = mesh.crop.turn.sin_cos();
    let mut sum = [0.0; 3];
    for (from, to) in pairs {
        let (from, to) = (mesh.points[*from], mesh.points[*to]);
        let (x, y, z) = (to[0] - from[0], to[1] - from[1], to[2] - from[2]);
        let turned = [x * cos + y * sin, y * cos - x * sin, z];
        let length = turned.iter().map(|part| part * part).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        for (sum, part) in sum.iter_mut().zip(turned) {
            *sum += part / length;
        }
    }
    sum.map(|part| part / pairs.len() as f32)
}

fn within_half_turn(degrees: f32) -> f32 {
    if degrees > 180.0 {
        degrees - 360.0
    } else if degrees < -180.0 {
        degrees + 360.0
    } else {
        degrees
    }
}

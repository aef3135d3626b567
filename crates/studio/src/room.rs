//! What is behind everybody: a calm wall, out of focus, without people, pictures or anything that has a card's shape;
//! except for the room of lines, which is there to tempt a card finder.

use crate::geometry::step_between;
use crate::picture::Picture;
use crate::scene::RoomStyle;
use crate::seed::{Dice, noise};

const WALLS: [[f32; 3]; 6] = [
    [0.300, 0.285, 0.255],
    [0.230, 0.275, 0.285],
    [0.265, 0.290, 0.255],
    [0.310, 0.270, 0.235],
    [0.265, 0.265, 0.295],
    [0.290, 0.262, 0.262],
];
const BOOKS: [[f32; 3]; 6] = [
    [0.30, 0.10, 0.07],
    [0.08, 0.14, 0.24],
    [0.36, 0.28, 0.12],
    [0.10, 0.20, 0.14],
    [0.34, 0.32, 0.28],
    [0.20, 0.11, 0.20],
];

/// Draws the room. `brightness` 1 is usual.
pub(crate) fn room(seed: u64, w: usize, h: usize, style: RoomStyle, brightness: f32) -> Picture {
    let mut dice = Dice::new(seed, 4);
    let wall = WALLS[dice.below(WALLS.len())];
    let flip = dice.unit() < 0.5;
    let shelf = Shelf::new(&mut dice);
    let lines = Lines::new(&mut dice);
    let mut picture = Picture::new(w, h);
    let aspect = w as f32 / h as f32;
    for row in 0..h {
        let y = (row as f32 + 0.5) / h as f32;
        for column in 0..w {
            let x = (column as f32 + 0.5) / w as f32;
            let x = if flip { 1.0 - x } else { x };
            // Light falls off from the upper left; the corners are a little darker.
            let fall = 1.30 - 0.28 * x - 0.18 * y;
            let corner = 1.0 - 0.20 * ((x - 0.5).powi(2) * 2.2 + (y - 0.45).powi(2) * 1.6);
            let plaster = 1.0 + 0.015 * noise(x * 30.0 * aspect, y * 30.0, 2.0);
            let mut colour = wall.map(|c| c * fall * corner * plaster);
            match style {
                RoomStyle::Plain => {}
                RoomStyle::Shelf => shelf.paint(x, y, aspect, &mut colour),
                RoomStyle::Window => window(x, y, &mut colour),
                RoomStyle::Lines => lines.paint(x, y, &mut colour),
            }
            picture.px[row * w + column] = colour.map(|c| c * brightness);
        }
    }
    // What has straight lines is near enough to be in focus.
    picture.blur(if style == RoomStyle::Lines { h as f32 * 0.0012 } else { h as f32 * 0.011 });
    picture
}

/// Three boards of a shelf with their uprights, a door frame, the edge of a desk: where they lie is up to the seed.
struct Lines {
    boards: [f32; 3],
    uprights: [f32; 2],
    desk: f32,
    thick: f32,
    light: bool,
}

impl Lines {
    fn new(dice: &mut Dice) -> Self {
        Self {
            boards: [dice.between(0.10, 0.22), dice.between(0.30, 0.44), dice.between(0.56, 0.68)],
            uprights: [dice.between(0.16, 0.34), dice.between(0.62, 0.84)],
            desk: dice.between(0.76, 0.90),
            thick: dice.between(0.006, 0.022),
            light: dice.unit() < 0.5,
        }
    }

    fn paint(&self, x: f32, y: f32, colour: &mut [f32; 3]) {
        let wood = if self.light { [0.62, 0.52, 0.40] } else { [0.10, 0.07, 0.05] };
        let inside = (self.uprights[0]..self.uprights[1]).contains(&x);
        let board = inside && self.boards.iter().any(|board| (y - board).abs() < self.thick);
        let upright = y < self.desk && self.uprights.iter().any(|upright| (x - upright).abs() < 0.6 * self.thick);
        if board || upright {
            *colour = wood;
        } else if inside && y < self.boards[2] {
            // The back of the shelf lies in shadow.
            *colour = colour.map(|c| c * 0.72);
        }
        if y > self.desk {
            *colour = wood.map(|c| c * (0.9 + 0.3 * (y - self.desk)));
        }
    }
}

/// A board with books at the upper right and a plant at the left.
struct Shelf {
    books: Vec<(f32, f32, f32, usize)>,
    plant: bool,
}

impl Shelf {
    fn new(dice: &mut Dice) -> Self {
        let mut books = Vec::new();
        let mut x = 0.775;
        while x < 1.0 {
            let width = dice.between(0.012, 0.026);
            let gap = if dice.unit() < 0.16 { 0.03 } else { 0.001 };
            books.push((x, x + width, dice.between(0.11, 0.17), dice.below(BOOKS.len())));
            x += width + gap;
        }
        Self { books, plant: dice.unit() < 0.75 }
    }

    fn paint(&self, x: f32, y: f32, aspect: f32, colour: &mut [f32; 3]) {
        const BOARD_Y: f32 = 0.265;
        if x > 0.755 {
            // The board and its shadow on the wall.
            if (BOARD_Y..BOARD_Y + 0.016).contains(&y) {
                *colour = [0.30, 0.205, 0.125];
            } else if y > BOARD_Y {
                let shade = 0.32 * (-(y - BOARD_Y) / 0.05).exp();
                *colour = colour.map(|c| c * (1.0 - shade));
            }
            for &(from, to, height, tint) in &self.books {
                if (from..to).contains(&x) && (BOARD_Y - height..BOARD_Y).contains(&y) {
                    let round = 1.0 - 0.5 * (((x - from) / (to - from) - 0.4).abs() * 1.4);
                    *colour = BOOKS[tint].map(|c| c * round * 0.8);
                }
            }
        }
        if self.plant {
            leaves(x, y, aspect, colour);
        }
    }
}

fn leaves(x: f32, y: f32, aspect: f32, colour: &mut [f32; 3]) {
    let (foot_x, foot_y) = (0.085, 0.80);
    for leaf in 0..9 {
        let k = leaf as f32;
        let angle = -1.57 + (k - 4.0) * 0.26;
        let length = 0.40 + 0.07 * (k * 2.4).sin();
        let (dx, dy) = ((x - foot_x) * aspect, y - foot_y);
        let along = (dx * angle.cos() + dy * angle.sin()) / length;
        let bend = 0.05 * (k - 4.0) * along * along;
        let across = (-dx * angle.sin() + dy * angle.cos() - bend) / 0.030;
        if (0.05..1.0).contains(&along) {
            let width = (along * std::f32::consts::PI).sin().max(0.0).sqrt();
            if across.abs() < width {
                let light = 0.7 + 0.35 * across + 0.10 * (k * 1.7).sin();
                *colour = [0.060 * light, 0.135 * light, 0.060 * light];
            }
        }
    }
    let pot = step_between(0.0, 0.02, y - foot_y);
    if (x - foot_x).abs() < 0.048 - 0.03 * (y - foot_y).max(0.0) && pot > 0.0 {
        let round = 1.0 - 4.0 * ((x - foot_x) * 6.0).powi(2);
        *colour = [0.36 * round, 0.30 * round, 0.25 * round];
    }
}

fn window(x: f32, y: f32, colour: &mut [f32; 3]) {
    if (0.10..0.90).contains(&x) && (-0.1..0.74).contains(&y) {
        let bar = (x - 0.5).abs() < 0.012 || (y - 0.30).abs() < 0.012;
        let sky = [1.00, 1.06, 1.14].map(|c| c * (1.05 - 0.35 * y));
        *colour = if bar { [0.45, 0.44, 0.42] } else { sky };
    }
}

//! The picture every measure works on, and the plane geometry they share.
//!
//! Guarantees: a `Plane` that exists can be indexed everywhere inside its size. Nothing is copied.

use thiserror::Error;

/// Largest side of a picture, in pixels.
pub const MAX_SIDE_PX: u32 = 4096;

/// Why bytes are not a plane. The caller drops such a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PlaneError {
    /// A side is zero.
    #[error("the picture has no pixels")]
    Empty,
    /// Fewer bytes than rows need.
    #[error("the picture has fewer bytes than its size needs")]
    Short,
    /// A row is longer than the distance between rows.
    #[error("the distance between rows is smaller than a row")]
    Stride,
    /// A side is over [`MAX_SIDE_PX`].
    #[error("a side of the picture is longer than 4096 pixels")]
    TooLarge,
}

/// One 8-bit plane, full range, row by row; `stride` bytes from row to row.
#[derive(Debug, Clone, Copy)]
pub struct Plane<'a> {
    px: &'a [u8],
    width: u32,
    height: u32,
    stride: u32,
}

impl<'a> Plane<'a> {
    /// Checks the size once, so that no later code has to.
    pub fn new(px: &'a [u8], width: u32, height: u32, stride: u32) -> Result<Self, PlaneError> {
        if width == 0 || height == 0 {
            return Err(PlaneError::Empty);
        }
        if width > MAX_SIDE_PX || height > MAX_SIDE_PX {
            return Err(PlaneError::TooLarge);
        }
        if stride < width {
            return Err(PlaneError::Stride);
        }
        let needed = u64::from(stride) * u64::from(height - 1) + u64::from(width);
        if (px.len() as u64) < needed {
            return Err(PlaneError::Short);
        }
        Ok(Self { px, width, height, stride })
    }

    /// Pixels in a row.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The pixels of row `y`, which must be below `height`.
    pub fn row(&self, y: u32) -> &'a [u8] {
        let start = (y.min(self.height - 1) * self.stride) as usize;
        &self.px[start..start + self.width as usize]
    }

    /// The pixel nearest to (x, y), clamped to the picture.
    pub fn at(&self, x: i32, y: i32) -> u8 {
        let x = x.clamp(0, self.width as i32 - 1) as usize;
        self.row(y.clamp(0, self.height as i32 - 1) as u32)[x]
    }

    /// The bilinear value at (x, y), pixel centres at whole numbers, clamped to the picture.
    pub fn sample(&self, x: f32, y: f32) -> f32 {
        let (fx, fy) = (x.floor(), y.floor());
        let (ax, ay) = (x - fx, y - fy);
        let (ix, iy) = (fx as i32, fy as i32);
        let top = f32::from(self.at(ix, iy)) * (1.0 - ax) + f32::from(self.at(ix + 1, iy)) * ax;
        let low = f32::from(self.at(ix, iy + 1)) * (1.0 - ax) + f32::from(self.at(ix + 1, iy + 1)) * ax;
        top * (1.0 - ay) + low * ay
    }
}

/// The colour beside the luma.
#[derive(Debug, Clone, Copy)]
pub enum Colour<'a> {
    /// A grey picture.
    None,
    /// U and V (BT.601, full range, 128 = no colour) as the JPEG decoder leaves them.
    /// `shift_x`, `shift_y`: how many times halved against the luma (4:2:0 is 1, 1).
    Planar {
        /// Blue difference.
        u: Plane<'a>,
        /// Red difference.
        v: Plane<'a>,
        /// Halvings across.
        shift_x: u8,
        /// Halvings down.
        shift_y: u8,
    },
}

/// One frame as the measures read it: full-size luma and whatever colour there is. Never mirrored.
#[derive(Debug, Clone, Copy)]
pub struct Picture<'a> {
    /// Luma, full range.
    pub luma: Plane<'a>,
    /// Colour, used only by the networks and white balance.
    pub colour: Colour<'a>,
}

/// What is known of the lens: focal length and principal point, in pixels of this frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lens {
    /// Focal length, pixels.
    pub focal_px: f32,
    /// Principal point across.
    pub centre_x_px: f32,
    /// Principal point down.
    pub centre_y_px: f32,
    /// Measured (true) or assumed (false). Centimetres may only be said when measured.
    pub known: bool,
}

impl Lens {
    /// A lens of 60 degrees across, the usual webcam (an assumption, not a measurement).
    pub fn assumed(width_px: u32, height_px: u32) -> Self {
        Self {
            focal_px: 0.866 * width_px as f32,
            centre_x_px: width_px as f32 / 2.0,
            centre_y_px: height_px as f32 / 2.0,
            known: false,
        }
    }
}

/// A place in the picture, pixels, x to the right, y down.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Point {
    /// Across.
    pub x: f32,
    /// Down.
    pub y: f32,
}

impl Point {
    /// Straight distance to another point, pixels.
    pub fn distance(self, other: Self) -> f32 {
        (self.x - other.x).hypot(self.y - other.y)
    }
}

/// An upright rectangle, pixels.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rect {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
}

impl Rect {
    /// The middle.
    pub fn centre(&self) -> Point {
        Point { x: self.x + self.width / 2.0, y: self.y + self.height / 2.0 }
    }

    /// Share of the union that both cover, 0 to 1.
    pub fn overlap(&self, other: &Self) -> f32 {
        let width = (self.x + self.width).min(other.x + other.width) - self.x.max(other.x);
        let height = (self.y + self.height).min(other.y + other.height) - self.y.max(other.y);
        if width <= 0.0 || height <= 0.0 {
            return 0.0;
        }
        let both = width * height;
        both / (self.width * self.height + other.width * other.height - both).max(f32::EPSILON)
    }
}

/// Four corners in the order top left, top right, bottom right, bottom left, as the card lies in the picture.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Quad(pub [Point; 4]);

impl Quad {
    /// The mean of the corners.
    pub fn centre(&self) -> Point {
        let sum =
            self.0.iter().fold(Point::default(), |sum, corner| Point { x: sum.x + corner.x, y: sum.y + corner.y });
        Point { x: sum.x / 4.0, y: sum.y / 4.0 }
    }

    /// The upright rectangle around the corners.
    pub fn bounds(&self) -> Rect {
        let (mut left, mut top, mut right, mut bottom) = (f32::MAX, f32::MAX, f32::MIN, f32::MIN);
        for corner in &self.0 {
            left = left.min(corner.x);
            top = top.min(corner.y);
            right = right.max(corner.x);
            bottom = bottom.max(corner.y);
        }
        Rect { x: left, y: top, width: right - left, height: bottom - top }
    }

    /// Does the quadrilateral, grown by `grow` of its size around its centre, hold the point?
    pub fn holds(&self, point: Point, grow: f32) -> bool {
        let centre = self.centre();
        let corner = |index: usize| {
            let at = self.0[index % 4];
            Point { x: centre.x + (at.x - centre.x) * (1.0 + grow), y: centre.y + (at.y - centre.y) * (1.0 + grow) }
        };
        let side = |a: Point, b: Point| (b.x - a.x) * (point.y - a.y) - (b.y - a.y) * (point.x - a.x);
        let sides = [0, 1, 2, 3].map(|index| side(corner(index), corner(index + 1)));
        sides.iter().all(|value| *value >= 0.0) || sides.iter().all(|value| *value <= 0.0)
    }
}

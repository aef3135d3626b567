//! Who is in the frame: follows the main face from frame to frame and looks for others now and then.
//!
//! Guarantees: a face is called main only when detector, mesh and eyes agree. Between two looks of the detector the
//! others are those of the last look.
//! Without a main face there are no others either.
//! Refuses to know: time. "Every fifth" counts frames that were analysed.

use super::detect::{Detector, same_face};
use super::measure::{Eyes, Sizes, Workspace, eyes, measure};
use super::mesh::{Crop, Mesh, Mesher};
use super::shrink::SmallPicture;
use super::{Face, FaceBox, FaceReport, light};
use crate::net::ModelError;
use crate::people::Sight;
use crate::{Lens, Picture, Rect};

/// Detector score from which a box is a face. Chosen on drawn heads: every good one is above .80, cups and cats below.
pub const SURE_SCORE: f32 = 0.60;
/// Boxes below are not reported at all.
const LOWEST_SCORE: f32 = 0.30;
/// Mesh presence from which a box is a face. Things score near zero.
const SURE_PRESENCE: f32 = 0.50;
/// Eye contrast from which a box is a face: a featureless head has 0.03, closed eyes have 0.15.
const LEAST_EYE_CONTRAST: f32 = 0.10;
/// Closer together the eyes are found a few pixels beside where they are, and the box misses half of them.
const FINE_EYES_PX: f32 = 60.0;
/// The same for such small faces, and for everybody else, who may be far out of focus: shelves and books have 0.01 to 0.02.
const LEAST_OTHER_EYE_CONTRAST: f32 = 0.04;
/// Other people that are told apart from things and reported; the largest ones.
const MOST_OTHERS: usize = 8;
/// The detector looks again after this many frames.
const LOOK_AGAIN_AFTER: u32 = 5;
/// Below this overlap of mesh and detector box the mesh follows something else.
const STILL_SAME_OVERLAP: f32 = 0.3;
/// A face further from the middle of the square it was looked for in is looked at again, share of the square's side.
const MOST_OFF_CENTRE: f32 = 0.08;
/// Where the detector looks when the whole frame shows nobody: squares in the middle, as a share of the shorter side.
/// From 100 cm on a face is too small in the whole frame, and who sits there must hear "come closer", not "nobody".
const NEARER_LOOKS: [f32; 2] = [1.0, 0.667];
/// Boxes tried as main face in one frame, each a run of the mesh.
const TRIED: usize = 3;

/// Finds and measures faces. Keeps the main face in view from frame to frame; one per camera stream.
pub struct FaceAnalyser {
    pub(crate) detector: Detector,
    pub(crate) sight: Sight,
    mesher: Mesher,
    small: SmallPicture,
    followed: Option<Followed>,
    others: Vec<FaceBox>,
    workspace: Workspace,
}

/// The main face of the last frame.
struct Followed {
    crop: Crop,
    bounds: Rect,
    score: f32,
    frames: u32,
    size: (u32, u32),
}

/// A mesh that passed every gate.
struct Passed {
    mesh: Mesh,
    eyes: Eyes,
    score: f32,
}

impl FaceAnalyser {
    /// Loads both networks: about 10 ms and 9 MB.
    pub fn new() -> Result<Self, ModelError> {
        Ok(Self {
            detector: Detector::new()?,
            sight: Sight::default(),
            mesher: Mesher::new()?,
            small: SmallPicture::default(),
            followed: None,
            others: Vec::new(),
            workspace: Workspace::default(),
        })
    }

    /// Forgets every earlier frame: for a picture that is not the next one of the same stream.
    pub fn forget(&mut self) {
        self.followed = None;
        self.others.clear();
        self.sight = Sight::default();
    }

    /// One run of the detector over the whole picture or one region of it (pixels; what is outside counts as black).
    ///
    /// Boxes of score 0.30 and more, best first, in pixels of the whole picture. Sure is from [`SURE_SCORE`] on.
    /// Small pictures are welcome: this is also how the portrait on a rectified card is found.
    pub fn find(&mut self, picture: &Picture<'_>, region: Option<Rect>) -> Vec<FaceBox> {
        self.boxes(picture, region).to_vec()
    }

    /// What [`Self::find`] gives, lent until the next call instead of allocated.
    pub fn boxes(&mut self, picture: &Picture<'_>, region: Option<Rect>) -> &[FaceBox] {
        self.detector.find(picture, region, LOWEST_SCORE)
    }

    /// Everything one frame says about faces.
    pub fn analyse(&mut self, picture: &Picture<'_>, lens: &Lens) -> FaceReport {
        let mut report = FaceReport::default();
        self.analyse_into(picture, lens, &mut report);
        report
    }

    /// The same, written over an earlier report: frames of one size allocate nothing after the first few.
    pub fn analyse_into(&mut self, picture: &Picture<'_>, lens: &Lens, report: &mut FaceReport) {
        if let Some(face) = report.main.take() {
            self.workspace.points = face.points;
        }
        let mut small = std::mem::take(&mut self.small);
        small.fill(picture);
        let sizes = Sizes { frame: *picture, small: small.picture(picture), by: small.by() };
        report.main = self.main(&sizes, lens);
        report.others.clear();
        report.others.extend_from_slice(&self.others);
        report.scene = light::scene(&sizes.small.luma);
        self.small = small;
    }

    /// Do mesh and eyes, too, say that there is a face? The one that is followed was asked already.
    pub(crate) fn is_face(&mut self, picture: &Picture<'_>, face: &FaceBox) -> bool {
        let size = (picture.luma.width(), picture.luma.height());
        let is_followed = |followed: &Followed| followed.size == size && same_face(&face.bounds, &followed.bounds);
        let whole = Sizes { frame: *picture, small: *picture, by: 1 };
        self.followed.as_ref().is_some_and(is_followed) || self.is_other(&whole, face)
    }

    fn is_other(&mut self, sizes: &Sizes<'_>, face: &FaceBox) -> bool {
        let mesh = self.mesher.look(&sizes.frame, &sizes.small, sizes.by, Crop::around(face));
        mesh.presence >= SURE_PRESENCE && eyes(sizes, &mesh).contrast >= LEAST_OTHER_EYE_CONTRAST
    }

    fn main(&mut self, sizes: &Sizes<'_>, lens: &Lens) -> Option<Face> {
        let size = (sizes.frame.luma.width(), sizes.frame.luma.height());
        let followed = self.followed.take().filter(|followed| followed.size == size);
        let (passed, frames) = match followed {
            Some(followed) => match self.look(sizes, followed.crop, followed.score) {
                Some(passed) if followed.frames + 1 < LOOK_AGAIN_AFTER => (Some(passed), followed.frames + 1),
                passed => (self.search(sizes, passed), 0),
            },
            None => (self.search(sizes, None), 0),
        };
        let passed = passed?;
        self.followed = Some(Followed {
            crop: Crop::following(&passed.mesh),
            bounds: passed.mesh.bounds,
            score: passed.score,
            frames,
            size,
        });
        Some(measure(sizes, lens, &passed.mesh, &passed.eyes, passed.score, &mut self.workspace))
    }

    /// Runs the mesh on one square; `None` when it is no face.
    fn look(&mut self, sizes: &Sizes<'_>, crop: Crop, score: f32) -> Option<Passed> {
        let mut mesh = self.mesher.look(&sizes.frame, &sizes.small, sizes.by, crop);
        if mesh.presence >= SURE_PRESENCE && mesh.bounds.centre().distance(crop.centre) > MOST_OFF_CENTRE * crop.side {
            // The network was trained on centred faces and bends those at the edge of its square.
            mesh = self.mesher.look(&sizes.frame, &sizes.small, sizes.by, Crop::following(&mesh));
        }
        if mesh.presence < SURE_PRESENCE {
            return None;
        }
        let eyes = eyes(sizes, &mesh);
        let least = if eyes.apart_px < FINE_EYES_PX { LEAST_OTHER_EYE_CONTRAST } else { LEAST_EYE_CONTRAST };
        (eyes.contrast >= least).then_some(Passed { mesh, eyes, score })
    }

    /// Runs the detector, takes the largest box that is a face and keeps the rest as others.
    fn search(&mut self, sizes: &Sizes<'_>, followed: Option<Passed>) -> Option<Passed> {
        self.others.clear();
        self.others.extend(self.detector.find(&sizes.frame, None, SURE_SCORE));
        for share in NEARER_LOOKS {
            if self.others.is_empty() {
                let middle = middle_square(&sizes.frame, share);
                self.others.extend(self.detector.find(&sizes.frame, Some(middle), SURE_SCORE));
            }
        }
        self.others.sort_unstable_by(|a, b| area(b).total_cmp(&area(a)));
        if let (Some(passed), Some(largest)) = (followed, self.others.first())
            && passed.mesh.bounds.overlap(&largest.bounds) >= STILL_SAME_OVERLAP
        {
            let score = largest.score;
            self.others.remove(0);
            self.keep_people_beside(sizes, &passed);
            return Some(Passed { score, ..passed });
        }
        for _ in 0..TRIED {
            if self.others.is_empty() {
                break;
            }
            let face = self.others.remove(0);
            if let Some(passed) = self.look(sizes, Crop::around(&face), face.score) {
                self.keep_people_beside(sizes, &passed);
                return Some(passed);
            }
        }
        // What is left was not looked at; without a main face nobody is beside it.
        self.others.clear();
        None
    }

    /// A box inside the main face is not another person, and a shelf is none either.
    fn keep_people_beside(&mut self, sizes: &Sizes<'_>, main: &Passed) {
        let mut others = std::mem::take(&mut self.others);
        others.retain(|other| !same_face(&other.bounds, &main.mesh.bounds));
        others.truncate(MOST_OTHERS);
        others.retain(|other| self.is_other(sizes, other));
        self.others = others;
    }
}

#[cfg(test)]
impl FaceAnalyser {
    /// Hands each stage of [`Self::analyse`] to `time`, one by one.
    pub(crate) fn cost_of_stages(
        &mut self,
        picture: &Picture<'_>,
        lens: &Lens,
        time: &mut dyn FnMut(&str, &mut dyn FnMut()),
    ) {
        let mut small = SmallPicture::default();
        time("shrink", &mut || small.fill(picture));
        let sizes = Sizes { frame: *picture, small: small.picture(picture), by: small.by() };
        time("scene", &mut || {
            std::hint::black_box(light::scene(&sizes.small.luma));
        });
        let face = self.detector.find(picture, None, SURE_SCORE)[0];
        let crop = Crop::around(&face);
        time("mesh", &mut || {
            std::hint::black_box(self.mesher.look(picture, &sizes.small, sizes.by, crop));
        });
        let mesh = self.mesher.look(picture, &sizes.small, sizes.by, crop);
        let eyes = eyes(&sizes, &mesh);
        time("measures", &mut || drop(measure(&sizes, lens, &mesh, &eyes, face.score, &mut self.workspace)));
    }
}

/// A square in the middle of the frame.
fn middle_square(frame: &Picture<'_>, share: f32) -> Rect {
    let (width, height) = (frame.luma.width() as f32, frame.luma.height() as f32);
    let side = share * width.min(height);
    Rect { x: (width - side) / 2.0, y: (height - side) / 2.0, width: side, height: side }
}

fn area(face: &FaceBox) -> f32 {
    face.bounds.width * face.bounds.height
}

//! The name that the PDF417 code on a card holds, where there is one: optional evidence for a question, never for a refusal.
//!
//! Guarantees: any picture and any corners are taken, nothing panics; the name is wiped when its holder lets go and is in no `Debug`;
//! nothing but the name leaves this module. Most cards have no code, or have it on the side that is not shown: then there is no name.
//! Refuses to know: what the learner typed. The letters of a machine-readable zone are not read: that needs a reader of its own for
//! their typeface, which is not built, and nothing here claims it.
//! The guarantee ends at the decoder: what it held in memory of its own is freed when the call returns, but not overwritten.

mod aamva;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rxing::common::HybridBinarizer;
use rxing::pdf417::PDF417Reader;
use rxing::{BinaryBitmap, Exceptions, Luma8Source, LuminanceSource, Reader};
use zeroize::Zeroizing;

use crate::card::warp::{Homography, flatten};
use crate::names::CardName;
use crate::{Plane, Quad};

/// The finder's corners may lie a little inside the card, and a code may be printed close to its edge.
const MARGIN: f32 = 0.03;
/// A picture pixel becomes this many of the flat card, so that a bar of two pixels keeps its width between the pixels.
const ENLARGED: f32 = 2.0;
/// Sides of the flat card, pixels. The largest bounds the time; below the smallest no code could be told from dirt.
const LARGEST_SIDE_PX: f32 = 2400.0;
const SMALLEST_SIDE_PX: f32 = 120.0;
/// Parts of the flat card, as top and height of it. The decoder stops at the first thing that begins like a code, so that one above
/// the code hides it; in a half of its own it is found.
const WHOLE: (f32, f32) = (0.0, 1.0);
const HALVES: [(f32, f32); 2] = [(0.5, 0.5), (0.0, 0.55)];
/// How much of what differs from the neighbours is added where plain reading fails. Chosen on drawn codes: at 1.5 to 2 pixels a module
/// a blur of half a module is then read 10 times of 10, against 0 to 4 times without.
const SHARPENED: i32 = 2;
/// The neighbours stand this far away, pixels of the flat card: one of the frame.
const NEIGHBOURS: usize = ENLARGED as usize;

/// The name a code holds. Wiped when dropped; `Debug` does not show it.
pub struct CodeName {
    family: Zeroizing<String>,
    given: Zeroizing<String>,
    cut: bool,
}

impl CodeName {
    /// Lends it for [`crate::names::compare`].
    pub fn as_card_name(&self) -> CardName<'_> {
        CardName { family: &self.family, given: &self.given, cut: self.cut }
    }
}

impl fmt::Debug for CodeName {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("CodeName(<redacted>)")
    }
}

/// The name of the holder in the PDF417 code on a card, as the card standards of AAMVA lay it out (2000 to 2020).
///
/// `luma`: the whole frame. `quad`: corners of the card in it, pixels; the code may lie anywhere on the card and in any of its four
/// directions. `None`: there is no such code, it cannot be read (drawn codes need 1.5 pixels a module and a blur
/// of at most half a module, see `what_reading_costs`), or it holds no name. Never fails otherwise.
pub fn read_name(luma: &Plane<'_>, quad: &Quad) -> Option<CodeName> {
    let plain = FlatCard::cut_out(luma, quad)?;
    plain.name().or_else(|| plain.sharpened().name())
}

/// The card as if it lay flat before the camera.
struct FlatCard {
    px: Zeroizing<Vec<u8>>,
    width: u32,
    height: u32,
}

impl FlatCard {
    fn cut_out(luma: &Plane<'_>, quad: &Quad) -> Option<Self> {
        let card = Homography::onto(quad)?;
        let (low, high) = (-MARGIN, 1.0 + MARGIN);
        let wider = Quad([card.apply(low, low), card.apply(high, low), card.apply(high, high), card.apply(low, high)]);
        let [a, b, c, d] = wider.0;
        let (across, down) = (a.distance(b).max(c.distance(d)), b.distance(c).max(d.distance(a)));
        let longest = across.max(down);
        if !longest.is_finite() || across.min(down) * ENLARGED < SMALLEST_SIDE_PX {
            return None;
        }
        let scale = ENLARGED.min(LARGEST_SIDE_PX / longest);
        let (width, height) = ((across * scale) as u32, (down * scale) as u32);
        if width.min(height) < SMALLEST_SIDE_PX as u32 {
            return None;
        }
        let mut px = Zeroizing::new(Vec::with_capacity((width * height) as usize));
        flatten(luma, (0, 0), &Homography::onto(&wider)?, (width, height), &mut px);
        Some(Self { px, width, height })
    }

    /// The same with its blur partly undone.
    fn sharpened(&self) -> Self {
        let (width, height) = (self.width as usize, self.height as usize);
        let mut px = Zeroizing::new(Vec::with_capacity(self.px.len()));
        for (y, row) in self.px.chunks_exact(width).enumerate() {
            let line = |y: usize| &self.px[y * width..(y + 1) * width];
            let (above, below) = (line(y.saturating_sub(NEIGHBOURS)), line((y + NEIGHBOURS).min(height - 1)));
            px.extend(row.iter().enumerate().map(|(x, here)| {
                let (left, right) = (row[x.saturating_sub(NEIGHBOURS)], row[(x + NEIGHBOURS).min(width - 1)]);
                let around: i32 = [left, right, above[x], below[x]].into_iter().map(i32::from).sum();
                let here = i32::from(*here);
                (here + SHARPENED * (4 * here - around) / 4).clamp(0, 255) as u8
            }));
        }
        Self { px, width: self.width, height: self.height }
    }

    fn name(&self) -> Option<CodeName> {
        match self.decode(WHOLE) {
            Found::Text(text) => aamva::name(&text),
            Found::Nothing => None,
            Found::Unclear => HALVES.iter().find_map(|part| match self.decode(*part) {
                Found::Text(text) => aamva::name(&text),
                Found::Unclear | Found::Nothing => None,
            }),
        }
    }

    /// What the code in a part of the card says.
    fn decode(&self, (top, share): (f32, f32)) -> Found {
        let height = self.height as usize;
        let first = ((height as f32 * top) as usize).min(height - 1);
        let rows = ((height as f32 * share) as usize).clamp(1, height - first);
        let whole = Luma8Source::new_with_slice(&self.px, self.width, self.height);
        let Ok(part) = whole.and_then(|whole| whole.crop(0, first, self.width as usize, rows)) else {
            return Found::Nothing;
        };
        // The decoder is given anybody's card; where it gives up by a panic, there is no name and the photo goes on.
        let decoded = catch_unwind(AssertUnwindSafe(|| {
            PDF417Reader::new().decode(&mut BinaryBitmap::new(HybridBinarizer::new(part)))
        }));
        match decoded {
            Ok(Ok(found)) => Found::Text(Zeroizing::new(found.getText().to_owned())),
            Ok(Err(Exceptions::NotFoundException(_))) => Found::Nothing,
            Ok(Err(_)) | Err(_) => Found::Unclear,
        }
    }
}

/// What the decoder made of a picture.
enum Found {
    Text(Zeroizing<String>),
    /// Something begins like a code and could not be read.
    Unclear,
    Nothing,
}

#[cfg(test)]
mod trials;

//! Gates of the card held up alone, and those every card shares.

use likeness_vision::card::{Card, CardFormat};

use super::face::four_ways;
use super::{Judgement, Reading, Standpoint, move_mm};
use crate::advice::Side;
use crate::guide;
use crate::hint::HintCode;
use crate::mode::CardNeeds;
use crate::profile::{Limits, Thresholds};
use crate::view::Measures;

/// `IdCard` mode. Answers whether a card was found.
pub(super) fn judge(measures: &Measures, from: &Standpoint<'_>, needs: CardNeeds, to: &mut Judgement) -> bool {
    let Some(card) = &measures.card else {
        to.readings.push(no_card(measures, from, true));
        return false;
    };
    to.readings.push(no_card(measures, from, false));
    if !from.memory.card_agreed() {
        to.card_unsettled = true;
        if is_dim(measures, from) {
            // Edges in the noise may never agree, and nothing would ever be said.
            to.readings.push(dark(card, from));
        }
        let mut unsettled = Judgement::default();
        distance(measures, card, from, &mut unsettled);
        place(measures, card, from, &mut unsettled);
        to.note_opposed(unsettled);
        return true;
    }
    side(card, from, needs, to);
    distance(measures, card, from, to);
    place(measures, card, from, to);
    surface(card, from, from.settings.profile.limits().card_tilt_max, to);
    sharpness(measures, card, from, to);
    let print = f64::from(card.text_lines) >= from.settings.profile.limits().card_lines_min.warn;
    // A name side with print on it needs no portrait to be told apart.
    to.complete = from.memory.portrait().is_some() || (needs == CardNeeds::NameSide && print);
    true
}

/// A document of unknown kind may have no edges to find, so its absence only warns. In the dark it is light that is missed:
/// whoever holds the card where it belongs may not be told to hold it there.
fn no_card(measures: &Measures, from: &Standpoint<'_>, absent: bool) -> Reading {
    let code = if absent && is_dim(measures, from) { HintCode::CardDark } else { HintCode::NoCard };
    if from.settings.format == CardFormat::Other {
        Reading::advice("card", code, absent)
    } else {
        Reading::fact("card", code, absent)
    }
}

/// Nothing in the whole frame is as bright as a card in fair light would be.
fn is_dim(measures: &Measures, from: &Standpoint<'_>) -> bool {
    f64::from(measures.scene.p90) < from.settings.profile.limits().card_p90_min.warn
}

fn side(card: &Card, from: &Standpoint<'_>, needs: CardNeeds, to: &mut Judgement) {
    let limits = from.settings.profile.limits();
    let Some(portrait) = from.memory.portrait() else {
        return;
    };
    match needs {
        CardNeeds::NameSide => {
            let print = f64::from(card.text_lines) >= limits.card_lines_with_portrait_min.warn;
            let photo_side = portrait >= limits.portrait_min.stop && !print;
            to.readings.push(Reading::fact("card-side", HintCode::WrongSide, photo_side));
        }
        CardNeeds::PhotoAndName => {
            let code = hidden(card, limits).unwrap_or(HintCode::NoPortrait);
            to.readings.push(Reading::below("card-portrait", code, portrait, limits.portrait_min));
        }
    }
}

/// Why a portrait may not be seen though it is there: nobody is told to turn a card over that lies in the dark or under a reflection.
fn hidden(card: &Card, limits: &Thresholds) -> Option<HintCode> {
    if f64::from(card.median_luma) > limits.card_median_max.warn {
        Some(HintCode::CardBurnt)
    } else if f64::from(card.glare_share) > limits.card_glare_max.warn {
        Some(HintCode::Glare)
    } else if f64::from(card.p90_luma) < limits.card_p90_min.stop {
        Some(HintCode::CardDark)
    } else {
        None
    }
}

fn distance(measures: &Measures, card: &Card, from: &Standpoint<'_>, to: &mut Judgement) {
    let limits = from.settings.profile.limits();
    let width_px = width_px(card);
    let fill = guide::fill(measures, from.guide.outline, width_px);
    let real_mm = from.settings.format.size_mm().map_or(100.0, |(width_mm, _)| f64::from(width_mm));
    let distance_mm = f64::from(measures.lens.focal_px) * real_mm / f64::from(width_px.max(1.0));
    let apart = move_mm(distance_mm, fill, 1.0);
    // A card that fills its outline is where it was asked to be; what is missing then is pixels.
    let filled = fill > 1.0;
    if card.px_per_mm > 0.0 {
        let code = if filled { HintCode::CameraLimit } else { HintCode::CardTooFar };
        let reading = Reading::below("card-px-per-mm", code, card.px_per_mm, limits.card_density_min);
        to.readings.push(if filled { reading } else { reading.moving(Side::Closer, apart, false) });
    }
    if !filled && f64::from(card.text_lines) >= limits.card_lines_min.warn {
        let reading =
            Reading::below("card-capital-px", HintCode::CardTooFar, card.capital_height_px, limits.card_capital_px_min);
        to.readings.push(reading.moving(Side::Closer, apart, false));
    }
    to.readings.push(Reading::below("card-fill", HintCode::CardTooFar, fill, limits.card_fill_min).moving(
        Side::Closer,
        apart,
        filled,
    ));
    let smaller = fill < 1.0;
    to.readings.push(Reading::above("card-fill", HintCode::CardTooClose, fill, limits.card_fill_max).moving(
        Side::Away,
        apart,
        smaller,
    ));
}

fn place(measures: &Measures, card: &Card, from: &Standpoint<'_>, to: &mut Judgement) {
    let limits = from.settings.profile.limits();
    to.readings.push(Reading::below("card-margin", HintCode::CardCutOff, card.border_margin, limits.card_margin_min));
    let Some(outline) = from.guide.outline else {
        return;
    };
    let (x, y) = measures.share(card.quad.centre());
    let off_y = (y - outline.y - outline.height / 2.0) * measures.height() / measures.width();
    four_ways(
        to,
        ["card-across", "card-down"],
        [HintCode::CardLeft, HintCode::CardRight, HintCode::CardHigh, HintCode::CardLow],
        (x - outline.x - outline.width / 2.0, off_y),
        (limits.card_across_max, limits.card_down_max),
    );
}

/// Which way up, tilt, turn, light: for a card alone and beside a face.
pub(super) fn surface(card: &Card, from: &Standpoint<'_>, tilt: Limits, to: &mut Judgement) {
    let limits = from.settings.profile.limits();
    to.readings.push(Reading::advice("card-upside-down", HintCode::UpsideDown, from.memory.upside_down()));
    to.readings.push(Reading::angle("card-tilt-degrees", HintCode::CardTilted, card.tilt_degrees, tilt));
    to.readings.push(Reading::angle(
        "card-roll-degrees",
        HintCode::CardTurned,
        card.roll_degrees,
        limits.card_roll_max,
    ));
    let burnt = Reading::above("card-median-luma", HintCode::CardBurnt, card.median_luma, limits.card_median_max);
    if burnt.level().is_none() {
        // On a card that is white all over, a reflection is not the trouble.
        let Limits { warn, stop } = limits.card_glare_max;
        let stop = if card.glare_over_text { limits.glare_over_text_stop } else { stop };
        to.readings.push(Reading::above(
            "card-glare-share",
            HintCode::Glare,
            card.glare_share,
            Limits { warn: warn.min(stop), stop },
        ));
    }
    to.readings.push(burnt);
    to.readings.push(dark(card, from));
}

fn dark(card: &Card, from: &Standpoint<'_>) -> Reading {
    let limits = from.settings.profile.limits();
    Reading::below("card-p90-luma", HintCode::CardDark, card.p90_luma, limits.card_p90_min)
}

fn sharpness(measures: &Measures, card: &Card, from: &Standpoint<'_>, to: &mut Judgement) {
    let limits = from.settings.profile.limits();
    let moving = from.memory.moving();
    let code = if moving { HintCode::HoldStill } else { HintCode::OutOfFocus };
    let reading = if card.px_per_mm > 0.0 {
        Reading::above("card-sigma-mm", code, card.sigma_mm, limits.card_sigma_mm_max)
    } else {
        Reading::above("card-sigma-px", code, card.sigma_px, limits.beside_sigma_px_max)
    };
    let fill = guide::fill(measures, from.guide.outline, width_px(card));
    let wide = width_px(card) > 0.45 * measures.width();
    let way = match from.memory.sharper_nearer() {
        Some(true) if fill <= 1.0 => Some(Side::Closer),
        Some(true) => None,
        Some(false) => Some(Side::Away),
        None => wide.then_some(Side::Away),
    };
    to.readings.push(match way {
        Some(way) if !moving => reading.toward(way),
        _ => reading,
    });
    let sharp = card.px_per_mm > 0.0 && f64::from(card.sigma_mm) <= limits.card_sigma_mm_green;
    if sharp {
        to.readings.push(Reading::below(
            "card-text-lines",
            HintCode::TextHidden,
            card.text_lines,
            limits.card_lines_min,
        ));
    }
}

/// Mean of the upper and lower edge, pixels.
pub(super) fn width_px(card: &Card) -> f32 {
    let [top_left, top_right, low_right, low_left] = card.quad.0;
    f32::midpoint(top_left.distance(top_right), low_left.distance(low_right))
}

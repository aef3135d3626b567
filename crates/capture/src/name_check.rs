//! The name in the code on an ID against the name the learner typed, on the very bytes that are sent.
//!
//! Guarantees: what was read lives for the comparison, is logged nowhere and goes nowhere; only the verdict leaves.
//! Refuses to know: what a verdict leads to. It never refuses a photo.

use likeness_camera::decode_still;
use likeness_vision::names::{NameVerdict, compare};
use likeness_vision::{Quad, codes};

use crate::eyes::picture_of;
use crate::mode::TypedName;

/// Name of the verdict among the signals of the manifest.
pub(crate) const SIGNAL: &str = "name-agreement";

/// The verdict as the manifest's number: 1 the same, 0.5 in part, 0 another name. Where nothing was read, the signal is absent.
pub(crate) fn as_signal(name: NameVerdict) -> Option<f64> {
    match name {
        NameVerdict::Same => Some(1.0),
        NameVerdict::Partly => Some(0.5),
        NameVerdict::Different => Some(0.0),
        NameVerdict::Unread => None,
    }
}

/// Reads the code on the card in this photo, if there is one, and compares.
pub(crate) fn agreement(jpeg: &[u8], card: &Quad, typed: &TypedName) -> NameVerdict {
    if typed.as_str().is_empty() {
        return NameVerdict::Unread;
    }
    // These bytes were decoded once already, when they were judged; were they damaged, there would be no photo.
    let Ok(planes) = decode_still(jpeg) else { return NameVerdict::Unread };
    let Ok(picture) = picture_of(&planes) else { return NameVerdict::Unread };
    let read = codes::read_name(&picture.luma, card);
    read.map_or(NameVerdict::Unread, |name| compare(typed.as_str(), &name.as_card_name()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use likeness_camera::encode_rgb;
    use likeness_vision::Point;
    use rxing::pdf417::PDF417Writer;
    use rxing::{BarcodeFormat, EncodeHintValue, EncodeHints, Writer};
    use zeroize::Zeroizing;

    use super::*;
    use crate::mode::Settings;
    use crate::photo::{CameraFacts, CapturedPhoto, How, PhotoKind, Provenance};

    const CODE: &str = "@\n\u{1e}\rANSI 636000100101DL00310042DLDCSSPECIMEN\nDACMIRA\nDADLEDA\nDBB06061986\r";

    /// A photo of a white card on grey with this code on it.
    fn photo(code: Option<&str>, kind: PhotoKind) -> CapturedPhoto {
        let (width, height) = (1280_u16, 720_u16);
        let (left, top, right, bottom) = (140_u16, 50_u16, 1140_u16, 680_u16);
        let mut rgb = vec![110_u8; 3 * usize::from(width) * usize::from(height)];
        let mut paint = |x: u16, y: u16, level: u8| {
            let at = 3 * (usize::from(y) * usize::from(width) + usize::from(x));
            rgb[at..at + 3].fill(level);
        };
        (top..bottom).for_each(|y| (left..right).for_each(|x| paint(x, y, 215)));
        if let Some(code) = code {
            let hints = EncodeHints::default().with(EncodeHintValue::Margin("0".to_owned()));
            let bits = PDF417Writer.encode_with_hints(code, &BarcodeFormat::PDF_417, 900, 400, &hints).unwrap();
            for y in 0..u16::try_from(bits.getHeight()).unwrap() {
                for x in 0..u16::try_from(bits.getWidth()).unwrap() {
                    paint(left + 50 + x, top + 80 + y, if bits.get(x.into(), y.into()) { 30 } else { 215 });
                }
            }
        }
        let corner = |x: u16, y: u16| Point { x: f32::from(x) - 0.5, y: f32::from(y) - 0.5 };
        let card = Quad([corner(left, top), corner(right, top), corner(right, bottom), corner(left, bottom)]);
        let provenance = Provenance {
            taken_at_unix_ms: 1,
            frame_seq: 1,
            card_in_view: true,
            how: How::Auto,
            guided_ms: 1,
            profile: "standard/1".to_owned(),
            findings: Vec::new(),
            taken_anyway: Vec::new(),
            signals: BTreeMap::new(),
            camera: CameraFacts::default(),
        };
        let jpeg = encode_rgb(&rgb, width, height, 92).unwrap();
        let card = Some(card).filter(|_| kind == PhotoKind::Id);
        CapturedPhoto::new(kind, Zeroizing::new(jpeg), (width, height), provenance, Vec::new(), card)
    }

    #[test]
    fn the_verdict_goes_on_and_nothing_else() {
        let id = PhotoKind::Id;
        #[rustfmt::skip]
        let table = [
            // photo                                  typed                 expected                because
            (photo(Some(CODE), id),                   "Mira Leda Specimen", NameVerdict::Same,      "as on the card"),
            (photo(Some(CODE), id),                   "specimen mira leda", NameVerdict::Same,      "in another order"),
            (photo(Some(CODE), id),                   "Mira Specimen",      NameVerdict::Partly,    "without the middle name"),
            (photo(Some(CODE), id),                   "Anna Eriksson",      NameVerdict::Different, "somebody else"),
            (photo(Some(CODE), id),                   "田中 花子",          NameVerdict::Unread,    "in other letters"),
            (photo(Some(CODE), id),                   "",                   NameVerdict::Unread,    "no name was typed"),
            (photo(Some("https://example.org"), id),  "Anna Eriksson",      NameVerdict::Unread,    "a code that names nobody"),
            (photo(None, id),                         "Anna Eriksson",      NameVerdict::Unread,    "no code: most cards"),
            (photo(Some(CODE), PhotoKind::Face),      "Anna Eriksson",      NameVerdict::Unread,    "never in a face photo"),
        ];
        for (photo, typed, expected, because) in table {
            let compared = photo.compared_with(&TypedName::new(typed));
            assert_eq!(compared.name(), expected, "{because}: {typed}");
            assert_eq!(compared.provenance().signals.get(SIGNAL).copied(), as_signal(expected), "{because}");
            assert_eq!((compared.sha256(), compared.jpeg()), (photo.sha256(), photo.jpeg()), "the bytes are the same");
            let printed = format!("{compared:?} {:?}", compared.provenance()).to_uppercase();
            assert!(!printed.contains("SPECIMEN") && !printed.contains("ERIKSSON"), "{printed}");
        }
    }

    #[test]
    fn a_corrected_name_is_compared_anew() {
        let photo = photo(Some(CODE), PhotoKind::Id);
        assert_eq!(photo.name(), NameVerdict::Unread, "nothing was compared yet");
        let wrong = photo.compared_with(&TypedName::new("Anna Eriksson"));
        let right = wrong.compared_with(&TypedName::new("Mira Leda Specimen"));
        assert_eq!((wrong.name(), right.name()), (NameVerdict::Different, NameVerdict::Same));
        assert_eq!(right.provenance().signals.get(SIGNAL), Some(&1.0));
        assert!(std::ptr::eq(right.jpeg(), photo.jpeg()), "the bytes are shared, not copied");
        assert_eq!(right.compared_with(&TypedName::default()).provenance().signals.get(SIGNAL), None, "taken back");
    }

    #[test]
    fn a_typed_name_is_not_printed() {
        let settings = Settings { name: TypedName::new("Anna Eriksson"), ..Settings::default() };
        assert!(!format!("{settings:?}").contains("Eriksson"), "{settings:?}");
    }
}

//! Contact sheets: small pictures of wrong and of right decisions, one sheet per row and kind.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use likeness_camera::{decode_still, encode_rgb};

use crate::EvaluationError;
use crate::record::Record;
use crate::shot::SMALL_WIDTH_PX;

const COLUMNS: usize = 6;
const MOST: usize = 48;

/// Writes `wrong-SET-SHOWN.jpg` and `right-SET.jpg`, each with a list of what was said beside it.
pub fn hang_all(records: &[Record], pictures: &Path, out: &Path) -> Result<(), EvaluationError> {
    let mut sheets: BTreeMap<String, Vec<&Record>> = BTreeMap::new();
    for record in records {
        let right = record.passed == record.shown.starts_with("good");
        let name =
            if right { format!("right-{}", record.set) } else { format!("wrong-{}-{}", record.set, record.shown) };
        if pictures.join(record.file()).exists() {
            sheets.entry(name).or_default().push(record);
        }
    }
    for (name, mut records) in sheets {
        records.sort_by(|a, b| (&a.shown, a.seed, a.variant).cmp(&(&b.shown, b.seed, b.variant)));
        records.truncate(MOST);
        sheet(&records, pictures, &out.join(format!("{name}.jpg")))?;
        let list: String = records
            .iter()
            .enumerate()
            .map(|(index, record)| {
                format!(
                    "row {} column {}: {} seed {} variant {}: {} {:?}\n",
                    index / COLUMNS + 1,
                    index % COLUMNS + 1,
                    record.shown,
                    record.seed,
                    record.variant,
                    if record.codes.is_empty() { "nothing".to_owned() } else { record.codes.join(" ") },
                    record.values
                )
            })
            .collect();
        let path = out.join(format!("{name}.txt"));
        fs::write(&path, list).map_err(|source| EvaluationError::File { path, source })?;
    }
    Ok(())
}

fn sheet(records: &[&Record], pictures: &Path, path: &Path) -> Result<(), EvaluationError> {
    let cell_h = SMALL_WIDTH_PX * 3 / 4;
    let (width, height) = (COLUMNS * SMALL_WIDTH_PX, records.len().div_ceil(COLUMNS) * cell_h);
    let mut rgb = vec![32u8; width * height * 3];
    for (index, record) in records.iter().enumerate() {
        let file = pictures.join(record.file());
        let Ok(jpeg) = fs::read(&file) else { continue };
        let planes = decode_still(&jpeg)?;
        let (left, top) = (index % COLUMNS * SMALL_WIDTH_PX, index / COLUMNS * cell_h);
        for y in 0..planes.y.height.min(cell_h) {
            for x in 0..planes.y.width.min(SMALL_WIDTH_PX) {
                let luma = f32::from(planes.y.px[y * planes.y.stride + x]);
                let [u, v] = [&planes.u, &planes.v]
                    .map(|plane| plane.as_ref().map_or(0.0, |plane| f32::from(plane.px[y * plane.stride + x]) - 128.0));
                let colours = [luma + 1.402 * v, luma - 0.344 * u - 0.714 * v, luma + 1.772 * u];
                let at = ((top + y) * width + left + x) * 3;
                for (channel, colour) in colours.into_iter().enumerate() {
                    rgb[at + channel] = colour.round().clamp(0.0, 255.0) as u8;
                }
            }
        }
    }
    let jpeg = encode_rgb(&rgb, width as u16, height as u16, 85)?;
    fs::write(path, jpeg).map_err(|source| EvaluationError::File { path: path.to_owned(), source })
}

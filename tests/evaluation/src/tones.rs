//! Fairness: the same person in 24 skin tones, at five exposures, in the same light.

use likeness_capture::{Mode, Observer, Settings};
use likeness_studio::{DARKEST_TONE, Easel};

use crate::faces::{self, SIZE_PX};
use crate::record::Record;
use crate::shot::{Sensor, Shot};
use crate::trial::{Trial, Wall};

pub const TONES: u32 = 24;
/// Of right exposure.
pub const EXPOSURES: [f32; 5] = [0.15, 0.5, 1.0, 1.5, 3.5];

/// One person.
pub fn trial(seed: u64, wall: &Wall) -> Trial {
    let mut observer = Observer::new(Mode::Face, Settings::default())?;
    let mut records = Vec::new();
    let mut scene = faces::good(seed, 0);
    let Some(person) = scene.learner.clone() else { return Ok(records) };
    for tone in 0..TONES {
        let step = DARKEST_TONE * tone as f32 / (TONES - 1) as f32;
        if let Some(learner) = &mut scene.learner {
            learner.looks = person.looks.clone().with_tone(step);
        }
        let painting = Easel::default().paint(&scene)?;
        for (index, exposure) in EXPOSURES.into_iter().enumerate() {
            let shot = Shot::of(
                &painting,
                SIZE_PX,
                Sensor { exposure, noise: scene.lens.noise, seed: seed + u64::from(tone) },
            )?;
            let opinion = observer.examine(&shot.jpeg)?;
            let shown = if index == 2 { "good" } else { "exposure" };
            let mut record = Record::new("tone", shown, seed, tone * 10 + index as u32, &opinion)
                .with("tone", tone)
                .with("exposure", exposure);
            if let Some(face) = &opinion.face {
                record = record.with("eye_white", face.eye_white_luma);
            }
            wall.hang(&record, &shot)?;
            records.push(record);
        }
    }
    Ok(records)
}

//! Counts: the accuracy table, the confusion matrix, fairness and the rulers, from judged frames.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::company::WRONG;
use crate::record::Record;
use crate::tones::{EXPOSURES, TONES};

/// One row of the accuracy table.
pub struct Row {
    /// Name in figures.
    pub name: &'static str,
    /// What it is about.
    pub title: &'static str,
    set: &'static str,
    shown: &'static [&'static str],
    /// Good frames of these kinds are the other side.
    good: &'static [&'static str],
    /// Hints that speak of this defect.
    codes: &'static [&'static str],
    /// Per cent.
    accept_bar: Option<f64>,
    refuse_bar: Option<f64>,
}

const FACE_GOOD: &[&str] = &["good"];
const CARD_GOOD: &[&str] = &["good"];

#[rustfmt::skip]
const ROWS: [Row; 20] = [
    Row { name: "no_face", title: "no face: empty rooms, straight lines", set: "face", shown: &["no-face"], good: FACE_GOOD, codes: &["no-face"], accept_bar: Some(1.0), refuse_bar: Some(1.0) },
    Row { name: "second_person", title: "second person, 30 to 220 cm", set: "face", shown: &["second-person"], good: FACE_GOOD, codes: &["second-person"], accept_bar: Some(2.0), refuse_bar: Some(1.0) },
    Row { name: "pose", title: "yaw > 20°, pitch > 18°, roll > 16°", set: "face", shown: &["turned", "nodding", "leaning"], good: FACE_GOOD, codes: &["turn-head", "chin", "head-tilt"], accept_bar: Some(1.0), refuse_bar: Some(1.0) },
    Row { name: "place", title: "too far, off centre", set: "face", shown: &["far", "off-centre"], good: FACE_GOOD, codes: &["face-too-far", "face-left", "face-right", "face-high", "face-low"], accept_bar: Some(1.0), refuse_bar: Some(4.0) },
    Row { name: "dark", title: "too dark, light behind", set: "face", shown: &["dark", "light-behind"], good: FACE_GOOD, codes: &["too-dark", "light-behind", "picture-black"], accept_bar: Some(1.0), refuse_bar: Some(1.0) },
    Row { name: "bright", title: "too bright (stop or warn)", set: "face", shown: &["bright"], good: FACE_GOOD, codes: &["too-bright", "picture-white"], accept_bar: Some(3.0), refuse_bar: Some(1.0) },
    Row { name: "side_light", title: "side light", set: "face", shown: &["side-light"], good: FACE_GOOD, codes: &["side-light"], accept_bar: Some(2.0), refuse_bar: Some(1.0) },
    Row { name: "face_blur", title: "face blur >= 2 px at 72 px between the eyes", set: "face", shown: &["blurred"], good: FACE_GOOD, codes: &["out-of-focus", "hold-still"], accept_bar: Some(2.0), refuse_bar: Some(2.0) },
    Row { name: "eyes_closed", title: "eyes closed, one frame", set: "face", shown: &["eyes-closed"], good: FACE_GOOD, codes: &["eyes-closed"], accept_bar: Some(8.0), refuse_bar: Some(2.0) },
    Row { name: "eyes_closed_baseline", title: "eyes closed after two open frames", set: "face", shown: &["eyes-closed-after-open"], good: FACE_GOOD, codes: &["eyes-closed"], accept_bar: Some(2.0), refuse_bar: Some(2.0) },
    Row { name: "mouth_open", title: "mouth open", set: "face", shown: &["mouth-open"], good: FACE_GOOD, codes: &["mouth-open"], accept_bar: Some(8.0), refuse_bar: Some(1.0) },
    Row { name: "card_absent", title: "card absent (a card all looks agree on)", set: "card", shown: &["no-card"], good: CARD_GOOD, codes: &["no-card"], accept_bar: Some(0.5), refuse_bar: Some(3.0) },
    Row { name: "card_place", title: "cut off, off the outline, small; after 3 frames", set: "card", shown: &["cut-off", "off-guide", "small"], good: CARD_GOOD, codes: &["card-cut-off", "card-left", "card-right", "card-high", "card-low", "card-too-far", "no-card"], accept_bar: Some(1.0), refuse_bar: None },
    Row { name: "card_blur", title: "card blur > .25 mm", set: "card", shown: &["blurred"], good: CARD_GOOD, codes: &["out-of-focus", "hold-still"], accept_bar: Some(1.0), refuse_bar: Some(2.0) },
    Row { name: "card_dark", title: "card in the dark", set: "card", shown: &["dark"], good: CARD_GOOD, codes: &["card-dark", "picture-black"], accept_bar: None, refuse_bar: None },
    Row { name: "glare", title: "glare > 3 %", set: "card", shown: &["glare"], good: CARD_GOOD, codes: &["glare", "card-burnt"], accept_bar: Some(3.0), refuse_bar: Some(5.0) },
    Row { name: "card_tilt", title: "card tilted > 30°", set: "card", shown: &["tilted"], good: CARD_GOOD, codes: &["card-tilted"], accept_bar: None, refuse_bar: None },
    Row { name: "wrong_side", title: "wrong side", set: "card", shown: &["wrong-side"], good: &["good", "good-name-side"], codes: &["wrong-side", "no-portrait"], accept_bar: Some(1.0), refuse_bar: Some(1.0) },
    Row { name: "print_covered", title: "fingers over text (advice, not claimed)", set: "card", shown: &["print-covered"], good: CARD_GOOD, codes: &["text-hidden"], accept_bar: None, refuse_bar: Some(5.0) },
    Row { name: "two_subjects", title: "face with card, single frames", set: "company", shown: &WRONG, good: &["good"], codes: &[], accept_bar: Some(0.0), refuse_bar: Some(4.0) },
];

/// What can be the matter with a card, and the hints that name it.
struct State {
    name: &'static str,
    title: &'static str,
    shown: &'static [&'static str],
    says: &'static [&'static str],
    /// Hints that are right here too, and name another state.
    also: &'static [&'static str],
}

/// "Hold the card inside the outline" is what is said about a card that is not seen, so it is right about one that lies outside.
#[rustfmt::skip]
const STATES: [State; 7] = [
    State { name: "absent", title: "no card", shown: &["no-card"], says: &["no-card"], also: &[] },
    State { name: "place", title: "cut off, off the outline, small", shown: &["cut-off", "off-guide", "small"], says: &["card-cut-off", "card-left", "card-right", "card-high", "card-low", "card-too-far", "card-too-near"], also: &["no-card"] },
    State { name: "blur", title: "blurred", shown: &["blurred"], says: &["out-of-focus", "hold-still"], also: &[] },
    State { name: "dark", title: "in the dark", shown: &["dark"], says: &["card-dark", "picture-black"], also: &[] },
    State { name: "glare", title: "glare", shown: &["glare"], says: &["glare", "card-burnt"], also: &[] },
    State { name: "tilt", title: "tilted", shown: &["tilted"], says: &["card-tilted", "card-turned"], also: &[] },
    State { name: "side", title: "wrong side", shown: &["wrong-side"], says: &["wrong-side", "no-portrait"], also: &[] },
];
/// Per cent of frames in a state that the first hint names, and of others about which it is said.
pub const STATE_BARS: (f64, f64) = (95.0, 3.0);

/// One state, counted by what would be said first.
pub struct StateLine {
    pub name: &'static str,
    pub title: &'static str,
    pub named: Count,
    pub wrongly_named: Count,
}

impl StateLine {
    fn of(state: &State, records: &[Record]) -> Self {
        let (mut named, mut wrongly_named) = (Count::default(), Count::default());
        for record in records.iter().filter(|record| record.set == "card") {
            let shown = |state: &State| state.shown.contains(&record.shown.as_str());
            let first = record.first.as_deref().unwrap_or_default();
            let says = state.says.contains(&first);
            if shown(state) {
                named.of += 1;
                named.hits += usize::from(says || state.also.contains(&first));
            } else {
                wrongly_named.of += 1;
                let right_there = STATES.iter().any(|other| shown(other) && other.also.contains(&first));
                wrongly_named.hits += usize::from(says && !right_there);
            }
        }
        Self { name: state.name, title: state.title, named, wrongly_named }
    }

    pub fn missed(&self) -> bool {
        let unnamed = Count { hits: self.named.of - self.named.hits, of: self.named.of };
        is_over(unnamed, 100.0 - STATE_BARS.0) || is_over(self.wrongly_named, STATE_BARS.1)
    }
}

/// So many of so many.
#[derive(Clone, Copy, Default)]
pub struct Count {
    pub hits: usize,
    pub of: usize,
}

impl Count {
    pub fn percent(self) -> f64 {
        if self.of == 0 { 0.0 } else { 100.0 * self.hits as f64 / self.of as f64 }
    }

    /// The rate, and what no hit in so many says about it: at most 3 in as many, 95 times of 100.
    pub fn text(self) -> String {
        if self.of == 0 {
            return "not run".into();
        }
        let bound = if self.hits == 0 { format!(" (< {:.1} %)", 300.0 / self.of as f64) } else { String::new() };
        format!("{}/{} = {:.1} %{bound}", self.hits, self.of, self.percent())
    }
}

/// Frames that a row of the published table needs.
const LEAST_FRAMES: usize = 200;

/// One row, counted.
pub struct Line {
    pub row: &'static Row,
    pub accepted: Count,
    pub refused: Count,
    pub missed: bool,
}

impl Line {
    pub fn bars(&self) -> String {
        let bar = |bar: Option<f64>| bar.map_or("–".into(), |bar| format!("{bar} %"));
        format!("{} / {}", bar(self.row.accept_bar), bar(self.row.refuse_bar))
    }

    /// A row that holds on fewer frames than the bar asks for has not passed yet.
    pub fn verdict(&self) -> &'static str {
        match (self.missed, self.row.accept_bar.or(self.row.refuse_bar)) {
            (true, _) => "MISS",
            (false, None) => "no bar",
            (false, Some(_)) if self.accepted.of < LEAST_FRAMES => "holds so far",
            (false, Some(_)) => "PASS",
        }
    }
}

/// One measure against its bar.
pub struct Measure {
    pub name: &'static str,
    pub title: &'static str,
    pub value: f64,
    pub unit: &'static str,
    pub bar: f64,
    pub of: usize,
    pub missed: bool,
}

/// Everything counted.
pub struct Tally {
    pub rows: Vec<Line>,
    pub measures: Vec<Measure>,
    /// What can be the matter with a card.
    pub states: Vec<StateLine>,
    /// What was shown, and how often each hint came first.
    pub confusion: BTreeMap<String, BTreeMap<String, usize>>,
    /// Share flagged for light: exposure by third of the tones, light to dark.
    pub fairness: Vec<(f32, [Count; 3])>,
    pub frames: usize,
}

static TABLE: [Row; 20] = ROWS;

impl Tally {
    pub fn of(records: &[Record]) -> Self {
        let rows = TABLE.iter().map(|row| count(row, records)).collect();
        let fairness = fairness(records);
        let mut confusion: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
        for record in records
            .iter()
            .filter(|record| ["face", "card", "company"].contains(&record.set.as_str()) && record.shown != "distance")
        {
            let said = record
                .first
                .clone()
                .unwrap_or_else(|| if record.kept { "nothing".into() } else { "not settled".into() });
            *confusion.entry(format!("{}: {}", record.set, record.shown)).or_default().entry(said).or_default() += 1;
        }
        let states = STATES.iter().map(|state| StateLine::of(state, records)).collect();
        Self { measures: measures(records, &fairness), states, rows, confusion, fairness, frames: records.len() }
    }

    pub fn missed(&self) -> Vec<String> {
        let rows = self.rows.iter().filter(|line| line.missed).map(|line| line.row.name.to_owned());
        let measures = self.measures.iter().filter(|measure| measure.missed).map(|measure| measure.name.to_owned());
        let states =
            self.states.iter().filter(|state| state.missed()).map(|state| format!("card_state_{}", state.name));
        rows.chain(measures).chain(states).collect()
    }

    /// For the terminal.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for line in &self.rows {
            lines.push(format!(
                "{:6} {:22} FA {:26} FR {:26} bars {}",
                line.verdict(),
                line.row.name,
                line.accepted.text(),
                line.refused.text(),
                line.bars()
            ));
        }
        for measure in &self.measures {
            let word = if measure.missed { "MISS" } else { "PASS" };
            lines.push(format!(
                "{word:6} {:32} {:.2} {} (bar {}, n = {})",
                measure.name, measure.value, measure.unit, measure.bar, measure.of
            ));
        }
        for state in &self.states {
            let word = if state.missed() { "MISS" } else { "PASS" };
            lines.push(format!(
                "{word:6} card state {:10} named {:20} wrongly named {}",
                state.name,
                state.named.text(),
                state.wrongly_named.text()
            ));
        }
        for (shown, said) in &self.confusion {
            let mut text = format!("{shown:32}");
            for (hint, count) in said {
                let _ = write!(text, " {hint} {count}");
            }
            lines.push(text);
        }
        lines
    }

    /// `figure NAME = VALUE UNIT`.
    pub fn figures(&self) -> Vec<String> {
        let mut figures = Vec::new();
        for line in &self.rows {
            if line.accepted.of > 0 {
                figures.push(format!("figure false_accept_{} = {:.2} %", line.row.name, line.accepted.percent()));
            }
            if line.refused.of > 0 {
                figures.push(format!("figure false_reject_{} = {:.2} %", line.row.name, line.refused.percent()));
            }
        }
        for state in self.states.iter().filter(|state| state.named.of > 0) {
            figures.push(format!("figure card_state_{}_named = {:.2} %", state.name, state.named.percent()));
            figures.push(format!(
                "figure card_state_{}_wrongly_named = {:.2} %",
                state.name,
                state.wrongly_named.percent()
            ));
        }
        figures.extend(
            self.measures
                .iter()
                .filter(|measure| measure.of > 0)
                .map(|measure| format!("figure {} = {:.2} {}", measure.name, measure.value, measure.unit)),
        );
        figures
    }
}

fn count(row: &'static Row, records: &[Record]) -> Line {
    let mut accepted = Count::default();
    let mut refused = Count::default();
    for record in records.iter().filter(|record| record.set == row.set) {
        if row.shown.contains(&record.shown.as_str()) {
            accepted.of += 1;
            accepted.hits += usize::from(record.passed);
        } else if row.good.contains(&record.shown.as_str()) {
            refused.of += 1;
            // A row without hints of its own counts every refusal.
            let refusal = if row.codes.is_empty() { !record.passed } else { record.says(row.codes) };
            refused.hits += usize::from(refusal);
        }
    }
    let over = |count: Count, bar: Option<f64>| bar.is_some_and(|bar| is_over(count, bar));
    Line { row, accepted, refused, missed: over(accepted, row.accept_bar) || over(refused, row.refuse_bar) }
}

/// Whether a bar is missed. Where there are enough frames, by the rate itself; where there are fewer, if so many hits come by
/// chance less than 1 time in 20 from a rate that just keeps the bar (one-sided binomial test). A bar of zero allows none.
fn is_over(count: Count, bar_percent: f64) -> bool {
    if count.of >= LEAST_FRAMES || bar_percent == 0.0 {
        return count.percent() > bar_percent;
    }
    let rate = bar_percent / 100.0;
    let mut chance_of_so_many = (1.0 - rate).powi(count.of as i32);
    let mut chance_of_fewer = 0.0;
    for hits in 0..count.hits {
        chance_of_fewer += chance_of_so_many;
        chance_of_so_many *= (count.of - hits) as f64 / (hits + 1) as f64 * rate / (1.0 - rate);
    }
    1.0 - chance_of_fewer < 0.05
}

fn fairness(records: &[Record]) -> Vec<(f32, [Count; 3])> {
    EXPOSURES
        .into_iter()
        .map(|exposure| {
            let mut thirds = [Count::default(); 3];
            for record in records.iter().filter(|record| record.set == "tone") {
                let (Some(tone), Some(at)) = (record.values.get("tone"), record.values.get("exposure")) else {
                    continue;
                };
                if (*at - f64::from(exposure)).abs() < 1e-6 {
                    let third = &mut thirds[(*tone as usize * 3 / TONES as usize).min(2)];
                    third.of += 1;
                    third.hits += usize::from(record.says(&["too-dark", "too-bright", "light-behind", "side-light"]));
                }
            }
            (exposure, thirds)
        })
        .collect()
}

fn values<'a>(records: &'a [Record], set: &'a str, shown: &'a str, name: &'a str) -> impl Iterator<Item = f64> + 'a {
    let of_set = records.iter().filter(move |record| record.set == set && record.shown == shown);
    of_set.filter_map(move |record| record.values.get(name).copied())
}

fn p95(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (values.len() as f64 * 0.95).ceil() as usize;
    values.get(at.saturating_sub(1)).copied().unwrap_or(0.0)
}

fn measures(records: &[Record], fairness: &[(f32, [Count; 3])]) -> Vec<Measure> {
    let mut all = Vec::new();
    let mut add = |name, title, value: f64, unit, bar: f64, of: usize| {
        all.push(Measure { name, title, value, unit, bar, of, missed: of > 0 && value > bar });
    };
    let id: Vec<f64> = values(records, "card", "good", "corner_error_percent").collect();
    add(
        "corner_error_p95",
        "worst corner of a good ID photo, p95, share of the card's width",
        p95(id.clone()),
        "%",
        0.5,
        id.len(),
    );
    let kept = records.iter().filter(|record| record.set == "company" && record.shown == "good" && record.kept);
    let beside: Vec<f64> = kept.filter_map(|record| record.values.get("corner_error_percent").copied()).collect();
    add(
        "corner_error_beside_p95",
        "the same in accepted two-subject frames",
        p95(beside.clone()),
        "%",
        1.5,
        beside.len(),
    );
    let dpi: Vec<f64> = records
        .iter()
        .filter(|record| record.set == "density")
        .filter_map(|record| Some(100.0 * (record.values.get("dpi")? / record.values.get("true_dpi")? - 1.0).abs()))
        .collect();
    let worst = |values: &[f64]| values.iter().copied().fold(0.0, f64::max);
    let unseen = records.iter().filter(|record| record.set == "density" && !record.passed).count();
    add("dpi_error_worst", "dpi at 80 to 400, worst error", worst(&dpi), "%", 5.0, dpi.len());
    add("dpi_error_p95", "dpi at 80 to 400, p95", p95(dpi.clone()), "%", 5.0, dpi.len());
    add("dpi_not_found", "cards of 80 to 400 dpi that were not found", unseen as f64, "cards", 0.0, dpi.len() + unseen);
    let distance: Vec<f64> = records
        .iter()
        .filter(|record| record.set == "face" && ["distance", "good"].contains(&record.shown.as_str()))
        .filter_map(|record| {
            Some(100.0 * (record.values.get("distance_mm")? / record.values.get("true_distance_mm")? - 1.0).abs())
        })
        .collect();
    add(
        "distance_error_worst",
        "distance of faces at 30 to 90 cm, worst error",
        worst(&distance),
        "%",
        20.0,
        distance.len(),
    );
    let spread =
        fairness.iter().map(|(_, thirds)| (thirds[0].percent() - thirds[2].percent()).abs()).fold(0.0, f64::max);
    let of = fairness.iter().flat_map(|(_, thirds)| thirds).map(|count| count.of).sum();
    add(
        "skin_tone_spread",
        "flagged for light, lightest against darkest third of 24 tones, worst of 5 exposures",
        spread,
        "points",
        2.0,
        of,
    );
    let right = fairness.iter().filter(|(exposure, _)| (*exposure - 1.0).abs() < 1e-6).flat_map(|(_, thirds)| thirds);
    let (hits, of) = right.fold((0, 0), |(hits, of), count| (hits + count.hits, of + count.of));
    add("skin_tone_flagged_right", "flagged for light at right exposure", hits as f64, "frames", 0.0, of);
    let wrong: Vec<f64> = WRONG.iter().flat_map(|kind| values(records, "company", kind, "taken_ms")).collect();
    let taken = wrong.iter().filter(|ms| **ms >= 0.0).count();
    add(
        "two_subjects_wrongly_taken",
        "wrong two-subject scenes of which a photo was taken within 3 s",
        taken as f64,
        "scenes",
        0.0,
        wrong.len(),
    );
    let good: Vec<f64> = values(records, "company", "good", "taken_ms").collect();
    let untaken = good.iter().filter(|ms| **ms < 0.0).count();
    add(
        "two_subjects_not_taken",
        "good two-subject scenes without a photo after 3 s",
        untaken as f64,
        "scenes",
        0.0,
        good.len(),
    );
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_counted_by_what_is_said_first() {
        let record = |shown: &str, first: Option<&str>| Record {
            set: "card".into(),
            shown: shown.into(),
            seed: 1,
            variant: 0,
            passed: false,
            kept: false,
            codes: Vec::new(),
            first: first.map(str::to_owned),
            values: BTreeMap::new(),
        };
        let records = [
            record("tilted", Some("card-tilted")),
            record("tilted", Some("no-card")),
            record("small", Some("no-card")),
            record("glare", Some("card-tilted")),
            record("good", None),
        ];
        let line = |name: &str| Tally::of(&records).states.into_iter().find(|state| state.name == name).unwrap();
        let counts = |name: &str| {
            let StateLine { named, wrongly_named, .. } = line(name);
            (named.hits, named.of, wrongly_named.hits, wrongly_named.of)
        };
        assert_eq!(counts("tilt"), (1, 2, 1, 3), "one is called absent, and a reflection is called tilted");
        assert_eq!(counts("absent"), (0, 0, 1, 5), "no card is said of a tilted one; of a small one it is right");
        assert_eq!(counts("place"), (1, 1, 0, 4), "the outline is named");
    }

    #[test]
    fn few_frames_miss_a_bar_only_when_chance_does_not_explain_it() {
        #[rustfmt::skip]
        let table = [
            (0,  60, 1.0, false, "none is never too many"),
            (1,  60, 1.0, false, "one in 60 comes from 1 % in 45 of 100 runs"),
            (2,  60, 1.0, false, "two in 12 of 100"),
            (3,  60, 1.0, true,  "three in 2 of 100"),
            (1,  60, 0.0, true,  "a bar of zero allows none"),
            (2, 200, 1.0, false, "with enough frames the rate counts: on the bar"),
            (3, 200, 1.0, true,  "and over it"),
            (60, 60, 5.0, true,  "all of them"),
        ];
        for (hits, of, bar, expected, because) in table {
            assert_eq!(is_over(Count { hits, of }, bar), expected, "{because}: {hits} of {of} at {bar} %");
        }
    }
}

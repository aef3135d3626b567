//! Writes `docs/results/guidance.md`: when, where and on what; the table; the matrix; and what people saw on the sheets.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::EvaluationError;
use crate::table::{STATE_BARS, Tally};

/// Written by people who looked at the contact sheets; the command only takes it in.
const SEEN: &str = "docs/results/guidance-seen.md";

pub fn write(path: &Path, tally: &Tally, from: u64, seeds: u64) -> Result<(), EvaluationError> {
    let mut text = String::new();
    // Writing into a String cannot fail.
    let _ = page(&mut text, tally, from, seeds);
    fs::write(path, text).map_err(|source| EvaluationError::File { path: path.to_owned(), source })
}

fn ask(program: &str, words: &[&str]) -> String {
    let output = Command::new(program).args(words).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

fn machine() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = cpu.lines().filter(|line| line.starts_with("processor")).count();
    format!(
        "{cores} cores of {}, kernel {}",
        model.map_or("an unknown processor", |(_, name)| name),
        ask("uname", &["-rm"])
    )
}

fn page(text: &mut String, tally: &Tally, from: u64, seeds: u64) -> std::fmt::Result {
    let changed =
        ask("git", &["status", "--porcelain", "--untracked-files=no", "crates", "tests/evaluation"]).lines().count();
    let changed = if changed == 0 { String::new() } else { format!(" with {changed} files changed") };
    writeln!(text, "# Guidance, measured on drawn scenes\n")?;
    writeln!(
        text,
        "Written by `cargo xtask eval` on {}, commit {}{changed}, on {}.",
        ask("date", &["-u", "+%Y-%m-%d %H:%M UTC"]),
        ask("git", &["rev-parse", "--short", "HEAD"]),
        machine()
    )?;
    writeln!(
        text,
        "{} frames of {seeds} learners and as many cards, seeds {from} to {}. These seeds are held out: thresholds and rules were tried on seeds below 10,000, and mended after what runs over the first hundred from 10,000, 20,000, 30,000, 40,000 and 50,000 showed; none of these had been drawn before.\n",
        tally.frames,
        from + seeds - 1
    )?;
    writeln!(text, "{}\n", HOW.trim())?;
    writeln!(text, "## Accuracy\n")?;
    writeln!(text, "| Row | False acceptances | False refusals | Bars | |\n|---|---|---|---|---|")?;
    for line in &tally.rows {
        writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            line.row.title,
            line.accepted.text(),
            line.refused.text(),
            line.bars(),
            line.verdict()
        )?;
    }
    writeln!(
        text,
        "\nBehind a zero stands the rule of three: with 95 % certainty the true rate is below that bound.\n"
    )?;
    writeln!(text, "| Measure | Value | Bar | n | |\n|---|---|---|---|---|")?;
    for measure in &tally.measures {
        let word = if measure.missed { "MISS" } else { "PASS" };
        writeln!(
            text,
            "| {} | {:.2} {} | {} | {} | {word} |",
            measure.title, measure.value, measure.unit, measure.bar, measure.of
        )?;
    }
    fairness(text, tally)?;
    states(text, tally)?;
    confusion(text, tally)?;
    writeln!(text, "\n## What the contact sheets show\n")?;
    let seen = fs::read_to_string(SEEN).unwrap_or_default();
    writeln!(text, "{}\n", if seen.trim().is_empty() { "Nobody has looked yet." } else { seen.trim() })?;
    writeln!(text, "## Figures\n")?;
    for figure in tally.figures() {
        writeln!(text, "    {figure}")?;
    }
    Ok(())
}

fn fairness(text: &mut String, tally: &Tally) -> std::fmt::Result {
    writeln!(text, "\n## Skin tones\n")?;
    writeln!(
        text,
        "The same people in 24 skin tones, in the same light. Share of frames with any finding about light.\n"
    )?;
    writeln!(text, "| Exposure | Lightest third | Middle third | Darkest third |\n|---|---|---|---|")?;
    for (exposure, thirds) in &tally.fairness {
        let [light, middle, dark] = thirds.map(|count| format!("{}/{}", count.hits, count.of));
        writeln!(text, "| {exposure} | {light} | {middle} | {dark} |")?;
    }
    Ok(())
}

fn states(text: &mut String, tally: &Tally) -> std::fmt::Result {
    writeln!(text, "\n## What is the matter with the card\n")?;
    writeln!(
        text,
        "Named: frames in this state whose first hint says so; the bar is {} %. Wrongly named: all other card frames about which it \
         would be said first; the bar is {} %. \"Hold the card inside the outline\" counts as right for a card outside it.\n",
        STATE_BARS.0, STATE_BARS.1
    )?;
    writeln!(text, "| State | Named | Wrongly named | |\n|---|---|---|---|")?;
    for state in &tally.states {
        let word = if state.missed() { "MISS" } else { "PASS" };
        let share = |hits, of, percent| format!("{hits}/{of} = {percent:.1} %");
        writeln!(
            text,
            "| {} | {} | {} | {word} |",
            state.title,
            share(state.named.hits, state.named.of, state.named.percent()),
            share(state.wrongly_named.hits, state.wrongly_named.of, state.wrongly_named.percent()),
        )?;
    }
    Ok(())
}

fn confusion(text: &mut String, tally: &Tally) -> std::fmt::Result {
    writeln!(text, "\n## What was shown, and what would be said first\n")?;
    writeln!(
        text,
        "\"Nothing\" means that the frame is good; \"not settled\" that the card's edges did not agree yet.\n"
    )?;
    for set in ["face", "card", "company"] {
        let rows: Vec<_> = tally.confusion.iter().filter(|(shown, _)| shown.starts_with(set)).collect();
        let said: BTreeSet<&String> = rows.iter().flat_map(|(_, said)| said.keys()).collect();
        if rows.is_empty() {
            continue;
        }
        writeln!(text, "| {set} |{}", said.iter().fold(String::new(), |line, hint| line + " " + hint + " |"))?;
        writeln!(text, "|---|{}", "---|".repeat(said.len()))?;
        for (shown, counts) in rows {
            let cells = said.iter().map(|hint| counts.get(*hint).map_or(" |".into(), |count| format!(" {count} |")));
            writeln!(
                text,
                "| {} |{}",
                shown.trim_start_matches(set).trim_start_matches(": "),
                cells.collect::<String>()
            )?;
        }
        writeln!(text)?;
    }
    Ok(())
}

const HOW: &str = "
Everything is drawn by `likeness-studio`, stored as JPEG and judged by the product's own analysers, gates and session
(`likeness_capture::Observer`). A false acceptance is a frame with the defect that passes without a stop or a warning; a false
refusal is a good frame with a stop or warning that speaks of that defect. Faces are 640x480, cards and two-subject scenes 1280x720,
the ruler for dpi 1920x1080. Face frames are judged one by one as a still is before it is sent, cards at the third look, two-subject
scenes both as a single still and by a whole session over 3 s of a scene that sways by parts of pixels.

Heads and cards are drawn, so these figures find regressions and are an upper bound. They say nothing yet about real people and real cards.
Masks, hands before the face and sunglasses are not detected and not claimed; nor are fingers over the print: the row counts what the
advice about them catches, and it catches too little to be claimed or to have a bar.
";

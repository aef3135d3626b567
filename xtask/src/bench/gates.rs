//! What each figure has to be. The limits are targets of this project for two shared cores without a graphics card.

use std::fmt;

use super::figures::{Figures, short};

enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

use Limit::{AtLeast, AtMost};

/// Figure, limit, unit, what it is.
const GATES: [(&str, Limit, &str, &str); 29] = [
    ("frame_in_hand_p50", AtMost(1.0), "ms", "a picture is due in the driver -> its cut bytes in hand"),
    ("frame_in_hand_p99", AtMost(8.0), "ms", "the same; the target is 5"),
    ("preview_handover_p50", AtMost(2.0), "ms", "due -> preview bytes ready, 720p passed through"),
    ("preview_handover_p99", AtMost(8.0), "ms", "the same"),
    ("preview_handover_halved_p50", AtMost(8.0), "ms", "due -> preview bytes ready, 1080p halved to 960x540"),
    ("preview_handover_halved_p99", AtMost(15.0), "ms", "the same"),
    ("transcode_cpu", AtMost(6.0), "ms", "processor time of halving one 1080p picture, mean"),
    (
        "request_to_decoded_p50",
        AtMost(10.0),
        "ms",
        "the page asks, or the picture it waits for is due -> decoded in the page",
    ),
    ("request_to_decoded_p95", AtMost(25.0), "ms", "the same"),
    ("end_to_end_p50", AtMost(25.0), "ms", "due -> decoded in the page"),
    ("end_to_end_p95", AtMost(50.0), "ms", "the same"),
    ("shown_rate", AtLeast(29.0), "pictures/s", "decoded by the page, of 30 a second"),
    ("late_share", AtMost(1.0), "%", "pictures that came more than a period after their turn"),
    ("cpu_share_preview_closed", AtMost(3.5), "% of a core", "1080p at 30 a second, nobody asks for a preview"),
    ("cpu_share_pass_through", AtMost(5.0), "% of a core", "720p at 30 a second, every picture handed over"),
    ("cpu_share_halved", AtMost(22.0), "% of a core", "1080p at 30 a second, every picture halved and handed over"),
    ("still_check", AtMost(15.0), "ms", "the full check of a photo, both decoders, median"),
    ("memory_stream", AtMost(45.0), "MB", "the driver's buffers and what the stream added"),
    ("memory_drift", AtMost(2.0), "MB", "first tenth -> last tenth of the time watched"),
    ("open_to_first_preview", AtMost(120.0), "ms", "the wish to open -> first preview bytes, median"),
    ("unplug_to_state", AtMost(250.0), "ms", "unplugged -> the state says so, worst"),
    ("replug_to_live", AtMost(2000.0), "ms", "plugged in again -> live, worst"),
    ("cpu_share_4k60", AtMost(50.0), "% of a core", "a 4K camera at 60 a second, previews at 30 (C20)"),
    ("stop_p95", AtMost(50.0), "ms", "the wish to end -> `quit` returns"),
    ("stop_released_p95", AtMost(50.0), "ms", "the wish to end -> the device is let go of"),
    ("stop_stalled_p95", AtMost(100.0), "ms", "`quit` returns although the camera has stalled"),
    ("stop_stalled_released_p95", AtMost(100.0), "ms", "the stalled device is let go of"),
    (
        "cpu_naive_over_ours",
        AtLeast(5.0),
        "times",
        "processor time a picture: nokhwa RGB, `image`, JSON event / ours, halved preview",
    ),
    ("cpu_opencv_over_ours", AtLeast(1.0), "times", "processor time a picture: OpenCV to BGR / ours, halved preview"),
];

/// One line of the table.
pub struct Row {
    pub figure: &'static str,
    pub passed: bool,
    pub measured: String,
    pub limit: String,
    pub meaning: &'static str,
}

impl fmt::Display for Row {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.passed { "PASS" } else { "MISS" };
        write!(to, "{verdict}  {:<28} {:>18}   gate {:<20} {}", self.figure, self.measured, self.limit, self.meaning)
    }
}

/// A figure that was not measured is a MISS.
pub fn judge(figures: &Figures) -> Vec<Row> {
    let rows = GATES.iter().map(|(figure, limit, unit, meaning)| {
        let found = figures.median(figure);
        let (passed, limit) = match limit {
            AtMost(most) => (found.is_some_and(|found| found <= *most), format!("<= {most} {unit}")),
            AtLeast(least) => (found.is_some_and(|found| found >= *least), format!(">= {least} {unit}")),
        };
        let measured = found.map_or_else(|| "not measured".to_owned(), |found| format!("{} {unit}", short(found)));
        Row { figure, passed, measured, limit, meaning }
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_is_missed_by_a_worse_figure_and_by_none() {
        let mut figures = Figures::default();
        figures.add("frame_in_hand_p50", 1.0, "ms");
        figures.add("shown_rate", 28.9, "pictures/s");
        let rows = judge(&figures);
        let passed = |name: &str| rows.iter().find(|row| row.figure == name).map(|row| row.passed);
        assert_eq!(passed("frame_in_hand_p50"), Some(true), "the limit itself is good");
        assert_eq!(passed("shown_rate"), Some(false), "too few pictures");
        assert_eq!(passed("late_share"), Some(false), "not measured");
    }
}

//! Figures by name, in the order they first came, each as often as it was measured. The median is the figure.

/// One figure.
struct Figure {
    name: String,
    unit: String,
    values: Vec<f64>,
}

/// All that was measured.
#[derive(Default)]
pub struct Figures(Vec<Figure>);

impl Figures {
    /// Takes a line `figure NAME = VALUE UNIT`, in front of whose name `prefix_` is put; other lines are none of ours.
    pub fn read(&mut self, line: &str, prefix: &str) {
        let Some((name, rest)) = line.strip_prefix("figure ").and_then(|line| line.split_once(" = ")) else { return };
        let (value, unit) = rest.split_once(' ').unwrap_or((rest, ""));
        let name = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}_{name}") };
        if let Ok(value) = value.parse() {
            self.add(told_as(&name), value, unit);
        }
    }

    /// Adds one measurement.
    pub fn add(&mut self, name: &str, value: f64, unit: &str) {
        match self.0.iter_mut().find(|figure| figure.name == name) {
            Some(figure) => figure.values.push(value),
            None => self.0.push(Figure { name: name.to_owned(), unit: unit.to_owned(), values: vec![value] }),
        }
    }

    /// The median of a figure; absent if it was never measured.
    pub fn median(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|figure| figure.name == name).map(Figure::median)
    }

    /// `figure NAME = VALUE UNIT`, and the single values where there are several.
    pub fn lines(&self) -> Vec<String> {
        let lines = self.0.iter().map(|figure| {
            let single: Vec<String> = figure.values.iter().map(|value| short(*value)).collect();
            let runs = if single.len() > 1 { format!("    (runs: {})", single.join(", ")) } else { String::new() };
            format!("figure {} = {} {}{runs}", figure.name, short(figure.median()), figure.unit)
        });
        lines.collect()
    }
}

impl Figure {
    fn median(&self) -> f64 {
        let mut sorted = self.values.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

/// Names the measuring programs cannot know: they do not know which mode the camera was set to.
fn told_as(name: &str) -> &str {
    match name {
        "pass_through_handover_p50" => "preview_handover_p50",
        "pass_through_handover_p99" => "preview_handover_p99",
        "halved_handover_p50" => "preview_handover_halved_p50",
        "halved_handover_p99" => "preview_handover_halved_p99",
        "halved_preview_cpu" => "transcode_cpu",
        "halved_preview_cpu_p50" => "transcode_cpu_p50",
        other => other,
    }
}

/// Two decimals for small numbers, one for larger ones.
pub fn short(value: f64) -> String {
    if value.abs() < 10.0 { format!("{value:.2}") } else { format!("{value:.1}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_counts_and_other_lines_do_not() {
        let mut figures = Figures::default();
        for line in ["figure a = 3 ms", "frames 12", "figure a = 1 ms", "figure a = 2.5 ms", "figure b = much ms"] {
            figures.read(line, "");
        }
        assert_eq!(figures.median("a"), Some(2.5));
        assert_eq!(figures.median("b"), None, "what is no number is no figure");
        assert_eq!(figures.lines(), ["figure a = 2.50 ms    (runs: 3.00, 1.00, 2.50)"]);
    }

    #[test]
    fn a_prefix_gives_the_name_of_the_mode() {
        let mut figures = Figures::default();
        figures.read("figure handover_p50 = 5 ms", "halved");
        assert_eq!(figures.median("preview_handover_halved_p50"), Some(5.0));
    }
}

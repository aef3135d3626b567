//! Reads the lines of the cases. Silence is failure: a case that did not report, or an end that did not come, fails the battery.

/// Prints a summary; `must_run`: how many cases, where all were wanted. True if everything that must have run has run and passed.
pub(crate) fn judge(battery: &str, output: &str, must_run: Option<usize>, cameras: &[&str]) -> bool {
    print!("{output}");
    let verdict = verdict(output, must_run, cameras);
    match &verdict {
        Ok(passed) => println!("{battery}: {passed} cases passed"),
        Err(why) => println!("{battery}: FAILED: {why}"),
    }
    verdict.is_ok()
}

fn verdict(output: &str, must_run: Option<usize>, cameras: &[&str]) -> Result<usize, Silence> {
    let cases: Vec<Vec<&str>> =
        output.lines().filter_map(|line| line.strip_prefix("CASE ")).map(|line| line.split(' ').collect()).collect();
    let failed: Vec<&str> =
        cases.iter().filter(|words| words.get(1) != Some(&"PASS")).filter_map(|words| words.first().copied()).collect();
    if !failed.is_empty() {
        return Err(Silence::Failed(failed.join(", ")));
    }
    if let Some(must_run) = must_run.filter(|must_run| *must_run != cases.len()) {
        return Err(Silence::Short { ran: cases.len(), must_run });
    }
    for camera in cameras {
        if !output.lines().any(|line| line.trim() == format!("END {camera}")) {
            return Err(Silence::NoEnd((*camera).into()));
        }
    }
    Ok(cases.len())
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum Silence {
    #[error("{0}")]
    Failed(String),
    #[error("{ran} cases reported, {must_run} must")]
    Short { ran: usize, must_run: usize },
    #[error("the end of the cases for {0} was not reached")]
    NoEnd(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_complete_report_of_passes_passes() {
        let good = "CASE a/x PASS 3 fine\nCASE a/y PASS 4 fine\nEND a\n";
        #[rustfmt::skip]
        let table = [
            (good.to_owned(),                        Ok(2),                                        "all ran, all passed"),
            (good.replace("y PASS", "y FAIL"),       Err(Silence::Failed("a/y".into())),           "one failed"),
            (good.replace("CASE a/y", "# a/y"),      Err(Silence::Short { ran: 1, must_run: 2 }),  "one did not report"),
            (good.replace("END", ""),                Err(Silence::NoEnd("a".into())),               "the program died after its last case"),
            (String::new(),                          Err(Silence::Short { ran: 0, must_run: 2 }),  "nothing at all"),
        ];
        for (output, expected, because) in table {
            assert_eq!(verdict(&output, Some(2), &["a"]), expected, "{because}");
        }
    }
}

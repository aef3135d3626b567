//! How old a picture is when its hint comes: the preloaded test camera at 1080p, the real camera and looking threads, and a second
//! reader that asks for every preview meanwhile. Part of `bench vision`.

use std::path::{Path, PathBuf};

use super::figures::Figures;
use crate::process::{Failure, Outcome, must, program, target};

/// 1080p as webcams send it.
const MODE: &str = "MJPG 1920x1080@30";
/// What is held before the camera, and how its figures are called.
const SUBJECTS: [(&str, &str); 3] = [("face", "face"), ("card", "card"), ("face-with-card", "face_with_card")];
const SECONDS: &str = "15";

/// The measuring program and the camera it runs on.
pub(super) struct Hints {
    program: PathBuf,
    camera: PathBuf,
    pictures: PathBuf,
}

impl Hints {
    /// Builds both and draws what the camera sends. `None` where there is no test camera.
    pub(super) fn build(folder: &Path) -> Result<Option<Self>, Failure> {
        if !cfg!(target_os = "linux") {
            println!("hints: not run, for the test camera exists on Linux only");
            return Ok(None);
        }
        must(&mut program("cargo", &["build", "--release", "--package", "likeness-fakev4l2"]))?;
        let mut command = program("cargo", &["bench", "--no-run", "--package", "likeness-capture", "--bench", "hints"]);
        let hints = Self {
            program: super::built_bench(&mut command, &["hints"])?.remove(0),
            camera: target().join("release/libfakev4l2.so"),
            pictures: folder.join("hints"),
        };
        let pictures = hints.pictures.to_string_lossy();
        must(&mut program(&hints.program.to_string_lossy(), &["draw", &pictures]))?;
        Ok(Some(hints))
    }

    /// Every subject once.
    pub(super) fn one_run(&self, figures: &mut Figures) -> Outcome {
        for (subject, _) in SUBJECTS {
            let mut command = program(&self.program.to_string_lossy(), &["look", subject, SECONDS]);
            command.env("LD_PRELOAD", &self.camera).env("FAKEV4L2_MODES", MODE);
            command.env("FAKEV4L2_FRAMES", self.pictures.join(subject));
            super::vision::take_figures(figures, &mut command, &format!("hints while looking at: {subject}"))?;
        }
        Ok(())
    }

    /// The worst subject is the figure.
    pub(super) fn worst(figures: &mut Figures) {
        let of = |figures: &Figures, before: &str, after: &str| -> Vec<f64> {
            let names = SUBJECTS.iter().map(|(_, name)| format!("{before}_{name}{after}"));
            names.filter_map(|name| figures.median(&name)).collect()
        };
        for (name, before, after, unit) in [
            ("hint_latency_p50", "hint_latency", "_p50", "ms"),
            ("hint_latency_p95", "hint_latency", "_p95", "ms"),
            ("looks_a_second", "looks", "", "a second"),
            ("preview_rate_beside", "previews_beside", "", "a second"),
        ] {
            let values = of(figures, before, after);
            let worst =
                if unit == "ms" { values.into_iter().reduce(f64::max) } else { values.into_iter().reduce(f64::min) };
            if let Some(worst) = worst {
                figures.add(name, worst, unit);
            }
        }
    }
}

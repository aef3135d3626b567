//! How old a picture is when its hint comes, on the real way from a driver to the page: camera thread, looking thread, and a
//! second reader that asks for every preview meanwhile, as the window does.
//!
//! Started by `cargo xtask bench vision`, which preloads the test camera and knows the gates; this program only measures and prints
//! lines `figure NAME = VALUE UNIT`. A subject that is not recognised is no figure but a failure: looks at nothing are cheap.
#![cfg_attr(
    target_os = "linux",
    allow(
        clippy::print_stdout,
        clippy::print_stderr,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a program whose output is its result, about a few hundred small numbers"
    )
)]
#![cfg_attr(target_os = "linux", allow(clippy::disallowed_methods, reason = "a bench is about nothing but the clock"))]

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    linux::main()
}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::BTreeMap;
    use std::path::Path;
    use std::process::ExitCode;
    use std::sync::{Arc, Mutex, PoisonError};
    use std::time::{Duration, Instant, SystemTime};

    use likeness_camera::{Camera, CameraState, Purpose, Sources, encode_rgb};
    use likeness_capture::{Advice, CaptureRun, CardNeeds, Hand, HintCode, Mode, Settings};
    use likeness_studio::{CardLayout, Easel, Scene};

    const USE: &str = "use: hints draw FOLDER | look face|card|face-with-card SECONDS   (look: on the test camera, sending FOLDER/SUBJECT)";
    const SUBJECTS: [&str; 3] = ["face", "card", "face-with-card"];
    /// 1080p as webcams send it.
    const SIZE_PX: (u16, u16) = (1920, 1080);
    const QUALITY: u8 = 88;
    /// More than the eight before with which a picture is compared, so that none passes for a repeat.
    const PICTURES: u64 = 12;
    /// Exposure settles, codecs are made, the card's edges are agreed.
    const WARM_UP: Duration = Duration::from_secs(2);
    /// Nothing of a test camera takes longer.
    const PATIENCE: Duration = Duration::from_secs(10);

    /// Why there is no figure.
    #[derive(Debug, thiserror::Error)]
    enum NoFigure {
        #[error("{USE}")]
        Usage,
        #[error(transparent)]
        Scene(#[from] likeness_studio::SceneError),
        #[error("a picture: {0}")]
        Damage(#[from] likeness_camera::Damage),
        #[error("{0}")]
        File(#[from] std::io::Error),
        #[error("waited too long for a picture; the camera is {0:?}")]
        Waited(CameraState),
        #[error("the driver does not say when a picture was due: this is not the test camera")]
        NoDueTime,
        #[error("the drawn subject was seen in {seen} of {looks} looks only")]
        NotSeen { seen: usize, looks: usize },
    }

    pub(super) fn main() -> ExitCode {
        let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
        match run(&words.iter().map(String::as_str).collect::<Vec<_>>()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(NoFigure::Usage) => {
                eprintln!("{USE}");
                ExitCode::from(2)
            }
            Err(error) => {
                eprintln!("hints: {error}");
                ExitCode::FAILURE
            }
        }
    }

    fn run(words: &[&str]) -> Result<(), NoFigure> {
        match words {
            ["draw", folder] => SUBJECTS.iter().try_for_each(|subject| draw(subject, &Path::new(folder).join(subject))),
            ["look", subject, seconds] => {
                let seconds = seconds.parse().map_err(|_| NoFigure::Usage)?;
                look(subject, Duration::from_secs(seconds))
            }
            _ => Err(NoFigure::Usage),
        }
    }

    /// The pictures the test camera sends: one scene held well, with another noise in each.
    fn draw(subject: &str, folder: &Path) -> Result<(), NoFigure> {
        std::fs::create_dir_all(folder)?;
        let (width, height) = (u32::from(SIZE_PX.0), u32::from(SIZE_PX.1));
        let scene = match subject {
            "face" => Scene::face(7, width, height),
            "card" => Scene::id(7, width, height, CardLayout::PhotoAndName),
            _ => Scene::face_with_card(7, width, height),
        };
        let painting = Easel::default().paint(&scene)?;
        let mut rgb = Vec::new();
        for picture in 0..PICTURES {
            painting.develop(scene.light.exposure, scene.lens.noise, picture, &mut rgb);
            std::fs::write(folder.join(format!("{picture:02}.jpg")), encode_rgb(&rgb, SIZE_PX.0, SIZE_PX.1, QUALITY)?)?;
        }
        Ok(())
    }

    /// One answer to one look.
    struct Answer {
        frame: u64,
        at: SystemTime,
        subject_seen: bool,
    }

    fn look(subject: &str, time: Duration) -> Result<(), NoFigure> {
        let (mode, purpose) = match subject {
            "face" => (Mode::Face, Purpose::Face),
            "card" => (Mode::IdCard { needs: CardNeeds::PhotoAndName }, Purpose::IdCard),
            "face-with-card" => (Mode::FaceWithCard { hand: Hand::Left }, Purpose::FaceWithCard),
            _ => return Err(NoFigure::Usage),
        };
        let answers = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&answers);
        let camera = Camera::start(Sources::real_cameras());
        camera.open(None, purpose);
        // Nothing is photographed, so that looking never ends.
        let settings = Settings { automatic: false, ..Settings::default() };
        let on_advice = move |advice: &Advice| {
            let nothing = |hint: HintCode| matches!(hint, HintCode::NoFace | HintCode::NoCard);
            let answer = Answer {
                frame: advice.frame_seq,
                at: SystemTime::now(),
                subject_seen: advice.hint.as_ref().is_none_or(|hint| !nothing(hint.code)),
            };
            heard.lock().unwrap_or_else(PoisonError::into_inner).push(answer);
        };
        let run =
            CaptureRun::start(camera.clone(), mode, settings, Box::new(on_advice), Box::new(|_| {}), Box::new(|_| {}));
        let shown = show_all(&camera, time);
        run.stop();
        camera.quit();
        let answers = std::mem::take(&mut *answers.lock().unwrap_or_else(PoisonError::into_inner));
        tell(&subject.replace('-', "_"), &shown?, &answers)
    }

    /// What the second reader saw after warming up.
    struct Shown {
        /// When each picture was due in the driver, by its number.
        due: BTreeMap<u64, SystemTime>,
        previews: usize,
        time: Duration,
    }

    /// The window's part: waits for each picture and asks for its preview.
    fn show_all(camera: &Camera, time: Duration) -> Result<Shown, NoFigure> {
        let (mut last, mut counted_from) = (None, None);
        let (mut due, mut previews) = (BTreeMap::new(), 0);
        let mut warm_at: Option<Instant> = None;
        loop {
            let frame = camera.wait_newer(last, PATIENCE).ok_or_else(|| NoFigure::Waited(camera.state()))?;
            last = Some(frame.seq());
            frame.preview()?;
            let now = Instant::now();
            if now < *warm_at.get_or_insert(now + WARM_UP) {
                continue;
            }
            let Some(began) = counted_from else {
                counted_from = Some(now);
                continue;
            };
            due.insert(frame.seq(), frame.captured().ok_or(NoFigure::NoDueTime)?);
            previews += 1;
            if now - began >= time {
                return Ok(Shown { due, previews, time: now - began });
            }
        }
    }

    fn tell(subject: &str, shown: &Shown, answers: &[Answer]) -> Result<(), NoFigure> {
        // A frame is answered once; what is said again while nothing new comes is not a look.
        let mut first = BTreeMap::new();
        for answer in answers {
            first.entry(answer.frame).or_insert(answer);
        }
        let between = shown.due.keys().next().zip(shown.due.keys().next_back());
        let counted: Vec<&Answer> =
            between.map(|(from, to)| first.range(from..=to).map(|(_, answer)| *answer).collect()).unwrap_or_default();
        let (looks, seen) = (counted.len(), counted.iter().filter(|answer| answer.subject_seen).count());
        if looks == 0 || seen * 10 < looks * 9 {
            return Err(NoFigure::NotSeen { seen, looks });
        }
        let mut ages_ms: Vec<f64> = counted
            .iter()
            .filter_map(|answer| answer.at.duration_since(*shown.due.get(&answer.frame)?).ok())
            .map(|age| age.as_secs_f64() * 1000.0)
            .collect();
        ages_ms.sort_by(f64::total_cmp);
        let seconds = shown.time.as_secs_f64();
        let at = |per_cent: usize| ages_ms.get((ages_ms.len() * per_cent).div_ceil(100).max(1) - 1).copied();
        figure(&format!("hint_latency_{subject}_p50"), at(50).unwrap_or(f64::NAN), "ms");
        figure(&format!("hint_latency_{subject}_p95"), at(95).unwrap_or(f64::NAN), "ms");
        figure(&format!("looks_{subject}"), looks as f64 / seconds, "a second");
        figure(&format!("previews_beside_{subject}"), shown.previews as f64 / seconds, "a second");
        Ok(())
    }

    fn figure(name: &str, value: f64, unit: &str) {
        println!("figure {name} = {value:.3} {unit}");
    }
}

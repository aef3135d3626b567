//! Accuracy of guidance on drawn scenes, by the product's own eyes, gates and session. Started by `cargo xtask eval`.
//!
//! Guarantees: the seeds published are held out, thresholds were chosen on others; every decision is kept in a cache that
//! only the same sources read, so a run that was stopped goes on; every wrong decision hangs on a contact sheet.
//! Where the guarantee ends: the scenes are drawn. What holds here is an upper bound for people and cards.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool answers on its terminal")]
#![allow(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "seeds, pixels and counts of a few hundred: no number here outgrows its type, and tables have fixed sizes"
)]

mod cards;
mod chance;
mod company;
mod faces;
mod page;
mod record;
mod sheet;
mod shot;
mod table;
mod tones;
mod trial;

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use record::Record;
use trial::Wall;

/// First seed of the held-out scenes. Those of tests and tuning are small numbers; the first hundred from each ten thousand, 10,000 to 50,000,
/// were held out once each, until the rules were mended after what they showed.
const HELD_OUT_FROM: u64 = 60_000;

/// Why the evaluation stopped.
#[derive(Debug, thiserror::Error)]
pub enum EvaluationError {
    /// Unknown words on the command line.
    #[error("usage: likeness-evaluation [--small] [--seeds N] [--from SEED] [--gate] [--out FOLDER] [--page FILE]")]
    Usage,
    /// A number of a scene lies outside its range: a mistake in this program.
    #[error(transparent)]
    Scene(#[from] likeness_studio::SceneError),
    /// The product's own analysers refuse.
    #[error(transparent)]
    Observer(#[from] likeness_capture::ObserverError),
    /// The codec refuses.
    #[error("a drawn picture cannot be coded or read: {0}")]
    Damage(#[from] likeness_camera::Damage),
    /// A picture has a size that is not looked at.
    #[error(transparent)]
    Plane(#[from] likeness_vision::PlaneError),
    /// A file cannot be written.
    #[error("{path} cannot be written or read: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// An answer cannot be written down.
    #[error("a line of the cache cannot be written: {0}")]
    Cache(#[from] serde_json::Error),
}

/// What is asked for.
pub struct Order {
    /// Learners and cards, each of which gives one or two frames a row.
    seeds: u64,
    from: u64,
    gate: bool,
    out: PathBuf,
    page: Option<PathBuf>,
}

impl Order {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self, EvaluationError> {
        let mut order =
            Self { seeds: 100, from: HELD_OUT_FROM, gate: false, out: PathBuf::from("target/eval"), page: None };
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(EvaluationError::Usage);
            let number = |text: String| text.parse::<u64>().map_err(|_| EvaluationError::Usage);
            match word.as_str() {
                "--small" => order.seeds = 20,
                "--seeds" => order.seeds = number(value()?)?,
                "--from" => order.from = number(value()?)?,
                "--gate" => order.gate = true,
                "--out" => order.out = value()?.into(),
                "--page" => order.page = Some(value()?.into()),
                _ => return Err(EvaluationError::Usage),
            }
        }
        Ok(order)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Faces,
    Cards,
    Company,
    Tones,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::Faces => "faces",
            Self::Cards => "cards",
            Self::Company => "company",
            Self::Tones => "tones",
        }
    }

    fn run(self, seed: u64, wall: &Wall) -> trial::Trial {
        match self {
            Self::Faces => faces::trial(seed, wall),
            Self::Cards => cards::trial(seed, wall),
            Self::Company => company::trial(seed, wall),
            Self::Tones => tones::trial(seed, wall),
        }
    }
}

fn main() -> ExitCode {
    match Order::read(std::env::args().skip(1)).and_then(|order| evaluate(&order)) {
        Ok(missed) if missed.is_empty() => ExitCode::SUCCESS,
        Ok(missed) => {
            println!("\nbars missed: {}", missed.join(", "));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

/// The bars that were missed; none where no bar was asked for.
fn evaluate(order: &Order) -> Result<Vec<String>, EvaluationError> {
    let pictures = order.out.join("pictures");
    let problem = |path: &Path| {
        let path = path.to_owned();
        move |source| EvaluationError::File { path, source }
    };
    fs::create_dir_all(&pictures).map_err(problem(&pictures))?;
    let cache = order.out.join(format!("answers-{}.jsonl", env!("LIKENESS_EVALUATION_SOURCES")));
    let mut known = read_cache(&cache);
    let tasks = tasks(order);
    let open: Vec<(Part, u64)> = tasks
        .iter()
        .copied()
        .filter(|(part, seed)| !known.iter().any(|(name, s, _)| name == part.name() && s == seed))
        .collect();
    println!("{} of {} pieces of work are in the cache", tasks.len() - open.len(), tasks.len());
    let wall = Wall { folder: pictures.clone(), right_below: order.from + 2 };
    let file = OpenOptions::new().create(true).append(true).open(&cache).map_err(problem(&cache))?;
    let fresh = work(&open, &wall, file)?;
    known.extend(fresh);
    let records: Vec<Record> = known
        .into_iter()
        .filter(|(name, seed, _)| tasks.iter().any(|(part, s)| part.name() == name && s == seed))
        .flat_map(|(_, _, records)| records)
        .collect();
    let tally = table::Tally::of(&records);
    for line in tally.lines() {
        println!("{line}");
    }
    for line in tally.figures() {
        println!("{line}");
    }
    sheet::hang_all(&records, &pictures, &order.out)?;
    if let Some(path) = &order.page {
        page::write(path, &tally, order.from, order.seeds)?;
    }
    Ok(if order.gate { tally.missed() } else { Vec::new() })
}

/// Every part of one seed before the next seed, so that a run cut short has some of everything.
fn tasks(order: &Order) -> Vec<(Part, u64)> {
    let mut tasks = Vec::new();
    for step in 0..order.seeds {
        let seed = order.from + step;
        tasks.extend([(Part::Faces, seed), (Part::Cards, seed), (Part::Company, seed)]);
        if step % 25 == 0 {
            tasks.push((Part::Tones, seed));
        }
    }
    tasks
}

type Answers = (String, u64, Vec<Record>);

fn read_cache(path: &Path) -> Vec<Answers> {
    let text = fs::read_to_string(path).unwrap_or_default();
    // A line cut short by an interrupted run is simply worked out again.
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn work(open: &[(Part, u64)], wall: &Wall, file: File) -> Result<Vec<Answers>, EvaluationError> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new((file, Vec::new()));
    let failed = Mutex::new(None);
    let workers = std::thread::available_parallelism().map_or(2, usize::from).min(8);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((part, seed)) = open.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = part.run(*seed, wall).and_then(|records| {
                        let answers = (part.name().to_owned(), *seed, records);
                        let line = serde_json::to_string(&answers)?;
                        if let Ok(mut results) = results.lock() {
                            // An answer that could not be kept is worked out again next time.
                            let _ = writeln!(results.0, "{line}");
                            results.1.push(answers);
                            let done = results.1.len();
                            if done % 10 == 0 {
                                println!("{done} of {}", open.len());
                            }
                        }
                        Ok(())
                    });
                    if let Err(error) = outcome {
                        if let Ok(mut failed) = failed.lock() {
                            *failed = Some(error);
                        }
                        return;
                    }
                }
            });
        }
    });
    if let Ok(Some(error)) = failed.into_inner() {
        return Err(error);
    }
    Ok(results.into_inner().map(|(_, answers)| answers).unwrap_or_default())
}

//! Walks to the camera check and listens to the page's own live images for a while.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::deadline::Stopwatch;
use crate::folder::Folder;
use crate::processor_time;
use crate::window::{Surroundings, Window};

/// Pictures before that are not counted.
const WARM_UP: Duration = Duration::from_secs(3);
/// A picture is late when it comes more than a whole period after its turn.
const LATE_AFTER_MS: f64 = 2.0 * 1000.0 / 30.0;
/// A thread that ends takes its time with it, so it is asked about it often.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);
/// The page's clock counts whole milliseconds and rounds down.
const PAGE_CLOCK_MS: f64 = 0.5;

/// Notes when the page asks for a live picture and when it has decoded it. The page's own code runs unchanged.
const LISTEN: &str = "
    const asked = new WeakMap(), rows = window.benchRows = [];
    const source = Object.getOwnPropertyDescriptor(HTMLImageElement.prototype, 'src');
    Object.defineProperty(HTMLImageElement.prototype, 'src', { ...source, set(to) {
        const live = /live\\.[0-9a-f]+\\.([0-9]+)$/.exec(to);
        if (live) asked.set(this, [Number(live[1]), Date.now()]);
        source.set.call(this, to);
    } });
    const decode = HTMLImageElement.prototype.decode;
    HTMLImageElement.prototype.decode = function () {
        const ask = asked.get(this);
        return decode.call(this).then(() => { if (ask) rows.push([...ask, Date.now(), this.naturalWidth]); });
    };";

/// One picture of the page: its number, when it was asked for and when it was decoded (epoch, ms), its width.
struct Shown {
    request: u64,
    asked_ms: f64,
    decoded_ms: f64,
    width_px: u64,
}

/// Measures for that long and prints the figures.
pub fn measure(time: Duration, double: &Path) {
    let home = Folder::new("bench-preview");
    let app = with_camera(home.path(), double);
    let window = Window::open(&Surroundings {
        app: &app,
        home: home.path(),
        variables: &[
            ("LIKENESS_OPENED_LINKS", home.path().join("link").display().to_string()),
            ("LIKENESS_LOG", "warn,likeness_journey::pictures=trace".to_owned()),
            ("NO_COLOR", "1".to_owned()),
        ],
        pictures: &home.path().join("pictures"),
    });
    walk_to_the_camera(&window);
    window.script(LISTEN);
    sleep(WARM_UP);
    window.script("window.benchRows.length = 0");
    let mut processes = Processes::default();
    let (before, watch) = (processes.costs(home.path()), Stopwatch::start());
    while watch.seconds() < time.as_secs_f32() {
        sleep(BETWEEN_LOOKS);
        processes.costs(home.path());
    }
    let rows = window.script("return JSON.stringify(window.benchRows)");
    let seconds = f64::from(watch.seconds());
    let after = processes.costs(home.path());
    let shown = read_rows(&rows);
    drop(window);
    let log = fs::read_to_string(home.path().join("app.log")).expect("the app's log can be read");
    report(&shown, &due_times(&log), seconds);
    for (name, cost) in after {
        let spent = cost.saturating_sub(before.get(name).copied().unwrap_or_default());
        figure(&format!("cpu_window_{name}"), 100.0 * spent.as_secs_f64() / seconds, "% of a core");
    }
}

/// A program that is the app with the test camera preloaded. WebKit's driver must not be: the library takes itself out of the environment.
fn with_camera(home: &Path, double: &Path) -> PathBuf {
    let path = home.join("likeness-on-the-test-camera");
    let text =
        format!("#!/bin/sh\nexec env LD_PRELOAD='{}' '{}' \"$@\"\n", double.display(), env!("CARGO_BIN_EXE_likeness"));
    fs::write(&path, text).expect("the script can be written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("the script can be made a program");
    path
}

fn walk_to_the_camera(window: &Window) {
    window.wait_for_screen("welcome");
    window.press("go");
    window.wait_for_screen("before-you-begin");
    window.press("go");
    window.wait_for_screen("sign-in");
    window.press_naming("use-practice-account", "learner@likeness.example");
    window.wait_for_screen("home");
    window.press("go");
    window.wait_for_screen("name");
    window.type_into("#full-name", "Ada Specimen");
    window.press("set-name");
    window.wait_for_screen("consent");
    window.press("give-consent");
    window.wait_for_screen("id-layout");
    window.press("choose-card");
    window.press("same-side");
    window.wait_for_screen("camera-check");
    window.wait("the test camera to be the chosen one", |window| {
        let chosen = window.script("return document.querySelector('#camera')?.selectedOptions[0]?.textContent ?? ''");
        chosen.as_str().is_some_and(|chosen| chosen.contains("Preloaded test camera"))
    });
    window.wait("the live picture", |window| {
        window
            .script("return [...document.images].some(image => image.src.includes('live.') && image.naturalWidth > 0)")
            == true
    });
}

fn read_rows(rows: &Value) -> Vec<Shown> {
    let rows: Vec<[f64; 4]> = serde_json::from_str(rows.as_str().unwrap_or("[]")).expect("the page's notes");
    let rows = rows.into_iter().map(|[request, asked_ms, decoded_ms, width_px]| Shown {
        request: request as u64,
        asked_ms,
        decoded_ms,
        width_px: width_px as u64,
    });
    rows.collect()
}

/// When the picture that answered a request was due (epoch, ms), as the app tells on request.
fn due_times(log: &str) -> BTreeMap<u64, f64> {
    let number = |line: &str, name: &str| {
        let rest = line.split_once(name)?.1;
        rest.split(|letter: char| !letter.is_ascii_digit()).next()?.parse::<u64>().ok()
    };
    let lines = log.lines().filter_map(|line| Some((number(line, "request=")?, number(line, "captured_us=")?)));
    lines.map(|(request, captured_us)| (request, captured_us as f64 / 1000.0)).collect()
}

fn report(shown: &[Shown], due: &BTreeMap<u64, f64>, seconds: f64) {
    let (mut requests, mut ends, mut waits) = (Vec::new(), Vec::new(), Vec::new());
    for picture in shown {
        let Some(due_ms) = due.get(&picture.request) else { continue };
        let decoded_ms = picture.decoded_ms + PAGE_CLOCK_MS;
        requests.push(decoded_ms - due_ms.max(picture.asked_ms + PAGE_CLOCK_MS));
        ends.push(decoded_ms - due_ms);
        waits.push(picture.decoded_ms - picture.asked_ms);
    }
    assert!(
        ends.len() + 3 >= shown.len(),
        "the app told of {} of {} pictures when they were due",
        ends.len(),
        shown.len()
    );
    assert!(ends.len() > 30, "only {} pictures were shown", ends.len());
    let gaps: Vec<f64> = shown.windows(2).map(|two| two[1].decoded_ms - two[0].decoded_ms).collect();
    let late = gaps.iter().filter(|gap| **gap > LATE_AFTER_MS).count();
    figure("request_to_decoded_p50", at(&mut requests, 50.0), "ms");
    figure("request_to_decoded_p95", at(&mut requests, 95.0), "ms");
    figure("request_with_wait_p50", at(&mut waits, 50.0), "ms");
    figure("end_to_end_p50", at(&mut ends, 50.0), "ms");
    figure("end_to_end_p95", at(&mut ends, 95.0), "ms");
    figure("late_share", 100.0 * late as f64 / gaps.len() as f64, "%");
    figure("shown_rate", shown.len() as f64 / seconds, "pictures/s");
    figure("worst_gap", gaps.iter().copied().fold(0.0, f64::max), "ms");
    figure("preview_width", shown.last().map_or(0, |picture| picture.width_px) as f64, "px");
}

fn at(times: &mut [f64], per_cent: f64) -> f64 {
    times.sort_by(f64::total_cmp);
    let rank = (times.len() as f64 * per_cent / 100.0).ceil() as usize;
    times[rank.max(1) - 1]
}

fn figure(name: &str, value: f64, unit: &str) {
    println!("figure {name} = {value:.3} {unit}");
}

/// The books of the window's processes.
#[derive(Default)]
struct Processes(BTreeMap<u32, processor_time::Books>);

impl Processes {
    /// Processor time so far, by what the processes are.
    fn costs(&mut self, home: &Path) -> BTreeMap<&'static str, Duration> {
        let mut costs = BTreeMap::new();
        let home = home.display().to_string();
        for process in fs::read_dir("/proc").expect("/proc can be read").flatten() {
            let Some(pid) = process.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
            let environment = fs::read(process.path().join("environ")).unwrap_or_default();
            let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            let name = match name.trim() {
                "likeness" => "app",
                "WebKitWebProces" => "page",
                _ => continue,
            };
            if String::from_utf8_lossy(&environment).contains(&home) {
                *costs.entry(name).or_default() += self.0.entry(pid).or_default().look(pid).unwrap_or_default();
            }
        }
        costs
    }
}

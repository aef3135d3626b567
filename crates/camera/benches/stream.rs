//! Measures one running stream of the first real camera, seen from outside the crate as the app sees it.
//!
//! Started by `cargo xtask bench camera`, which preloads the test camera, sets its mode and knows the gates; this program only
//! measures and prints lines `figure NAME = VALUE UNIT`. With another camera than the test camera it refuses to run:
//! without the time at which a picture was due (`LKTS`, see `tests/devices/README.md`) the age of a picture is unknown.
//!
//! Lines `frames N` tell a sampler outside how many pictures have been dealt with, so that it can divide the CPU time by them.
#![cfg_attr(
    target_os = "linux",
    allow(
        clippy::print_stdout,
        clippy::print_stderr,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a program whose output is its result, about a few thousand small numbers"
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
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::process::ExitCode;
    use std::sync::Arc;
    use std::thread::sleep;
    use std::time::{Duration, Instant, SystemTime};

    use likeness_camera::{Camera, CameraError, CameraState, Damage, Frame, Purpose, Sources};

    const USE: &str = "use: stream closed SECONDS | hand SECONDS | preview SECONDS | still COUNT | memory SECONDS
     | open COUNT | unplug COUNT CONTROL-FILE | stop COUNT | stop-stalled COUNT CONTROL-FILE";

    /// Nothing of a test camera takes longer.
    const PATIENCE: Duration = Duration::from_secs(10);
    /// The first pictures are not counted: pages are touched for the first time, codecs are made.
    const WARM_UP: Duration = Duration::from_secs(1);
    /// A page draws at most sixty pictures a second and is content with thirty.
    const SHOWN_AT_MOST_EVERY: Duration = Duration::from_millis(33);
    /// What a photo may weigh.
    const STILL_LIMIT_BYTES: usize = 4 << 20;
    /// How far the driver's stamp may lie from the time written into the picture.
    const STAMP_WITHIN: Duration = Duration::from_millis(1);

    /// Why there is no figure.
    #[derive(Debug, thiserror::Error)]
    enum NoFigure {
        #[error("{USE}")]
        Usage,
        #[error("waited too long for {0}; the camera is {1:?}")]
        Waited(&'static str, CameraState),
        #[error("a picture: {0}")]
        Damage(#[from] Damage),
        #[error("{0}")]
        Camera(#[from] CameraError),
        #[error("{0}")]
        File(#[from] std::io::Error),
        #[error("the pictures carry no due time, or the driver's stamp is not that time; see tests/devices/README.md")]
        NoDueTime,
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
                eprintln!("stream: {error}");
                ExitCode::FAILURE
            }
        }
    }

    fn run(words: &[&str]) -> Result<(), NoFigure> {
        let number = |at: usize| words.get(at).and_then(|word| word.parse::<u32>().ok()).ok_or(NoFigure::Usage);
        let seconds = |at: usize| number(at).map(|seconds| Duration::from_secs(seconds.into()));
        let control = || words.get(2).map(PathBuf::from).ok_or(NoFigure::Usage);
        match words.first().copied() {
            Some("closed") => closed(seconds(1)?),
            Some("hand") => in_hand(seconds(1)?),
            Some("preview") => previews(seconds(1)?),
            Some("still") => stills(number(1)?),
            Some("memory") => memory(seconds(1)?),
            Some("open") => open_to_preview(number(1)?),
            Some("unplug") => unplug(number(1)?, &control()?),
            Some("stop") => stop(number(1)?, None),
            Some("stop-stalled") => stop(number(1)?, Some(&control()?)),
            _ => Err(NoFigure::Usage),
        }
    }

    fn figure(name: &str, value: f64, unit: &str) {
        println!("figure {name} = {value:.3} {unit}");
    }

    /// Milliseconds, as many as were measured.
    #[derive(Default)]
    struct Times(Vec<f64>);

    impl Times {
        fn add(&mut self, time: Duration) {
            self.0.push(time.as_secs_f64() * 1000.0);
        }

        /// The nearest-rank percentile.
        fn at(&mut self, per_cent: f64) -> f64 {
            self.0.sort_by(f64::total_cmp);
            let rank = (self.0.len() as f64 * per_cent / 100.0).ceil() as usize;
            self.0.get(rank.max(1) - 1).copied().unwrap_or(f64::NAN)
        }

        fn mean(&self) -> f64 {
            self.0.iter().sum::<f64>() / self.0.len() as f64
        }
    }

    /// What this thread has cost so far.
    fn cpu_of_this_thread() -> Duration {
        spent(rustix::time::ClockId::ThreadCPUTime)
    }

    /// The clock that drivers stamp pictures with.
    fn monotonic() -> Duration {
        spent(rustix::time::ClockId::Monotonic)
    }

    fn spent(clock: rustix::time::ClockId) -> Duration {
        let now = rustix::time::clock_gettime(clock);
        Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec as u32)
    }

    /// A live camera, and the first picture of it that is fresh.
    fn live() -> Result<(Camera, Arc<Frame>), NoFigure> {
        let camera = Camera::start(Sources::real_cameras());
        camera.open(None, Purpose::Check);
        let frame = first_after(&camera, None)?;
        Ok((camera, frame))
    }

    fn first_after(camera: &Camera, than_seq: Option<u64>) -> Result<Arc<Frame>, NoFigure> {
        camera.wait_newer(than_seq, PATIENCE).ok_or_else(|| NoFigure::Waited("a picture", camera.state()))
    }

    fn wait_for(
        camera: &Camera,
        what: &'static str,
        holds: impl Fn(&CameraState) -> bool,
    ) -> Result<Duration, NoFigure> {
        let began = Instant::now();
        let (mut revision, mut state) = camera.wait_state(u64::MAX, Duration::ZERO);
        while !holds(&state) {
            let left = PATIENCE.checked_sub(began.elapsed()).ok_or(NoFigure::Waited(what, state))?;
            (revision, state) = camera.wait_state(revision, left);
        }
        Ok(began.elapsed())
    }

    /// When this picture was due, on the wall clock. Established by [`check_stamps`] to be the time written into the picture.
    fn due(frame: &Frame) -> Result<SystemTime, NoFigure> {
        frame.captured().ok_or(NoFigure::NoDueTime)
    }

    fn age(frame: &Frame) -> Result<Duration, NoFigure> {
        Ok(SystemTime::now().duration_since(due(frame)?).unwrap_or_default())
    }

    /// Compares the driver's stamp with the due time in the picture's own bytes, so that the cheap one may be used for every picture.
    fn check_stamps(frame: &Frame) -> Result<(), NoFigure> {
        let still = frame.still(STILL_LIMIT_BYTES)?;
        let written = written_due(&still.bytes).ok_or(NoFigure::NoDueTime)?;
        let by_stamp = monotonic().saturating_sub(age(frame)?);
        if by_stamp.abs_diff(written) < STAMP_WITHIN { Ok(()) } else { Err(NoFigure::NoDueTime) }
    }

    /// The due time in the comment behind the start marker: `LKTS` and nanoseconds of the monotonic clock, big end first.
    fn written_due(jpeg: &[u8]) -> Option<Duration> {
        let bytes = jpeg.strip_prefix(b"\xFF\xD8\xFF\xFE\x00\x0ELKTS")?.first_chunk::<8>()?;
        Some(Duration::from_nanos(u64::from_be_bytes(*bytes)))
    }

    /// Runs through the pictures as they come, at most one every `pause`, and tells how many there were.
    fn pull(
        camera: &Camera,
        time: Duration,
        pause: Duration,
        mut look: impl FnMut(&Frame, bool) -> Result<(), NoFigure>,
    ) -> Result<(), NoFigure> {
        let (began, mut last, mut told, mut count) = (Instant::now(), None, Instant::now(), 0_u64);
        while began.elapsed() < time + WARM_UP {
            let frame = first_after(camera, last)?;
            let taken = Instant::now();
            last = Some(frame.seq());
            look(&frame, began.elapsed() >= WARM_UP)?;
            count += 1;
            if told.elapsed() >= Duration::from_millis(500) {
                told = Instant::now();
                println!("frames {count}");
            }
            drop(frame);
            sleep(pause.saturating_sub(taken.elapsed()));
        }
        Ok(())
    }

    /// The stream runs and nobody asks for a preview.
    fn closed(time: Duration) -> Result<(), NoFigure> {
        let (camera, first) = live()?;
        let began = Instant::now();
        while began.elapsed() < time + WARM_UP {
            sleep(Duration::from_millis(500));
            let newest = camera.newest().ok_or_else(|| NoFigure::Waited("a picture", camera.state()))?;
            println!("frames {}", newest.seq() - first.seq());
        }
        camera.quit();
        Ok(())
    }

    /// From the moment a picture is due to its cut bytes in the hands of a thread that waits for them.
    fn in_hand(time: Duration) -> Result<(), NoFigure> {
        let (camera, first) = live()?;
        check_stamps(&first)?;
        let mut ages = Times::default();
        pull(&camera, time, Duration::ZERO, |frame, counted| {
            let age = age(frame)?;
            if counted {
                ages.add(age);
            }
            Ok(())
        })?;
        camera.quit();
        figure("frame_in_hand_p50", ages.at(50.0), "ms");
        figure("frame_in_hand_p99", ages.at(99.0), "ms");
        figure("frame_in_hand_worst", ages.at(100.0), "ms");
        figure("frames_in_hand", ages.0.len() as f64, "pictures");
        Ok(())
    }

    /// From due to preview bytes ready, for each picture, and what making the preview costs.
    fn previews(time: Duration) -> Result<(), NoFigure> {
        let (camera, first) = live()?;
        check_stamps(&first)?;
        let (mut ages, mut costs, mut bytes) = (Times::default(), Times::default(), 0);
        let pause = if first.mode().fps.rounded() > 30 { SHOWN_AT_MOST_EVERY } else { Duration::ZERO };
        pull(&camera, time, pause, |frame, counted| {
            let before = cpu_of_this_thread();
            let preview = frame.preview()?;
            let (age, cost) = (age(frame)?, cpu_of_this_thread().saturating_sub(before));
            bytes = preview.len();
            if counted {
                ages.add(age);
                costs.add(cost);
            }
            Ok(())
        })?;
        camera.quit();
        figure("handover_p50", ages.at(50.0), "ms");
        figure("handover_p99", ages.at(99.0), "ms");
        figure("preview_cpu", costs.mean(), "ms");
        figure("preview_cpu_p50", costs.at(50.0), "ms");
        figure("preview_bytes", bytes as f64 / 1000.0, "kB");
        Ok(())
    }

    /// The full check of a photo, from the camera's bytes to a verified still.
    fn stills(count: u32) -> Result<(), NoFigure> {
        let (camera, first) = live()?;
        check_stamps(&first)?;
        let (mut times, mut last) = (Times::default(), Some(first.seq()));
        for _ in 0..count {
            let frame = first_after(&camera, last)?;
            last = Some(frame.seq());
            let began = Instant::now();
            frame.still(STILL_LIMIT_BYTES)?;
            times.add(began.elapsed());
        }
        camera.quit();
        figure("still_check", times.at(50.0), "ms");
        figure("still_check_p95", times.at(95.0), "ms");
        Ok(())
    }

    /// Memory of the whole process in kB: what it alone holds, beside files and shared memory.
    fn private_kb() -> Result<f64, NoFigure> {
        let status = fs::read_to_string("/proc/self/status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        Ok(line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse().ok()).unwrap_or(f64::NAN))
    }

    /// The test camera's buffers as the program under test has mapped them, in kB: read only, as opposed to the camera's own view.
    fn mapped_kb() -> Result<f64, NoFigure> {
        let maps = fs::read_to_string("/proc/self/maps")?;
        let ours = maps.lines().filter(|line| line.contains(" r--s ") && line.contains("fakev4l2"));
        let bytes = ours.filter_map(|line| {
            let (from, to) = line.split(' ').next()?.split_once('-')?;
            Some(u64::from_str_radix(to, 16).ok()? - u64::from_str_radix(from, 16).ok()?)
        });
        Ok(bytes.sum::<u64>() as f64 / 1024.0)
    }

    /// Previews for a long time: what the stream holds, and whether that grows.
    fn memory(time: Duration) -> Result<(), NoFigure> {
        const FIRST_LOOK: Duration = Duration::from_secs(10);
        let before = private_kb()?;
        let (camera, _) = live()?;
        let (began, mut looked, mut seen) = (Instant::now(), Duration::ZERO, Vec::new());
        pull(&camera, time, Duration::ZERO, |frame, _| {
            frame.preview()?;
            let now = began.elapsed();
            if now >= FIRST_LOOK && now.saturating_sub(looked) >= Duration::from_secs(2) {
                looked = now;
                seen.push(private_kb()?);
            }
            Ok(())
        })?;
        let mapped = mapped_kb()?;
        camera.quit();
        // The mean of the first and of the last tenth: one sample may have caught a picture more or less in flight.
        let tenth = (seen.len() / 10).max(1);
        let mean = |part: &mut dyn Iterator<Item = &f64>| part.sum::<f64>() / tenth as f64;
        let (early, late) = (mean(&mut seen.iter().take(tenth)), mean(&mut seen.iter().rev().take(tenth)));
        figure("memory_mapped", mapped / 1000.0, "MB");
        figure("memory_private", (late - before) / 1000.0, "MB");
        figure("memory_stream", (mapped + late - before) / 1000.0, "MB");
        figure("memory_drift", (late - early) / 1000.0, "MB");
        figure("memory_watched", time.as_secs_f64() / 60.0, "min");
        Ok(())
    }

    /// From the wish to open a camera to the first bytes a page could draw.
    fn open_to_preview(count: u32) -> Result<(), NoFigure> {
        let camera = Camera::start(Sources::real_cameras());
        let mut times = Times::default();
        let mut last = None;
        for _ in 0..count {
            let began = Instant::now();
            camera.open(None, Purpose::Check);
            let frame = first_after(&camera, last)?;
            frame.preview()?;
            times.add(began.elapsed());
            last = Some(frame.seq());
            camera.close();
            wait_for(&camera, "the camera to close", |state| *state == CameraState::Off)?;
            wait_released()?;
        }
        camera.quit();
        figure("open_to_first_preview", times.at(50.0), "ms");
        figure("open_to_first_preview_p95", times.at(95.0), "ms");
        Ok(())
    }

    /// Writes beside and renames, so that the camera never reads half an order.
    fn order(control: &Path, verb: &str) -> Result<(), NoFigure> {
        let beside = control.with_extension("new");
        fs::write(&beside, verb)?;
        Ok(fs::rename(beside, control)?)
    }

    /// From the plug to the published state, both ways.
    fn unplug(count: u32, control: &Path) -> Result<(), NoFigure> {
        let (mut lost, mut back) = (Times::default(), Times::default());
        let (camera, _) = live()?;
        for turn in 0..count {
            wait_for(&camera, "live", |state| matches!(state, CameraState::Live { .. }))?;
            // Not always at the same place between two pictures.
            sleep(Duration::from_millis(300 + u64::from(turn * 37 % 100)));
            order(control, "unplug")?;
            lost.add(wait_for(&camera, "the loss", |state| *state == CameraState::Lost)?);
            sleep(Duration::from_millis(500 + u64::from(turn * 211 % 1000)));
            order(control, "go")?;
            back.add(wait_for(&camera, "live again", |state| matches!(state, CameraState::Live { .. }))?);
        }
        camera.quit();
        figure("unplug_to_state", lost.at(100.0), "ms");
        figure("unplug_to_state_p50", lost.at(50.0), "ms");
        figure("replug_to_live", back.at(100.0), "ms");
        figure("replug_to_live_p50", back.at(50.0), "ms");
        Ok(())
    }

    /// The device is really let go of when none of its memory is mapped any more.
    fn wait_released() -> Result<(), NoFigure> {
        let began = Instant::now();
        while mapped_kb()? > 0.0 {
            if began.elapsed() > PATIENCE {
                return Err(NoFigure::Waited("the device to be released", CameraState::Off));
            }
            sleep(Duration::from_micros(200));
        }
        Ok(())
    }

    /// From the wish to end to the released device.
    fn stop(count: u32, stalled: Option<&Path>) -> Result<(), NoFigure> {
        let (mut returned, mut released) = (Times::default(), Times::default());
        for turn in 0..count {
            let (camera, _) = live()?;
            sleep(Duration::from_millis(100 + u64::from(turn * 17 % 40)));
            if let Some(control) = stalled {
                order(control, "stall")?;
                wait_for(&camera, "the stall", |state| *state == CameraState::Stalled)?;
            }
            let began = Instant::now();
            camera.quit();
            returned.add(began.elapsed());
            wait_released()?;
            released.add(began.elapsed());
            if let Some(control) = stalled {
                order(control, "go")?;
            }
        }
        let name = if stalled.is_some() { "stop_stalled" } else { "stop" };
        figure(&format!("{name}_p95"), returned.at(95.0), "ms");
        figure(&format!("{name}_released_p95"), released.at(95.0), "ms");
        Ok(())
    }
}

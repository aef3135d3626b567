//! Runs a program and reads, from outside, what it costs while it deals with pictures.

use std::io::{PipeReader, Read};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::processor_time::Books;
use crate::process::Failure;

/// What happens before is the program's start.
const WARM_UP: Duration = Duration::from_secs(1);
/// Between two looks at the kernel's books.
const LOOK_EVERY: Duration = Duration::from_millis(400);
/// No step is silent for longer unless it hangs.
const SILENT_AT_MOST: Duration = Duration::from_mins(4);

/// How a program tells how many pictures it has dealt with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Counting {
    /// Lines `frames N` or `frame=N`.
    Lines,
    /// One of these bytes for each picture.
    Marks(u8),
}

/// What one picture costs, the test camera's own thread left out.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    pub per_picture_ms: f64,
    pub share_per_cent: f64,
    pub pictures_a_second: f64,
}

/// How a program went.
pub struct Sampled {
    pub lines: Vec<String>,
    /// Absent if it dealt with no pictures for long enough.
    pub cost: Option<Cost>,
    pub ended_well: bool,
}

/// Runs it to its end, or for so long once pictures come.
pub fn sample(mut command: Command, counting: Counting, for_seconds: Option<u32>) -> Result<Sampled, Failure> {
    let name = command.get_program().to_string_lossy().into_owned();
    let lost = |error: std::io::Error| Failure::Step(format!("`{name}` was lost: {error}"));
    let (told, tells) = std::io::pipe().map_err(lost)?;
    command.stdin(Stdio::null()).stdout(tells.try_clone().map_err(lost)?).stderr(tells);
    let started = command.spawn();
    drop(command); // holds the writing ends of the pipe: with them open, its end would never be seen
    let mut child = started.map_err(|error| Failure::Machine(format!("`{name}` could not be started: {error}")))?;
    let pieces = read_aside(told);
    let mut watch = Watch::begin(child.id());
    let (mut lines, mut rest, mut count) = (Vec::new(), Vec::new(), 0);
    let mut ours_to_end = false;
    loop {
        let new = match pieces.recv_timeout(SILENT_AT_MOST) {
            Ok(new) => new,
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                lines.push(format!("`{name}` said nothing for {} s and was ended", SILENT_AT_MOST.as_secs()));
                child.kill().map_err(lost)?;
                break;
            }
        };
        if let Counting::Marks(mark) = counting {
            count += new.split(|byte| *byte == mark).count() as u64 - 1;
        }
        rest.extend(new);
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = rest.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            match counted(&line).filter(|_| counting == Counting::Lines) {
                Some(told) => count = told,
                None => lines.push(line),
            }
        }
        watch.look(count);
        if for_seconds.is_some_and(|seconds| watch.watched() >= Duration::from_secs(seconds.into())) {
            ours_to_end = true;
            child.kill().map_err(lost)?;
            break;
        }
    }
    let status = child.wait().map_err(lost)?;
    if !rest.is_empty() {
        lines.push(String::from_utf8_lossy(&rest).into_owned());
    }
    Ok(Sampled { lines, cost: watch.cost(), ended_well: ours_to_end || status.success() })
}

/// What the program says, piece by piece; ends when it does.
fn read_aside(mut told: PipeReader) -> Receiver<Vec<u8>> {
    let (give, take) = channel();
    std::thread::spawn(move || {
        let mut piece = [0; 4096];
        while let Ok(length) = told.read(&mut piece) {
            let new = piece.get(..length).filter(|new| !new.is_empty());
            if new.is_none_or(|new| give.send(new.to_vec()).is_err()) {
                return;
            }
        }
    });
    take
}

fn counted(line: &str) -> Option<u64> {
    line.strip_prefix("frames ").or_else(|| line.strip_prefix("frame="))?.trim().parse().ok()
}

/// One look: when, how many pictures, what it had cost.
#[derive(Clone, Copy)]
struct Look {
    at: Instant,
    pictures: u64,
    cost: Duration,
}

struct Watch {
    pid: u32,
    books: Books,
    seen_pictures: Option<Instant>,
    first: Option<Look>,
    last: Option<Look>,
}

impl Watch {
    fn begin(pid: u32) -> Self {
        Self { pid, books: Books::default(), seen_pictures: None, first: None, last: None }
    }

    fn look(&mut self, pictures: u64) {
        if pictures == 0 {
            return;
        }
        let now = now();
        let since = *self.seen_pictures.get_or_insert(now);
        let due = self.last.map_or(now - since >= WARM_UP, |last| now - last.at >= LOOK_EVERY);
        if !due || self.last.is_some_and(|last| last.pictures == pictures) {
            return;
        }
        // A program that has ended in this moment has no books any more; the look before it counts.
        if let Ok(cost) = self.books.look(self.pid) {
            let look = Look { at: now, pictures, cost };
            self.first.get_or_insert(look);
            self.last = Some(look);
        }
    }

    fn watched(&self) -> Duration {
        self.first.map_or(Duration::ZERO, |first| now() - first.at)
    }

    fn cost(&self) -> Option<Cost> {
        let (first, last) = (self.first?, self.last?);
        let pictures = f64::from(u32::try_from(last.pictures - first.pictures).ok()?);
        let time = (last.at - first.at).as_secs_f64();
        let spent = last.cost.checked_sub(first.cost)?.as_secs_f64();
        (pictures > 0.0).then(|| Cost {
            per_picture_ms: 1000.0 * spent / pictures,
            share_per_cent: 100.0 * spent / time,
            pictures_a_second: pictures / time,
        })
    }
}

#[allow(clippy::disallowed_methods, reason = "a bench is about nothing but the clock")]
fn now() -> Instant {
    Instant::now()
}

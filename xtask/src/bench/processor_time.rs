//! What a process has cost, read from the kernel's own books (`/proc/<pid>/task/*/schedstat`, nanoseconds on a processor).
//!
//! The test camera lives as a thread inside the process under test; its time is a driver's and is left out, for everybody alike.
//! A thread that ends takes its time with it, so whoever wants a difference keeps what each thread was last seen to have cost.
//! Also part of `tests/bench`, which measures the processes of the window.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

/// Name of the test camera's threads.
const DOUBLE: &str = "fakev4l2";

/// What each thread was last seen to have cost.
#[derive(Debug, Default)]
pub struct Books(HashMap<String, Duration>);

impl Books {
    /// Processor time of all threads the process has had at one of the looks, the test camera's left out. Never falls.
    pub fn look(&mut self, pid: u32) -> io::Result<Duration> {
        for thread in fs::read_dir(format!("/proc/{pid}/task"))?.flatten() {
            // A thread that has just ended has no books any more; what it was last seen to have cost stays.
            if let Ok(ns) = of_thread(&thread.path()) {
                self.0.insert(thread.file_name().to_string_lossy().into_owned(), Duration::from_nanos(ns));
            }
        }
        Ok(self.0.values().sum())
    }
}

fn of_thread(task: &Path) -> io::Result<u64> {
    if fs::read_to_string(task.join("comm"))?.trim() == DOUBLE {
        return Ok(0);
    }
    let books = fs::read_to_string(task.join("schedstat"))?;
    Ok(books.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0))
}

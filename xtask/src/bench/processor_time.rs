//! What a process has cost, read from the kernel's own books (`/proc/<pid>/task/*/schedstat`, nanoseconds on a processor).
//!
//! The test camera lives as a thread inside the process under test; its time is a driver's and is left out, for everybody alike.
//! A thread that ends takes its time with it: differences are only meaningful over a stretch in which the threads stay.
//! Also part of `tests/bench`, which measures the processes of the window.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

/// Name of the test camera's threads.
const DOUBLE: &str = "fakev4l2";

/// Processor time of all threads that live now, the test camera's left out.
pub fn of_process(pid: u32) -> io::Result<Duration> {
    let mut sum_ns = 0;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))?.flatten() {
        // A thread that has just ended has no books any more.
        sum_ns += of_thread(&thread.path()).unwrap_or(0);
    }
    Ok(Duration::from_nanos(sum_ns))
}

fn of_thread(task: &Path) -> io::Result<u64> {
    if fs::read_to_string(task.join("comm"))?.trim() == DOUBLE {
        return Ok(0);
    }
    let books = fs::read_to_string(task.join("schedstat"))?;
    Ok(books.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0))
}

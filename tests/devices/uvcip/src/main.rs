//! A USB camera made of a program: it speaks USB/IP to the kernel's virtual host controller, so the driver above is the
//! real `uvcvideo`, with its real node, its real errors and its real timing.
//!
//! `uvcip --mode 1280x720:a.jpg,b.jpg --mode 640x480:c.jpg`, as root, after `modprobe vhci-hcd uvcvideo`. Further options:
//! `--interval 333667` (29.97 pictures a second), `--grey yes` (a second format without colour), `--name NAME`, `--serial NUMBER`,
//! `--controls yes` (focus, exposure, zoom, white balance, shutter), `--port N` (of the virtual controller: two cameras need two ports).
//! It prints `plugged` when the kernel has it. One verb a line on standard input: `plug unplug stall go truncate empty garbage`,
//! `plug N` (into that port), `eproto N` (so many transfers fail), `errbit N` (so many pictures are marked as faulty).
//! Exit codes: 64 for a wrong call, 69 when the kernel has no virtual host controller.
//! It sends MJPEG over one bulk endpoint; there is no sound.
#![forbid(unsafe_code)]
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test device: it talks on its standard streams and builds structures of bytes"
)]

mod camera;
mod controls;
mod descriptors;
mod usbip;

use std::io::{BufRead, Write};
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;

use camera::{Camera, Verb};
use descriptors::{Mode, Shape};

/// What the camera's thread waits for.
enum Event {
    /// A request of the driver, with the number of the plug it came by.
    Usb(u32, usbip::Message),
    /// The kernel let go of this plug (counted, so that a late one is not taken for the present one).
    Gone(u32),
    Verb(Verb),
    /// Standard input ended: whoever started us is gone.
    Over,
}

fn main() -> ExitCode {
    let shape = match shape(std::env::args().skip(1)) {
        Ok(shape) => shape,
        Err(why) => {
            eprintln!("uvcip: {why}\nuse: uvcip --mode 1280x720:a.jpg,b.jpg [--mode 640x480:c.jpg]");
            return ExitCode::from(64);
        }
    };
    if !usbip::controller_present() {
        eprintln!("uvcip: the kernel has no virtual host controller: modprobe vhci-hcd (and uvcvideo)");
        return ExitCode::from(69);
    }
    let (sender, receiver) = mpsc::channel();
    let verbs = sender.clone();
    thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            match Verb::parse(line.trim()) {
                Some(verb) => drop(verbs.send(Event::Verb(verb))),
                None => eprintln!("uvcip: unknown verb {line:?}"),
            }
        }
        let _ = verbs.send(Event::Over);
    });
    match Camera::new(shape, sender).run(&receiver) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("uvcip: {error}");
            ExitCode::FAILURE
        }
    }
}

fn shape(mut words: impl Iterator<Item = String>) -> Result<Shape, String> {
    let mut shape = Shape {
        modes: Vec::new(),
        interval: 333_333,
        grey: false,
        controls: false,
        name: "Likeness USB test camera".into(),
        serial: None,
        port: 0,
    };
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} without a value"))?;
        let number = || value.parse::<u32>().map_err(|error| format!("{word} {value}: {error}"));
        match word.as_str() {
            "--mode" => shape.modes.push(mode(&value)?),
            "--interval" => shape.interval = number()?.max(1),
            "--grey" => shape.grey = value == "yes",
            "--controls" => shape.controls = value == "yes",
            "--name" => shape.name = value,
            "--serial" => shape.serial = Some(value),
            "--port" => shape.port = number()?,
            _ => return Err(format!("unknown option {word:?}")),
        }
    }
    if shape.modes.is_empty() { Err("no mode".into()) } else { Ok(shape) }
}

fn mode(value: &str) -> Result<Mode, String> {
    let (size, files) = value.split_once(':').ok_or_else(|| format!("no pictures in {value:?}"))?;
    let (width, height) = size.split_once('x').ok_or_else(|| format!("no size in {value:?}"))?;
    let side = |text: &str| text.parse::<u16>().map_err(|error| format!("{text}: {error}"));
    let pictures: Result<Vec<Vec<u8>>, String> =
        files.split(',').map(|path| std::fs::read(path).map_err(|error| format!("{path}: {error}"))).collect();
    let pictures = pictures?;
    if let Some(at) = pictures.iter().position(|picture| !picture.starts_with(&[0xFF, 0xD8])) {
        return Err(format!("picture {at} of {size} is not a JPEG"));
    }
    Ok(Mode { width: side(width)?, height: side(height)?, pictures })
}

/// Tells whoever started us that something has happened.
fn say(line: &str) {
    println!("{line}");
    let _ = std::io::stdout().flush();
}

//! The camera's controls. They live in a file, `FAKEV4L2_CONTROLS`, with a line `name value` each, because a real camera keeps
//! them too: a test writes what another program left behind, and reads what the product made of it. Only controls named there exist.

use std::fs;
use std::sync::{Mutex, PoisonError};

use crate::world::{fail, setting};

const NEXT: u32 = 0x8000_0000;
const NEXT_COMPOUND: u32 = 0x4000_0000;
const FLAG_READ_ONLY: u32 = 0x04;
const FLAG_INACTIVE: u32 = 0x10;
const AUTO_BY_APERTURE: i64 = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Integer = 1,
    Boolean = 2,
    Menu = 3,
}

/// A control as drivers describe it (`linux/v4l2-controls.h`).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Control {
    pub(crate) id: u32,
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) kind: Kind,
    pub(crate) smallest: i64,
    pub(crate) largest: i64,
    pub(crate) step: i64,
    pub(crate) usual: i64,
}

#[rustfmt::skip]
const ALL: [Control; 11] = [
    Control { id: 0x0098_0900, name: "brightness", title: "Brightness", kind: Kind::Integer, smallest: 0, largest: 255, step: 1, usual: 128 },
    Control { id: 0x0098_090C, name: "white_balance_auto", title: "White Balance, Automatic", kind: Kind::Boolean, smallest: 0, largest: 1, step: 1, usual: 1 },
    Control { id: 0x0098_0914, name: "hflip", title: "Horizontal Flip", kind: Kind::Boolean, smallest: 0, largest: 1, step: 1, usual: 0 },
    Control { id: 0x0098_091A, name: "white_balance_temperature", title: "White Balance Temperature", kind: Kind::Integer, smallest: 2000, largest: 6500, step: 1, usual: 4000 },
    Control { id: 0x009A_0901, name: "exposure_auto", title: "Auto Exposure", kind: Kind::Menu, smallest: 0, largest: 3, step: 1, usual: 3 },
    Control { id: 0x009A_0902, name: "exposure_absolute", title: "Exposure Time, Absolute", kind: Kind::Integer, smallest: 3, largest: 2047, step: 1, usual: 250 },
    Control { id: 0x009A_0903, name: "exposure_auto_priority", title: "Exposure, Dynamic Framerate", kind: Kind::Boolean, smallest: 0, largest: 1, step: 1, usual: 0 },
    Control { id: 0x009A_090A, name: "focus_absolute", title: "Focus, Absolute", kind: Kind::Integer, smallest: 0, largest: 250, step: 5, usual: 0 },
    Control { id: 0x009A_090C, name: "focus_auto", title: "Focus, Automatic Continuous", kind: Kind::Boolean, smallest: 0, largest: 1, step: 1, usual: 1 },
    Control { id: 0x009A_090D, name: "zoom_absolute", title: "Zoom, Absolute", kind: Kind::Integer, smallest: 100, largest: 400, step: 1, usual: 100 },
    Control { id: 0x009A_0910, name: "privacy", title: "Privacy", kind: Kind::Boolean, smallest: 0, largest: 1, step: 1, usual: 0 },
];

/// One writer at a time.
static TURN: Mutex<()> = Mutex::new(());

fn values() -> Vec<(Control, i64)> {
    let Some(path) = setting("FAKEV4L2_CONTROLS") else { return Vec::new() };
    let text = fs::read_to_string(&path).unwrap_or_else(|error| fail(&format!("{path}: {error}")));
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| {
            let known = line.split_once(' ').and_then(|(name, value)| {
                ALL.iter().find(|control| control.name == name).copied().zip(value.parse().ok())
            });
            known.unwrap_or_else(|| fail(&format!("FAKEV4L2_CONTROLS: {line:?} is no control with a value")))
        })
        .collect()
}

/// The control of this number, or the next one above it where the number asks for that.
pub(crate) fn find(asked: u32) -> Option<(Control, i64)> {
    let id = asked & !(NEXT | NEXT_COMPOUND);
    let mut values = values();
    values.sort_by_key(|(control, _)| control.id);
    values.into_iter().find(|(control, _)| if asked == id { control.id == id } else { control.id > id })
}

/// What stands in the way of setting it.
pub(crate) fn flags(control: Control) -> u32 {
    let is = |name: &str, wanted: i64| values().iter().any(|(other, value)| other.name == name && *value == wanted);
    match control.name {
        "privacy" => FLAG_READ_ONLY,
        "focus_absolute" if is("focus_auto", 1) => FLAG_INACTIVE,
        "exposure_absolute" if is("exposure_auto", AUTO_BY_APERTURE) => FLAG_INACTIVE,
        "white_balance_temperature" if is("white_balance_auto", 1) => FLAG_INACTIVE,
        _ => 0,
    }
}

/// Sets a control as a driver does: into its range, and to the next step. Answers what it became; the error is an errno.
pub(crate) fn set(id: u32, wanted: i64) -> Result<i64, i32> {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut values = values();
    let (control, value) = values.iter_mut().find(|(control, _)| control.id == id).ok_or(libc::EINVAL)?;
    let control = *control;
    match flags(control) {
        FLAG_READ_ONLY => return Err(libc::EACCES),
        FLAG_INACTIVE => return Err(libc::EIO), // what uvcvideo answers when the camera refuses
        _ => {}
    }
    if control.kind == Kind::Menu && menu_text(control, wanted).is_none() {
        return Err(libc::EINVAL);
    }
    let within = wanted.clamp(control.smallest, control.largest) - control.smallest;
    *value = control.smallest + (within + control.step / 2) / control.step * control.step;
    let became = *value;
    let text: String = values.iter().map(|(control, value)| format!("{} {value}\n", control.name)).collect();
    let path = setting("FAKEV4L2_CONTROLS").unwrap_or_default();
    let beside = format!("{path}.new");
    let written = fs::write(&beside, text).and_then(|()| fs::rename(&beside, &path));
    written.unwrap_or_else(|error| fail(&format!("{path}: {error}")));
    Ok(became)
}

/// The entries of the one menu: cameras leave out some.
pub(crate) fn menu_text(control: Control, index: i64) -> Option<&'static str> {
    match (control.name, index) {
        ("exposure_auto", 1) => Some("Manual Mode"),
        ("exposure_auto", AUTO_BY_APERTURE) => Some("Aperture Priority Mode"),
        _ => None,
    }
}

//! Focus, exposure, white balance, zoom and mirroring of an open camera: set for reading cards, and put back afterwards.
//!
//! Guarantees: a camera without controls, or one that refuses them, is used as it is; nothing here can fail an opening or end
//! a stream. Whatever was changed is changed back when the [`Controls`] are dropped, also by a panic: these settings stay in
//! the camera, and the next program must find what the last one left. A device that is gone, or a process that is killed,
//! cannot be put back. A panel that has once failed as a broken device does is not asked again, so that a camera whose
//! controls hang costs one time limit and not ten.
//! This file knows no system and no numbers of drivers: those are behind [`Panel`].

use std::fmt;

/// What can be turned on a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Knob {
    /// 1: the camera looks for the focus by itself; 0: [`Knob::Focus`] holds.
    Autofocus,
    /// Where the focus stands; the direction differs between makes.
    Focus,
    /// 1: the camera finds the exposure by itself; 0: [`Knob::ExposureTime`] holds.
    AutoExposure,
    /// How long a picture is exposed.
    ExposureTime,
    /// 1: the camera finds the white by itself; 0: [`Knob::WhiteBalance`] holds.
    AutoWhiteBalance,
    /// What passes for white.
    WhiteBalance,
    /// How much of the sensor is shown; the smallest value shows all.
    Zoom,
    /// 1: the picture is mirrored.
    Mirror,
    /// 1: exposure stays as it is, although the camera found it by itself.
    ExposureLock,
    /// 1: a shutter is closed before the lens. Only read.
    Shutter,
}

/// The values a knob takes, and whether it may be turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) smallest: i32,
    pub(crate) largest: i32,
    /// Values between are rounded to a multiple of this above the smallest.
    pub(crate) step: i32,
    /// Whether the device lets anybody turn it.
    pub(crate) settable: bool,
    /// Whether turning it has an effect now; a focus under an autofocus that is on has none.
    pub(crate) active: bool,
}

impl Span {
    /// The value at this share of the way from the smallest to the largest, on a step.
    fn at(self, fraction: f32) -> i32 {
        let (smallest, largest) = (i64::from(self.smallest), i64::from(self.largest));
        let (way, step) = ((largest - smallest).max(0), i64::from(self.step.max(1)));
        let wanted = (way as f64 * f64::from(fraction.clamp(0.0, 1.0))).round() as i64;
        let on_step = ((wanted + step / 2) / step * step).min(way / step * step);
        i32::try_from(smallest + on_step).unwrap_or(self.smallest)
    }
}

/// Why a knob could not be read or turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// This knob, now: not there, not active, value not taken, held by somebody else.
    Knob,
    /// The device itself: gone, broken, or hanging. It is not asked again.
    Device,
}

/// The knobs of one device, as a system offers them.
pub(crate) trait Panel {
    /// What the knob can do now; `Refusal::Knob` if there is none.
    fn span(&mut self, knob: Knob) -> Result<Span, Refusal>;
    /// Where it stands.
    fn read(&mut self, knob: Knob) -> Result<i32, Refusal>;
    /// Turns it. A device may round the value; that is no refusal.
    fn turn(&mut self, knob: Knob, value: i32) -> Result<(), Refusal>;
}

/// What the open camera lets a program do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Abilities {
    /// It focuses by itself.
    pub autofocus: bool,
    /// Its focus can be set: [`ControlWish::Focus`] will be obeyed.
    pub focus: bool,
    /// Its exposure can be held: [`ControlWish::LockExposure`] will be obeyed, if the camera tells what it found by itself.
    pub exposure_lock: bool,
    /// It finds white by itself.
    pub auto_white_balance: bool,
    /// It can show less than its whole picture; it has been told to show all of it.
    pub zoom: bool,
    /// It tells whether its shutter is closed.
    pub shutter: bool,
}

/// What can be asked of the open camera.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ControlWish {
    /// Focus by itself again; without autofocus, go back to where the focus stood at the opening.
    FocusAuto,
    /// Focus at this share of the way, 0.0 to 1.0, from one end to the other. Which end is near differs between makes.
    Focus(f32),
    /// Keep the exposure of this moment, so that the pictures of a burst can be compared. Refused where the camera does not
    /// tell what it found by itself.
    LockExposure,
    /// Find the exposure by itself again.
    ReleaseExposure,
}

/// A knob that is on automatic or on a value.
const PAIRS: [(Knob, Knob); 3] = [
    (Knob::Autofocus, Knob::Focus),
    (Knob::AutoExposure, Knob::ExposureTime),
    (Knob::AutoWhiteBalance, Knob::WhiteBalance),
];

/// The controls of a running camera. Everything is put back when this is dropped.
pub(crate) struct Controls {
    panel: Option<Box<dyn Panel>>,
    /// Where knobs stood before they were first turned, in the order in which they were.
    before: Vec<(Knob, i32)>,
    abilities: Abilities,
    /// What the camera gave as its exposure time at the opening.
    first_exposure: Option<i32>,
}

impl Controls {
    /// Reads what the camera has and sets it for photos: everything automatic, nothing zoomed, nothing mirrored.
    pub(crate) fn set_up(panel: Option<Box<dyn Panel>>) -> Self {
        let mut controls = Self { panel, before: Vec::new(), abilities: Abilities::default(), first_exposure: None };
        for (automatic, _) in PAIRS {
            controls.turn(automatic, 1);
        }
        if let Some(span) = controls.span(Knob::Zoom) {
            controls.turn(Knob::Zoom, span.smallest);
        }
        controls.turn(Knob::Mirror, 0);
        controls.abilities = controls.find_abilities();
        controls.first_exposure = controls.read(Knob::ExposureTime);
        if !controls.before.is_empty() {
            tracing::debug!(knobs = ?controls.before, "the camera was not set for photos");
        }
        controls
    }

    /// What can be asked of this camera.
    pub(crate) fn abilities(&self) -> Abilities {
        self.abilities
    }

    /// Does what is asked; false if the camera does not have it or refused.
    pub(crate) fn obey(&mut self, wish: ControlWish) -> bool {
        match wish {
            ControlWish::FocusAuto => self.turn(Knob::Autofocus, 1) || self.put_back(Knob::Focus),
            ControlWish::Focus(fraction) => {
                self.hold(Knob::Autofocus);
                let span = self.span(Knob::Focus);
                span.is_some_and(|span| self.turn(Knob::Focus, span.at(fraction)))
            }
            ControlWish::LockExposure => self.turn(Knob::ExposureLock, 1) || self.hold_exposure(),
            ControlWish::ReleaseExposure => {
                let unlocked = self.put_back(Knob::ExposureLock);
                self.turn(Knob::AutoExposure, 1) || unlocked
            }
        }
    }

    /// Whether the camera says that its shutter is closed.
    pub(crate) fn shutter_closed(&mut self) -> bool {
        self.abilities.shutter && self.read(Knob::Shutter) == Some(1)
    }

    fn find_abilities(&mut self) -> Abilities {
        let autofocus = self.can_turn(Knob::Autofocus);
        let has = |span: Option<Span>| span.is_some_and(|span| span.settable);
        // A focus or an exposure time is asleep while the automatic is on, and wakes when that is turned off.
        let focus = self.span(Knob::Focus).is_some_and(|span| span.settable && (span.active || autofocus));
        let by_hand = self.can_turn(Knob::AutoExposure) && has(self.span(Knob::ExposureTime));
        Abilities {
            autofocus,
            focus,
            exposure_lock: self.can_turn(Knob::ExposureLock) || by_hand,
            auto_white_balance: self.can_turn(Knob::AutoWhiteBalance),
            zoom: self.span(Knob::Zoom).is_some_and(|span| span.smallest < span.largest),
            shutter: self.read(Knob::Shutter).is_some(),
        }
    }

    /// Takes the exposure the camera has found as the one to keep. Some cameras give the same time whatever they do by
    /// themselves; to set that one would make the picture suddenly brighter or darker, so a time that never moved is not believed.
    fn hold_exposure(&mut self) -> bool {
        let found =
            self.read(Knob::ExposureTime).filter(|found| self.first_exposure.is_some_and(|first| first != *found));
        let Some(found) = found else { return false };
        if !self.hold(Knob::AutoExposure) {
            return false;
        }
        if self.turn(Knob::ExposureTime, found) {
            return true;
        }
        self.turn(Knob::AutoExposure, 1);
        false
    }

    /// Turns an automatic off, remembering where its value stood; false if there is none.
    fn hold(&mut self, automatic: Knob) -> bool {
        self.turn(automatic, 0)
    }

    /// Turns a knob, unless it stands there already, and remembers where it stood. False if there is none or it is refused.
    fn turn(&mut self, knob: Knob, value: i32) -> bool {
        if !self.can_turn(knob) {
            return false;
        }
        let Some(stood) = self.read(knob) else { return false };
        if stood == value {
            return true;
        }
        // A value under an automatic that was on is the camera's own and changes by itself: nothing to put back.
        let automatic = PAIRS.iter().find(|(_, by_hand)| *by_hand == knob).map(|(automatic, _)| *automatic);
        let camera_s_own = automatic.is_some_and(|automatic| self.remembered(automatic) == Some(1));
        // The value must be known before its automatic is turned on, for then it moves.
        if let Some((_, by_hand)) = PAIRS.iter().find(|(automatic, _)| *automatic == knob && stood == 0)
            && let Some(value) = self.read(*by_hand)
        {
            self.remember(*by_hand, value);
        }
        if !camera_s_own {
            self.remember(knob, stood);
        }
        self.ask(|panel| panel.turn(knob, value)).is_some()
    }

    fn remember(&mut self, knob: Knob, value: i32) {
        if self.remembered(knob).is_none() {
            self.before.push((knob, value));
        }
    }

    fn remembered(&self, knob: Knob) -> Option<i32> {
        self.before.iter().find(|(known, _)| *known == knob).map(|(_, value)| *value)
    }

    /// Puts one knob back to where it stood; false if it was never turned.
    fn put_back(&mut self, knob: Knob) -> bool {
        self.remembered(knob).is_some_and(|value| self.ask(|panel| panel.turn(knob, value)).is_some())
    }

    fn can_turn(&mut self, knob: Knob) -> bool {
        self.span(knob).is_some_and(|span| span.settable && span.active)
    }

    fn span(&mut self, knob: Knob) -> Option<Span> {
        self.ask(|panel| panel.span(knob))
    }

    fn read(&mut self, knob: Knob) -> Option<i32> {
        self.ask(|panel| panel.read(knob))
    }

    /// Asks the panel, and gives it up when the device has failed.
    fn ask<T>(&mut self, question: impl FnOnce(&mut dyn Panel) -> Result<T, Refusal>) -> Option<T> {
        let answer = question(self.panel.as_deref_mut()?);
        if matches!(answer, Err(Refusal::Device)) {
            self.panel = None;
        }
        answer.ok()
    }
}

impl Drop for Controls {
    /// Automatics first: a value can only be put back once its automatic is off.
    fn drop(&mut self) {
        let before = std::mem::take(&mut self.before);
        let is_value = |knob: Knob| PAIRS.iter().any(|(_, by_hand)| *by_hand == knob);
        let (values, others): (Vec<_>, Vec<_>) = before.into_iter().partition(|(knob, _)| is_value(*knob));
        for (knob, value) in others.into_iter().chain(values) {
            if self.ask(|panel| panel.turn(knob, value)).is_none() {
                tracing::debug!(?knob, "a control of the camera was not put back");
            }
        }
    }
}

impl fmt::Debug for Controls {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.debug_struct("Controls")
            .field("abilities", &self.abilities)
            .field("before", &self.before)
            .finish_non_exhaustive()
    }
}

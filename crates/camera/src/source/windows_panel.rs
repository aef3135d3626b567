//! The controls of a camera on Windows, as DirectShow's two old interfaces offer them on a media source.
//!
//! Each property has one value and one flag, automatic or by hand, and both are set in one call: the flag is always ours,
//! never the one that was read, or automatic could never be left. Mirroring, locks and shutters are not among them.
#![allow(unsafe_code, reason = "the interfaces are COM's")]

use std::sync::Arc;

use windows::Win32::Media::DirectShow::{
    CameraControl_Exposure, CameraControl_Flags_Auto, CameraControl_Flags_Manual, CameraControl_Focus,
    CameraControl_Zoom, IAMCameraControl, IAMVideoProcAmp, VideoProcAmp_WhiteBalance,
};
use windows::core::{HRESULT, Interface};

use crate::controls::{Knob, Panel, Refusal, Span};
use crate::error::CameraError;
use crate::fault::Fault;
use crate::fault_elsewhere::from_hresult;
use crate::windows::Source;

const AUTOMATIC: i32 = CameraControl_Flags_Auto.0;
const BY_HAND: i32 = CameraControl_Flags_Manual.0;

/// A property of one of the two interfaces, which differ in nothing but their name.
enum Property {
    Camera(i32),
    Picture(i32),
}

/// What a knob means here: a property, and whether its flag or its value is turned.
fn property(knob: Knob) -> Option<(Property, Part)> {
    match knob {
        Knob::Autofocus => Some((Property::Camera(CameraControl_Focus.0), Part::Flag)),
        Knob::Focus => Some((Property::Camera(CameraControl_Focus.0), Part::Value)),
        Knob::AutoExposure => Some((Property::Camera(CameraControl_Exposure.0), Part::Flag)),
        Knob::ExposureTime => Some((Property::Camera(CameraControl_Exposure.0), Part::Value)),
        Knob::AutoWhiteBalance => Some((Property::Picture(VideoProcAmp_WhiteBalance.0), Part::Flag)),
        Knob::WhiteBalance => Some((Property::Picture(VideoProcAmp_WhiteBalance.0), Part::Value)),
        Knob::Zoom => Some((Property::Camera(CameraControl_Zoom.0), Part::Value)),
        Knob::Mirror | Knob::ExposureLock | Knob::Shutter => None,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Flag,
    Value,
}

struct Range {
    smallest: i32,
    largest: i32,
    step: i32,
    /// Which of the two flags the property can have.
    flags: i32,
}

/// The knobs of one opened camera. Keeps it open, so that they can be put back after the stream has stopped.
pub(crate) struct WindowsPanel {
    camera: Option<IAMCameraControl>,
    picture: Option<IAMVideoProcAmp>,
    _source: Arc<Source>,
}

impl WindowsPanel {
    /// A camera may have one of the interfaces, both, or none.
    pub(crate) fn of(source: &Arc<Source>) -> Self {
        let media_source = source.media_source();
        Self { camera: media_source.cast().ok(), picture: media_source.cast().ok(), _source: Arc::clone(source) }
    }

    fn range(&self, property: &Property) -> Result<Range, Refusal> {
        let (mut smallest, mut largest, mut step, mut usual, mut flags) = (0, 0, 0, 0, 0);
        let answer = match (property, &self.camera, &self.picture) {
            // SAFETY: the interface is alive, and every pointer is to a local that outlives the call.
            (Property::Camera(number), Some(camera), _) => unsafe {
                camera.GetRange(
                    *number,
                    &raw mut smallest,
                    &raw mut largest,
                    &raw mut step,
                    &raw mut usual,
                    &raw mut flags,
                )
            },
            // SAFETY: as above.
            (Property::Picture(number), _, Some(picture)) => unsafe {
                picture.GetRange(
                    *number,
                    &raw mut smallest,
                    &raw mut largest,
                    &raw mut step,
                    &raw mut usual,
                    &raw mut flags,
                )
            },
            _ => return Err(Refusal::Knob),
        };
        answer.map_err(|error| refusal(error.code()))?;
        Ok(Range { smallest, largest, step, flags })
    }

    /// Value and flag as they are now.
    fn state(&self, property: &Property) -> Result<(i32, i32), Refusal> {
        let (mut value, mut flags) = (0, 0);
        let answer = match (property, &self.camera, &self.picture) {
            // SAFETY: the interface is alive, and both pointers are to locals that outlive the call.
            (Property::Camera(number), Some(camera), _) => unsafe {
                camera.Get(*number, &raw mut value, &raw mut flags)
            },
            // SAFETY: as above.
            (Property::Picture(number), _, Some(picture)) => unsafe {
                picture.Get(*number, &raw mut value, &raw mut flags)
            },
            _ => return Err(Refusal::Knob),
        };
        answer.map_err(|error| refusal(error.code()))?;
        Ok((value, flags))
    }

    fn set(&self, property: &Property, value: i32, flag: i32) -> Result<(), Refusal> {
        let answer = match (property, &self.camera, &self.picture) {
            // SAFETY: the interface is alive; a value it cannot take is answered by an error.
            (Property::Camera(number), Some(camera), _) => unsafe { camera.Set(*number, value, flag) },
            // SAFETY: as above.
            (Property::Picture(number), _, Some(picture)) => unsafe { picture.Set(*number, value, flag) },
            _ => return Err(Refusal::Knob),
        };
        answer.map_err(|error| refusal(error.code()))
    }
}

/// A device that is gone or does not answer is not asked again; everything else concerns this knob.
fn refusal(code: HRESULT) -> Refusal {
    match from_hresult(code.0, "a control") {
        Fault::Ended { error: CameraError::Lost, .. } | Fault::Ended { transient: true, .. } => Refusal::Device,
        _ => Refusal::Knob,
    }
}

impl Panel for WindowsPanel {
    fn span(&mut self, knob: Knob) -> Result<Span, Refusal> {
        let (property, part) = property(knob).ok_or(Refusal::Knob)?;
        let Range { smallest, largest, step, flags } = self.range(&property)?;
        let (automatic, by_hand) = (flags & AUTOMATIC != 0, flags & BY_HAND != 0);
        match part {
            Part::Flag if !automatic => Err(Refusal::Knob),
            Part::Flag => Ok(Span { smallest: 0, largest: 1, step: 1, settable: by_hand, active: true }),
            Part::Value => {
                let active = self.state(&property)?.1 & AUTOMATIC == 0;
                Ok(Span { smallest, largest, step, settable: by_hand, active })
            }
        }
    }

    fn read(&mut self, knob: Knob) -> Result<i32, Refusal> {
        let (property, part) = property(knob).ok_or(Refusal::Knob)?;
        let (value, flags) = self.state(&property)?;
        Ok(if part == Part::Flag { i32::from(flags & AUTOMATIC != 0) } else { value })
    }

    fn turn(&mut self, knob: Knob, value: i32) -> Result<(), Refusal> {
        let (property, part) = property(knob).ok_or(Refusal::Knob)?;
        match part {
            Part::Flag => {
                let (stands, _) = self.state(&property)?;
                self.set(&property, stands, if value == 0 { BY_HAND } else { AUTOMATIC })
            }
            Part::Value => self.set(&property, value, BY_HAND),
        }
    }
}

//! The controls of a camera on macOS: the automatics, on or held.
//!
//! AVFoundation has no numbers for the focus, exposure time or zoom of a camera on a Mac, and for most USB cameras not even
//! these; what is not supported is not there. Each change is made with the device locked for us and for no longer.
#![allow(unsafe_code, reason = "AVFoundation is spoken in Objective-C messages")]

use objc2::rc::Retained;
use objc2_av_foundation::{AVCaptureDevice, AVCaptureExposureMode, AVCaptureFocusMode, AVCaptureWhiteBalanceMode};

use crate::controls::{Knob, Panel, Refusal, Span};
use crate::macos::caught;

/// On or off: all these knobs have no more.
const SWITCH: Span = Span { smallest: 0, largest: 1, step: 1, settable: true, active: true };

/// The knobs of one camera.
pub(crate) struct MacPanel(Retained<AVCaptureDevice>);

impl MacPanel {
    pub(crate) fn of(camera: &Retained<AVCaptureDevice>) -> Self {
        Self(camera.clone())
    }

    /// Runs Objective-C calls on the camera; one that throws, or a camera that is gone, is not asked again.
    fn ask<T>(&self, calls: impl FnOnce(&AVCaptureDevice) -> T) -> Result<T, Refusal> {
        // SAFETY: the camera is alive.
        if !unsafe { self.0.isConnected() } {
            return Err(Refusal::Device);
        }
        caught("a control", || calls(&self.0)).map_err(|_| Refusal::Device)
    }

    /// Whether the camera can both do this by itself and hold it.
    fn has(&self, knob: Knob) -> Result<bool, Refusal> {
        self.ask(|camera| {
            // SAFETY: the camera is alive; none of the calls has another condition.
            unsafe {
                match knob {
                    Knob::Autofocus => {
                        camera.isFocusModeSupported(AVCaptureFocusMode::ContinuousAutoFocus)
                            && camera.isFocusModeSupported(AVCaptureFocusMode::Locked)
                    }
                    Knob::ExposureLock => {
                        camera.isExposureModeSupported(AVCaptureExposureMode::ContinuousAutoExposure)
                            && camera.isExposureModeSupported(AVCaptureExposureMode::Locked)
                    }
                    Knob::AutoWhiteBalance => {
                        camera.isWhiteBalanceModeSupported(AVCaptureWhiteBalanceMode::ContinuousAutoWhiteBalance)
                            && camera.isWhiteBalanceModeSupported(AVCaptureWhiteBalanceMode::Locked)
                    }
                    Knob::Focus
                    | Knob::AutoExposure
                    | Knob::ExposureTime
                    | Knob::WhiteBalance
                    | Knob::Zoom
                    | Knob::Mirror
                    | Knob::Shutter => false,
                }
            }
        })
    }

    fn require(&self, knob: Knob) -> Result<(), Refusal> {
        if self.has(knob)? { Ok(()) } else { Err(Refusal::Knob) }
    }
}

impl Panel for MacPanel {
    fn span(&mut self, knob: Knob) -> Result<Span, Refusal> {
        self.require(knob).map(|()| SWITCH)
    }

    fn read(&mut self, knob: Knob) -> Result<i32, Refusal> {
        self.require(knob)?;
        self.ask(|camera| {
            // SAFETY: the camera is alive.
            let on = unsafe {
                match knob {
                    Knob::ExposureLock => camera.exposureMode() == AVCaptureExposureMode::Locked,
                    Knob::AutoWhiteBalance => camera.whiteBalanceMode() != AVCaptureWhiteBalanceMode::Locked,
                    _ => camera.focusMode() != AVCaptureFocusMode::Locked,
                }
            };
            i32::from(on)
        })
    }

    fn turn(&mut self, knob: Knob, value: i32) -> Result<(), Refusal> {
        self.require(knob)?;
        let locked = self.ask(|camera| {
            // SAFETY: the camera is alive, and unlocked again below.
            unsafe { camera.lockForConfiguration() }.is_ok()
        })?;
        if !locked {
            return Err(Refusal::Knob); // another program configures it at this moment
        }
        let turned = self.ask(|camera| {
            // SAFETY: the camera is alive and locked, and supports both modes of the knob.
            unsafe {
                match (knob, value) {
                    (Knob::ExposureLock, 0) => camera.setExposureMode(AVCaptureExposureMode::ContinuousAutoExposure),
                    (Knob::ExposureLock, _) => camera.setExposureMode(AVCaptureExposureMode::Locked),
                    (Knob::AutoWhiteBalance, 0) => camera.setWhiteBalanceMode(AVCaptureWhiteBalanceMode::Locked),
                    (Knob::AutoWhiteBalance, _) => {
                        camera.setWhiteBalanceMode(AVCaptureWhiteBalanceMode::ContinuousAutoWhiteBalance);
                    }
                    (_, 0) => camera.setFocusMode(AVCaptureFocusMode::Locked),
                    (_, _) => camera.setFocusMode(AVCaptureFocusMode::ContinuousAutoFocus),
                }
            }
        });
        let unlocked = caught("a control", || {
            // SAFETY: it was locked above, by this thread.
            unsafe { self.0.unlockForConfiguration() };
        });
        turned.and(unlocked.map_err(|_| Refusal::Device))
    }
}

//! A camera made of drawn pictures, for practice: never in a release (feature `synthetic`).
//!
//! Its pictures are encoded as a USB camera would and then go the way of every other camera: cut, checked, judged, slot.
//! It knows nothing of who draws; it is always marked as virtual.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::clock;
use crate::codec;
use crate::device::{Backend, Device, DeviceKey, Virtual};
use crate::fault::Fault;
use crate::mode::{Mode, Pixels, Rate};
use crate::source::{FrameSource, RawBytes, RawFrame};
use crate::state::Purpose;
use crate::wake::Wake;

/// What USB cameras use, roughly: about 250 KB for a picture of 1080 rows.
const QUALITY: u8 = 85;

/// Draws the pictures of a practice camera. Called on the camera thread only.
pub trait FrameMaker: Send {
    /// The name to show for the camera; plainly not that of a real one.
    fn label(&self) -> String;
    /// Width and height of every picture, each from 480 to 4096.
    fn size_px(&self) -> (u16, u16);
    /// Pictures a second.
    fn fps(&self) -> u16;
    /// The camera is opened for `purpose`: start the script that fits from its beginning.
    fn begin(&mut self, purpose: Purpose);
    /// Draws the picture of this moment into `rgb`: `3 * width * height` bytes, row by row; anything may be in it before.
    ///
    /// Two pictures should differ at least by noise, as those of a real sensor do: a repeat counts as a frozen camera.
    fn draw(&mut self, since_begin: Duration, rgb: &mut Vec<u8>);
}

/// Describes a maker as a device.
pub(crate) fn device_of(maker: &dyn FrameMaker) -> Device {
    let (width_px, height_px) = maker.size_px();
    let mode = Mode { width_px, height_px, fps: Rate::whole(maker.fps()), pixels: Pixels::Mjpeg };
    Device {
        key: DeviceKey::new("studio"),
        label: maker.label(),
        backend: Backend::Studio,
        built_in: false,
        virtual_camera: Virtual::Yes,
        evidence: "driver=studio".into(),
        usable: Device::usable_from(&[mode]),
        place: "studio".into(),
    }
}

/// A running script.
pub(crate) struct SyntheticSource {
    maker: Rc<RefCell<Box<dyn FrameMaker>>>,
    mode: Mode,
    began: Instant,
    next_due: Duration,
    rgb: Vec<u8>,
    wake: Arc<Wake>,
}

impl SyntheticSource {
    pub(crate) fn start(
        maker: &Rc<RefCell<Box<dyn FrameMaker>>>,
        mode: Mode,
        purpose: Purpose,
        wake: &Arc<Wake>,
    ) -> Self {
        maker.borrow_mut().begin(purpose);
        Self {
            maker: Rc::clone(maker),
            mode,
            began: clock::now(),
            next_due: Duration::ZERO,
            rgb: Vec::new(),
            wake: Arc::clone(wake),
        }
    }

    /// Sleeps until the next picture is due; pictures nobody had time to draw are left out, as a camera would.
    fn wait_until_due(&mut self, within: Duration) -> Result<Duration, Fault> {
        let period = self.mode.fps.period();
        let wait = self.next_due.saturating_sub(self.began.elapsed());
        if self.wake.sleep(wait.min(within)) {
            return Err(Fault::Woken);
        }
        if wait > within {
            return Err(Fault::Silence);
        }
        let moment = self.began.elapsed();
        self.next_due += period;
        if self.next_due < moment {
            self.next_due = moment;
        }
        Ok(moment)
    }
}

impl FrameSource for SyntheticSource {
    fn repurpose(&mut self, purpose: Purpose) {
        self.maker.borrow_mut().begin(purpose);
        self.began = clock::now();
        self.next_due = Duration::ZERO;
    }

    fn next(&mut self, within: Duration) -> Result<RawFrame<'_>, Fault> {
        let moment = self.wait_until_due(within)?;
        self.maker.borrow_mut().draw(moment, &mut self.rgb);
        let jpeg =
            codec::encode_rgb(&self.rgb, self.mode.width_px, self.mode.height_px, QUALITY).map_err(Fault::Damaged)?;
        Ok(RawFrame { bytes: RawBytes::Own(Bytes::from(jpeg)), captured: Some(clock::wall_clock()) })
    }
}

//! Real cameras: our own back-ends under nokhwa's door, one file a system.
//!
//! None of nokhwa's stock back-ends is used; the file of each system says what is wrong with its one. Here stands what
//! they share: nokhwa's shape, written once over a smaller one ([`SystemCamera`]); how long a read may wait and what ends
//! it early; and the way a fault crosses the door, because nokhwa's errors carry nothing but a text.
//! A camera's mode is fixed for its whole life: whoever wants another mode drops it and opens again.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use nokhwa::camera_traits::CaptureBackendTrait;
use nokhwa::utils::{
    ApiBackend, CameraControl, CameraFormat, CameraIndex, CameraInfo, ControlValueSetter, FrameFormat,
    KnownCameraControl, Resolution,
};
use nokhwa::{Buffer, NokhwaError};

use crate::controls::{Abilities, ControlWish, Controls, Panel};
use crate::device::Device;
use crate::fault::Fault;
#[cfg(target_os = "macos")]
pub(crate) use crate::macos::MacCamera as ThisSystem;
use crate::mode::{Mode, Pixels};
#[cfg(target_os = "linux")]
pub(crate) use crate::source::linux_backend::LinuxCamera as ThisSystem;
use crate::source::{FrameSource, RawBytes, RawFrame};
use crate::wake::Wake;
#[cfg(target_os = "windows")]
pub(crate) use crate::windows::WindowsCamera as ThisSystem;

/// One opened camera of one system, its mode set and its stream not yet running.
pub(crate) trait SystemCamera: Sized {
    /// As nokhwa names the system.
    const API: ApiBackend;

    /// Opens the device and agrees on exactly this mode.
    fn open(device: &Device, mode: Mode, wake: &Arc<Wake>) -> Result<Self, Fault>;

    /// Starts the stream; a second call does nothing.
    fn start(&mut self) -> Result<(), Fault>;

    /// Whether the stream runs.
    fn is_running(&self) -> bool;

    /// The next picture: [`Fault::Silence`] after `within`, [`Fault::Woken`] when `wake` is raised.
    fn picture(&mut self, within: Duration, wake: &Wake) -> Result<Buffer, Fault>;

    /// Whether [`lend`](Self::lend) saves a copy.
    const LENDS: bool = false;

    /// As [`picture`](Self::picture), with the bytes where they lie, until the next call; and when it was taken, since 1970.
    fn lend(&mut self, within: Duration, wake: &Wake) -> Result<(Cow<'_, [u8]>, Option<Duration>), Fault> {
        let buffer = self.picture(within, wake)?;
        Ok((Cow::Owned(buffer.buffer().to_vec()), buffer.capture_timestamp()))
    }

    /// The controls of the device, usable for as long as the answer lives, also after the stream has stopped.
    fn panel(&self, device: &Device) -> Option<Box<dyn Panel>>;

    /// Stops the stream and releases the device. Never fails and may be called again: nokhwa's `Camera` calls it once
    /// more when dropped, and does not expect an error.
    fn stop(&mut self);
}

/// A picture for nokhwa's door. `taken` is the time since 1970 at which the system says it was taken.
pub(crate) fn buffer(mode: Mode, bytes: &[u8], taken: Option<Duration>) -> Buffer {
    Buffer::with_timestamp(resolution(mode), bytes, frame_format(mode), taken)
}

fn resolution(mode: Mode) -> Resolution {
    Resolution::new(u32::from(mode.width_px), u32::from(mode.height_px))
}

fn frame_format(mode: Mode) -> FrameFormat {
    match mode.pixels {
        Pixels::Mjpeg => FrameFormat::MJPEG,
        Pixels::Yuyv => FrameFormat::YUYV,
        Pixels::Nv12 => FrameFormat::NV12,
    }
}

/// What nokhwa's calls have no argument and no answer for.
struct Aside {
    /// How long the next read may wait.
    within: Cell<Duration>,
    wake: Arc<Wake>,
    /// Why the last call failed.
    fault: Cell<Option<Fault>>,
    /// When the last picture that was lent was taken, since 1970.
    taken: Cell<Option<Duration>>,
}

impl Aside {
    /// Keeps the fault for [`NativeSource`] and gives nokhwa something to carry.
    fn refuse(&self, fault: Fault) -> NokhwaError {
        self.fault.set(Some(fault));
        NokhwaError::ReadFrameError("told aside".into())
    }

    /// What was kept, or nokhwa's own words if it refused before asking us.
    fn fault(&self, error: &NokhwaError) -> Fault {
        self.fault.take().unwrap_or_else(|| Fault::failed(error.to_string()))
    }
}

/// A camera of this system in nokhwa's shape.
struct Door<S> {
    system: S,
    mode: Mode,
    info: CameraInfo,
    aside: Rc<Aside>,
}

impl<S: SystemCamera> Door<S> {
    fn fixed<T>() -> Result<T, NokhwaError> {
        Err(NokhwaError::UnsupportedOperationError(S::API))
    }
}

impl<S: SystemCamera> CaptureBackendTrait for Door<S> {
    fn backend(&self) -> ApiBackend {
        S::API
    }
    fn camera_info(&self) -> &CameraInfo {
        &self.info
    }
    fn refresh_camera_format(&mut self) -> Result<(), NokhwaError> {
        Ok(())
    }
    fn camera_format(&self) -> CameraFormat {
        CameraFormat::new(self.resolution(), self.frame_format(), self.frame_rate())
    }
    fn set_camera_format(&mut self, _: CameraFormat) -> Result<(), NokhwaError> {
        Self::fixed()
    }
    fn compatible_list_by_resolution(&mut self, _: FrameFormat) -> Result<HashMap<Resolution, Vec<u32>>, NokhwaError> {
        Ok(HashMap::from([(self.resolution(), vec![self.frame_rate()])]))
    }
    fn compatible_fourcc(&mut self) -> Result<Vec<FrameFormat>, NokhwaError> {
        Ok(vec![self.frame_format()])
    }
    fn resolution(&self) -> Resolution {
        resolution(self.mode)
    }
    fn set_resolution(&mut self, _: Resolution) -> Result<(), NokhwaError> {
        Self::fixed()
    }
    fn frame_rate(&self) -> u32 {
        u32::from(self.mode.fps.rounded())
    }
    fn set_frame_rate(&mut self, _: u32) -> Result<(), NokhwaError> {
        Self::fixed()
    }
    fn frame_format(&self) -> FrameFormat {
        frame_format(self.mode)
    }
    fn set_frame_format(&mut self, _: FrameFormat) -> Result<(), NokhwaError> {
        Self::fixed()
    }
    fn camera_control(&self, _: KnownCameraControl) -> Result<CameraControl, NokhwaError> {
        Self::fixed()
    }
    fn camera_controls(&self) -> Result<Vec<CameraControl>, NokhwaError> {
        Ok(Vec::new())
    }
    fn set_camera_control(&mut self, _: KnownCameraControl, _: ControlValueSetter) -> Result<(), NokhwaError> {
        Self::fixed()
    }

    fn open_stream(&mut self) -> Result<(), NokhwaError> {
        self.system.start().map_err(|fault| self.aside.refuse(fault))
    }

    fn is_stream_open(&self) -> bool {
        self.system.is_running()
    }

    fn frame(&mut self) -> Result<Buffer, NokhwaError> {
        let Aside { within, wake, .. } = &*self.aside;
        self.system.picture(within.get(), wake).map_err(|fault| self.aside.refuse(fault))
    }

    fn frame_raw(&mut self) -> Result<Cow<'_, [u8]>, NokhwaError> {
        let Self { system, aside, .. } = self;
        let (bytes, taken) = system.lend(aside.within.get(), &aside.wake).map_err(|fault| aside.refuse(fault))?;
        aside.taken.set(taken);
        Ok(bytes)
    }

    fn stop_stream(&mut self) -> Result<(), NokhwaError> {
        self.system.stop();
        Ok(())
    }
}

/// A real camera, read through nokhwa.
pub(crate) struct NativeSource {
    camera: nokhwa::Camera,
    aside: Rc<Aside>,
    /// Dropped after the stream has stopped: the light goes out first.
    controls: Controls,
}

impl NativeSource {
    /// Opens the device in this mode and starts its stream.
    pub(crate) fn start(device: &Device, mode: Mode, wake: &Arc<Wake>) -> Result<Self, Fault> {
        let system = ThisSystem::open(device, mode, wake)?;
        let panel = system.panel(device);
        let aside = Rc::new(Aside {
            within: Cell::new(Duration::ZERO),
            wake: Arc::clone(wake),
            fault: Cell::new(None),
            taken: Cell::new(None),
        });
        let index = CameraIndex::String(device.place.clone());
        let info = CameraInfo::new(&device.label, "", "", index.clone());
        let door = Door { system, mode, info, aside: Rc::clone(&aside) };
        let mut camera = nokhwa::Camera::with_custom(index, ThisSystem::API, Box::new(door));
        camera.open_stream().map_err(|error| aside.fault(&error))?;
        Ok(Self { camera, aside, controls: Controls::set_up(panel) })
    }
}

impl FrameSource for NativeSource {
    fn next(&mut self, within: Duration) -> Result<RawFrame<'_>, Fault> {
        let Self { camera, aside, .. } = self;
        aside.within.set(within);
        let since_1970 = |taken: Option<Duration>| taken.map(|taken| UNIX_EPOCH + taken);
        if ThisSystem::LENDS {
            let bytes = match camera.frame_raw().map_err(|error| aside.fault(&error))? {
                Cow::Borrowed(lent) => RawBytes::Lent(lent),
                Cow::Owned(own) => RawBytes::Own(own.into()),
            };
            return Ok(RawFrame { bytes, captured: since_1970(aside.taken.get()) });
        }
        let buffer = camera.frame().map_err(|error| aside.fault(&error))?;
        let captured = since_1970(buffer.capture_timestamp());
        let bytes = RawBytes::Own(buffer.buffer_bytes());
        drop(buffer); // so that `bytes` is the only handle and can be wiped
        Ok(RawFrame { bytes, captured })
    }

    fn shutter_closed(&mut self) -> bool {
        self.controls.shutter_closed()
    }

    fn abilities(&self) -> Abilities {
        self.controls.abilities()
    }

    fn control(&mut self, wish: ControlWish) -> bool {
        self.controls.obey(wish)
    }
}

//! Real cameras on Linux: our own back-end under nokhwa's door.
//!
//! nokhwa's stock back-end waits without a limit, hands out whole buffers instead of the bytes a driver filled, hides the
//! driver's error mark, and cannot open cameras at 29.97 pictures a second or left in a strange format by another program.
//! This one keeps nokhwa's shape ([`CaptureBackendTrait`]) and none of that. Its mode is fixed for its whole life:
//! whoever wants another mode drops it and opens again, because changing a running stream maps a second set of buffers.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use nokhwa::camera_traits::CaptureBackendTrait;
use nokhwa::utils::{
    ApiBackend, CameraControl, CameraFormat, CameraIndex, CameraInfo, ControlValueSetter, FrameFormat,
    KnownCameraControl, Resolution,
};
use nokhwa::{Buffer, NokhwaError};

use crate::clock;
use crate::device::Device;
use crate::error::Damage;
use crate::fault::{EAGAIN, EINTR, Fault, errno_in, from_errno};
use crate::linux::{self, Agreed, Lent, Node, Ring, Waited};
use crate::mode::{Mode, Pixels};
use crate::source::{FrameSource, RawFrame};
use crate::wake::Wake;

/// How long the next call of `frame` may wait, and what ends it early. nokhwa's `frame` has no argument for it.
struct Patience {
    within: Cell<Duration>,
    wake: Arc<Wake>,
}

/// A node with its mode set, then a running ring.
struct LinuxBackend {
    info: CameraInfo,
    mode: Mode,
    stride_bytes: usize,
    idle: Option<Node>,
    ring: Option<Ring>,
    patience: Rc<Patience>,
    /// From the kernel's monotonic clock to the wall clock, fixed at the start: a corrected clock must not make times fall.
    wall_offset: Duration,
}

impl LinuxBackend {
    /// Opens the node and agrees on exactly this mode.
    fn open(device: &Device, mode: Mode, patience: Rc<Patience>) -> Result<Self, Fault> {
        let fault = |step: &'static str| move |error: io::Error| from_errno(error.raw_os_error().unwrap_or(0), step);
        let node = Node::open(Path::new(&device.place)).map_err(fault("open"))?;
        let mut fourcc = [0; 4];
        fourcc.copy_from_slice(mode.pixels.fourcc().as_bytes());
        let (width, height) = (u32::from(mode.width_px), u32::from(mode.height_px));
        let Agreed { width_px, height_px, fourcc: agreed, stride_bytes } =
            node.set_mode(fourcc, width, height, mode.fps).map_err(fault("set the mode"))?;
        if (width_px, height_px, agreed) != (width, height, fourcc) {
            return Err(Fault::ModeRefused(format!("the driver answered {width_px}x{height_px} to {mode}")));
        }
        let wall = clock::wall_clock().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Self {
            info: CameraInfo::new(&device.label, "", "", index_of(device)),
            mode,
            stride_bytes,
            idle: Some(node),
            ring: None,
            patience,
            wall_offset: wall.saturating_sub(linux::monotonic()),
        })
    }

    fn format(&self) -> CameraFormat {
        CameraFormat::new(self.resolution(), self.frame_format(), u32::from(self.mode.fps))
    }

    /// Copies what the driver filled, without the padding some drivers put behind each row.
    fn buffer(&self, lent: &Lent<'_>) -> Buffer {
        let taken = lent.taken.map(|taken| taken + self.wall_offset);
        let row_bytes = match self.mode.pixels {
            Pixels::Mjpeg => 0,
            Pixels::Yuyv => 2 * usize::from(self.mode.width_px),
            Pixels::Nv12 => usize::from(self.mode.width_px),
        };
        let make = |bytes: &[u8]| Buffer::with_timestamp(self.resolution(), bytes, self.frame_format(), taken);
        if row_bytes == 0 || self.stride_bytes <= row_bytes {
            return make(lent.bytes);
        }
        let rows = lent.bytes.chunks(self.stride_bytes).flat_map(|row| row.iter().take(row_bytes));
        make(&zeroize::Zeroizing::new(rows.copied().collect::<Vec<u8>>()))
    }
}

fn index_of(device: &Device) -> CameraIndex {
    let number = device.place.rsplit_once("video").and_then(|(_, digits)| digits.parse().ok());
    number.map_or_else(|| CameraIndex::String(device.place.clone()), CameraIndex::Index)
}

fn unread(error: &io::Error) -> NokhwaError {
    NokhwaError::ReadFrameError(error.to_string())
}

fn fixed<T>() -> Result<T, NokhwaError> {
    Err(NokhwaError::UnsupportedOperationError(ApiBackend::Video4Linux))
}

impl CaptureBackendTrait for LinuxBackend {
    fn backend(&self) -> ApiBackend {
        ApiBackend::Video4Linux
    }
    fn camera_info(&self) -> &CameraInfo {
        &self.info
    }
    fn refresh_camera_format(&mut self) -> Result<(), NokhwaError> {
        Ok(())
    }
    fn camera_format(&self) -> CameraFormat {
        self.format()
    }
    fn set_camera_format(&mut self, _: CameraFormat) -> Result<(), NokhwaError> {
        fixed()
    }
    fn compatible_list_by_resolution(&mut self, _: FrameFormat) -> Result<HashMap<Resolution, Vec<u32>>, NokhwaError> {
        Ok(HashMap::from([(self.resolution(), vec![u32::from(self.mode.fps)])]))
    }
    fn compatible_fourcc(&mut self) -> Result<Vec<FrameFormat>, NokhwaError> {
        Ok(vec![self.frame_format()])
    }
    fn resolution(&self) -> Resolution {
        Resolution::new(u32::from(self.mode.width_px), u32::from(self.mode.height_px))
    }
    fn set_resolution(&mut self, _: Resolution) -> Result<(), NokhwaError> {
        fixed()
    }
    fn frame_rate(&self) -> u32 {
        u32::from(self.mode.fps)
    }
    fn set_frame_rate(&mut self, _: u32) -> Result<(), NokhwaError> {
        fixed()
    }
    fn frame_format(&self) -> FrameFormat {
        match self.mode.pixels {
            Pixels::Mjpeg => FrameFormat::MJPEG,
            Pixels::Yuyv => FrameFormat::YUYV,
            Pixels::Nv12 => FrameFormat::NV12,
        }
    }
    fn set_frame_format(&mut self, _: FrameFormat) -> Result<(), NokhwaError> {
        fixed()
    }
    fn camera_control(&self, _: KnownCameraControl) -> Result<CameraControl, NokhwaError> {
        fixed()
    }
    fn camera_controls(&self) -> Result<Vec<CameraControl>, NokhwaError> {
        Ok(Vec::new())
    }
    fn set_camera_control(&mut self, _: KnownCameraControl, _: ControlValueSetter) -> Result<(), NokhwaError> {
        fixed()
    }

    fn open_stream(&mut self) -> Result<(), NokhwaError> {
        if let Some(node) = self.idle.take() {
            self.ring = Some(node.stream().map_err(|error| NokhwaError::OpenStreamError(error.to_string()))?);
        }
        Ok(())
    }

    fn is_stream_open(&self) -> bool {
        self.ring.is_some()
    }

    fn frame(&mut self) -> Result<Buffer, NokhwaError> {
        let not_open = || NokhwaError::ReadFrameError("the stream is not open".into());
        let ring = self.ring.as_ref().ok_or_else(not_open)?;
        let waited =
            ring.wait(self.patience.wake.event(), self.patience.within.get()).map_err(|error| unread(&error))?;
        match waited {
            Waited::Silence => return Err(unread(&io::Error::from_raw_os_error(EAGAIN))),
            Waited::Woken => return Err(unread(&io::Error::from_raw_os_error(EINTR))),
            Waited::Ready => {}
        }
        let picture = ring.take(|lent| (!lent.faulty).then(|| self.buffer(&lent))).map_err(|error| unread(&error))?;
        picture.ok_or_else(|| NokhwaError::ProcessFrameError {
            src: self.frame_format(),
            destination: "a picture".into(),
            error: "the driver marked it as faulty".into(),
        })
    }

    fn frame_raw(&mut self) -> Result<Cow<'_, [u8]>, NokhwaError> {
        self.frame().map(|buffer| Cow::Owned(buffer.buffer().to_vec()))
    }

    /// Never fails and may be called again: nokhwa's `Camera` calls it once more when dropped, and does not expect an error.
    fn stop_stream(&mut self) -> Result<(), NokhwaError> {
        self.ring = None;
        Ok(())
    }
}

/// A real camera, read through nokhwa.
pub(crate) struct NativeSource {
    camera: nokhwa::Camera,
    patience: Rc<Patience>,
}

impl NativeSource {
    pub(crate) fn start(device: &Device, mode: Mode, wake: &Arc<Wake>) -> Result<Self, Fault> {
        let patience = Rc::new(Patience { within: Cell::new(Duration::ZERO), wake: Arc::clone(wake) });
        let backend = LinuxBackend::open(device, mode, Rc::clone(&patience))?;
        let mut camera = nokhwa::Camera::with_custom(index_of(device), ApiBackend::Video4Linux, Box::new(backend));
        camera.open_stream().map_err(|error| opening_fault(&error))?;
        Ok(Self { camera, patience })
    }
}

fn opening_fault(error: &NokhwaError) -> Fault {
    let text = error.to_string();
    errno_in(&text).map_or_else(|| Fault::failed(text), |errno| from_errno(errno, "start the stream"))
}

fn frame_fault(error: &NokhwaError) -> Fault {
    if let NokhwaError::ProcessFrameError { .. } = error {
        return Fault::Damaged(Damage::Marked);
    }
    let text = error.to_string();
    match errno_in(&text).map(|errno| from_errno(errno, "read a picture")) {
        // A running stream whose mode is suddenly refused is broken; there is no other mode to try.
        Some(Fault::ModeRefused(detail)) => Fault::failed(detail),
        Some(fault) => fault,
        None => Fault::failed(text),
    }
}

impl FrameSource for NativeSource {
    fn next(&mut self, within: Duration) -> Result<RawFrame, Fault> {
        self.patience.within.set(within);
        let buffer = self.camera.frame().map_err(|error| frame_fault(&error))?;
        let captured = buffer.capture_timestamp().map(|since_epoch| UNIX_EPOCH + since_epoch);
        let bytes = buffer.buffer_bytes();
        drop(buffer); // so that `bytes` is the only handle and can be wiped
        Ok(RawFrame { bytes, captured })
    }
}

//! Real cameras on Linux, read through Video4Linux.
//!
//! nokhwa's stock back-end waits without a limit, hands out whole buffers instead of the bytes a driver filled, hides the
//! driver's error mark, and cannot open cameras at 29.97 pictures a second or left in a strange format by another program.
//! This one does none of that. The calls themselves, and what is unsafe about them, are in `linux.rs`.

use std::borrow::Cow;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use nokhwa::Buffer;
use nokhwa::utils::ApiBackend;
use zeroize::Zeroizing;

use crate::clock;
use crate::controls::Panel;
use crate::device::Device;
use crate::error::Damage;
use crate::fault::{Fault, from_errno};
use crate::linux::{self, Agreed, Lent, Node, Ring, Waited};
use crate::mode::{Mode, Pixels};
use crate::source::linux_panel::LinuxPanel;
use crate::source::native::{SystemCamera, buffer};
use crate::wake::Wake;

/// A node with its mode set, then a running ring.
pub(crate) struct LinuxCamera {
    mode: Mode,
    stride_bytes: usize,
    idle: Option<Node>,
    ring: Option<Ring>,
    /// From the kernel's monotonic clock to the wall clock, fixed at the start: a corrected clock must not make times fall.
    wall_offset: Duration,
    /// A picture without the padding behind each row; stays empty for drivers that have none.
    packed: Zeroizing<Vec<u8>>,
}

impl LinuxCamera {
    /// Bytes of a row that belong to the picture, where the driver pads rows.
    fn padded_row_bytes(&self) -> Option<usize> {
        let row_bytes = match self.mode.pixels {
            Pixels::Mjpeg => return None,
            Pixels::Yuyv => 2 * usize::from(self.mode.width_px),
            Pixels::Nv12 => usize::from(self.mode.width_px),
        };
        (self.stride_bytes > row_bytes).then_some(row_bytes)
    }
}

/// The fault behind a failed call; `step` names the call, for the log.
fn fault(step: &'static str) -> impl Fn(io::Error) -> Fault {
    move |error| from_errno(error.raw_os_error().unwrap_or(0), step)
}

impl SystemCamera for LinuxCamera {
    const API: ApiBackend = ApiBackend::Video4Linux;
    const LENDS: bool = true;

    fn open(device: &Device, mode: Mode, _: &Arc<Wake>) -> Result<Self, Fault> {
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
        let wall_offset = wall.saturating_sub(linux::monotonic());
        Ok(Self { mode, stride_bytes, idle: Some(node), ring: None, wall_offset, packed: Zeroizing::default() })
    }

    fn start(&mut self) -> Result<(), Fault> {
        if let Some(node) = self.idle.take() {
            self.ring = Some(node.stream().map_err(fault("start the stream"))?);
        }
        Ok(())
    }

    fn is_running(&self) -> bool {
        self.ring.is_some()
    }

    fn lend(&mut self, within: Duration, wake: &Wake) -> Result<(Cow<'_, [u8]>, Option<Duration>), Fault> {
        let row_bytes = self.padded_row_bytes();
        let ring = self.ring.as_mut().ok_or_else(|| Fault::failed("the stream is not open"))?;
        ring.give_back().map_err(fault("give a buffer back"))?;
        match ring.wait(wake.event(), within).map_err(fault("wait for a picture"))? {
            Waited::Silence => return Err(Fault::Silence),
            Waited::Woken => return Err(Fault::Woken),
            Waited::Ready => {}
        }
        let Lent { bytes, faulty, taken } = ring.lend().map_err(fault("read a picture"))?;
        if faulty {
            return Err(Fault::Damaged(Damage::Marked));
        }
        let taken = taken.map(|taken| taken + self.wall_offset);
        let Some(row_bytes) = row_bytes else { return Ok((Cow::Borrowed(bytes), taken)) };
        self.packed.clear();
        self.packed.reserve(bytes.len());
        for row in bytes.chunks(self.stride_bytes) {
            self.packed.extend_from_slice(&row[..row_bytes.min(row.len())]);
        }
        Ok((Cow::Borrowed(&self.packed), taken))
    }

    fn picture(&mut self, within: Duration, wake: &Wake) -> Result<Buffer, Fault> {
        let mode = self.mode;
        self.lend(within, wake).map(|(bytes, taken)| buffer(mode, &bytes, taken))
    }

    fn panel(&self, device: &Device) -> Option<Box<dyn Panel>> {
        LinuxPanel::open(Path::new(&device.place)).map(|panel| Box::new(panel) as Box<dyn Panel>)
    }

    fn stop(&mut self) {
        self.ring = None;
        self.idle = None;
    }
}

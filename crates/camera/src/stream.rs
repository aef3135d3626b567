//! One running stream: reads pictures, checks them, puts the good and new ones into the slot, and measures what is to be judged.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::clock;
use crate::controls::{Abilities, ControlWish};
use crate::device::Device;
use crate::error::Damage;
use crate::fault::Fault;
use crate::frame::{Arrival, DecodeTally, Frame, Picture};
use crate::judge::{DAMAGED_IN_A_ROW, Freshness, StreamFacts};
use crate::look::Glances;
use crate::mode::{Mode, Pixels};
use crate::owner::Shared;
use crate::pool::Pool;
use crate::source::{FrameSource, RawFrame};
use crate::state::{Attempt, CameraFacts, CameraState, Purpose};

/// A read ends after this, so a call that is out for two seconds more hangs in the driver.
pub(crate) const READ_WITHIN: Duration = Duration::from_secs(2);
/// How often a silent stream is looked at.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(250);
/// A picture that arrives has been exposed and sent for up to this many periods: those of before a new wish are passed over.
const PERIODS_UNDER_WAY: u32 = 2;
/// But a slow camera must not seem to have stopped.
const LONGEST_UNDER_WAY: Duration = Duration::from_millis(250);

/// A running stream. Dropping it stops the device.
pub(crate) struct Stream {
    source: Box<dyn FrameSource>,
    record: Record,
    /// The state while all is well.
    live: CameraState,
}

/// What is kept between two streams: buffers, and the number of the last picture.
#[derive(Default)]
pub(crate) struct Keep {
    pub(crate) pool: Pool,
    pub(crate) seq: u64,
}

impl Stream {
    pub(crate) fn new(source: Box<dyn FrameSource>, device: &Device, mode: Mode, attempt: Attempt) -> Self {
        let live = CameraState::Live { device: device.summary(), mode };
        Self { source, record: Record::new(device.clone(), mode, attempt), live }
    }

    /// Waits for the next picture and admits it. `woke` tells whether the computer slept meanwhile: such a picture is
    /// from before, and is dropped.
    ///
    /// # Errors
    /// [`Fault::Ended`] when the stream is over; silence and damage are taken note of and are no errors.
    pub(crate) fn turn(
        &mut self,
        shared: &Shared,
        keep: &mut Keep,
        woke: impl FnOnce() -> bool,
    ) -> Result<bool, Fault> {
        let Self { source, record, .. } = self;
        let glance_due = {
            let source = source.as_mut();
            let calls = &shared.calls;
            let read = calls.make(record.attempt, READ_WITHIN, CameraState::Stalled, move || source.next(LOOK_EVERY));
            if woke() {
                return Ok(true);
            }
            match read {
                Ok(raw) => record.admit(raw, clock::now(), shared, keep),
                Err(Fault::Damaged(damage)) => {
                    record.damaged(&damage);
                    None
                }
                Err(Fault::Silence | Fault::Woken) => None,
                Err(fault) => return Err(fault),
            }
        };
        if let Some(frame) = glance_due {
            record.glance(&frame, source.as_mut(), shared);
        }
        Ok(false)
    }

    /// Goes on for another wish as if newly opened, without touching the device: freshness and findings start anew.
    pub(crate) fn serve(&mut self, attempt: Attempt, purpose: Purpose) {
        self.source.repurpose(purpose);
        let Record { device, mode, .. } = &self.record;
        let under_way = (PERIODS_UNDER_WAY * mode.fps.period()).min(LONGEST_UNDER_WAY);
        let mut record = Record::new(device.clone(), *mode, attempt);
        record.passed_over_until = Some(record.began + under_way);
        self.record = record;
    }

    /// Asks these of the camera's controls; one that is refused is left, as on a camera without controls.
    pub(crate) fn control(&mut self, wishes: Vec<ControlWish>) {
        for wish in wishes {
            if !self.source.control(wish) {
                tracing::debug!(?wish, "the camera does not have this control, or refused");
            }
        }
    }

    /// What the camera lets a program do.
    pub(crate) fn abilities(&self) -> Abilities {
        self.source.abilities()
    }

    /// Stops the device.
    pub(crate) fn stop(self) {
        drop(self.source);
    }

    pub(crate) fn live(&self) -> &CameraState {
        &self.live
    }

    pub(crate) fn device(&self) -> &Device {
        &self.record.device
    }

    pub(crate) fn mode(&self) -> Mode {
        self.record.mode
    }

    /// Whether the last damage was a whole picture of another size.
    pub(crate) fn wrong_size(&self) -> bool {
        self.record.wrong_size
    }

    /// Whether the pictures look as if they were read in the wrong format.
    pub(crate) fn wrong_format(&self) -> bool {
        self.record.glances.wrong_format()
    }

    pub(crate) fn facts(&self, reopened: bool) -> StreamFacts {
        let (record, now) = (&self.record, clock::now());
        StreamFacts {
            started: record.started,
            silent_for: now.duration_since(record.last_bytes),
            same_for: now.duration_since(record.last_new),
            damaged_in_a_row: record.damaged_in_a_row.max(record.tally.bad_in_a_row()),
            reopened,
        }
    }
}

/// What was measured of a stream since it was wished for.
struct Record {
    device: Device,
    mode: Mode,
    attempt: Attempt,
    began: Instant,
    last_bytes: Instant,
    last_new: Instant,
    /// Until then pictures are those of the wish before.
    passed_over_until: Option<Instant>,
    started: bool,
    damaged_in_a_row: u32,
    wrong_size: bool,
    freshness: Freshness,
    glances: Glances,
    tally: DecodeTally,
}

impl Record {
    fn new(device: Device, mode: Mode, attempt: Attempt) -> Self {
        let began = clock::now();
        Self {
            device,
            mode,
            attempt,
            began,
            last_bytes: began,
            last_new: began,
            passed_over_until: None,
            started: false,
            damaged_in_a_row: 0,
            wrong_size: false,
            freshness: Freshness::default(),
            glances: Glances::default(),
            tally: DecodeTally::default(),
        }
    }

    fn damaged(&mut self, damage: &Damage) {
        tracing::debug!(%damage, attempt = self.attempt.0, "a picture was dropped");
        self.last_bytes = clock::now();
        self.damaged_in_a_row += 1;
        self.wrong_size = matches!(damage, Damage::WrongSize { .. });
        self.freshness.interrupt();
    }

    /// Checks one picture and, if it is good and new, puts it into the slot. Answers the frame if a glance at it is due.
    fn admit(&mut self, raw: RawFrame<'_>, arrived: Instant, shared: &Shared, keep: &mut Keep) -> Option<Arc<Frame>> {
        if self.passed_over_until.is_some_and(|until| arrived < until) {
            self.last_bytes = arrived;
            return None;
        }
        let picture = match Picture::from_camera(&raw.bytes, self.mode, &keep.pool) {
            Ok(picture) => picture,
            Err(damage) => {
                self.damaged(&damage);
                return None;
            }
        };
        let captured = raw.captured;
        drop(raw);
        self.last_bytes = arrived;
        self.damaged_in_a_row = 0;
        // A repeat is neither shown nor counted.
        let fresh = self.freshness.admit(picture.print, captured, arrived.duration_since(self.began))?;
        self.last_new = arrived;
        if !self.started {
            self.started = true;
            shared.board.stream_began(self.attempt, self.manifest_facts());
        }
        keep.seq += 1;
        let arrival = Arrival { seq: keep.seq, attempt: self.attempt, arrived, captured, mode: self.mode, fresh };
        let frame = Arc::new(Frame::new(arrival, picture, self.tally.clone()));
        shared.slot.put(Arc::clone(&frame));
        if self.tally.bad_in_a_row() >= DAMAGED_IN_A_ROW {
            // Readers have stopped looking by now; decode here, so that the first good picture ends the fault.
            let _ = frame.planes();
        }
        let cheap = self.mode.pixels != Pixels::Mjpeg;
        self.glances.due(arrived.duration_since(self.began), cheap).then_some(frame)
    }

    /// Looks at a picture that is already in the slot, so that nobody waits for it.
    fn glance(&mut self, frame: &Frame, source: &mut dyn FrameSource, shared: &Shared) {
        let Some(glance) = frame.glance() else { return };
        let at = frame.arrived().duration_since(self.began);
        let shutter_closed = glance.dark() && source.shutter_closed();
        let findings = self.glances.note(&glance, shutter_closed, at);
        shared.board.found(self.attempt, findings);
    }

    fn manifest_facts(&self) -> CameraFacts {
        CameraFacts {
            backend: self.device.backend.as_str().into(),
            name: self.device.label.clone(),
            id_hash: self.device.key.id_hash(),
            virtual_camera: self.device.virtual_camera,
            evidence: self.device.evidence.clone(),
            format: self.mode.to_string(),
        }
    }
}

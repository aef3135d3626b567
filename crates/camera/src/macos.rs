//! Cameras on macOS, through AVFoundation: permission, the list, and the back-end under nokhwa's door.
//!
//! nokhwa's stock back-end pairs the rate of one format with another and so ends the process on most USB cameras, queues
//! pictures without bound, waits for ever when a camera is unplugged, and keeps the camera until the program ends. Here a
//! format is chosen together with its range of rates; the delegate copies each picture into room for one; notifications and
//! the device itself end a wait; and session, input and output are taken apart on stop and on drop.
//! What Objective-C throws is caught ([`caught`]): Rust's own unwinding does not see it.
//! macOS decodes what a camera sends, so pictures are always raw here and a still is encoded by us.
//! Compiled by `cargo xtask check-macos`, never run by us (`docs/platforms.md`).
#![allow(unsafe_code, reason = "AVFoundation is spoken in Objective-C messages and in memory lent by the system")]

use std::ffi::c_void;
use std::panic::AssertUnwindSafe;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use block2::RcBlock;
use dispatch2::{DispatchQueue, DispatchRetained};
use nokhwa::Buffer;
use nokhwa::utils::ApiBackend;
use objc2::rc::{Retained, autoreleasepool};
use objc2::runtime::{AnyObject, Bool, NSObjectProtocol, ProtocolObject};
use objc2::{AnyThread, DefinedClass, define_class, msg_send, sel};
use objc2_av_foundation::{
    AVAuthorizationStatus, AVCaptureConnection, AVCaptureDevice, AVCaptureDeviceFormat, AVCaptureDeviceInput,
    AVCaptureDeviceWasDisconnectedNotification, AVCaptureOutput, AVCaptureSession, AVCaptureSessionErrorKey,
    AVCaptureSessionRuntimeErrorNotification, AVCaptureVideoDataOutput, AVCaptureVideoDataOutputSampleBufferDelegate,
    AVFrameRateRange, AVMediaType, AVMediaTypeVideo,
};
use objc2_core_media::{CMClock, CMSampleBuffer, CMTime, CMVideoFormatDescriptionGetDimensions};
use objc2_core_video::{
    CVPixelBuffer, CVPixelBufferGetBaseAddress, CVPixelBufferGetBaseAddressOfPlane, CVPixelBufferGetBytesPerRow,
    CVPixelBufferGetBytesPerRowOfPlane, CVPixelBufferGetHeight, CVPixelBufferGetHeightOfPlane,
    CVPixelBufferGetPixelFormatType, CVPixelBufferGetPlaneCount, CVPixelBufferGetWidth, CVPixelBufferLockBaseAddress,
    CVPixelBufferLockFlags, CVPixelBufferUnlockBaseAddress, kCVPixelBufferPixelFormatTypeKey,
    kCVPixelFormatType_420YpCbCr8BiPlanarVideoRange, kCVPixelFormatType_422YpCbCr8_yuvs, kCVReturnSuccess,
};
use objc2_foundation::{
    NSDictionary, NSError, NSNotification, NSNotificationCenter, NSNotificationName, NSNumber, NSObject, NSString,
};

use crate::clock;
use crate::controls::Panel;
use crate::device::{Backend, Device, DeviceKey, tell_apart};
use crate::error::{CameraError, Damage};
use crate::fault::Fault;
use crate::fault_elsewhere::{from_av_error, permission as permission_of};
use crate::handover::Handover;
use crate::makers::Permission;
use crate::mode::{Mode, Pixels, Rate};
use crate::offer::{RateRange, is_decoded_by_macos};
use crate::pool::PooledBytes;
use crate::rows;
use crate::source::macos_panel::MacPanel;
use crate::source::native::{SystemCamera, buffer};
use crate::state::DeniedBy;
use crate::suspicion::{MacFacts, virtual_on_macos};
use crate::wake::Wake;

/// How often the answer of the learner is looked for.
const ANSWER_EVERY: Duration = Duration::from_millis(20);
/// Four letters of the ways a device can be attached, as `transportType` gives them.
const BUILT_IN: u32 = u32::from_be_bytes(*b"bltn");

/// Runs Objective-C calls; what they throw becomes a fault that names the step.
pub(crate) fn caught<T>(step: &'static str, calls: impl FnOnce() -> T) -> Result<T, Fault> {
    // The text of an exception may be in any language and name anything; only the step is kept.
    objc2::exception::catch(AssertUnwindSafe(calls)).map_err(|_| Fault::failed(format!("{step}: an exception")))
}

/// The fault behind an error object; `step` names the call, for the log.
fn fault(step: &'static str) -> impl Fn(Retained<NSError>) -> Fault {
    move |error| fault_of(&error, step)
}

fn fault_of(error: &NSError, step: &'static str) -> Fault {
    from_av_error(&error.domain().to_string(), error.code(), step)
}

fn video() -> Option<&'static AVMediaType> {
    // SAFETY: a constant of the system's; absent only on systems that have no video at all.
    unsafe { AVMediaTypeVideo }
}

/// Whether this program may use cameras. Asks nobody. Where there is no camera there is nothing to refuse: practice mode
/// has one of its own.
pub(crate) fn permission() -> Permission {
    if sighting().is_empty() { Permission::Granted } else { told() }
}

/// What the system says about this program and cameras.
fn told() -> Permission {
    let Some(video) = video() else { return permission_of(-1) };
    let status = caught("permission", || {
        // SAFETY: the media type is one of the two the call takes.
        unsafe { AVCaptureDevice::authorizationStatusForMediaType(video) }
    });
    permission_of(status.map_or(-1, |AVAuthorizationStatus(status)| status))
}

/// Has macOS ask the learner, once, and waits for the answer or until `wake` is raised.
pub(crate) fn ask(wake: &Wake) -> Permission {
    let Some(video) = video() else { return told() };
    let answered = Arc::new(AtomicBool::new(false));
    let answer = Arc::clone(&answered);
    let block = RcBlock::new(move |_: Bool| answer.store(true, Ordering::Release));
    let asked = caught("ask for permission", || {
        // SAFETY: the media type is one of the two the call takes; the system copies the block, which may run on any thread.
        unsafe { AVCaptureDevice::requestAccessForMediaType_completionHandler(video, &block) };
    });
    while asked.is_ok() && !answered.load(Ordering::Acquire) && !wake.sleep(ANSWER_EVERY) {}
    told()
}

/// What is seen of the system's cameras without opening one: their identities.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sighting(Vec<String>);

impl Sighting {
    /// Whether there is no camera at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Asks the system for names; nothing is opened, and no permission is needed.
pub(crate) fn sighting() -> Sighting {
    autoreleasepool(|_| {
        let identity = |device: Retained<AVCaptureDevice>| {
            // SAFETY: the device is alive.
            unsafe { device.uniqueID() }.to_string()
        };
        let mut names: Vec<String> = connected().into_iter().map(identity).collect();
        names.sort_unstable();
        Sighting(names)
    })
}

/// The cameras that are connected.
#[allow(
    deprecated,
    reason = "its successor must be told kinds of devices, and naming those of newer systems keeps the program from starting on older ones"
)]
fn connected() -> Vec<Retained<AVCaptureDevice>> {
    let Some(video) = video() else { return Vec::new() };
    let list = caught("list", || {
        // SAFETY: the media type is a constant of the system's.
        unsafe { AVCaptureDevice::devicesWithMediaType(video) }
    });
    list.map(|list| list.to_vec()).unwrap_or_default()
}

/// All cameras. Those that cannot be used are named with the reason.
pub(crate) fn devices() -> Vec<Device> {
    autoreleasepool(|_| {
        let described = |camera: &Retained<AVCaptureDevice>| caught("describe", || device(camera)).ok();
        let mut found: Vec<Device> = connected().iter().filter_map(described).collect();
        tell_apart(&mut found);
        found
    })
}

fn device(camera: &AVCaptureDevice) -> Device {
    // SAFETY: the camera is alive; none of the calls has another condition.
    let (identity, label, transport) = unsafe {
        (camera.uniqueID().to_string(), camera.localizedName().to_string(), camera.transportType().cast_unsigned())
    };
    let facts = MacFacts { transport, continuity: is_continuity(camera), name: &label };
    let transport_name = String::from_utf8_lossy(&transport.to_be_bytes()).trim().to_owned();
    Device {
        key: DeviceKey::derived(Backend::AvFoundation, &[&identity]),
        backend: Backend::AvFoundation,
        built_in: transport == BUILT_IN,
        virtual_camera: virtual_on_macos(facts),
        evidence: format!("transport={transport_name}; continuity={}", facts.continuity),
        usable: Device::usable_from(&offered(camera)),
        place: identity,
        label,
    }
}

/// Whether this is a telephone of the same person. Systems before macOS 13 do not know the question.
fn is_continuity(camera: &AVCaptureDevice) -> bool {
    // SAFETY: the camera is alive, and is asked only if it answers.
    camera.respondsToSelector(sel!(isContinuityCamera)) && unsafe { camera.isContinuityCamera() }
}

/// Every mode that can be had of a camera: its sizes and rates, in both packings macOS can decode them to.
fn offered(camera: &AVCaptureDevice) -> Vec<Mode> {
    let mut modes = Vec::new();
    for choice in choices(camera) {
        for rate in choice.range.rates() {
            for pixels in [Pixels::Nv12, Pixels::Yuyv] {
                let mode = Mode { width_px: choice.width_px, height_px: choice.height_px, fps: rate, pixels };
                if !modes.contains(&mode) {
                    modes.push(mode);
                }
            }
        }
    }
    modes
}

/// A format together with one of its own ranges of rates: the pair must never be torn apart.
struct Choice {
    format: Retained<AVCaptureDeviceFormat>,
    width_px: u16,
    height_px: u16,
    range: RateRange,
    /// The durations as the range itself holds them: a USB camera takes no other.
    shortest: CMTime,
}

fn choices(camera: &AVCaptureDevice) -> Vec<Choice> {
    let mut found = Vec::new();
    // SAFETY: the camera is alive.
    for format in unsafe { camera.formats() }.to_vec() {
        // SAFETY: the format is alive.
        let (description, ranges) = unsafe { (format.formatDescription(), format.videoSupportedFrameRateRanges()) };
        // SAFETY: the description is alive, and that of a video format.
        let (subtype, size) =
            unsafe { (description.media_sub_type(), CMVideoFormatDescriptionGetDimensions(&description)) };
        let (Ok(width_px), Ok(height_px)) = (u16::try_from(size.width), u16::try_from(size.height)) else { continue };
        if !is_decoded_by_macos(subtype) {
            continue;
        }
        for range in ranges.to_vec() {
            let (shortest, longest) = durations(&range);
            let whole = |time: CMTime| (time.value, time.timescale);
            if let Some(range) = RateRange::of_durations(whole(shortest), whole(longest)) {
                found.push(Choice { format: format.clone(), width_px, height_px, range, shortest });
            }
        }
    }
    found
}

fn durations(range: &AVFrameRateRange) -> (CMTime, CMTime) {
    // SAFETY: the range is alive.
    unsafe { (range.minFrameDuration(), range.maxFrameDuration()) }
}

/// What the delegate, the notifications and the camera thread share.
struct Stream {
    mode: Mode,
    handover: Handover,
    /// From the system's clock to the wall clock, fixed at the start.
    wall_offset: Duration,
}

impl Stream {
    /// Copies one picture out of memory that the system lends for the time of the call.
    fn copy(&self, sample: &CMSampleBuffer, into: &mut PooledBytes) -> Result<Option<Duration>, Damage> {
        // SAFETY: the sample is lent to us for this call.
        let picture = unsafe { sample.image_buffer() }.ok_or(Damage::Marked)?;
        let (width, height) = (CVPixelBufferGetWidth(&picture), CVPixelBufferGetHeight(&picture));
        if (width, height) != (usize::from(self.mode.width_px), usize::from(self.mode.height_px)) {
            let side = |side: usize| u16::try_from(side).unwrap_or(u16::MAX);
            return Err(Damage::WrongSize { width_px: side(width), height_px: side(height) });
        }
        if CVPixelBufferGetPixelFormatType(&picture) != packing(self.mode.pixels) {
            return Err(Damage::Shape);
        }
        let locked = Locked::new(&picture)?;
        for (index, plane) in rows::planes(self.mode).into_iter().enumerate() {
            let (bytes, stride_bytes) = locked.plane(index);
            rows::append(bytes, stride_bytes, plane, into)?;
        }
        // SAFETY: the sample is lent to us for this call.
        let taken = since_system_start(unsafe { sample.presentation_time_stamp() });
        Ok(taken.map(|taken| taken.saturating_add(self.wall_offset)))
    }
}

/// A time of the system's clock; `None` for a time that is none.
fn since_system_start(time: CMTime) -> Option<Duration> {
    let (value, timescale) = (u64::try_from(time.value).ok()?, u64::try_from(time.timescale).ok()?);
    let whole = value.checked_div(timescale)?;
    let nanoseconds = u128::from(value % timescale) * 1_000_000_000 / u128::from(timescale);
    Some(Duration::new(whole, u32::try_from(nanoseconds).ok()?))
}

/// As macOS names a packing of ours. JPEG has none: macOS decodes it.
fn packing(pixels: Pixels) -> u32 {
    match pixels {
        Pixels::Nv12 | Pixels::Mjpeg => kCVPixelFormatType_420YpCbCr8BiPlanarVideoRange,
        Pixels::Yuyv => kCVPixelFormatType_422YpCbCr8_yuvs,
    }
}

/// A picture whose bytes may be read; unlocked when dropped.
struct Locked<'a>(&'a CVPixelBuffer);

impl<'a> Locked<'a> {
    fn new(picture: &'a CVPixelBuffer) -> Result<Self, Damage> {
        // SAFETY: the picture is alive, and is unlocked with the same flags when the answer is dropped.
        let answer = unsafe { CVPixelBufferLockBaseAddress(picture, CVPixelBufferLockFlags::ReadOnly) };
        if answer == kCVReturnSuccess { Ok(Self(picture)) } else { Err(Damage::Marked) }
    }

    /// The bytes of one plane and its stride; empty if there is no such plane.
    fn plane(&self, index: usize) -> (&[u8], usize) {
        let (start, stride_bytes, rows): (*mut c_void, usize, usize) = if CVPixelBufferGetPlaneCount(self.0) == 0 {
            (CVPixelBufferGetBaseAddress(self.0), CVPixelBufferGetBytesPerRow(self.0), CVPixelBufferGetHeight(self.0))
        } else if index < CVPixelBufferGetPlaneCount(self.0) {
            (
                CVPixelBufferGetBaseAddressOfPlane(self.0, index),
                CVPixelBufferGetBytesPerRowOfPlane(self.0, index),
                CVPixelBufferGetHeightOfPlane(self.0, index),
            )
        } else {
            return (&[], 0);
        };
        match NonNull::new(start.cast::<u8>()) {
            // SAFETY: the picture is locked until `self` is dropped, and a plane has `rows` rows of `stride_bytes` each.
            Some(start) => (unsafe { std::slice::from_raw_parts(start.as_ptr(), stride_bytes * rows) }, stride_bytes),
            None => (&[], stride_bytes),
        }
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        // SAFETY: it was locked by `new`, once and with the same flags.
        unsafe { CVPixelBufferUnlockBaseAddress(self.0, CVPixelBufferLockFlags::ReadOnly) };
    }
}

define_class!(
    // SAFETY: NSObject asks nothing of its subclasses, and this one does not implement `Drop`.
    #[unsafe(super(NSObject))]
    #[ivars = Arc<Stream>]
    struct Delegate;

    // SAFETY: it asks nothing that is not in its signatures.
    unsafe impl NSObjectProtocol for Delegate {}

    // SAFETY: the signature is the protocol's.
    unsafe impl AVCaptureVideoDataOutputSampleBufferDelegate for Delegate {
        #[unsafe(method(captureOutput:didOutputSampleBuffer:fromConnection:))]
        fn picture(&self, _: &AVCaptureOutput, sample: &CMSampleBuffer, _: &AVCaptureConnection) {
            let stream = self.ivars();
            // A panic must not leave a function the system calls.
            let taken = std::panic::catch_unwind(AssertUnwindSafe(|| {
                stream.handover.put(|into| stream.copy(sample, into));
            }));
            if taken.is_err() {
                stream.handover.end(Fault::failed("taking over a picture panicked"));
            }
        }
    }
);

impl Delegate {
    fn new(stream: &Arc<Stream>) -> Retained<Self> {
        let this = Self::alloc().set_ivars(Arc::clone(stream));
        // SAFETY: `init` of NSObject has no condition.
        unsafe { msg_send![super(this), init] }
    }
}

/// A notification somebody waits for; given up when dropped.
struct Observed(Retained<ProtocolObject<dyn NSObjectProtocol>>);

impl Observed {
    fn new(name: &NSNotificationName, of: &AnyObject, act: impl Fn(&NSNotification) + 'static) -> Self {
        let block = RcBlock::new(move |notification: NonNull<NSNotification>| {
            // SAFETY: the notification is lent to us for this call.
            act(unsafe { notification.as_ref() });
        });
        // SAFETY: without a queue the block runs on whatever thread posts; what it captures is made for that.
        let token = unsafe {
            NSNotificationCenter::defaultCenter().addObserverForName_object_queue_usingBlock(
                Some(name),
                Some(of),
                None,
                &block,
            )
        };
        Self(token)
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        let token: &AnyObject = (*self.0).as_ref();
        // SAFETY: the token is what the centre itself gave out.
        unsafe { NSNotificationCenter::defaultCenter().removeObserver(token) };
    }
}

/// A session in parts, so that it can be taken apart.
struct Session {
    session: Retained<AVCaptureSession>,
    input: Retained<AVCaptureDeviceInput>,
    output: Retained<AVCaptureVideoDataOutput>,
    _delegate: Retained<Delegate>,
    _queue: DispatchRetained<DispatchQueue>,
    _observed: [Observed; 2],
}

impl Drop for Session {
    fn drop(&mut self) {
        let taken_apart = caught("stop", || {
            // SAFETY: all four are alive. Without a delegate no picture is copied after this.
            unsafe {
                self.output.setSampleBufferDelegate_queue(None, None);
                self.session.stopRunning();
                self.session.removeOutput(&self.output);
                self.session.removeInput(&self.input);
            }
        });
        if taken_apart.is_err() {
            tracing::warn!(code = "camera-failed", "the camera's session could not be taken apart");
        }
    }
}

/// A camera with its mode agreed on, then a running stream.
pub(crate) struct MacCamera {
    camera: Retained<AVCaptureDevice>,
    stream: Arc<Stream>,
    session: Option<Session>,
    stopped: bool,
}

impl MacCamera {
    /// The format and range this mode came from, in the same order in which they were offered.
    fn choice(&self) -> Result<Choice, Fault> {
        let mode = self.stream.mode;
        let fits = |choice: &Choice| {
            (choice.width_px, choice.height_px) == (mode.width_px, mode.height_px)
                && choice.range.rates().contains(&mode.fps)
        };
        choices(&self.camera)
            .into_iter()
            .find(fits)
            .ok_or_else(|| Fault::ModeRefused(format!("the camera no longer offers {mode}")))
    }

    /// Makes the session and starts it while the camera is locked for us: macOS otherwise replaces the format at the start.
    fn begin(&self) -> Result<Session, Fault> {
        let choice = self.choice()?;
        let session = self.assemble()?;
        // SAFETY: the camera is alive.
        unsafe { self.camera.lockForConfiguration() }.map_err(fault("lock"))?;
        let started = caught("start the stream", || {
            self.configure(&choice);
            // SAFETY: the session is alive; the call blocks until the session runs or has failed.
            unsafe { session.session.startRunning() };
        });
        // SAFETY: it was locked above, by this thread.
        unsafe { self.camera.unlockForConfiguration() };
        started.map(|()| session)
    }

    /// Sets format and rate from one pair. The camera must be locked.
    fn configure(&self, choice: &Choice) {
        let rate = self.stream.mode.fps;
        let duration = if rate == choice.range.fastest { choice.shortest } else { duration_of(rate) };
        // SAFETY: the format is one of this camera's, and the duration lies in a range of that very format.
        unsafe {
            self.camera.setActiveFormat(&choice.format);
            self.camera.setActiveVideoMinFrameDuration(duration);
            self.camera.setActiveVideoMaxFrameDuration(duration);
        }
    }

    /// Input, output, delegate and notifications, joined but not running.
    fn assemble(&self) -> Result<Session, Fault> {
        let made = caught("open", || {
            // SAFETY: the camera is alive; none of the others has a condition.
            unsafe {
                let input = AVCaptureDeviceInput::deviceInputWithDevice_error(&self.camera).map_err(fault("open"))?;
                Ok((AVCaptureSession::new(), input, AVCaptureVideoDataOutput::new()))
            }
        });
        let (session, input, output) = made.and_then(|made| made)?;
        let delegate = Delegate::new(&self.stream);
        let queue = DispatchQueue::new("likeness.camera", None);
        let observed = self.observed(&session);
        let wanted = packing(self.stream.mode.pixels);
        let joined = caught("set the mode", || {
            // SAFETY: all of them are alive, the settings hold the one key they may hold with a number the output offers,
            // and input and output are added only where the session says that they can be.
            unsafe {
                if !session.canAddInput(&input) || !session.canAddOutput(&output) {
                    return false;
                }
                session.addInput(&input);
                session.addOutput(&output);
                let offered = output.availableVideoCVPixelFormatTypes().to_vec();
                if !offered.iter().any(|offered| offered.as_u32() == wanted) {
                    return false;
                }
                output.setVideoSettings(Some(&settings(wanted)));
                output.setAlwaysDiscardsLateVideoFrames(true);
                output.setSampleBufferDelegate_queue(Some(ProtocolObject::from_ref(&*delegate)), Some(&queue));
                true
            }
        })?;
        let session = Session { session, input, output, _delegate: delegate, _queue: queue, _observed: observed };
        let refused = || Fault::ModeRefused(format!("the system does not give {}", self.stream.mode));
        joined.then_some(session).ok_or_else(refused)
    }

    /// The camera goes away, or the session fails: both end the stream.
    fn observed(&self, session: &AVCaptureSession) -> [Observed; 2] {
        let (gone, failed) = (Arc::clone(&self.stream), Arc::clone(&self.stream));
        // SAFETY: two names that are constants of the system's.
        let (disconnected, runtime_error) =
            unsafe { (AVCaptureDeviceWasDisconnectedNotification, AVCaptureSessionRuntimeErrorNotification) };
        [
            Observed::new(disconnected, &self.camera, move |_| gone.handover.end(lost())),
            Observed::new(runtime_error, session, move |notification| {
                let fault = session_error(notification).map(|error| fault_of(&error, "the session"));
                failed.handover.end(fault.unwrap_or_else(|| Fault::failed("the session failed and does not say why")));
            }),
        ]
    }
}

/// One key, one number: which pixels to deliver.
fn settings(pixels: u32) -> Retained<NSDictionary<NSString, AnyObject>> {
    // SAFETY: the key is a constant of the system's, and a CFString is an NSString.
    let key: &NSString = unsafe { &*std::ptr::from_ref(kCVPixelBufferPixelFormatTypeKey).cast() };
    let number = NSNumber::new_u32(pixels);
    let number: &AnyObject = &number;
    NSDictionary::from_slices(&[key], &[number])
}

fn duration_of(rate: Rate) -> CMTime {
    let (pictures, seconds) = rate.fraction();
    // SAFETY: the call has no condition.
    unsafe { CMTime::new(i64::from(seconds), i32::try_from(pictures).unwrap_or(i32::MAX)) }
}

/// The error a session's notification carries.
fn session_error(notification: &NSNotification) -> Option<Retained<NSError>> {
    let told = notification.userInfo()?;
    // SAFETY: the key is a constant of the system's.
    let key: &AnyObject = unsafe { AVCaptureSessionErrorKey };
    told.objectForKey(key)?.downcast().ok()
}

fn lost() -> Fault {
    Fault::Ended { error: CameraError::Lost, transient: false }
}

impl SystemCamera for MacCamera {
    const API: ApiBackend = ApiBackend::AVFoundation;

    fn open(device: &Device, mode: Mode, wake: &Arc<Wake>) -> Result<Self, Fault> {
        // Without permission a camera opens and sends black pictures; whoever calls has asked before.
        let refused = match told() {
            Permission::Granted => None,
            Permission::Denied(DeniedBy::Policy) => Some(CameraError::Restricted),
            Permission::Denied(DeniedBy::User) | Permission::Unasked => Some(CameraError::Denied),
        };
        if let Some(error) = refused {
            return Err(Fault::Ended { error, transient: false });
        }
        let identity = NSString::from_str(&device.place);
        // SAFETY: the identity is alive.
        let camera = caught("open", || unsafe { AVCaptureDevice::deviceWithUniqueID(&identity) })?.ok_or_else(lost)?;
        let wall = clock::wall_clock().duration_since(UNIX_EPOCH).unwrap_or_default();
        // SAFETY: the system's clock always exists.
        let system = since_system_start(unsafe { CMClock::host_time_clock().time() }).unwrap_or_default();
        let wall_offset = wall.saturating_sub(system);
        let stream = Arc::new(Stream { mode, handover: Handover::new(wake), wall_offset });
        Ok(Self { camera, stream, session: None, stopped: false })
    }

    fn start(&mut self) -> Result<(), Fault> {
        if self.session.is_none() && !self.stopped {
            self.session = Some(autoreleasepool(|_| self.begin())?);
        }
        Ok(())
    }

    fn is_running(&self) -> bool {
        self.session.is_some()
    }

    fn picture(&mut self, within: Duration, _: &Wake) -> Result<Buffer, Fault> {
        let handed = match self.stream.handover.take(within) {
            // SAFETY: the camera is alive.
            Err(Fault::Silence) if !unsafe { self.camera.isConnected() } => return Err(lost()),
            handed => handed?,
        };
        Ok(buffer(self.stream.mode, &handed.bytes, handed.taken))
    }

    fn stop(&mut self) {
        self.stopped = true;
        autoreleasepool(|_| self.session = None);
    }

    fn panel(&self, _: &Device) -> Option<Box<dyn Panel>> {
        Some(Box::new(MacPanel::of(&self.camera)))
    }
}

impl Drop for MacCamera {
    fn drop(&mut self) {
        self.stop();
    }
}

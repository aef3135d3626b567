//! Cameras on Windows, through Media Foundation: the list, what is known of each, and the back-end under nokhwa's door.
//!
//! nokhwa's stock back-end reads in a loop that spins for ever when a camera ends, leaks a sample a picture, drops rates that
//! are no whole numbers and leaves the camera's light on. Here the system calls us with each picture ([`IMFSourceReaderCallback`]);
//! the next one is asked for when the last is copied; every flag and error that ends a stream ends it; and the media source
//! is shut down on stop and on drop. JPEG passes through: the reader's converters are off.
//! Compiled by `cargo xtask check-windows`, never run by us (`docs/platforms.md`).
#![allow(unsafe_code, reason = "Media Foundation and the device manager are spoken in COM and C calls")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use nokhwa::Buffer;
use nokhwa::utils::ApiBackend;
use windows::Win32::Devices::DeviceAndDriverInstallation::{
    CM_GET_DEVICE_INTERFACE_LIST_PRESENT, CM_Get_Device_Interface_List_SizeW, CM_Get_Device_Interface_ListW,
    CM_Get_Device_Interface_PropertyW, CR_BUFFER_SMALL, CR_SUCCESS,
};
use windows::Win32::Devices::Properties::{DEVPROP_TYPE_BOOLEAN, DEVPROPTYPE};
use windows::Win32::Media::KernelStreaming::{KSCATEGORY_SENSOR_CAMERA, KSCATEGORY_VIDEO_CAMERA};
use windows::Win32::Media::MediaFoundation::{
    DEVPKEY_DeviceInterface_IsVirtualCamera, IMFActivate, IMFAttributes, IMFMediaBuffer, IMFMediaEvent, IMFMediaSource,
    IMFMediaType, IMFSample, IMFSourceReader, IMFSourceReaderCallback, IMFSourceReaderCallback_Impl,
    MEVideoCaptureDevicePreempted, MEVideoCaptureDeviceRemoved, MF_DEVSOURCE_ATTRIBUTE_FRIENDLY_NAME,
    MF_DEVSOURCE_ATTRIBUTE_SOURCE_TYPE, MF_DEVSOURCE_ATTRIBUTE_SOURCE_TYPE_VIDCAP_GUID,
    MF_DEVSOURCE_ATTRIBUTE_SOURCE_TYPE_VIDCAP_SYMBOLIC_LINK, MF_E_NO_MORE_TYPES,
    MF_E_VIDEO_RECORDING_DEVICE_INVALIDATED, MF_E_VIDEO_RECORDING_DEVICE_PREEMPTED, MF_MT_DEFAULT_STRIDE,
    MF_MT_FRAME_RATE, MF_MT_FRAME_SIZE, MF_MT_SUBTYPE, MF_READWRITE_DISABLE_CONVERTERS, MF_SOURCE_READER_ALL_STREAMS,
    MF_SOURCE_READER_ASYNC_CALLBACK, MF_SOURCE_READER_DISCONNECT_MEDIASOURCE_ON_SHUTDOWN,
    MF_SOURCE_READER_FIRST_VIDEO_STREAM, MF_VERSION, MFCreateAttributes, MFCreateDeviceSource,
    MFCreateSourceReaderFromMediaSource, MFEnumDeviceSources, MFGetSystemTime, MFSTARTUP_LITE,
    MFSampleExtension_DeviceReferenceSystemTime, MFStartup,
};
use windows::Win32::System::Com::{CoIncrementMTAUsage, CoTaskMemFree};
use windows::Win32::System::Registry::{HKEY_LOCAL_MACHINE, RRF_RT_REG_DWORD, RegGetValueW};
use windows::core::{GUID, HRESULT, HSTRING, PCWSTR, PWSTR, Ref, implement, w};

use crate::clock;
use crate::controls::Panel;
use crate::device::{Backend, Device, DeviceKey, Unusable, tell_apart};
use crate::error::{CameraError, Damage};
use crate::fault::Fault;
use crate::fault_elsewhere::{denied_by_rule, ending_flags, from_hresult};
use crate::handover::Handover;
use crate::mode::{Mode, Pixels};
use crate::offer::from_media_type;
use crate::pool::PooledBytes;
use crate::rows;
use crate::source::native::{SystemCamera, buffer};
use crate::source::windows_panel::WindowsPanel;
use crate::suspicion::{WindowsFacts, virtual_on_windows};
use crate::wake::Wake;

const FIRST_VIDEO: u32 = MF_SOURCE_READER_FIRST_VIDEO_STREAM.0.cast_unsigned();
const ALL_STREAMS: u32 = MF_SOURCE_READER_ALL_STREAMS.0.cast_unsigned();
/// A driver that lists formats without end is not believed beyond this.
const MOST_MEDIA_TYPES: u32 = 4096;
/// The system answers in units of 100 ns.
const HUNDRED_NS: u64 = 100;

/// The fault behind a failed call; `step` names the call, for the log.
fn fault(step: &'static str) -> impl Fn(windows::core::Error) -> Fault {
    move |error| denied_by_rule(from_hresult(error.code().0, step), access_rule())
}

/// The organisation's rule for desktop programs and cameras, if there is one.
fn access_rule() -> Option<u32> {
    let (mut rule, mut length) = (0_u32, size_of::<u32>() as u32);
    // SAFETY: both pointers are to locals that outlive the call, and `length` is the size of the one written to.
    let answer = unsafe {
        RegGetValueW(
            HKEY_LOCAL_MACHINE,
            w!(r"SOFTWARE\Policies\Microsoft\Windows\AppPrivacy"),
            w!("LetAppsAccessCamera"),
            RRF_RT_REG_DWORD,
            None,
            Some(ptr::from_mut(&mut rule).cast()),
            Some(&raw mut length),
        )
    };
    answer.is_ok().then_some(rule)
}

/// Makes COM and Media Foundation ready, once for the whole process and for every thread of it.
///
/// A thread that initialises COM has to undo it at a moment of its own choosing, and two libraries that choose differently
/// take each other's cameras away. Keeping the multi-threaded apartment alive for the process asks nothing of any thread.
fn make_ready() -> Result<(), Fault> {
    static READY: OnceLock<Result<(), HRESULT>> = OnceLock::new();
    let ready = READY.get_or_init(|| {
        // SAFETY: neither call has a condition; the answer of the first is a number that only ends what is never ended.
        unsafe { CoIncrementMTAUsage().and_then(|_| MFStartup(MF_VERSION, MFSTARTUP_LITE)) }
            .map_err(|error| error.code())
    });
    ready.map_err(|code| from_hresult(code.0, "start Media Foundation"))
}

/// What is seen of the system's cameras without opening one: the links of those that are plugged in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sighting(Vec<String>);

impl Sighting {
    /// Whether there is no camera at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Asks the device manager for names; nothing is opened.
pub(crate) fn sighting() -> Sighting {
    let mut links = interfaces(&KSCATEGORY_VIDEO_CAMERA);
    links.sort_unstable();
    Sighting(links)
}

/// The links of the devices of one category that are plugged in.
fn interfaces(category: &GUID) -> Vec<String> {
    // A device that arrives between the two calls makes the first answer too small; then they are asked again.
    for _ in 0..4 {
        let mut length = 0;
        // SAFETY: both pointers are to values that outlive the call.
        let answer = unsafe {
            CM_Get_Device_Interface_List_SizeW(
                &raw mut length,
                category,
                PCWSTR::null(),
                CM_GET_DEVICE_INTERFACE_LIST_PRESENT,
            )
        };
        if answer != CR_SUCCESS {
            return Vec::new();
        }
        let mut text = vec![0_u16; length as usize];
        // SAFETY: the buffer carries its own length, and the category outlives the call.
        let answer = unsafe {
            CM_Get_Device_Interface_ListW(category, PCWSTR::null(), &mut text, CM_GET_DEVICE_INTERFACE_LIST_PRESENT)
        };
        if answer == CR_SUCCESS {
            return text
                .split(|unit| *unit == 0)
                .filter(|name| !name.is_empty())
                .map(String::from_utf16_lossy)
                .collect();
        }
        if answer != CR_BUFFER_SMALL {
            return Vec::new();
        }
    }
    Vec::new()
}

/// A link without the category it ends in and in one case: one device has one link in each of its categories.
fn without_category(link: &str) -> String {
    link.rsplit_once("#{").map_or(link, |(device, _)| device).to_lowercase()
}

/// Whether Windows itself calls this device a virtual camera.
fn is_flagged_virtual(link: &str) -> bool {
    let (mut kind, mut answer, mut length) = (DEVPROPTYPE::default(), [0_u8; 1], 1_u32);
    // SAFETY: every pointer is to a local that outlives the call, and `length` is the size of the one written to.
    let found = unsafe {
        CM_Get_Device_Interface_PropertyW(
            &HSTRING::from(link),
            &DEVPKEY_DeviceInterface_IsVirtualCamera,
            &raw mut kind,
            Some(answer.as_mut_ptr()),
            &raw mut length,
            0,
        )
    };
    found == CR_SUCCESS && kind == DEVPROP_TYPE_BOOLEAN && answer != [0]
}

/// All cameras. Infra-red sensors are left out; cameras that cannot be used are named with the reason.
pub(crate) fn devices() -> Vec<Device> {
    if make_ready().is_err() {
        return Vec::new();
    }
    let in_category =
        |category| -> Vec<String> { interfaces(category).iter().map(|link| without_category(link)).collect() };
    let (cameras, sensors) = (in_category(&KSCATEGORY_VIDEO_CAMERA), in_category(&KSCATEGORY_SENSOR_CAMERA));
    let is_sensor_only = |link: &str| {
        let device = without_category(link);
        sensors.contains(&device) && !cameras.contains(&device)
    };
    let mut found: Vec<Device> = activations()
        .iter()
        .filter_map(|activation| {
            let link = text(activation, &MF_DEVSOURCE_ATTRIBUTE_SOURCE_TYPE_VIDCAP_SYMBOLIC_LINK)?;
            (!is_sensor_only(&link)).then(|| device(activation, link))
        })
        .collect();
    tell_apart(&mut found);
    found
}

fn device(activation: &IMFActivate, link: String) -> Device {
    let label = text(activation, &MF_DEVSOURCE_ATTRIBUTE_FRIENDLY_NAME).unwrap_or_else(|| "Camera".into());
    let facts = WindowsFacts { flagged_virtual: is_flagged_virtual(&link), link: &link, name: &label };
    let usable = match offered(activation) {
        Ok(modes) => Device::usable_from(&modes),
        Err(Fault::Ended { error: CameraError::InUse, .. }) => Err(Unusable::InUse),
        Err(Fault::Ended { error: CameraError::Denied | CameraError::Restricted, .. }) => Err(Unusable::Denied),
        Err(_) => Err(Unusable::NoUsableMode),
    };
    Device {
        key: DeviceKey::derived(Backend::Msmf, &[&link]),
        backend: Backend::Msmf,
        built_in: is_built_in(&link),
        virtual_camera: virtual_on_windows(facts),
        evidence: format!("bus={}; flag={}", bus_class(&link), facts.flagged_virtual),
        usable,
        place: link,
        label,
    }
}

/// The kind of bus, without identities or serial numbers: what the manifest may say.
fn bus_class(link: &str) -> &'static str {
    let link = link.to_lowercase();
    #[rustfmt::skip]
    let classes = [("usb#", "usb"), ("swd#vcamdevapi", "virtual"), ("swd#sgdevapi", "software-over-built-in"),
        ("swd#driverenum", "software-over-built-in"), ("root#", "root"), ("acpi#", "acpi"), ("pci#", "pci")];
    classes
        .iter()
        .find(|(start, _)| link.trim_start_matches(r"\\?\").starts_with(start))
        .map_or("unknown", |(_, class)| class)
}

fn is_built_in(link: &str) -> bool {
    matches!(bus_class(link), "software-over-built-in" | "acpi" | "pci")
}

/// The cameras Media Foundation knows, not yet opened.
fn activations() -> Vec<IMFActivate> {
    let Ok(attributes) = source_attributes() else { return Vec::new() };
    let (mut list, mut length) = (ptr::null_mut::<Option<IMFActivate>>(), 0_u32);
    // SAFETY: both pointers are to locals that outlive the call.
    if unsafe { MFEnumDeviceSources(&attributes, &raw mut list, &raw mut length) }.is_err() || list.is_null() {
        return Vec::new();
    }
    // SAFETY: the call succeeded, so `list` holds `length` entries; each is moved out once and owned from here on.
    let found = (0..length as usize).filter_map(|index| unsafe { list.add(index).read() }).collect();
    // SAFETY: the list was allocated for us by the call above and its entries are moved out.
    unsafe { CoTaskMemFree(Some(list.cast())) };
    found
}

/// Attributes that stand for "any video camera".
fn source_attributes() -> windows::core::Result<IMFAttributes> {
    let attributes = new_attributes(2)?;
    // SAFETY: both identifiers are constants.
    unsafe {
        attributes.SetGUID(&MF_DEVSOURCE_ATTRIBUTE_SOURCE_TYPE, &MF_DEVSOURCE_ATTRIBUTE_SOURCE_TYPE_VIDCAP_GUID)?;
    }
    Ok(attributes)
}

fn new_attributes(expected: u32) -> windows::core::Result<IMFAttributes> {
    let mut attributes = None;
    // SAFETY: the pointer is to a local that outlives the call.
    unsafe { MFCreateAttributes(&raw mut attributes, expected)? };
    attributes.ok_or_else(|| windows::core::Error::from_hresult(windows::Win32::Foundation::E_POINTER))
}

/// A text attribute; `None` if it is not there.
fn text(attributes: &IMFAttributes, key: &GUID) -> Option<String> {
    let (mut words, mut length) = (PWSTR::null(), 0);
    // SAFETY: both pointers are to locals that outlive the call.
    unsafe { attributes.GetAllocatedString(key, &raw mut words, &raw mut length) }.ok()?;
    // SAFETY: the call succeeded, so `words` is a text that ends in a zero.
    let text = String::from_utf16_lossy(unsafe { words.as_wide() });
    // SAFETY: the text was allocated for us by the call above and is not used again.
    unsafe { CoTaskMemFree(Some(words.0.cast_const().cast())) };
    Some(text)
}

/// An opened camera; shut down when dropped, which puts its light out.
pub(crate) struct Source(IMFMediaSource);

impl Source {
    pub(crate) fn media_source(&self) -> &IMFMediaSource {
        &self.0
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        // SAFETY: the source is ours. An error says that it is shut down already.
        let _ = unsafe { self.0.Shutdown() };
    }
}

/// What a camera offers. It is opened for the question and closed again.
fn offered(activation: &IMFActivate) -> Result<Vec<Mode>, Fault> {
    // SAFETY: the activation is alive; the source it makes is owned by the guard.
    let source = Source(unsafe { activation.ActivateObject() }.map_err(fault("open"))?);
    // SAFETY: the source is alive, and no attributes are passed.
    let reader = unsafe { MFCreateSourceReaderFromMediaSource(&source.0, None::<&IMFAttributes>) }
        .map_err(fault("read modes"))?;
    Ok(media_types(&reader)?.iter().filter_map(mode_of).collect())
}

/// Every format of the first video stream.
fn media_types(reader: &IMFSourceReader) -> Result<Vec<IMFMediaType>, Fault> {
    let mut found = Vec::new();
    for index in 0..MOST_MEDIA_TYPES {
        // SAFETY: the reader is alive; an index too large is answered by an error.
        match unsafe { reader.GetNativeMediaType(FIRST_VIDEO, index) } {
            Ok(media_type) => found.push(media_type),
            Err(error) if error.code() == MF_E_NO_MORE_TYPES => break,
            Err(error) if found.is_empty() => return Err(fault("read modes")(error)),
            Err(_) => break,
        }
    }
    Ok(found)
}

fn mode_of(media_type: &IMFMediaType) -> Option<Mode> {
    // SAFETY: the media type is alive, and the keys are constants.
    let (subtype, size, rate) = unsafe {
        (
            media_type.GetGUID(&MF_MT_SUBTYPE).ok()?,
            media_type.GetUINT64(&MF_MT_FRAME_SIZE).ok()?,
            media_type.GetUINT64(&MF_MT_FRAME_RATE).ok()?,
        )
    };
    from_media_type(subtype.data1, size, rate)
}

/// How far a row begins behind the one before; packed rows if the camera does not say, or says that the picture is upside down.
fn stride_bytes(media_type: &IMFMediaType) -> usize {
    // SAFETY: the media type is alive, and the key is a constant.
    let stride = unsafe { media_type.GetUINT32(&MF_MT_DEFAULT_STRIDE) }.unwrap_or(0);
    usize::try_from(stride.cast_signed()).unwrap_or(0)
}

/// A reader that calls us back and leaves JPEG as it is.
fn reader_with(source: &IMFMediaSource, callback: Callback) -> windows::core::Result<IMFSourceReader> {
    let (attributes, callback) = (new_attributes(3)?, IMFSourceReaderCallback::from(callback));
    // SAFETY: the attributes are alive and keep the callback alive; the source outlives the call and is kept by the reader.
    unsafe {
        attributes.SetUnknown(&MF_SOURCE_READER_ASYNC_CALLBACK, &callback)?;
        attributes.SetUINT32(&MF_READWRITE_DISABLE_CONVERTERS, 1)?;
        // The reader would shut the camera down when it goes, and then its controls could not be put back.
        attributes.SetUINT32(&MF_SOURCE_READER_DISCONNECT_MEDIASOURCE_ON_SHUTDOWN, 1)?;
        MFCreateSourceReaderFromMediaSource(source, &attributes)
    }
}

/// Agrees on exactly this mode, and answers how far apart its rows are.
fn agree(reader: &IMFSourceReader, mode: Mode) -> Result<usize, Fault> {
    let types = media_types(reader)?;
    let media_type = types.iter().find(|media_type| mode_of(media_type) == Some(mode));
    let media_type = media_type.ok_or_else(|| Fault::ModeRefused(format!("the camera no longer offers {mode}")))?;
    // SAFETY: the reader and the media type are alive. Other streams (a second camera, sound) would be read as well otherwise.
    unsafe {
        reader
            .SetStreamSelection(ALL_STREAMS, false)
            .and_then(|()| reader.SetStreamSelection(FIRST_VIDEO, true))
            .and_then(|()| reader.SetCurrentMediaType(FIRST_VIDEO, None, media_type))
    }
    .map_err(fault("set the mode"))?;
    Ok(stride_bytes(media_type))
}

/// A source reader, which Media Foundation documents as free-threaded; the binding does not know it.
struct Reader(IMFSourceReader);

// SAFETY: `IMFSourceReader` may be called from any thread: its own callbacks come on threads of Media Foundation's work queue.
unsafe impl Send for Reader {}

/// What the callback and the camera thread share.
struct Stream {
    mode: Mode,
    /// How far a row begins behind the one before; known once the format is agreed on.
    stride_bytes: OnceLock<usize>,
    handover: Handover,
    /// From the system's clock to the wall clock, fixed at the start.
    wall_offset: Duration,
    /// For the callback to ask for the next picture; taken out on stop, which also ends the circle of the two.
    reader: Mutex<Option<Reader>>,
}

impl Stream {
    fn reader(&self) -> MutexGuard<'_, Option<Reader>> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for one picture; the answer comes through the callback.
    fn ask(&self) {
        // Cloned, so that the lock is not held in a call that may come back to us.
        let Some(reader) = self.reader().as_ref().map(|reader| reader.0.clone()) else { return };
        // SAFETY: the reader is alive and was made with a callback, so all four answers must be absent.
        if let Err(error) = unsafe { reader.ReadSample(FIRST_VIDEO, 0, None, None, None, None) } {
            self.handover.end(fault("ask for a picture")(error));
        }
    }

    /// Takes one answer of the reader.
    fn receive(&self, status: HRESULT, flags: u32, sample: Option<&IMFSample>) {
        if let Err(error) = status.ok() {
            self.handover.end(fault("read a picture")(error));
        } else if let Some(end) = ending_flags(flags) {
            self.handover.end(end);
        } else {
            if let Some(sample) = sample {
                self.handover.put(|into| self.copy(sample, into));
            }
            self.ask();
        }
    }

    fn copy(&self, sample: &IMFSample, into: &mut PooledBytes) -> Result<Option<Duration>, Damage> {
        let unreadable =
            |error: windows::core::Error| Damage::Codec(format!("the sample is locked: {:#x}", error.code().0));
        // SAFETY: the sample is lent to us for this call.
        let contiguous = unsafe { sample.ConvertToContiguousBuffer() }.map_err(unreadable)?;
        let locked = Locked::new(&contiguous).map_err(unreadable)?;
        match self.mode.pixels {
            Pixels::Mjpeg => into.extend(locked.bytes()),
            Pixels::Yuyv | Pixels::Nv12 => {
                let stride_bytes = self.stride_bytes.get().copied().unwrap_or(0);
                rows::append_picture(locked.bytes(), stride_bytes, self.mode, into)?;
            }
        }
        // SAFETY: the sample is lent to us for this call, and the key is a constant.
        let taken = unsafe { sample.GetUINT64(&MFSampleExtension_DeviceReferenceSystemTime) }.ok();
        Ok(taken.map(|taken| Duration::from_nanos(taken.saturating_mul(HUNDRED_NS)).saturating_add(self.wall_offset)))
    }
}

/// A buffer whose bytes may be read; unlocked when dropped.
struct Locked<'a> {
    buffer: &'a IMFMediaBuffer,
    start: *const u8,
    length: usize,
}

impl<'a> Locked<'a> {
    fn new(buffer: &'a IMFMediaBuffer) -> windows::core::Result<Self> {
        let (mut start, mut length) = (ptr::null_mut(), 0);
        // SAFETY: both pointers are to locals that outlive the call.
        unsafe { buffer.Lock(&raw mut start, None, Some(&raw mut length))? };
        Ok(Self { buffer, start, length: length as usize })
    }

    fn bytes(&self) -> &[u8] {
        if self.start.is_null() {
            return &[];
        }
        // SAFETY: the buffer is locked until `self` is dropped, and holds `length` bytes from `start`.
        unsafe { std::slice::from_raw_parts(self.start, self.length) }
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        // SAFETY: it was locked by `new`, once.
        let _ = unsafe { self.buffer.Unlock() };
    }
}

/// What Media Foundation calls, on threads of its own.
#[implement(IMFSourceReaderCallback)]
struct Callback(Arc<Stream>);

#[allow(non_snake_case, reason = "the names are the interface's")]
impl IMFSourceReaderCallback_Impl for Callback_Impl {
    fn OnReadSample(
        &self,
        status: HRESULT,
        _: u32,
        flags: u32,
        _: i64,
        sample: Ref<IMFSample>,
    ) -> windows::core::Result<()> {
        // A panic must not leave a function the system calls.
        let received = catch_unwind(AssertUnwindSafe(|| self.0.receive(status, flags, sample.as_ref())));
        if received.is_err() {
            self.0.handover.end(Fault::failed("taking over a picture panicked"));
        }
        Ok(())
    }

    fn OnFlush(&self, _: u32) -> windows::core::Result<()> {
        Ok(())
    }

    fn OnEvent(&self, _: u32, event: Ref<IMFMediaEvent>) -> windows::core::Result<()> {
        // SAFETY: the event is lent to us for this call.
        let kind = event.as_ref().and_then(|event| unsafe { event.GetType() }.ok()).map(u32::cast_signed);
        let means = |code: HRESULT| self.0.handover.end(from_hresult(code.0, "an event of the camera"));
        if kind == Some(MEVideoCaptureDeviceRemoved.0) {
            means(MF_E_VIDEO_RECORDING_DEVICE_INVALIDATED);
        } else if kind == Some(MEVideoCaptureDevicePreempted.0) {
            means(MF_E_VIDEO_RECORDING_DEVICE_PREEMPTED);
        }
        Ok(())
    }
}

/// A camera with its mode set, then a running stream.
pub(crate) struct WindowsCamera {
    stream: Arc<Stream>,
    /// Shared with the panel, which puts the controls back before the last of the two shuts the camera down.
    source: Option<Arc<Source>>,
    running: bool,
}

impl SystemCamera for WindowsCamera {
    const API: ApiBackend = ApiBackend::MediaFoundation;

    fn open(device: &Device, mode: Mode, wake: &Arc<Wake>) -> Result<Self, Fault> {
        make_ready()?;
        let attributes = source_attributes().map_err(fault("open"))?;
        // SAFETY: the attributes are alive; the link outlives the call and is copied by it.
        let source = unsafe {
            attributes
                .SetString(&MF_DEVSOURCE_ATTRIBUTE_SOURCE_TYPE_VIDCAP_SYMBOLIC_LINK, &HSTRING::from(&device.place))
                .and_then(|()| MFCreateDeviceSource(&attributes))
        };
        let source = Source(source.map_err(fault("open"))?);
        let wall = clock::wall_clock().duration_since(UNIX_EPOCH).unwrap_or_default();
        // SAFETY: the call has no condition.
        let system = Duration::from_nanos(unsafe { MFGetSystemTime() }.cast_unsigned().saturating_mul(HUNDRED_NS));
        let stream = Arc::new(Stream {
            mode,
            stride_bytes: OnceLock::new(),
            handover: Handover::new(wake),
            wall_offset: wall.saturating_sub(system),
            reader: Mutex::new(None),
        });
        let reader = reader_with(&source.0, Callback(Arc::clone(&stream))).map_err(fault("open"))?;
        let stride_bytes = agree(&reader, mode)?;
        stream.stride_bytes.get_or_init(|| stride_bytes);
        *stream.reader() = Some(Reader(reader));
        Ok(Self { stream, source: Some(Arc::new(source)), running: false })
    }

    fn start(&mut self) -> Result<(), Fault> {
        if self.source.is_some() && !self.running {
            self.running = true;
            self.stream.ask();
        }
        Ok(())
    }

    fn is_running(&self) -> bool {
        self.running
    }

    fn picture(&mut self, within: Duration, _: &Wake) -> Result<Buffer, Fault> {
        let handed = self.stream.handover.take(within)?;
        Ok(buffer(self.stream.mode, &handed.bytes, handed.taken))
    }

    fn panel(&self, _: &Device) -> Option<Box<dyn Panel>> {
        let panel = WindowsPanel::of(self.source.as_ref()?);
        Some(Box::new(panel))
    }

    fn stop(&mut self) {
        self.running = false;
        // First no further picture is asked for, then the light goes out. The reader is let go with the lock open: it may wait
        // for a callback, and the callback for the lock.
        let reader = self.stream.reader().take();
        drop(reader);
        self.source = None;
    }
}

impl Drop for WindowsCamera {
    fn drop(&mut self) {
        self.stop();
    }
}

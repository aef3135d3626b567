//! From the error numbers of Windows and macOS to faults. Pure tables, tested on every system; texts are never read,
//! because both systems write them in the user's language.

use crate::error::CameraError;
use crate::fault::Fault;
#[cfg(any(target_os = "macos", test))]
use crate::makers::Permission;
#[cfg(any(target_os = "macos", test))]
use crate::state::DeniedBy;

fn ended(error: CameraError) -> Fault {
    Fault::Ended { error, transient: false }
}

/// What an HRESULT of Media Foundation or of the system below it means for a camera, opening or streaming.
/// `step` names the call, for the log.
#[cfg(any(target_os = "windows", test))]
pub(crate) fn from_hresult(result: i32, step: &str) -> Fault {
    let code = result.cast_unsigned();
    let detail = || format!("{step}: {code:#010x}");
    match code {
        // VIDEO_RECORDING_DEVICE_INVALIDATED, MF NOT_FOUND; the rest are Win32: file, path, device not connected, removed.
        0xC00D_3EA2 | 0xC00D_36D5 | 0x8007_0002 | 0x8007_0003 | 0x8007_048F | 0x8007_0651 => ended(CameraError::Lost),
        // HW_MFT_FAILED_START_STREAMING is how a held camera answers the first read, long after it let itself be opened;
        // VIDEO_RECORDING_DEVICE_PREEMPTED; a sharing violation; busy.
        0xC00D_3704 | 0xC00D_3EA3 | 0x8007_0020 | 0x8007_00AA => ended(CameraError::InUse),
        // Access denied: the switch for desktop programs in the privacy settings.
        0x8007_0005 => ended(CameraError::Denied),
        // INVALIDMEDIATYPE, TOPO_CODEC_NOT_FOUND, UNSUPPORTED_FORMAT.
        0xC00D_36B4 | 0xC00D_5212 | 0xC00D_36C4 => Fault::ModeRefused(detail()),
        // No system resources: the bus has no bandwidth left for this mode.
        0x8007_05AA => Fault::NoRoom(detail()),
        // Shut down under us, a device that does not answer, a device that is not ready: as with a bus error, once more.
        0xC00D_3E85 | 0x8007_001F | 0x8007_0015 | 0x8007_0079 => {
            Fault::Ended { error: CameraError::Failed { detail: detail() }, transient: true }
        }
        _ => ended(CameraError::Failed { detail: detail() }),
    }
}

/// The flags of a sample that end the stream, as a reason for the log; `None` while it goes on.
///
/// A stream tick (a gap) ends nothing. A format that changes under us ends it: the pictures would not be what was agreed.
#[cfg(any(target_os = "windows", test))]
pub(crate) fn ending_flags(flags: u32) -> Option<Fault> {
    const ENDING: [(u32, &str); 4] = [
        (0x1, "the source reader failed"),
        (0x2, "the stream ended"),
        (0x10, "the camera changed its format"),
        (0x20, "the reader changed its format"),
    ];
    let (_, reason) = ENDING.iter().find(|(flag, _)| flags & flag != 0)?;
    Some(Fault::Ended { error: CameraError::Failed { detail: (*reason).into() }, transient: true })
}

/// What the organisation's rule for desktop programs says of the camera (`LetAppsAccessCamera`): 2 is "force deny".
/// A refusal under that rule cannot be lifted by the learner.
#[cfg(any(target_os = "windows", test))]
pub(crate) fn denied_by_rule(fault: Fault, rule: Option<u32>) -> Fault {
    let denied = matches!(fault, Fault::Ended { error: CameraError::Denied, .. });
    if denied && rule == Some(2) { ended(CameraError::Restricted) } else { fault }
}

/// What an error of AVFoundation means for a camera, opening or streaming. Codes of other domains are passed on with their number.
#[cfg(any(target_os = "macos", test))]
pub(crate) fn from_av_error(domain: &str, code: isize, step: &str) -> Fault {
    let detail = || format!("{step}: {domain} {code}");
    if domain != "AVFoundationErrorDomain" {
        return ended(CameraError::Failed { detail: detail() });
    }
    match code {
        // Was disconnected; not connected.
        -11808 | -11814 => ended(CameraError::Lost),
        // Already used by another session, by another application, locked for configuration by another process.
        -11804 | -11815 | -11817 => ended(CameraError::InUse),
        // Application is not authorized, in general and for this device.
        -11836 | -11852 => ended(CameraError::Denied),
        // Unsupported output settings, format unsupported, unsupported active format of the device.
        -11861 | -11864 | -11873 => Fault::ModeRefused(detail()),
        // Session is not running, its configuration changed, media services were reset, the decoder is busy for a moment.
        -11803 | -11806 | -11819 | -11839 => {
            Fault::Ended { error: CameraError::Failed { detail: detail() }, transient: true }
        }
        _ => ended(CameraError::Failed { detail: detail() }),
    }
}

/// From `AVAuthorizationStatus`: 1 (restricted) is not the learner's to give, as on a managed computer. A number of a later system counts as a refusal, because a refused program is not told
/// otherwise: it gets black pictures.
#[cfg(any(target_os = "macos", test))]
pub(crate) fn permission(status: isize) -> Permission {
    match status {
        0 => Permission::Unasked,
        1 => Permission::Denied(DeniedBy::Policy),
        3 => Permission::Granted,
        _ => Permission::Denied(DeniedBy::User),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The code the window would show and whether it passes; a mode that is refused has a word of its own.
    fn seen(fault: &Fault) -> (&'static str, bool) {
        match fault {
            Fault::Ended { error, transient } => (error.code(), *transient),
            Fault::ModeRefused(_) => ("mode-refused", false),
            Fault::NoRoom(_) => ("no-room", false),
            Fault::Silence | Fault::Woken | Fault::Damaged(_) => ("no end", false),
        }
    }

    #[test]
    fn numbers_of_windows_become_the_codes_of_the_window() {
        #[rustfmt::skip]
        let table = [
            // number        code                transient because
            (0xC00D_3EA2_u32, "camera-lost",       false, "unplugged while streaming"),
            (0x8007_048F,     "camera-lost",       false, "the device is not connected"),
            (0x8007_0651,     "camera-lost",       false, "the device was removed"),
            (0xC00D_36D5,     "camera-lost",       false, "its link leads nowhere any more"),
            (0xC00D_3704,     "camera-in-use",     false, "the first read of a camera another program holds"),
            (0xC00D_3EA3,     "camera-in-use",     false, "another program took it over"),
            (0x8007_0020,     "camera-in-use",     false, "a sharing violation"),
            (0x8007_0005,     "camera-denied",     false, "the privacy switch"),
            (0xC00D_36B4,     "mode-refused",      false, "this format is refused, the next is tried"),
            (0x8007_05AA,     "no-room",           false, "no room on the bus for this mode"),
            (0xC00D_3E85,     "camera-failed",     true,  "shut down under us"),
            (0x8007_001F,     "camera-failed",     true,  "a device that does not function for a moment"),
            (0x8000_FFFF,     "camera-failed",     false, "a number nobody planned for"),
            (0x0000_0000,     "camera-failed",     false, "asked about a success, it still invents no camera"),
        ];
        for (number, code, transient, because) in table {
            assert_eq!(seen(&from_hresult(number.cast_signed(), "read")), (code, transient), "{number:#x}: {because}");
        }
    }

    #[test]
    fn an_unplanned_number_reaches_the_log_as_hexadecimal() {
        let fault = from_hresult(0x8000_FFFF_u32.cast_signed(), "open");
        assert_eq!(fault, Fault::failed("open: 0x8000ffff"));
    }

    #[test]
    fn flags_that_end_a_stream_and_one_that_does_not() {
        #[rustfmt::skip]
        let table = [
            // flags   ends   because
            (0x000,    false, "an ordinary picture"),
            (0x100,    false, "a gap in the stream is no end"),
            (0x004,    false, "another stream began beside ours"),
            (0x001,    true,  "an error"),
            (0x002,    true,  "the end; asking on would spin for ever"),
            (0x010,    true,  "another native format"),
            (0x020,    true,  "another current format"),
            (0x102,    true,  "an end beside a gap"),
        ];
        for (flags, ends, because) in table {
            assert_eq!(ending_flags(flags).is_some(), ends, "{flags:#x}: {because}");
        }
    }

    #[test]
    fn a_refusal_by_rule_is_not_the_learners_to_lift() {
        let refused = || from_hresult(0x8007_0005_u32.cast_signed(), "open");
        let lost = || from_hresult(0x8007_048F_u32.cast_signed(), "open");
        #[rustfmt::skip]
        let table = [
            (refused(), None,    "camera-denied",     "no rule: the learner's own switch"),
            (refused(), Some(0), "camera-denied",     "the rule leaves it to the learner"),
            (refused(), Some(1), "camera-denied",     "the rule allows it, so the switch did it"),
            (refused(), Some(2), "camera-restricted", "the rule denies it"),
            (lost(),    Some(2), "camera-lost",       "the rule explains refusals only"),
        ];
        for (fault, rule, code, because) in table {
            assert_eq!(seen(&denied_by_rule(fault, rule)).0, code, "{because}");
        }
    }

    #[test]
    fn numbers_of_macos_become_the_codes_of_the_window() {
        const AV: &str = "AVFoundationErrorDomain";
        #[rustfmt::skip]
        let table = [
            // domain           code     code of the window  transient because
            (AV,                -11808,  "camera-lost",      false, "unplugged while streaming"),
            (AV,                -11814,  "camera-lost",      false, "not there when opened"),
            (AV,                -11804,  "camera-in-use",    false, "another session of this program"),
            (AV,                -11815,  "camera-in-use",    false, "another program"),
            (AV,                -11817,  "camera-in-use",    false, "another program configures it"),
            (AV,                -11852,  "camera-denied",    false, "refused for this device"),
            (AV,                -11873,  "mode-refused",     false, "this format is refused, the next is tried"),
            (AV,                -11819,  "camera-failed",    true,  "media services start again by themselves"),
            (AV,                -11800,  "camera-failed",    false, "unknown, in the system's own words"),
            ("NSOSStatusErrorDomain", -11808, "camera-failed", false, "the same number elsewhere means something else"),
        ];
        for (domain, number, code, transient, because) in table {
            assert_eq!(seen(&from_av_error(domain, number, "open")), (code, transient), "{domain} {number}: {because}");
        }
    }

    #[test]
    fn a_permission_that_is_not_understood_is_a_refusal() {
        #[rustfmt::skip]
        let table = [
            (0, Permission::Unasked), (1, Permission::Denied(DeniedBy::Policy)), (2, Permission::Denied(DeniedBy::User)),
            (3, Permission::Granted), (4, Permission::Denied(DeniedBy::User)), (-1, Permission::Denied(DeniedBy::User)),
        ];
        for (status, expected) in table {
            assert_eq!(permission(status), expected, "{status}");
        }
    }
}

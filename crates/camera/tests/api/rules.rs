//! Who may open which camera, and what the pictures say of the camera itself.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use likeness_camera::{
    Camera, CameraState, DeniedBy, DeviceLock, DeviceRules, Findings, Mode, Move, Permission, Pixels, Purpose, Rate,
    Script, Sources, VirtualPolicy, encode_rgb,
};

use crate::played::{MODE, Played, SOON, expect_code, now, picture, playing, shows};

fn rules(virtual_cameras: VirtualPolicy) -> DeviceRules {
    DeviceRules { virtual_cameras, ..DeviceRules::default() }
}

fn locked(name: &str) -> DeviceRules {
    DeviceRules { locked: Some(DeviceLock::Name(name.into())), ..DeviceRules::default() }
}

/// One that looks like software to the system, as OBS does.
fn software_camera() -> Camera {
    let script = Played(|_| Ok(()), |_, number| Move::Picture(picture(number)));
    Camera::start_played(Box::new(script), &[MODE], false)
}

#[test]
fn fault_c23_a_virtual_camera_is_allowed_flagged_or_blocked() {
    for policy in [VirtualPolicy::Allow, VirtualPolicy::Flag] {
        let camera = software_camera();
        camera.set_rules(rules(policy));
        camera.open(None, Purpose::Face);
        expect_code(&camera, None, SOON, "it opens");
        assert_eq!(camera.facts().unwrap().virtual_camera.as_str(), "yes", "and the manifest says what it is");
    }
    let camera = software_camera();
    camera.set_rules(rules(VirtualPolicy::Block));
    camera.open(None, Purpose::Face);
    expect_code(&camera, Some("camera-virtual-blocked"), SOON, "the organisation does not accept it");
    let CameraState::VirtualBlocked { device } = camera.state() else { panic!("{:?}", camera.state()) };
    assert_eq!(device.label, "Scripted camera", "the learner is told which");
    assert!(camera.newest().is_none());
    camera.set_rules(rules(VirtualPolicy::Flag));
    camera.open(None, Purpose::Face);
    expect_code(&camera, None, SOON, "rules can change");
    camera.set_rules(rules(VirtualPolicy::Block));
    expect_code(&camera, Some("camera-virtual-blocked"), SOON, "and end a stream at once");
    assert!(camera.newest().is_none());
}

#[test]
fn a_locked_camera_that_is_missing_is_named() {
    let camera = software_camera();
    camera.set_rules(locked("Exam camera"));
    camera.open(None, Purpose::Face);
    expect_code(&camera, Some("camera-none"), SOON, "the one there is may not be taken");
    assert_eq!(camera.state(), CameraState::LockedMissing { name: "Exam camera".into() });
    camera.set_rules(locked("Scripted camera"));
    camera.open(None, Purpose::Face);
    expect_code(&camera, None, SOON, "this one may");
    camera.set_rules(locked("Exam camera"));
    expect_code(&camera, Some("camera-none"), SOON, "a stream that the rules end");
}

#[test]
fn new_rules_that_admit_the_open_camera_do_not_disturb_it() {
    let camera = software_camera();
    let attempt = camera.open(None, Purpose::Face);
    expect_code(&camera, None, SOON, "it opens");
    let last_used = camera.list().unwrap().pop().map(|device| device.key);
    camera.set_rules(DeviceRules { last_used, ..DeviceRules::default() });
    assert!(!shows(&camera, |state| !state.is_live(), Duration::from_millis(700)));
    let seq = camera.newest().unwrap().seq();
    assert_eq!(camera.wait_newer(Some(seq), SOON).unwrap().attempt(), attempt);
}

/// Answers the question of the system in its own time.
struct Asking {
    answer: Permission,
    looks: u32,
}

impl Script for Asking {
    fn open(&mut self, _: u32) -> Result<(), i32> {
        Ok(())
    }
    fn permission(&mut self, ask: bool) -> Permission {
        assert!(!ask || self.looks == 1, "asked once, and only when it is not known");
        self.looks += 1;
        if self.looks > 15 { self.answer } else { Permission::Unasked }
    }
    fn picture(&mut self, _: u32, number: u64) -> Move {
        Move::Picture(picture(number))
    }
}

#[test]
fn fault_c16_the_person_is_asked_before_a_device_is_touched() {
    #[rustfmt::skip]
    let table = [
        (Permission::Granted,                  None,                      "yes"),
        (Permission::Denied(DeniedBy::User),   Some("camera-denied"),     "no: the system's settings help"),
        (Permission::Denied(DeniedBy::Policy), Some("camera-restricted"), "the managers of this computer said no"),
    ];
    for (answer, code, because) in table {
        let camera = Camera::start_scripted(Box::new(Asking { answer, looks: 0 }), MODE);
        camera.open(None, Purpose::Check);
        assert!(shows(&camera, |state| *state == CameraState::AskingPermission, SOON), "{because}");
        expect_code(&camera, code, SOON, because);
    }
    let camera = Camera::start_scripted(Box::new(Asking { answer: Permission::Unasked, looks: 0 }), MODE);
    camera.open(None, Purpose::Check);
    assert!(shows(&camera, |state| *state == CameraState::AskingPermission, SOON));
    camera.close();
    let began = now();
    camera.quit();
    assert!(began.elapsed() < Duration::from_millis(500), "a question that nobody answers holds nothing up");
}

/// A JPEG of almost one colour, different for each number.
fn almost(rgb: [u8; 3], number: u64) -> Vec<u8> {
    let (width, height) = (usize::from(MODE.width_px), usize::from(MODE.height_px));
    let mut px = rgb.repeat(width * height);
    // A square that wanders, one level off: a repeat would be dropped.
    let at = usize::try_from(number).unwrap_or(0) % 200 * 3;
    for row in 0..8 {
        px[(row * width) * 3 + at..(row * width) * 3 + at + 24].iter_mut().for_each(|px| *px ^= 7);
    }
    encode_rgb(&px, MODE.width_px, MODE.height_px, 92).unwrap()
}

fn expect_findings(camera: &Camera, wanted: Findings, because: &str) {
    let began = now();
    let mut revision = u64::MAX;
    while camera.findings() != wanted {
        assert!(began.elapsed() < 3 * SOON, "{because}: {:?} instead of {wanted:?}", camera.findings());
        (revision, _) = camera.wait_state(revision, Duration::from_millis(500));
    }
}

#[test]
fn fault_c12_and_c13_a_covered_and_a_dazzled_camera_are_findings_and_not_faults() {
    let shown = Arc::new(Mutex::new([0, 0, 0]));
    let shows = Arc::clone(&shown);
    let camera = playing(move |_, number| Move::Picture(almost(*shows.lock().unwrap(), number)));
    camera.open(None, Purpose::Face);
    expect_code(&camera, None, SOON, "pictures come, whatever they show");
    #[rustfmt::skip]
    let table = [
        ([0, 0, 0],       Findings { covered_or_dark: true, ..Findings::default() }, "C12: the cover is closed"),
        ([255, 255, 255], Findings { glaring: true, ..Findings::default() },         "C13: a lamp shines into it"),
        ([130, 130, 130], Findings { colourless: true, ..Findings::default() },      "an infrared camera"),
        ([180, 130, 110], Findings::default(),                                       "skin"),
    ];
    for (rgb, expected, because) in table {
        *shown.lock().unwrap() = rgb;
        expect_findings(&camera, expected, because);
        assert!(camera.state().is_live(), "{because}");
    }
    *shown.lock().unwrap() = [0, 0, 0];
    expect_findings(&camera, table[0].1, "again");
    camera.close();
    assert_eq!(camera.findings(), Findings::default(), "a closed camera has none");
}

const NV12: Mode = Mode { pixels: Pixels::Nv12, ..MODE };
const YUYV: Mode = Mode { pixels: Pixels::Yuyv, ..MODE };

/// Sends green bytes in NV12 and a good picture in any other format.
struct Green {
    mode: Mode,
    opened: Arc<Mutex<Vec<Mode>>>,
}

impl Script for Green {
    fn open(&mut self, _: u32) -> Result<(), i32> {
        Ok(())
    }
    fn open_in(&mut self, _: u32, mode: Mode) -> Result<(), i32> {
        self.mode = mode;
        self.opened.lock().unwrap().push(mode);
        Ok(())
    }
    fn picture(&mut self, _: u32, number: u64) -> Move {
        let px = usize::from(MODE.width_px) * usize::from(MODE.height_px);
        let luma = number.to_le_bytes()[0];
        Move::Picture(match self.mode.pixels {
            Pixels::Nv12 => [vec![luma; px], vec![0; px / 2]].concat(),
            _ => [luma, 120, luma, 140].repeat(px / 2),
        })
    }
}

#[test]
fn fault_c14_green_pictures_try_the_next_format_and_are_named_where_there_is_none() {
    let opened = Arc::new(Mutex::new(Vec::new()));
    let green = |opened: &Arc<Mutex<Vec<Mode>>>| Box::new(Green { mode: NV12, opened: Arc::clone(opened) });
    let camera = Camera::start_played(green(&opened), &[YUYV, NV12], true);
    camera.open(None, Purpose::Face);
    let in_yuyv = |state: &CameraState| matches!(state, CameraState::Live { mode, .. } if *mode == YUYV);
    assert!(shows(&camera, in_yuyv, 2 * SOON), "{:?}", camera.state());
    assert_eq!(*opened.lock().unwrap(), [NV12, YUYV]);
    assert!(!shows(&camera, |state| !state.is_live(), Duration::from_secs(1)), "and there it stays");
    assert_eq!(camera.findings(), Findings::default());

    let camera = Camera::start_played(green(&opened), &[NV12], true);
    camera.open(None, Purpose::Face);
    expect_findings(&camera, Findings { tinted: true, ..Findings::default() }, "it has no other format");
    assert!(camera.state().is_live());
}

#[test]
fn fault_c24_times_that_go_back_break_the_row_of_fresh_pictures() {
    let began = SystemTime::UNIX_EPOCH + Duration::from_hours(1_000);
    let camera = playing(move |_, number| {
        // Half a minute back at the 40th picture.
        let back = if number >= 40 { Duration::from_secs(30) } else { Duration::ZERO };
        Move::Taken(picture(number), began + Duration::from_mins(1) + Duration::from_millis(33 * number) - back)
    });
    camera.open(None, Purpose::Face);
    let (mut seq, mut last, mut row) = (None, None, String::new());
    while row.len() < 60 {
        let frame = camera.wait_newer(seq, SOON).unwrap();
        // What the reader missed says nothing.
        let missed = seq.is_some_and(|seq| frame.seq() > seq + 1);
        seq = Some(frame.seq());
        let back = last.is_some_and(|last| frame.captured() < Some(last));
        last = frame.captured();
        assert!(!back || !frame.fresh(), "the picture after the jump is not fresh");
        row.push(if missed {
            '?'
        } else if back {
            'b'
        } else if frame.fresh() {
            'F'
        } else {
            '.'
        });
    }
    let after = row.split('b').nth(1).unwrap_or("");
    assert!(row.contains('b') || row.contains('?'), "the jump was seen: {row}");
    assert!(after.is_empty() || after.contains('?') || after.starts_with(".F"), "the row starts anew: {row}");
}

#[test]
fn fault_c25_a_sleep_reopens_the_stream_and_is_counted() {
    let opens = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&opens);
    let script = Played(
        move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(())
        },
        |_, number| Move::Picture(picture(number)),
    );
    let camera = Camera::start_scripted(Box::new(script), MODE);
    let attempt = camera.open(None, Purpose::Face);
    expect_code(&camera, None, SOON, "it runs");
    camera.play_sleep(Duration::from_secs(3));
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!((camera.wakes(), opens.load(Ordering::Relaxed)), (0, 1), "three seconds are no sleep");

    let (mut revision, _) = camera.wait_state(u64::MAX, Duration::ZERO);
    camera.play_sleep(Duration::from_hours(1));
    let began = now();
    while camera.wakes() == 0 {
        assert!(began.elapsed() < SOON, "it is told");
        (revision, _) = camera.wait_state(revision, Duration::from_millis(100));
    }
    while opens.load(Ordering::Relaxed) < 2 {
        assert!(began.elapsed() < SOON, "the stream is opened again");
        std::thread::sleep(Duration::from_millis(5));
    }
    expect_code(&camera, None, SOON, "and runs");
    let frame = camera.wait_newer(None, SOON).unwrap();
    assert_eq!(frame.attempt(), attempt, "for the same wish");
    assert_eq!((camera.wakes(), opens.load(Ordering::Relaxed)), (1, 2), "once");
}

/// Notes what it was opened in, and has room for small pictures only.
struct Narrow(Arc<Mutex<Vec<Mode>>>);

impl Script for Narrow {
    fn open(&mut self, _: u32) -> Result<(), i32> {
        Ok(())
    }
    fn open_in(&mut self, _: u32, mode: Mode) -> Result<(), i32> {
        const NO_SPACE: i32 = 28;
        self.0.lock().unwrap().push(mode);
        if mode.width_px > MODE.width_px { Err(NO_SPACE) } else { Ok(()) }
    }
    fn picture(&mut self, _: u32, number: u64) -> Move {
        Move::Picture(picture(number))
    }
}

#[test]
fn a_bus_without_room_is_asked_for_less_and_never_for_more() {
    let tried = Arc::new(Mutex::new(Vec::new()));
    let large = Mode { width_px: 1920, height_px: 1080, fps: Rate::whole(30), pixels: Pixels::Mjpeg };
    let modes = [large, Mode { pixels: Pixels::Nv12, ..large }, Mode { pixels: Pixels::Yuyv, ..large }, MODE];
    let camera = Camera::start_played(Box::new(Narrow(Arc::clone(&tried))), &modes, true);
    camera.open(None, Purpose::IdCard);
    expect_code(&camera, None, SOON, "640 x 480 fits");
    assert_eq!(*tried.lock().unwrap(), [large, MODE], "raw pictures of the same size would need more");
}

/// Notes when it is opened and stopped.
#[derive(Clone, Default)]
struct Diary(Arc<Mutex<Vec<(&'static str, Instant)>>>);

impl Diary {
    fn note(&self, what: &'static str) {
        self.0.lock().unwrap().push((what, now()));
    }
    fn of(&self, what: &str) -> Vec<Instant> {
        self.0.lock().unwrap().iter().filter(|note| note.0 == what).map(|note| note.1).collect()
    }
}

struct Noting<P> {
    diary: Diary,
    moves: P,
}

impl<P: FnMut(u64) -> Move + Send> Script for Noting<P> {
    fn open(&mut self, _: u32) -> Result<(), i32> {
        self.diary.note("open");
        Ok(())
    }
    fn picture(&mut self, _: u32, number: u64) -> Move {
        (self.moves)(number)
    }
    fn stopped(&mut self) {
        self.diary.note("stop");
    }
}

fn noting(moves: impl FnMut(u64) -> Move + Send + 'static) -> (Camera, Diary) {
    let diary = Diary::default();
    let script = Noting { diary: diary.clone(), moves };
    (Camera::start_scripted(Box::new(script), MODE), diary)
}

#[test]
#[allow(clippy::print_stdout, reason = "the times are what this is about")]
fn another_purpose_keeps_the_stream_and_starts_its_pictures_anew() {
    let (camera, diary) = noting(|number| Move::Picture(picture(number)));
    camera.open(None, Purpose::Check);
    expect_code(&camera, None, SOON, "the check");
    let (mut kept_ms, mut reopened_ms) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let before = camera.newest().unwrap();
        let asked = now();
        let attempt = camera.open(None, Purpose::Face);
        assert!(camera.newest().is_none(), "nothing of the purpose before is shown");
        let first = camera.wait_newer(None, SOON).unwrap();
        kept_ms.push(asked.elapsed().as_millis());
        assert_eq!(first.attempt(), attempt);
        assert!(first.seq() > before.seq() && !first.fresh(), "numbers rise, freshness starts anew");
        assert!(first.arrived() > asked, "a picture of its own");
        expect_code(&camera, None, SOON, "live again");
        assert!(camera.facts().is_some());
    }
    assert_eq!((diary.of("open").len(), diary.of("stop").len()), (1, 0), "the device never noticed");
    for _ in 0..5 {
        let asked = now();
        camera.close();
        camera.open(None, Purpose::Face);
        camera.wait_newer(None, SOON).unwrap();
        reopened_ms.push(asked.elapsed().as_millis());
    }
    // The played camera opens in no time; a real one takes 50 to 120 ms more, and its light goes out and on.
    println!("to the first picture of another purpose: kept {kept_ms:?} ms, closed and opened {reopened_ms:?} ms");
}

/// What keeping the stream saves on a device that takes its time to open.
#[test]
#[ignore = "needs a camera: plug one in, or preload the test camera (tests/devices/README.md), and name this test"]
#[allow(clippy::print_stdout, reason = "the times are what this is about")]
fn another_purpose_on_a_real_camera() {
    let camera = Camera::start(Sources::real_cameras());
    camera.open(None, Purpose::Check);
    expect_code(&camera, None, 3 * SOON, "it opens");
    let first_picture = |reopen: bool| {
        let asked = now();
        if reopen {
            camera.close();
        }
        let attempt = camera.open(None, Purpose::Face);
        let frame = camera.wait_newer(None, 3 * SOON).unwrap();
        assert_eq!(frame.attempt(), attempt);
        asked.elapsed().as_millis()
    };
    let kept: Vec<u128> = (0..10).map(|_| first_picture(false)).collect();
    let reopened: Vec<u128> = (0..10).map(|_| first_picture(true)).collect();
    println!("to the first picture of another purpose: kept {kept:?} ms, closed and opened {reopened:?} ms");
}

/// People press buttons faster than cameras open.
#[test]
fn of_many_wishes_in_a_row_the_last_one_holds() {
    let (camera, diary) = noting(|number| Move::Picture(picture(number)));
    let other = camera.clone();
    let impatient = std::thread::spawn(move || {
        for round in 0..150u64 {
            match round % 5 {
                0 => other.close(),
                1 => other.set_rules(rules(VirtualPolicy::Flag)),
                2 => other.set_rules(rules(VirtualPolicy::Allow)),
                _ => drop(other.open(None, Purpose::Check)),
            }
            std::thread::sleep(Duration::from_millis(round % 7));
        }
    });
    for round in 0..60u64 {
        camera.open(None, Purpose::Face);
        std::thread::sleep(Duration::from_millis(round % 11));
    }
    impatient.join().unwrap();
    let last = camera.open(None, Purpose::IdCard);
    expect_code(&camera, None, 2 * SOON, "the last one holds");
    assert_eq!(camera.wait_newer(None, SOON).unwrap().attempt(), last);
    camera.close();
    let asked = now();
    while diary.of("stop").len() < diary.of("open").len() {
        assert!(asked.elapsed() < SOON, "every stream that was opened is stopped: {:?}", diary.of("stop").len());
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!((camera.state(), camera.newest().is_none()), (CameraState::Off, true));
}

#[test]
fn a_camera_that_has_stopped_sending_is_opened_anew_when_asked_for_again() {
    let (camera, diary) = noting(|number| if number < 5 { Move::Picture(picture(number)) } else { Move::Nothing });
    camera.open(None, Purpose::Check);
    expect_code(&camera, Some("camera-stalled"), 2 * SOON, "silent after five pictures");
    camera.open(None, Purpose::Check);
    expect_code(&camera, None, SOON, "try again means opening again");
    assert_eq!(diary.of("open").len(), 2);
}

#[test]
#[allow(clippy::print_stdout, reason = "the times are what this is about")]
fn closing_releases_the_device_within_its_limit() {
    type Moves = fn(u64) -> Move;
    #[rustfmt::skip]
    let table: [(&str, Moves, u64); 2] = [
        ("running", |number| Move::Picture(picture(number)), 50),
        ("silent",  |_| Move::Nothing,                       100),
    ];
    for (what, moves, limit_ms) in table {
        let mut longest = Duration::ZERO;
        for round in 0..10 {
            let (camera, diary) = noting(moves);
            camera.open(None, Purpose::Face);
            std::thread::sleep(Duration::from_millis(150 + 13 * round));
            let asked = now();
            if round % 2 == 0 {
                camera.close();
            } else {
                camera.quit();
            }
            while diary.of("stop").is_empty() {
                assert!(asked.elapsed() < SOON, "{what}: it is never released");
                std::thread::sleep(Duration::from_millis(1));
            }
            longest = longest.max(diary.of("stop")[0].duration_since(asked));
        }
        println!("{what} camera released after at most {longest:?}, promised {limit_ms} ms");
        assert!(longest < Duration::from_millis(5 * limit_ms), "{what}: {longest:?}");
    }
}

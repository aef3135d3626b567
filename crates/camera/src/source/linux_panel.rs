//! The controls of a Video4Linux camera, on a handle of their own: the one that streams is not touched.
//!
//! Only controls of the standard are named; what a make adds of its own stays as it is. A control that is disabled, only to be
//! read, or asleep under its automatic is reported so and never written.

use std::io;
use std::path::Path;

use crate::controls::{Knob, Panel, Refusal, Span};
use crate::linux::{ControlFacts, Node};

/// Numbers of controls, from `linux/v4l2-controls.h`.
mod id {
    pub(super) const AUTO_WHITE_BALANCE: u32 = 0x0098_090C;
    pub(super) const HFLIP: u32 = 0x0098_0914;
    pub(super) const WHITE_BALANCE_TEMPERATURE: u32 = 0x0098_091A;
    pub(super) const EXPOSURE_AUTO: u32 = 0x009A_0901;
    pub(super) const EXPOSURE_ABSOLUTE: u32 = 0x009A_0902;
    pub(super) const FOCUS_ABSOLUTE: u32 = 0x009A_090A;
    pub(super) const FOCUS_AUTO: u32 = 0x009A_090C;
    pub(super) const ZOOM_ABSOLUTE: u32 = 0x009A_090D;
    pub(super) const PRIVACY: u32 = 0x009A_0910;
    pub(super) const LOCK_3A: u32 = 0x009A_091B;
}

/// Values of `EXPOSURE_AUTO`: 0 finds time and aperture, 3 the time alone; 1 and 2 leave the time to the program.
const EXPOSURE_AUTO: i32 = 0;
const EXPOSURE_MANUAL: i32 = 1;
const EXPOSURE_SHUTTER_PRIORITY: i32 = 2;
const EXPOSURE_APERTURE_PRIORITY: i32 = 3;
/// The bit of `3A_LOCK` that holds the exposure.
const LOCK_EXPOSURE: i32 = 1;

/// The controls of one node.
pub(crate) struct LinuxPanel<N = Node> {
    node: N,
    /// What the camera had for "by itself" and for "by hand" when it was last read: cameras differ, and it is put back as it was.
    exposure_by_itself: Option<i32>,
    exposure_by_hand: i32,
}

/// What this panel needs of a node; a table of numbers stands in for it in tests.
pub(crate) trait ControlNode {
    /// What the driver says of a control.
    fn control_facts(&self, id: u32) -> io::Result<ControlFacts>;
    /// Its value.
    fn control(&self, id: u32) -> io::Result<i32>;
    /// Sets its value; the driver may round it.
    fn set_control(&self, id: u32, value: i32) -> io::Result<()>;
}

impl ControlNode for Node {
    fn control_facts(&self, id: u32) -> io::Result<ControlFacts> {
        Node::control_facts(self, id)
    }
    fn control(&self, id: u32) -> io::Result<i32> {
        Node::control(self, id)
    }
    fn set_control(&self, id: u32, value: i32) -> io::Result<()> {
        Node::set_control(self, id, value)
    }
}

impl LinuxPanel {
    /// A second handle of the node; none where the driver does not give one, and then the camera is used as it is.
    pub(crate) fn open(path: &Path) -> Option<Self> {
        Node::open(path).ok().map(Self::on)
    }
}

impl<N: ControlNode> LinuxPanel<N> {
    fn on(node: N) -> Self {
        Self { node, exposure_by_itself: None, exposure_by_hand: EXPOSURE_MANUAL }
    }

    /// Turns automatic exposure on, in the way this camera has it.
    fn expose_by_itself(&mut self) -> Result<(), Refusal> {
        let known = self.exposure_by_itself.or_else(|| {
            let usual = self.node.control_facts(id::EXPOSURE_AUTO).ok()?.usual;
            matches!(usual, EXPOSURE_AUTO | EXPOSURE_APERTURE_PRIORITY).then_some(usual)
        });
        let tries = known.into_iter().chain([EXPOSURE_APERTURE_PRIORITY, EXPOSURE_AUTO]);
        let mut answer = Err(Refusal::Knob);
        for value in tries {
            answer = self.set(id::EXPOSURE_AUTO, value);
            if answer != Err(Refusal::Knob) {
                break;
            }
        }
        answer
    }

    fn get(&self, id: u32) -> Result<i32, Refusal> {
        self.node.control(id).map_err(|error| refusal(&error))
    }

    fn set(&self, id: u32, value: i32) -> Result<(), Refusal> {
        self.node.set_control(id, value).map_err(|error| refusal(&error))
    }
}

fn id_of(knob: Knob) -> u32 {
    match knob {
        Knob::Autofocus => id::FOCUS_AUTO,
        Knob::Focus => id::FOCUS_ABSOLUTE,
        Knob::AutoExposure => id::EXPOSURE_AUTO,
        Knob::ExposureTime => id::EXPOSURE_ABSOLUTE,
        Knob::AutoWhiteBalance => id::AUTO_WHITE_BALANCE,
        Knob::WhiteBalance => id::WHITE_BALANCE_TEMPERATURE,
        Knob::Zoom => id::ZOOM_ABSOLUTE,
        Knob::Mirror => id::HFLIP,
        Knob::ExposureLock => id::LOCK_3A,
        Knob::Shutter => id::PRIVACY,
    }
}

/// USB cameras answer EIO to a single control they do not really have, so that alone does not mean that the device is broken.
fn refusal(error: &io::Error) -> Refusal {
    match error.raw_os_error() {
        Some(libc::ENODEV | libc::ENXIO | libc::ESHUTDOWN | libc::ETIMEDOUT | libc::EPROTO) => Refusal::Device,
        _ => Refusal::Knob,
    }
}

impl<N: ControlNode> Panel for LinuxPanel<N> {
    fn span(&mut self, knob: Knob) -> Result<Span, Refusal> {
        let facts = self.node.control_facts(id_of(knob)).map_err(|error| refusal(&error))?;
        if facts.disabled {
            return Err(Refusal::Knob);
        }
        let (smallest, largest, step) = match knob {
            Knob::AutoExposure => (0, 1, 1),
            Knob::ExposureLock => (0, facts.largest & LOCK_EXPOSURE, 1),
            _ => (facts.smallest, facts.largest, facts.step),
        };
        let settable = !facts.read_only && smallest < largest;
        Ok(Span { smallest, largest, step, settable, active: !facts.inactive })
    }

    fn read(&mut self, knob: Knob) -> Result<i32, Refusal> {
        let value = self.get(id_of(knob))?;
        Ok(match (knob, value) {
            (Knob::AutoExposure, EXPOSURE_MANUAL | EXPOSURE_SHUTTER_PRIORITY) => {
                self.exposure_by_hand = value;
                0
            }
            (Knob::AutoExposure, _) => {
                self.exposure_by_itself = Some(value);
                1
            }
            (Knob::ExposureLock, _) => value & LOCK_EXPOSURE,
            _ => value,
        })
    }

    fn turn(&mut self, knob: Knob, value: i32) -> Result<(), Refusal> {
        match (knob, value) {
            (Knob::AutoExposure, 0) => self.set(id::EXPOSURE_AUTO, self.exposure_by_hand),
            (Knob::AutoExposure, _) => self.expose_by_itself(),
            (Knob::ExposureLock, _) => {
                let others = self.get(id::LOCK_3A)? & !LOCK_EXPOSURE;
                self.set(id::LOCK_3A, others | value)
            }
            _ => self.set(id_of(knob), value),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeMap;
    use std::rc::Rc;

    use super::*;
    use crate::controls::{Abilities, ControlWish, Controls};

    type Change = fn(&mut Dial);

    #[derive(Clone, Copy)]
    struct Dial {
        facts: ControlFacts,
        value: i32,
    }

    /// A camera's controls as a table, with the dependence of values on their automatics that real ones have.
    #[derive(Clone, Default)]
    struct Table(Rc<RefCell<TableState>>);

    #[derive(Default)]
    struct TableState {
        dials: BTreeMap<u32, Dial>,
        written: Vec<(u32, i32)>,
        /// Answers every call with this error.
        broken: Option<i32>,
        calls: usize,
        /// Menu entries this camera has for `EXPOSURE_AUTO`.
        exposures: Vec<i32>,
    }

    impl Table {
        fn with(self, id: u32, smallest: i32, largest: i32, step: i32, value: i32) -> Self {
            let facts = ControlFacts {
                smallest,
                largest,
                step,
                usual: value,
                disabled: false,
                read_only: false,
                inactive: false,
            };
            self.0.borrow_mut().dials.insert(id, Dial { facts, value });
            self
        }

        fn change(self, id: u32, change: impl FnOnce(&mut Dial)) -> Self {
            change(self.0.borrow_mut().dials.get_mut(&id).unwrap());
            self
        }

        fn value(&self, id: u32) -> i32 {
            self.0.borrow().dials[&id].value
        }

        fn values(&self) -> Vec<i32> {
            self.0.borrow().dials.values().map(|dial| dial.value).collect()
        }

        fn controls(&self) -> Controls {
            Controls::set_up(Some(Box::new(LinuxPanel::on(self.clone()))))
        }

        fn inactive(&self, id: u32) -> bool {
            let value = |id| self.0.borrow().dials.get(&id).map(|dial| dial.value);
            match id {
                id::FOCUS_ABSOLUTE => value(id::FOCUS_AUTO) == Some(1),
                id::EXPOSURE_ABSOLUTE => matches!(value(id::EXPOSURE_AUTO), Some(0 | 3)),
                id::WHITE_BALANCE_TEMPERATURE => value(id::AUTO_WHITE_BALANCE) == Some(1),
                _ => false,
            }
        }

        fn asked(&self) -> io::Result<()> {
            self.0.borrow_mut().calls += 1;
            self.0.borrow().broken.map_or(Ok(()), |errno| Err(io::Error::from_raw_os_error(errno)))
        }
    }

    impl ControlNode for Table {
        fn control_facts(&self, id: u32) -> io::Result<ControlFacts> {
            self.asked()?;
            let dial = self.0.borrow().dials.get(&id).copied();
            let dial = dial.ok_or_else(|| io::Error::from_raw_os_error(libc::EINVAL))?;
            Ok(ControlFacts { inactive: dial.facts.inactive || self.inactive(id), ..dial.facts })
        }

        fn control(&self, id: u32) -> io::Result<i32> {
            self.asked()?;
            let dial = self.0.borrow().dials.get(&id).copied();
            dial.map(|dial| dial.value).ok_or_else(|| io::Error::from_raw_os_error(libc::EINVAL))
        }

        fn set_control(&self, id: u32, value: i32) -> io::Result<()> {
            self.asked()?;
            let refused = self.inactive(id);
            let mut state = self.0.borrow_mut();
            let known = state.dials.get(&id).is_some_and(|dial| !dial.facts.read_only && !dial.facts.disabled);
            if !known || refused || (id == id::EXPOSURE_AUTO && !state.exposures.contains(&value)) {
                return Err(io::Error::from_raw_os_error(libc::EINVAL));
            }
            state.written.push((id, value));
            state.dials.get_mut(&id).unwrap().value = value;
            Ok(())
        }
    }

    /// A webcam as shops sell it: autofocus from 0 to 250 in steps of 5, exposure by time or aperture priority.
    fn webcam() -> Table {
        let table = Table::default()
            .with(id::FOCUS_AUTO, 0, 1, 1, 1)
            .with(id::FOCUS_ABSOLUTE, 0, 250, 5, 30)
            .with(id::EXPOSURE_AUTO, 0, 3, 1, 3)
            .with(id::EXPOSURE_ABSOLUTE, 3, 2_047, 1, 250)
            .with(id::AUTO_WHITE_BALANCE, 0, 1, 1, 1)
            .with(id::WHITE_BALANCE_TEMPERATURE, 2_000, 6_500, 1, 4_000)
            .with(id::ZOOM_ABSOLUTE, 100, 500, 1, 100);
        table.0.borrow_mut().exposures = vec![EXPOSURE_MANUAL, EXPOSURE_APERTURE_PRIORITY];
        table
    }

    #[test]
    fn a_camera_left_in_order_is_not_touched() {
        let table = webcam();
        let before = table.values();
        let controls = table.controls();
        let all = Abilities {
            autofocus: true,
            focus: true,
            exposure_lock: true,
            auto_white_balance: true,
            zoom: true,
            shutter: false,
        };
        assert_eq!(controls.abilities(), all);
        drop(controls);
        assert_eq!(table.values(), before);
        assert!(table.0.borrow().written.is_empty(), "nothing was wrong, so nothing is written");
    }

    #[test]
    fn what_another_program_left_behind_is_set_for_photos_and_put_back() {
        let table = webcam().with(id::HFLIP, 0, 1, 1, 1);
        for (id, value) in [
            (id::FOCUS_AUTO, 0),
            (id::FOCUS_ABSOLUTE, 125),
            (id::EXPOSURE_AUTO, EXPOSURE_MANUAL),
            (id::EXPOSURE_ABSOLUTE, 9),
            (id::AUTO_WHITE_BALANCE, 0),
            (id::WHITE_BALANCE_TEMPERATURE, 2_300),
            (id::ZOOM_ABSOLUTE, 300),
        ] {
            let _ = table.clone().change(id, |dial| dial.value = value);
        }
        let before = table.values();
        let controls = table.controls();
        #[rustfmt::skip]
        let set = [
            (id::FOCUS_AUTO, 1, "somebody left the autofocus off"),
            (id::EXPOSURE_AUTO, EXPOSURE_APERTURE_PRIORITY, "the camera knows the light"),
            (id::AUTO_WHITE_BALANCE, 1, "and the colour of it"),
            (id::ZOOM_ABSOLUTE, 100, "framing is the person's"),
            (id::HFLIP, 0, "text must not be mirrored"),
        ];
        for (id, value, because) in set {
            assert_eq!(table.value(id), value, "{because}");
        }
        // An automatic moves its value; what was there by hand must come back all the same.
        let _ = table.clone().change(id::FOCUS_ABSOLUTE, |dial| dial.value = 60);
        let _ = table.clone().change(id::EXPOSURE_ABSOLUTE, |dial| dial.value = 333);
        let _ = table.clone().change(id::WHITE_BALANCE_TEMPERATURE, |dial| dial.value = 5_000);
        drop(controls);
        assert_eq!(table.values(), before, "the next program finds its own settings");
    }

    #[test]
    fn the_focus_goes_where_it_is_sent_and_home_again() {
        let table = webcam();
        let before = table.values();
        let mut controls = table.controls();
        #[rustfmt::skip]
        let way = [(0.0, 0, "one end"), (0.5, 125, "the middle"), (0.512, 130, "on a step"), (1.0, 250, "the other end"), (7.0, 250, "not beyond"), (f32::NAN, 0, "no number is the near end of nothing")];
        for (share, value, because) in way {
            assert!(controls.obey(ControlWish::Focus(share)), "{because}");
            assert_eq!((table.value(id::FOCUS_AUTO), table.value(id::FOCUS_ABSOLUTE)), (0, value), "{because}");
        }
        assert!(controls.obey(ControlWish::FocusAuto));
        assert_eq!(table.value(id::FOCUS_AUTO), 1);
        assert!(controls.obey(ControlWish::Focus(0.2)));
        drop(controls);
        assert_eq!(table.value(id::FOCUS_AUTO), before[5], "on automatic, as it was");
    }

    #[test]
    fn a_focus_without_automatic_goes_back_to_where_it_stood() {
        let table = Table::default().with(id::FOCUS_ABSOLUTE, 10, 20, 1, 13);
        let mut controls = table.controls();
        let abilities = controls.abilities();
        assert_eq!((abilities.autofocus, abilities.focus, abilities.exposure_lock), (false, true, false));
        assert!(controls.obey(ControlWish::Focus(1.0)) && table.value(id::FOCUS_ABSOLUTE) == 20);
        assert!(controls.obey(ControlWish::FocusAuto) && table.value(id::FOCUS_ABSOLUTE) == 13);
        assert!(controls.obey(ControlWish::Focus(0.0)));
        assert!(!controls.obey(ControlWish::LockExposure), "it has no exposure");
        drop(controls);
        assert_eq!(table.value(id::FOCUS_ABSOLUTE), 13);
    }

    #[test]
    fn the_exposure_is_held_for_a_burst_and_let_go() {
        let table = webcam();
        let mut controls = table.controls();
        assert!(!controls.obey(ControlWish::LockExposure), "a time that never moved may not be the true one");
        assert_eq!(table.value(id::EXPOSURE_AUTO), EXPOSURE_APERTURE_PRIORITY, "so the camera goes on by itself");
        let _ = table.clone().change(id::EXPOSURE_ABSOLUTE, |dial| dial.value = 312); // found by the camera itself
        assert!(controls.obey(ControlWish::LockExposure));
        assert_eq!((table.value(id::EXPOSURE_AUTO), table.value(id::EXPOSURE_ABSOLUTE)), (EXPOSURE_MANUAL, 312));
        assert!(controls.obey(ControlWish::ReleaseExposure));
        assert_eq!(table.value(id::EXPOSURE_AUTO), EXPOSURE_APERTURE_PRIORITY);
        assert!(controls.obey(ControlWish::LockExposure));
        drop(controls);
        assert_eq!(table.value(id::EXPOSURE_AUTO), EXPOSURE_APERTURE_PRIORITY, "let go at the end, too");

        let locking = webcam().with(id::LOCK_3A, 0, 7, 0, 4);
        let mut controls = locking.controls();
        assert!(controls.obey(ControlWish::LockExposure));
        assert_eq!(
            (locking.value(id::LOCK_3A), locking.value(id::EXPOSURE_AUTO)),
            (5, 3),
            "the lock alone, others kept"
        );
        drop(controls);
        assert_eq!(locking.value(id::LOCK_3A), 4);
    }

    #[test]
    fn controls_that_may_not_be_turned_are_left_alone() {
        #[rustfmt::skip]
        let table: [(Change, &str); 3] = [
            (|dial| dial.facts.disabled = true,  "switched off for good"),
            (|dial| dial.facts.read_only = true, "only to be read"),
            (|dial| dial.facts.inactive = true,  "without effect now"),
        ];
        for (change, because) in table {
            let camera = Table::default().with(id::FOCUS_AUTO, 0, 1, 1, 0).change(id::FOCUS_AUTO, change);
            let mut controls = camera.controls();
            assert!(!controls.abilities().autofocus, "{because}");
            assert!(!controls.obey(ControlWish::FocusAuto), "{because}");
            drop(controls);
            assert!(camera.0.borrow().written.is_empty(), "{because}");
        }
    }

    #[test]
    fn everything_is_put_back_by_a_panic_too() {
        let table = webcam().change(id::ZOOM_ABSOLUTE, |dial| dial.value = 400);
        let inside = table.clone();
        let end = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
            let mut controls = inside.controls();
            assert!(controls.obey(ControlWish::Focus(1.0)) && inside.value(id::ZOOM_ABSOLUTE) == 100);
            panic!("a driver binding panics");
        }));
        assert!(end.is_err());
        assert_eq!((table.value(id::ZOOM_ABSOLUTE), table.value(id::FOCUS_AUTO)), (400, 1));
    }

    #[test]
    fn a_broken_device_is_asked_once_and_a_missing_one_never() {
        #[rustfmt::skip]
        let table = [
            (libc::ENODEV,    1, "unplugged"),
            (libc::ETIMEDOUT, 1, "hangs: one limit is enough"),
        ];
        for (errno, calls, because) in table {
            let camera = webcam();
            camera.0.borrow_mut().broken = Some(errno);
            let controls = camera.controls();
            assert_eq!(controls.abilities(), Abilities::default(), "{because}");
            drop(controls);
            assert_eq!(camera.0.borrow().calls, calls, "{because}");
        }
        let refusing = webcam();
        refusing.0.borrow_mut().broken = Some(libc::EIO);
        assert_eq!(
            refusing.controls().abilities(),
            Abilities::default(),
            "a camera that refuses everything is used as it is"
        );
        assert!(refusing.0.borrow().calls > 5, "one refused control says nothing of the next");
        let mut none = Controls::set_up(None);
        assert_eq!(none.abilities(), Abilities::default());
        assert!(!none.obey(ControlWish::Focus(0.5)) && !none.shutter_closed());
    }

    #[test]
    fn a_camera_unplugged_while_it_was_changed_ends_quietly() {
        let table = webcam().change(id::FOCUS_AUTO, |dial| dial.value = 0);
        let controls = table.controls();
        let before = table.0.borrow().calls;
        table.0.borrow_mut().broken = Some(libc::ENODEV);
        drop(controls);
        assert_eq!(table.0.borrow().calls, before + 1, "one refusal of the device is enough");
    }

    #[test]
    fn the_shutter_is_read() {
        let table =
            Table::default().with(id::PRIVACY, 0, 1, 1, 0).change(id::PRIVACY, |dial| dial.facts.read_only = true);
        let mut controls = table.controls();
        assert!(controls.abilities().shutter && !controls.shutter_closed());
        let _ = table.clone().change(id::PRIVACY, |dial| dial.value = 1);
        assert!(controls.shutter_closed());
    }

    #[test]
    fn cameras_differ_in_what_they_call_automatic() {
        #[rustfmt::skip]
        let table: [(&[i32], i32, i32, i32, &str); 4] = [
            // it has      usual  left at  expected  because
            (&[1, 3],      3,     1,       3,        "USB cameras: aperture priority"),
            (&[0, 1],      0,     1,       0,        "built-in ones: all by itself"),
            (&[0, 1],      1,     1,       0,        "manual by make: the next that it has"),
            (&[0, 1, 2, 3], 3,    2,       3,        "shutter priority leaves the time to us"),
        ];
        for (has, usual, left, expected, because) in table {
            let camera = Table::default().with(id::EXPOSURE_AUTO, 0, 3, 1, usual);
            let camera = camera.change(id::EXPOSURE_AUTO, |dial| dial.value = left);
            camera.0.borrow_mut().exposures = has.to_vec();
            let controls = camera.controls();
            assert_eq!(camera.value(id::EXPOSURE_AUTO), expected, "{because}");
            drop(controls);
            assert_eq!(camera.value(id::EXPOSURE_AUTO), left, "put back: {because}");
        }
    }

    /// Automatics and the mirror: what a program may leave behind, and what it must become for photos.
    const LEFT_AND_WANTED: [(u32, i32, i32); 4] =
        [(id::HFLIP, 1, 0), (id::AUTO_WHITE_BALANCE, 0, 1), (id::FOCUS_AUTO, 0, 1), (id::EXPOSURE_AUTO, 1, 3)];
    /// Values a program may leave behind, at the far end of their range.
    const LEFT_FAR: [u32; 4] =
        [id::WHITE_BALANCE_TEMPERATURE, id::FOCUS_ABSOLUTE, id::EXPOSURE_ABSOLUTE, id::ZOOM_ABSOLUTE];

    #[test]
    #[ignore = "needs a camera with controls, such as the kernel's vivid or uvcip: see tests/devices"]
    fn the_controls_of_a_real_driver_are_set_and_put_back() {
        let can = |node: &Node, id| node.control_facts(id).is_ok_and(|facts| !facts.read_only && !facts.disabled);
        let has_one = |node: &Node| LEFT_AND_WANTED.iter().any(|(id, ..)| can(node, *id));
        let paths = (0..64).map(|number| std::path::PathBuf::from(format!("/dev/video{number}")));
        let found =
            paths.filter_map(|path| Node::open(&path).ok().map(|node| (path, node))).find(|(_, node)| has_one(node));
        let (path, node) = found.expect("no camera here has a control that can be turned: modprobe vivid");
        let known: Vec<_> = LEFT_AND_WANTED.iter().filter(|(id, ..)| can(&node, *id)).collect();
        let far: Vec<u32> = LEFT_FAR.into_iter().filter(|id| can(&node, *id)).collect();
        let all = || known.iter().map(|(id, ..)| *id).chain(far.iter().copied());
        let values = || all().map(|id| node.control(id).unwrap()).collect::<Vec<i32>>();
        let first = values();
        for (id, left, _) in &known {
            node.set_control(*id, *left).unwrap();
        }
        for id in &far {
            node.set_control(*id, node.control_facts(*id).unwrap().largest).unwrap();
        }
        let left = values();
        let mut controls = Controls::set_up(Some(Box::new(LinuxPanel::open(&path).unwrap())));
        println!("{}: {} controls, {:?}", path.display(), left.len(), controls.abilities());
        for (id, _, wanted) in &known {
            assert_eq!(node.control(*id).unwrap(), *wanted, "{id:#x} for photos");
        }
        for share in [0.0, 0.5, 1.0] {
            assert_eq!(controls.obey(ControlWish::Focus(share)), controls.abilities().focus, "focus at {share}");
        }
        assert_eq!(controls.obey(ControlWish::FocusAuto), controls.abilities().focus);
        drop(controls);
        assert_eq!(values(), left, "put back: {:x?}", all().collect::<Vec<_>>());
        // Values first, while their automatics are still off.
        for (id, value) in all().zip(first).collect::<Vec<_>>().into_iter().rev() {
            node.set_control(id, value).unwrap();
        }
    }
}

//! Which source of pictures belongs to which device, and what of it lives on the camera thread between openings.

use std::sync::Arc;

use crate::device::{Device, DeviceRules, Unusable};
use crate::fault::Fault;
use crate::mode::Mode;
#[cfg(feature = "test-support")]
use crate::mode::Pixels;
use crate::source::FrameSource;
use crate::state::{DeniedBy, Purpose};
use crate::wake::Wake;

/// How often the answer of a person is looked for.
#[cfg(feature = "test-support")]
const ANSWER_EVERY: std::time::Duration = std::time::Duration::from_millis(20);

/// Whether the system lets this program use cameras at all.
#[cfg_attr(not(feature = "test-support"), allow(dead_code, reason = "only macOS asks, and plays"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Yes, or the system has no such question.
    Granted,
    /// The person has not been asked yet.
    Unasked,
    /// No.
    Denied(DeniedBy),
}

/// The makers of pictures that live between openings.
#[derive(Default)]
pub(crate) struct Makers {
    /// Whether cameras of this machine may be opened at all.
    #[cfg(target_os = "macos")]
    pub(crate) native: bool,
    #[cfg(feature = "synthetic")]
    pub(crate) synthetic: Option<std::rc::Rc<std::cell::RefCell<Box<dyn crate::FrameMaker>>>>,
    #[cfg(feature = "test-support")]
    pub(crate) scripted: Option<std::rc::Rc<std::cell::RefCell<crate::source::scripted::Play>>>,
    #[cfg(feature = "test-support")]
    pub(crate) only: Option<Pixels>,
}

#[cfg_attr(
    not(any(feature = "synthetic", feature = "test-support")),
    allow(clippy::unused_self, reason = "a release makes no pictures of its own")
)]
impl Makers {
    /// The modes to try for this purpose, best first.
    pub(crate) fn modes(&self, device: &Device, purpose: Purpose, rules: &DeviceRules) -> Result<Vec<Mode>, Unusable> {
        let modes = device.modes_for(purpose, rules)?;
        #[cfg(feature = "test-support")]
        let modes = modes.into_iter().filter(|mode| self.only.is_none_or(|only| mode.pixels == only)).collect();
        Ok(modes)
    }

    /// Whether this program may use cameras. Asks nobody.
    pub(crate) fn permission(&self) -> Permission {
        #[cfg(feature = "test-support")]
        if let Some(play) = &self.scripted {
            return play.borrow_mut().permission(false);
        }
        #[cfg(target_os = "macos")]
        if self.native {
            return crate::macos::permission();
        }
        Permission::Granted
    }

    /// Has the person asked, and waits for the answer or until `wake` is raised; [`Permission::Unasked`] then.
    pub(crate) fn ask(&self, wake: &Wake) -> Permission {
        #[cfg(feature = "test-support")]
        if let Some(play) = &self.scripted {
            let mut answer = play.borrow_mut().permission(true);
            while answer == Permission::Unasked && !wake.sleep(ANSWER_EVERY) {
                answer = play.borrow_mut().permission(false);
            }
            return answer;
        }
        #[cfg(target_os = "macos")]
        if self.native {
            return crate::macos::ask(wake);
        }
        let _ = wake;
        Permission::Granted
    }

    /// Opens the device in this mode and starts its stream.
    pub(crate) fn start(
        &self,
        device: &Device,
        mode: Mode,
        purpose: Purpose,
        wake: &Arc<Wake>,
    ) -> Result<Box<dyn FrameSource>, Fault> {
        #[cfg(feature = "synthetic")]
        if let Some(maker) = self.synthetic.as_ref().filter(|_| device.place == "studio") {
            return Ok(Box::new(crate::source::synthetic::SyntheticSource::start(maker, mode, purpose, wake)));
        }
        #[cfg(feature = "test-support")]
        if let Some(play) = self.scripted.as_ref().filter(|_| device.place == "scripted") {
            return Ok(Box::new(crate::source::scripted::ScriptedSource::start(play, mode, wake)?));
        }
        let _ = purpose;
        Ok(Box::new(crate::source::native::NativeSource::start(device, mode, wake)?))
    }
}

//! A kiosk: guests come one after another, sign in with their own phone, and leave nothing behind.
//!
//! Guarantees: a visit ends when the guest signs out, when nobody touches anything, when its time is over, and when the sign-in ends, but never
//! while photos are on their way; then everything of the guest is forgotten here and the sign-in is ended at the server, before the next one can
//! begin. Whoever waits at their phone is not hurried: the code ends by itself. What leads out of the window, or to another guest's account, is refused.
//! Times are durations of a clock that comes in from outside, so that tests turn it.

use std::sync::Arc;
use std::time::Duration;

use likeness_account::{Auth, Kiosk};
use qrcode::{Color, EcLevel, QrCode};

use crate::actor::Owner;
use crate::errands;
use crate::intent::Intent;
use crate::state::{Place, State};
use crate::view::{EndingView, EndingWhy, GuestCode, Mode, QrView, Screen};

/// How early the end of the longest visit is told.
const LIMIT_TOLD: Duration = Duration::from_mins(2);

/// What makes this computer a kiosk.
pub struct KioskRules {
    /// Which kiosk it is at the server.
    pub kiosk: Kiosk,
    /// So long nothing may be touched before the guest is asked whether they are still there.
    pub idle: Duration,
    /// So long the guest has to answer.
    pub warning: Duration,
    /// So long a visit may last.
    pub limit: Duration,
    /// Time since some moment, by a clock that nobody sets: [`crate::steady_clock`].
    pub since_start: Arc<dyn Fn() -> Duration + Send + Sync>,
    /// Clears whatever the window has stored.
    pub clear_window: Box<dyn Fn() + Send + Sync>,
}

/// The visit at a kiosk, as its owner knows it.
pub struct KioskDesk {
    rules: KioskRules,
    /// When something was touched last.
    touched: Duration,
    /// When the guest came in; `None` while nobody is.
    came: Option<Duration>,
    /// A code was asked for, and whoever comes of it is the guest.
    asked: bool,
    /// A code is to be asked for as soon as the sign-in before has ended.
    wanted: bool,
}

/// The visit, as far as it is drawn.
#[derive(Debug, Clone, Copy, Default)]
pub struct Visit {
    /// It ends soon.
    pub ending: Option<EndingView>,
    /// Minutes the code is still good for.
    pub code_minutes: u32,
}

/// What there is to judge about a visit.
#[derive(Debug, Clone, Copy)]
struct Moment {
    untouched: Duration,
    /// Since the guest came in; `None`: nobody is.
    visited: Option<Duration>,
    in_flight: bool,
}

/// What a moment comes to.
#[derive(Debug, PartialEq, Eq)]
enum Judged {
    GoesOn(Option<EndingView>),
    Over,
}

fn judge(rules: &KioskRules, moment: Moment) -> Judged {
    let ends = |why, left: Duration| Judged::GoesOn(Some(EndingView { why, seconds: seconds_up(left) }));
    let left = moment.visited.map(|visited| rules.limit.saturating_sub(visited));
    if moment.in_flight {
        return match left {
            Some(left) if left <= LIMIT_TOLD => ends(EndingWhy::Limit, left),
            _ => Judged::GoesOn(None),
        };
    }
    let untouched_left = (rules.idle + rules.warning).saturating_sub(moment.untouched);
    if untouched_left.is_zero() || left.is_some_and(|left| left.is_zero()) {
        return Judged::Over;
    }
    match left {
        Some(_) if moment.untouched >= rules.idle => ends(EndingWhy::Idle, untouched_left),
        Some(left) if left <= LIMIT_TOLD => ends(EndingWhy::Limit, left),
        // In good time; or nobody is in, and there is nothing to lose and nobody to ask.
        _ => Judged::GoesOn(None),
    }
}

fn seconds_up(left: Duration) -> u32 {
    u32::try_from(left.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX)
}

/// Is this offered at a kiosk at all? Not what opens other programs, leaves files behind, or is about an account kept on a computer of one's own.
fn offered(intent: &Intent, stopped: bool) -> bool {
    !matches!(
        intent,
        Intent::SignIn { .. }
            | Intent::UsePracticeAccount { .. }
            | Intent::Joining(_)
            | Intent::Invitation(_)
            | Intent::SkipKeyring
            | Intent::RetryKeyring
            | Intent::OpenCameraSettings
            | Intent::OpenLink(_)
            | Intent::ReadPracticeMail
            | Intent::OpenReviewDesk
            | Intent::Settings(_)
    ) && (stopped || !matches!(intent, Intent::Quit))
}

impl KioskDesk {
    /// Nobody is in yet.
    pub fn new(rules: KioskRules) -> Self {
        let touched = (rules.since_start)();
        Self { rules, touched, came: None, asked: false, wanted: false }
    }

    fn touch(&mut self) {
        self.touched = (self.rules.since_start)();
    }
}

impl Owner {
    /// Somebody pressed something. False when a kiosk does not offer it.
    pub fn press_at_kiosk(&mut self, intent: &Intent) -> bool {
        let Some(desk) = &mut self.kiosk else { return !matches!(intent, Intent::StillHere) };
        // The page says this one by itself.
        if !matches!(intent, Intent::UiReady) {
            desk.touch();
        }
        let stopped = self.state.place == Place::Starting;
        self.tick();
        offered(intent, stopped)
    }

    /// Looks at the time.
    pub fn tick(&mut self) {
        let Some(desk) = &mut self.kiosk else { return };
        let now = (desk.rules.since_start)();
        let at_the_phone = self.state.place == Place::Guest && waits(&self.state.auth);
        let nobody = desk.came.is_none() && matches!(self.state.place, Place::Starting | Place::Welcome);
        let in_flight = self.state.upload_in_flight();
        if at_the_phone || nobody || in_flight {
            desk.touched = now;
        }
        let moment = Moment {
            untouched: now.saturating_sub(desk.touched),
            visited: desk.came.map(|came| now.saturating_sub(came)),
            in_flight,
        };
        match judge(&desk.rules, moment) {
            Judged::Over => self.end_visit(),
            Judged::GoesOn(ending) => {
                let code_minutes = self.code_minutes();
                self.state.visit = Some(Visit { ending, code_minutes });
            }
        }
    }

    fn code_minutes(&self) -> u32 {
        let (Some(api), Auth::AwaitingGuest(wait)) = (&self.api, &self.state.auth) else { return 0 };
        let left_ms = wait.until.0.saturating_sub(api.clock().now().0);
        u32::try_from(left_ms.div_ceil(60_000)).unwrap_or(u32::MAX)
    }

    /// Asks for a code, as soon as the guest before is signed out.
    pub fn begin_guest(&mut self) {
        let (Some(account), Some(desk)) = (self.account.clone(), &mut self.kiosk) else { return };
        self.state.place = Place::Guest;
        self.state.trouble = None;
        desk.asked = matches!(self.state.auth, Auth::SignedOut { .. });
        desk.wanted = !desk.asked;
        if desk.asked {
            let kiosk = desk.rules.kiosk.clone();
            self.ask_account(account, |account| async move { account.sign_in_guest(kiosk).await });
        } else {
            self.state.busy = true;
        }
    }

    /// The guest went back: the code is good for nothing any more.
    pub fn leave_guest(&mut self) {
        let Some(desk) = &mut self.kiosk else { return };
        (desk.asked, desk.wanted) = (false, false);
        self.next_attempt();
        self.state.busy = false;
        self.stop_waiting();
    }

    /// Calls a code back. The state is one in which nothing of it is drawn, until the account says that nobody is signed in.
    fn stop_waiting(&mut self) {
        if waits(&self.state.auth) {
            self.state.auth = Auth::Exchanging;
        }
        if let Some(account) = &self.account {
            account.cancel();
        }
    }

    /// Takes note of where the sign-in stands.
    pub fn learn_guest(&mut self, auth: Auth) {
        let Some(desk) = &mut self.kiosk else { return };
        match &auth {
            Auth::SignedIn { .. } if desk.came.is_some() => self.state.auth = auth,
            Auth::SignedIn { .. } if desk.asked && self.state.place == Place::Guest => {
                desk.touch();
                (desk.came, desk.asked) = (Some(desk.touched), false);
                tracing::info!(code = "guest-came");
                self.state.auth = auth;
                self.state.busy = false;
                self.state.trouble = None;
                self.state.place = Place::Home;
                errands::read_status(self);
            }
            // Late news of the guest who is being signed out.
            Auth::SignedIn { .. } if matches!(self.state.auth, Auth::SigningOut) => {}
            Auth::SignedIn { .. } => {
                // A yes that came after the guest went away is nobody's.
                self.state.auth = Auth::SigningOut;
                errands::end_guest(self);
            }
            Auth::SignedOut { .. } => {
                let (visited, wanted) = (desk.came.is_some(), desk.wanted);
                self.state.auth = auth;
                if visited {
                    self.end_visit();
                } else if wanted && self.state.place == Place::Guest {
                    self.begin_guest();
                }
            }
            _ => {
                self.state.auth = auth;
                // A code that has just come says how long it is good for.
                self.tick();
            }
        }
    }

    /// The sign-in that was asked for came to nothing: whoever comes of it is no guest.
    pub fn guest_did_not_come(&mut self) {
        if let Some(desk) = &mut self.kiosk {
            desk.asked = false;
        }
    }

    /// Forgets everything of the guest, here and in the window, and ends the sign-in at the server; the first screen stands there again.
    pub fn end_visit(&mut self) {
        let Some(desk) = &mut self.kiosk else { return };
        desk.touch();
        (desk.came, desk.asked, desk.wanted) = (None, false, false);
        tracing::info!(code = "guest-left");
        self.next_attempt();
        self.forget_draft();
        let gone = std::mem::replace(&mut self.state, State::new(Mode::Production, Vec::new()));
        self.state.rev = gone.rev;
        self.state.policy = gone.policy;
        self.state.offline = gone.offline;
        self.state.camera = gone.camera;
        self.state.camera_seen = gone.camera_seen;
        self.state.visit = Some(Visit::default());
        self.state.place = Place::Welcome;
        self.state.auth = gone.auth;
        match &self.state.auth {
            Auth::SignedIn { .. } => {
                self.state.auth = Auth::SigningOut;
                errands::end_guest(self);
            }
            auth if waits(auth) => self.stop_waiting(),
            _ => {}
        }
        // What the guest copied would be the next one's to paste.
        (self.doors.copy_text)("");
        if let Some(desk) = &self.kiosk {
            (desk.rules.clear_window)();
        }
    }
}

/// Is a guest's sign-in under way?
fn waits(auth: &Auth) -> bool {
    matches!(auth, Auth::Discovering | Auth::AwaitingGuest(_) | Auth::Exchanging)
}

/// Draws the guest's sign-in.
pub fn screen(state: &State) -> Screen {
    let code = match &state.auth {
        Auth::AwaitingGuest(wait) => Some(GuestCode {
            code: wait.code.clone(),
            page: wait.page.clone(),
            picture: picture(&wait.page_with_code),
            minutes_left: state.visit.map_or(0, |visit| visit.code_minutes),
        }),
        _ => None,
    };
    Screen::Guest { busy: state.busy && code.is_none(), code, trouble: state.trouble.clone() }
}

/// The address as a picture to scan: the dark squares as one path, a square one unit wide. `None` for an address no such picture holds.
fn picture(address: &str) -> Option<QrView> {
    let code = QrCode::with_error_correction_level(address, EcLevel::M).ok()?;
    let width = code.width();
    let squares = code.to_colors();
    let mut runs = Vec::new();
    for (y, row) in squares.chunks(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|left, right| left == right) {
            if run.first() == Some(&Color::Dark) {
                runs.push(format!("M{x} {y}h{length}v1h-{length}z", length = run.len()));
            }
            x += run.len();
        }
    }
    Some(QrView { size: u32::try_from(width).ok()?, path: runs.concat() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use likeness_protocol::text::Secret;

    fn rules() -> KioskRules {
        KioskRules {
            kiosk: Kiosk { id: "ksk_1".to_owned(), secret: Secret::new("lk_ks_1") },
            idle: Duration::from_mins(1),
            warning: Duration::from_secs(30),
            limit: Duration::from_mins(20),
            since_start: Arc::new(|| Duration::ZERO),
            clear_window: Box::new(|| {}),
        }
    }

    #[track_caller]
    fn check(untouched_s: u64, visited_s: Option<u64>, in_flight: bool, expected: &Judged, because: &str) {
        let visited = visited_s.map(Duration::from_secs);
        let moment = Moment { untouched: Duration::from_secs(untouched_s), visited, in_flight };
        assert_eq!(&judge(&rules(), moment), expected, "{because}");
    }

    #[test]
    fn a_visit_ends_by_idleness_or_its_limit_and_never_while_photos_are_on_their_way() {
        let goes_on = Judged::GoesOn(None);
        let ends = |why, seconds| Judged::GoesOn(Some(EndingView { why, seconds }));
        check(59, Some(59), false, &goes_on, "not yet asked");
        check(60, Some(60), false, &ends(EndingWhy::Idle, 30), "asked");
        check(89, Some(89), false, &ends(EndingWhy::Idle, 1), "the last second");
        check(90, Some(90), false, &Judged::Over, "nobody answered");
        check(900, Some(900), true, &goes_on, "photos are on their way");
        check(900, Some(1_150), true, &ends(EndingWhy::Limit, 50), "they are, and the limit is near");
        check(0, Some(1_300), true, &ends(EndingWhy::Limit, 0), "the limit waits for them");
        check(0, Some(1_079), false, &goes_on, "long before the limit");
        check(0, Some(1_080), false, &ends(EndingWhy::Limit, 120), "two minutes before");
        check(70, Some(1_100), false, &ends(EndingWhy::Idle, 20), "what ends it first is told");
        check(0, Some(1_200), false, &Judged::Over, "the limit");
        check(70, None, false, &goes_on, "nobody is in, nobody is asked");
        check(90, None, false, &Judged::Over, "back to the first screen");
    }

    #[test]
    fn the_picture_says_the_address() {
        let address = "https://verify.example/device?user_code=BCDF-GHJK";
        let drawn = picture(address).unwrap();
        let size = drawn.size as usize;
        // As the window draws it: four squares of white around, each square eight pixels wide.
        let mut dark = vec![false; size * size];
        for run in drawn.path.split('M').skip(1) {
            let (x, rest) = run.split_once(' ').unwrap();
            let (y, rest) = rest.split_once('h').unwrap();
            let length: usize = rest.split_once('v').unwrap().0.parse().unwrap();
            let start = y.parse::<usize>().unwrap() * size + x.parse::<usize>().unwrap();
            dark[start..start + length].fill(true);
        }
        let pixels = (size + 8) * 8;
        let mut seen = rqrr::PreparedImage::prepare_from_greyscale(pixels, pixels, |x, y| {
            let inside = |at: usize| (at / 8).checked_sub(4).filter(|at| *at < size);
            match (inside(x), inside(y)) {
                (Some(x), Some(y)) if dark[y * size + x] => 0,
                _ => 255,
            }
        });
        let grids = seen.detect_grids();
        assert_eq!(grids.len(), 1);
        assert_eq!(grids[0].decode().unwrap().1, address);
        assert_eq!(picture(&"x".repeat(5_000)), None, "no picture holds this");
    }
}

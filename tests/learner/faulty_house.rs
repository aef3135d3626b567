//! A practice server behind a line that can fail, and that can be stopped and started again on the same folder and port.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use likeness_account::Kiosk;
use likeness_account::vault::MemoryStore;
use likeness_camera::Camera;
use likeness_journey::{Intent, KioskRules, Server};
use likeness_protocol::UnixMs;
use likeness_remote::faulty_line::FaultyLine;
use likeness_server::practice::{self, PracticeServer};
use likeness_server::settings::{MailRoute, VirtualCameraRule};
use likeness_server::{Clock, Settings, SystemClock, admin};
use sqlx::sqlite::SqlitePool;
use tempfile::TempDir;
use url::Url;

use crate::person::Person;
use crate::practice_house::database;

/// The learners of this house.
pub const LEARNERS: [&str; 2] = ["learner@likeness.example", "sam@mail.example"];

/// The system's clock, and how many milliseconds one is ahead of it: the server's, or the learner's.
#[derive(Clone, Default)]
struct Ahead(Arc<AtomicU64>);

impl Clock for Ahead {
    fn now(&self) -> UnixMs {
        SystemClock.now().plus(Duration::from_millis(self.0.load(Ordering::SeqCst)))
    }
}

impl Ahead {
    fn go_on(&self, time: Duration) {
        self.0.fetch_add(u64::try_from(time.as_millis()).expect("a time of this life"), Ordering::SeqCst);
    }
}

impl likeness_remote::Clock for Ahead {
    fn now(&self) -> UnixMs {
        Clock::now(self)
    }
}

/// The time of a kiosk, which goes on only when it is turned.
#[derive(Clone, Default)]
pub struct Turned(Arc<AtomicU64>);

impl Turned {
    /// It goes on.
    pub fn by(&self, time: Duration) {
        self.0.fetch_add(u64::try_from(time.as_millis()).expect("a time of this life"), Ordering::SeqCst);
    }
}

/// The server, its line and its folder.
pub struct FaultyHouse {
    /// What the app talks through.
    pub line: FaultyLine,
    origin: Url,
    passwords: [String; 2],
    server: Option<PracticeServer>,
    ahead: Ahead,
    learners_ahead: Ahead,
    virtual_cameras: VirtualCameraRule,
    folder: TempDir,
}

impl FaultyHouse {
    /// A fresh one, without faults yet.
    pub async fn new() -> Self {
        Self::with_rule(VirtualCameraRule::Flag).await
    }

    /// A fresh one of an organisation with this rule about virtual cameras.
    pub async fn with_rule(virtual_cameras: VirtualCameraRule) -> Self {
        let folder = tempfile::tempdir().expect("a folder of the test's own can be made");
        let ahead = Ahead::default();
        let server = started(folder.path(), ahead.clone(), virtual_cameras).await;
        let address: SocketAddr = server.origin.socket_addrs(|| None).expect("an address on this computer")[0];
        let line = FaultyLine::to(address).await.expect("the line can be laid");
        let passwords = LEARNERS.map(|email| {
            let account = server.accounts.iter().find(|account| account.email == email).expect("a seeded account");
            account.password.expose().to_owned()
        });
        Self {
            line,
            origin: server.origin.clone(),
            passwords,
            server: Some(server),
            ahead,
            learners_ahead: Ahead::default(),
            virtual_cameras,
            folder,
        }
    }

    /// Opens the app on this server.
    pub fn person(&self, camera: Camera) -> Person {
        self.remembering_person(camera, None)
    }

    /// Opens the app on this server, with a file that remembers the camera.
    pub fn remembering_person(&self, camera: Camera, camera_file: Option<PathBuf>) -> Person {
        let clock = Arc::new(self.learners_ahead.clone());
        let server = Server::Through { origin: self.origin.clone(), line: self.line.url(), clock };
        Person::start_remembering(server, None, camera, Box::new(MemoryStore::new()), camera_file)
    }

    /// Registers this computer as a kiosk, and opens the app on it; what `turned` says is its time.
    pub async fn kiosk(&self, camera: Camera, turned: &Turned, clear_window: Box<dyn Fn() + Send + Sync>) -> Person {
        let folder = self.folder.path();
        let settings = Settings::loopback(folder.join("data"), folder.join("keys").join("kek"), MailRoute::Kept);
        let (id, secret) = admin::add_kiosk(&settings, "Room 4, PC 12").await.expect("the kiosk is registered");
        let clock = Arc::new(self.learners_ahead.clone());
        let server = Server::Through { origin: self.origin.clone(), line: self.line.url(), clock };
        let time = turned.clone();
        let kiosk = KioskRules {
            kiosk: Kiosk { id, secret },
            idle: Duration::from_mins(1),
            warning: Duration::from_secs(30),
            limit: Duration::from_mins(20),
            since_start: Arc::new(move || Duration::from_millis(time.0.load(Ordering::SeqCst))),
            clear_window,
        };
        Person::start_kiosk(server, camera, kiosk)
    }

    /// The password of a learner, for a page outside the app.
    pub fn password(&self, learner: usize) -> &str {
        &self.passwords[learner]
    }

    /// The press that signs this learner in.
    pub fn password_for(&self, learner: usize) -> Intent {
        Intent::SignIn { email: LEARNERS[learner].to_owned(), password: self.passwords[learner].clone().into() }
    }

    /// Signs this learner in and waits until the status is known.
    pub async fn sign_in(&self, person: &Person, learner: usize) {
        person.sign_in(LEARNERS[learner], &self.passwords[learner]).await;
    }

    /// Stops the server; its folder stays.
    pub async fn stop(&mut self) {
        let server = self.server.take().expect("it runs");
        server.stop().await.expect("the server stops in order");
    }

    /// Starts it again on the same folder and port.
    pub async fn start(&mut self) {
        let server = started(self.folder.path(), self.ahead.clone(), self.virtual_cameras).await;
        assert_eq!(server.origin, self.origin, "another program has taken the port meanwhile; run the test again");
        self.server = Some(server);
    }

    /// The organisation changes its mind; it counts from the next start.
    pub fn change_rule(&mut self, virtual_cameras: VirtualCameraRule) {
        self.virtual_cameras = virtual_cameras;
    }

    /// The server's clock goes on; the learner's does not, as two computers' never agree.
    pub fn time_passes(&self, time: Duration) {
        self.ahead.go_on(time);
    }

    /// Both clocks go on: the learner's computer slept, or the learner did.
    pub fn time_passes_for_both(&self, time: Duration) {
        self.ahead.go_on(time);
        self.learners_ahead.go_on(time);
    }

    /// The server's database.
    pub async fn database(&self) -> SqlitePool {
        database(&self.folder.path().join("data")).await
    }
}

async fn started(folder: &Path, clock: Ahead, rule: VirtualCameraRule) -> PracticeServer {
    let server = practice::start_changed(folder, clock, |settings| settings.virtual_cameras = rule).await;
    server.expect("the practice server starts")
}

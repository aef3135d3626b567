//! The composition root: real adapters from settings and features, joined once at the start.
//!
//! The only place that knows the embedded server, the studio and the environment. What the window may do with them is decided in `journey`.
//!
//! Variables read here: `LIKENESS_SERVER_URL` (the server, where none is embedded or another is wanted), `LIKENESS_TOKEN_STORE=memory`,
//! `LIKENESS_LOG` (a tracing filter), and in a build for driven tests `LIKENESS_OPENED_LINKS` (a file that takes links instead of a browser) and
//! `LIKENESS_POLICIES` (a folder in place of the administrator's).
//!
//! What the administrator of this computer decided goes before all of them: a server named there is the only one, a kiosk keeps sign-ins in memory,
//! leaves no files and hears no links, and what cannot be followed lets nothing start.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;

use likeness_account::vault;
use likeness_camera::{Camera, Sources};
use likeness_journey::view::Mode;
use likeness_journey::{Desk, Journey, KioskRules, Parts, Server};
use likeness_policy::{Place, Policies, PolicyFault};
use likeness_protocol::text::Secret;
use tauri::{App, AppHandle, Manager, Runtime};
use tauri_plugin_opener::OpenerExt;
use thiserror::Error;
use url::Url;

use crate::links;

/// Why the app must not start.
#[derive(Debug, Error)]
pub enum StartRefused {
    /// Something wants to drive the window, and this build does not let it.
    #[error("Likeness does not run under automation. Start it without TAURI_WEBVIEW_AUTOMATION.")]
    Automation,
}

/// Logs go to standard error, ids only. `LIKENESS_LOG` takes a tracing filter.
pub fn start_logs() {
    let filter = std::env::var("LIKENESS_LOG").unwrap_or_else(|_| "warn,likeness=info".to_owned());
    let filter =
        tracing_subscriber::EnvFilter::try_new(filter).unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

/// Tauri lets WebDriver in whenever a variable says so, in releases too; only a build for driven tests allows it.
pub fn may_start() -> Result<(), StartRefused> {
    if !cfg!(feature = "window-tests")
        && std::env::var_os("TAURI_WEBVIEW_AUTOMATION").is_some_and(|value| value == "true")
    {
        return Err(StartRefused::Automation);
    }
    Ok(())
}

/// Says why on standard error; exit code 2.
#[allow(clippy::print_stderr, reason = "there is no window to say it in")]
pub fn refuse(refusal: &StartRefused) -> ExitCode {
    eprintln!("{refusal}");
    ExitCode::from(2)
}

/// What the administrator of this computer decided, or why it cannot be followed.
pub type Decided = Result<Policies, PolicyFault>;

/// Reads it, once.
pub fn read_policies() -> Decided {
    let decided = place_of_policies().as_ref().map_or_else(|| Ok(Policies::default()), likeness_policy::read);
    if let Err(fault) = &decided {
        tracing::error!(code = fault.code(), %fault);
    }
    decided
}

fn place_of_policies() -> Option<Place> {
    #[cfg(all(unix, feature = "window-tests"))]
    if let Some(folder) = std::env::var_os("LIKENESS_POLICIES").map(PathBuf::from) {
        let owner = std::fs::metadata(&folder).map_or(0, |found| std::os::unix::fs::MetadataExt::uid(&found));
        return Some(Place::of(&folder, owner));
    }
    Place::of_system()
}

/// Is this a computer that opens links of the app's scheme and hands a second start over? Not a kiosk, nor one that was to be one.
pub fn hears_links(decided: &Decided) -> bool {
    decided.as_ref().is_ok_and(|policies| policies.kiosk.is_none())
}

/// Builds everything and hands the journey to Tauri.
pub fn join<R: Runtime>(app: &mut App<R>, decided: Decided) -> Result<(), Box<dyn std::error::Error>> {
    let folder = app.path().app_data_dir()?;
    let hears_links = hears_links(&decided);
    let (decided, misruled) = match decided {
        Ok(policies) => (policies, None),
        Err(fault) => (Policies::default(), Some(Server::Misruled { code: fault.code(), place: fault.place() })),
    };
    let (server, desk) = match (misruled, decided.server) {
        (Some(misruled), _) => (misruled, None),
        (None, Some(address)) => (Server::At(address), None),
        (None, None) => tauri::async_runtime::block_on(choose_server(&folder)),
    };
    let practice = desk.is_some();
    let store = if hears_links { std::env::var(vault::TOKEN_STORE_VARIABLE).ok() } else { Some("memory".to_owned()) };
    let kiosk = decided.kiosk.map(|kiosk| kiosk_rules(app.handle().clone(), kiosk));
    let cache = app.path().app_cache_dir()?;
    let parts = Parts {
        mode: if practice { Mode::Practice } else { Mode::Production },
        server,
        desk,
        camera: Camera::start(sources(practice, &cache)),
        // Who practises leaves nothing behind, and neither does a guest.
        camera_file: if practice || kiosk.is_some() {
            None
        } else {
            Some(app.path().app_config_dir()?.join("camera.json"))
        },
        kiosk,
        store: vault::store_for(store.as_deref()),
        open_link: open_link(app.handle().clone()),
        copy_text: copy_text(),
        keep_file: keep_file(app.path().download_dir().or_else(|_| app.path().home_dir()).ok()),
        to_front: to_front(app.handle().clone()),
        quit: quit(app.handle().clone()),
        app_version: app.package_info().version.to_string(),
    };
    let journey = tauri::async_runtime::block_on(async { Journey::start(parts) });
    app.manage(journey);
    if hears_links {
        links::listen(app);
    }
    Ok(())
}

fn kiosk_rules<R: Runtime>(app: AppHandle<R>, kiosk: likeness_policy::Kiosk) -> KioskRules {
    KioskRules {
        kiosk: likeness_account::Kiosk { id: kiosk.id, secret: Secret::new(kiosk.secret.as_str()) },
        idle: kiosk.idle,
        warning: kiosk.warning,
        limit: kiosk.limit,
        since_start: likeness_journey::steady_clock(),
        clear_window: Box::new(move || crate::window::clear(&app)),
    }
}

/// A server named by the environment wins; else the embedded one, if this build has it.
async fn choose_server(folder: &Path) -> (Server, Option<Desk>) {
    if let Some(address) = std::env::var("LIKENESS_SERVER_URL").ok().filter(|address| !address.is_empty()) {
        return match Url::parse(&address) {
            Ok(address) => (Server::At(address), None),
            Err(error) => {
                tracing::error!(code = "server-address-unreadable", %error);
                (Server::Unusable("server-address-unreadable"), None)
            }
        };
    }
    embedded(folder).await
}

#[cfg(feature = "practice")]
async fn embedded(folder: &Path) -> (Server, Option<Desk>) {
    match likeness_server::practice::start(folder.join("practice")).await {
        Ok(practice) => {
            let accounts =
                practice.accounts.iter().filter(|account| account.role == likeness_protocol::account::Role::Learner);
            let accounts = accounts.map(|account| likeness_journey::PracticeAccount {
                email: account.email.clone(),
                password: account.password.expose().to_owned().into(),
                for_trying: account.for_trying.clone(),
            });
            let accounts = accounts.collect();
            let invitations = practice.invitations.iter().map(|invitation| likeness_journey::PracticeInvitation {
                email: invitation.email.clone(),
                link: invitation.link.clone(),
                for_trying: invitation.for_trying.clone(),
            });
            let invitations = invitations.collect();
            let origin = practice.origin.clone();
            let practice = std::sync::Arc::new(practice);
            let mails = practice.clone();
            let mailbox: likeness_journey::ReadMailbox = Box::new(move |email| {
                let practice = mails.clone();
                Box::pin(async move {
                    let mails = practice.mails_to(&email).await;
                    mails.inspect_err(|error| tracing::error!(code = "mailbox-closed", %error)).ok()
                })
            });
            let review_link: likeness_journey::ReviewLink = Box::new(move || {
                let practice = practice.clone();
                Box::pin(async move {
                    let link = practice.console_link().await;
                    link.inspect_err(|error| tracing::error!(code = "review-desk-closed", %error)).ok().map(Into::into)
                })
            });
            (Server::At(origin), Some(Desk { accounts, invitations, review_link, mailbox }))
        }
        Err(error) => {
            tracing::error!(code = "practice-server-failed", %error);
            (Server::Unusable("practice-server-failed"), None)
        }
    }
}

#[cfg(not(feature = "practice"))]
#[allow(clippy::unused_async, reason = "its twin waits for the server to start")]
async fn embedded(_folder: &Path) -> (Server, Option<Desk>) {
    (Server::Unusable("server-not-set"), None)
}

/// In practice mode the synthetic learner stands in where there is no camera; otherwise only real cameras exist.
#[cfg(feature = "studio")]
fn sources(practice: bool, cache: &Path) -> Sources {
    let learner = likeness_studio::PracticeLearner::new(learner_seed(), Some(cache.join("practice-learner")));
    let synthetic: Option<Box<dyn likeness_camera::FrameMaker>> = practice.then(|| Box::new(Learner(learner)) as _);
    Sources { native: true, synthetic }
}

#[cfg(not(feature = "studio"))]
fn sources(_practice: bool, _cache: &Path) -> Sources {
    Sources::real_cameras()
}

/// Which synthetic learner sits in front of the practice camera.
#[cfg(feature = "studio")]
fn learner_seed() -> u64 {
    7
}

/// Joins the studio to the camera, which do not know each other.
#[cfg(feature = "studio")]
struct Learner(likeness_studio::PracticeLearner);

#[cfg(feature = "studio")]
impl likeness_camera::FrameMaker for Learner {
    fn label(&self) -> String {
        "Practice camera".to_owned()
    }

    fn size_px(&self) -> (u16, u16) {
        self.0.size_px()
    }

    fn fps(&self) -> u16 {
        self.0.fps()
    }

    fn begin(&mut self, purpose: likeness_camera::Purpose) {
        use likeness_camera::Purpose;
        use likeness_studio::Script;
        self.0.begin(match purpose {
            Purpose::Check => Script::Neutral,
            Purpose::Face => Script::WalkIn,
            Purpose::FaceWithCard => Script::WalkInWithCard,
            Purpose::IdCard => Script::Id,
        });
    }

    fn draw(&mut self, since_begin: std::time::Duration, rgb: &mut Vec<u8>) {
        self.0.draw(since_begin, rgb);
    }
}

/// Opens an address in the system's browser or mail program. The address always comes from Rust.
fn open_link<R: Runtime>(app: AppHandle<R>) -> Box<dyn Fn(&str) -> bool + Send + Sync> {
    Box::new(move |address| {
        #[cfg(feature = "window-tests")]
        if let Some(file) = std::env::var_os("LIKENESS_OPENED_LINKS") {
            return std::fs::write(file, address).is_ok();
        }
        match app.opener().open_url(address, None::<&str>) {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(code = "link-not-opened", %error);
                false
            }
        }
    })
}

/// Copies text. The clipboard is kept, because on Linux its owner has to stay to hand the text out.
fn copy_text() -> Box<dyn Fn(&str) -> bool + Send + Sync> {
    let clipboard = Mutex::new(None);
    Box::new(move |text| {
        let Ok(mut kept) = clipboard.lock() else { return false };
        if kept.is_none() {
            *kept = arboard::Clipboard::new().ok();
        }
        kept.as_mut().is_some_and(|clipboard| clipboard.set_text(text).is_ok())
    })
}

/// Writes a file into the folder for downloads (on a Linux that was never told of one, into the home folder), readable for its owner only, and never over another file.
fn keep_file(folder: Option<PathBuf>) -> likeness_journey::KeepFile {
    Box::new(move |name, content| {
        let folder = folder.as_ref()?;
        let (stem, ending) = name.rsplit_once('.').unwrap_or((name, "txt"));
        let path = (1..100)
            .map(|number| if number == 1 { name.to_owned() } else { format!("{stem}-{number}.{ending}") })
            .map(|name| folder.join(name))
            .find(|path| !path.exists())?;
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let written = options.open(&path).and_then(|mut file| std::io::Write::write_all(&mut file, content));
        match written {
            Ok(()) => Some(path.display().to_string()),
            Err(error) => {
                tracing::warn!(code = "file-not-kept", kind = %error.kind());
                None
            }
        }
    })
}

/// Brings the window before others: the browser that was out has done its part.
fn to_front<R: Runtime>(app: AppHandle<R>) -> Box<dyn Fn() + Send + Sync> {
    Box::new(move || links::to_front(&app))
}

fn quit<R: Runtime>(app: AppHandle<R>) -> Box<dyn Fn() + Send + Sync> {
    Box::new(move || app.exit(0))
}

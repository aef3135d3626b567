//! Putting the parts together, starting and stopping.

use crate::{
    accounts,
    clock::{Clock, SystemClock},
    database::Database,
    error::ServerError,
    http,
    identity::discovery::Asking,
    keys::Keys,
    mail::{self, words::Words},
    oauth::{password::Hasher, proof::SeenInProcess},
    objects::Objects,
    policy,
    settings::Settings,
    sso::Providers,
    upkeep,
};
use likeness_protocol::{Secret, UnixMs, account::Role, verification::Policy};
use std::{
    collections::HashMap,
    fs,
    net::{IpAddr, SocketAddr},
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    net::TcpListener,
    sync::{Notify, Semaphore, watch},
    task::JoinHandle,
};
use url::Url;

/// How long open requests may take to end after `stop`.
const STOP_WITHIN: Duration = Duration::from_secs(5);
/// Photos judged at the same time: each needs up to 50 MiB and a core.
const GATE_PERMITS: usize = 2;

/// Everything a request needs. Nothing here that a second process would have to know, except the two caches that say so.
pub struct App {
    pub settings: Settings,
    pub clock: Box<dyn Clock>,
    pub database: Database,
    pub objects: Objects,
    pub keys: Keys,
    pub hasher: Hasher,
    pub gate: Arc<Semaphore>,
    /// Origin without a trailing slash: `iss`, `aud` and the base of every `htu`.
    pub origin: String,
    pub policy: Policy,
    pub words: Words,
    /// Counts changes of profiles, to wake waiting status requests.
    pub changes: watch::Sender<u64>,
    pub stopping: watch::Receiver<bool>,
    pub mail_due: Notify,
    /// Proofs of reads seen by this process; proofs of writes are in the database.
    pub seen: SeenInProcess,
    /// Failed sign-ins per network address, in this process only.
    pub failures: Mutex<HashMap<IpAddr, (UnixMs, u32)>>,
    /// Providers people sign in through; what they published is known to this process only.
    pub providers: Providers,
    /// Questions of people who are not signed in, per network address, in this process only.
    pub questions: Mutex<HashMap<(Asking, IpAddr), (UnixMs, u32)>>,
}

/// The application as handlers hold it.
pub type Shared = Arc<App>;

impl App {
    /// Now, by the server's clock.
    pub fn now(&self) -> UnixMs {
        self.clock.now()
    }

    /// Tells waiting status requests that a profile changed.
    pub fn profile_changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }
}

/// The way in: starts a server in this process.
#[derive(Debug, Clone, Copy)]
pub struct Server;

impl Server {
    /// Opens the data folder, brings the database to this version, and serves until [`Running::stop`].
    ///
    /// # Errors
    /// [`ServerError`]: settings that do not fit together, a folder or key file that cannot be used, an address that is taken.
    pub async fn start(settings: Settings, clock: impl Clock + 'static) -> Result<Running, ServerError> {
        settings.check()?;
        let (database, keys) = open_data(&settings, &clock).await?;
        let objects_dir = settings.data_dir.join("objects");
        make_private_folder(&objects_dir)?;
        let objects = Objects::open(&objects_dir)?;
        let listen = |source| ServerError::Listen { address: settings.listen.to_string(), source };
        let listener = TcpListener::bind(settings.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let origin = settings
            .public_url
            .as_ref()
            .map_or_else(|| format!("http://{address}"), |url| url.origin().ascii_serialization());
        let words = Words::load()?;
        let policy = policy::published(&settings, &words)?;
        let (stop, stopping) = watch::channel(false);
        let app = Arc::new(App {
            hasher: Hasher::new()?,
            gate: Arc::new(Semaphore::new(GATE_PERMITS)),
            changes: watch::Sender::new(0),
            mail_due: Notify::new(),
            seen: SeenInProcess::default(),
            failures: Mutex::default(),
            questions: Mutex::default(),
            providers: Providers::default(),
            clock: Box::new(clock),
            settings,
            database,
            objects,
            keys,
            origin,
            policy,
            words,
            stopping,
        });
        let post = mail::worker::Post::open(&app.settings.mail)?;
        let tasks = vec![
            tokio::spawn(serve(listener, Arc::clone(&app))),
            tokio::spawn(mail::worker::run(Arc::clone(&app), post)),
            tokio::spawn(upkeep::run(Arc::clone(&app))),
        ];
        tracing::info!(code = "server-started", %address);
        Ok(Running { app, address, stop, tasks })
    }
}

/// Makes the folder if needed, opens database and keys.
pub async fn open_data(settings: &Settings, clock: &impl Clock) -> Result<(Database, Keys), ServerError> {
    make_private_folder(&settings.data_dir)?;
    let database = Database::open(&settings.data_dir).await?;
    let keys = Keys::load(&settings.kek_file, &settings.data_dir, &database, clock.now()).await?;
    Ok((database, keys))
}

/// Brings the database to this version and ends.
///
/// # Errors
/// [`ServerError`]: a folder, key file or database that cannot be used.
pub async fn migrate(settings: &Settings) -> Result<(), ServerError> {
    let (database, _) = open_data(settings, &SystemClock).await?;
    database.close().await;
    Ok(())
}

/// Makes an account with a verified address.
///
/// # Errors
/// [`ServerError::Account`] when address or password do not do, or the address is taken; else as [`migrate`].
pub async fn add_account(
    settings: &Settings,
    email: &str,
    password: &Secret,
    role: Role,
) -> Result<String, ServerError> {
    let (database, keys) = open_data(settings, &SystemClock).await?;
    let made = accounts::create(&database, &keys, SystemClock.now(), email, password, role).await;
    database.close().await;
    made
}

fn make_private_folder(path: &Path) -> Result<(), ServerError> {
    let failed = |source| ServerError::File { action: "make the folder", path: path.to_owned(), source };
    fs::create_dir_all(path).map_err(failed)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(failed)?;
    }
    Ok(())
}

async fn serve(listener: TcpListener, app: Shared) {
    let mut stopping = app.stopping.clone();
    let service = http::router(app).into_make_service_with_connect_info::<SocketAddr>();
    let until = async move {
        // An error means that the handle is gone, which is a stop too.
        let _ = stopping.wait_for(|stop| *stop).await;
    };
    if let Err(error) = axum::serve(listener, service).with_graceful_shutdown(until).await {
        tracing::error!(code = "server-ended", %error);
    }
}

/// A server that runs. Dropping it stops it too, without waiting for open requests.
#[must_use = "the server stops when this is dropped"]
pub struct Running {
    pub(crate) app: Shared,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Running {
    /// Where clients reach it.
    ///
    /// # Errors
    /// Never for an origin this server made; the type cannot say so.
    pub fn origin(&self) -> Result<Url, ServerError> {
        self.app.origin.parse().map_err(|_| ServerError::Stored { what: "origin" })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops: no new requests, open ones get 5 s to end, then the database is closed.
    ///
    /// # Errors
    /// When a part of the server had ended by itself before.
    pub async fn stop(mut self) -> Result<(), ServerError> {
        self.stop.send_replace(true);
        let mut ended = Ok(());
        for mut task in std::mem::take(&mut self.tasks) {
            match tokio::time::timeout(STOP_WITHIN, &mut task).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => ended = Err(error.into()),
                Err(_) => task.abort(),
            }
        }
        self.app.database.close().await;
        ended
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        for task in &self.tasks {
            task.abort();
        }
    }
}

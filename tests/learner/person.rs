//! A person before the app: presses, looks at what is drawn, waits as long as people wait.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use likeness_account::vault::{MemoryStore, SecretStore};
use likeness_camera::Camera;
use likeness_journey::view::{
    CameraView, CameraViewState, Document, Guidance, HomeAction, Mode, Notice, Photo, PhotoSlot, ProfileStatus, Screen,
    Trouble, View,
};
use likeness_journey::{Desk, Intent, Journey, KioskRules, Parts, PictureAnswer, Refusal, Server};
use likeness_studio::Script;
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use crate::drawn::Director;

/// Several times what anything here takes on a busy machine; no test asserts a time.
const PATIENCE: Duration = Duration::from_secs(90);

/// The name every learner here types; long enough that no file holds it by chance.
pub const NAME: &str = "Wilhelmina Ostrowska-Ngata";

/// What was done outside the window.
#[derive(Default)]
pub struct Outside {
    links: Mutex<Vec<String>>,
    copied: Mutex<Vec<String>>,
    kept: Mutex<Vec<String>>,
}

/// The app and the person who uses it.
pub struct Person {
    /// The journey itself.
    pub journey: Journey,
    outside: Arc<Outside>,
}

impl Person {
    /// Starts the app.
    pub fn start(server: Server, desk: Option<Desk>, camera: Camera, store: Box<dyn SecretStore>) -> Self {
        Self::start_remembering(server, desk, camera, store, None)
    }

    /// Starts the app as a kiosk.
    pub fn start_kiosk(server: Server, camera: Camera, kiosk: KioskRules) -> Self {
        Self::start_all(server, None, camera, Box::new(MemoryStore::new()), None, Some(kiosk))
    }

    /// Starts the app with a file that remembers the camera.
    pub fn start_remembering(
        server: Server,
        desk: Option<Desk>,
        camera: Camera,
        store: Box<dyn SecretStore>,
        camera_file: Option<PathBuf>,
    ) -> Self {
        Self::start_all(server, desk, camera, store, camera_file, None)
    }

    fn start_all(
        server: Server,
        desk: Option<Desk>,
        camera: Camera,
        store: Box<dyn SecretStore>,
        camera_file: Option<PathBuf>,
        kiosk: Option<KioskRules>,
    ) -> Self {
        let outside = Arc::new(Outside::default());
        let (links, copied, kept) = (outside.clone(), outside.clone(), outside.clone());
        let note = |place: &Mutex<Vec<String>>, text: &str| {
            place.lock().is_ok_and(|mut list| {
                list.push(text.to_owned());
                true
            })
        };
        let journey = Journey::start(Parts {
            mode: if desk.is_some() { Mode::Practice } else { Mode::Production },
            server,
            desk,
            camera,
            camera_file,
            kiosk,
            store,
            open_link: Box::new(move |address| note(&links.links, address)),
            copy_text: Box::new(move |text| note(&copied.copied, text)),
            keep_file: Box::new(move |name, content| {
                let content = String::from_utf8_lossy(content).into_owned();
                kept.kept
                    .lock()
                    .is_ok_and(|mut list| {
                        list.push(content);
                        true
                    })
                    .then(|| format!("downloads/{name}"))
            }),
            to_front: Box::new(|| {}),
            quit: Box::new(|| {}),
            app_version: env!("CARGO_PKG_VERSION").to_owned(),
        });
        Self { journey, outside }
    }

    /// The files that were saved outside the app.
    pub fn kept(&self) -> Vec<String> {
        self.outside.kept.lock().map(|kept| kept.clone()).unwrap_or_default()
    }

    /// What is drawn now.
    pub fn view(&self) -> Arc<View> {
        self.journey.view()
    }

    /// The name of the screen that is drawn now.
    pub fn screen_name(&self) -> String {
        name_of(&self.view().screen)
    }

    /// Presses something that the screen offers.
    #[track_caller]
    pub fn press(&self, intent: Intent) -> impl Future<Output = ()> + '_ {
        let (pressed, from) = (format!("{intent:?}"), std::panic::Location::caller());
        async move {
            let answer = self.journey.intend(intent).await;
            assert!(answer.is_ok(), "{from}: {pressed} was refused on {}: {answer:?}", self.screen_name());
        }
    }

    /// Presses something that the screen does not offer: it is refused, and nothing that is drawn changes.
    #[track_caller]
    pub fn refused<'a>(&'a self, intent: Intent, because: &'a str) -> impl Future<Output = ()> + 'a {
        let (pressed, from) = (format!("{intent:?}"), std::panic::Location::caller());
        async move {
            let before = self.stillness().await;
            let answer = self.journey.intend(intent).await;
            let screen = name_of(&before.screen);
            assert_eq!(answer, Err(Refusal::WrongScreen), "{from}: {pressed} on {screen}: {because}");
            assert_eq!(self.view(), before, "{from}: {pressed} on {screen} changed what is drawn");
        }
    }

    /// What is drawn once nothing has come by itself for a moment (the list of cameras does); a running picture never stands still.
    async fn stillness(&self) -> Arc<View> {
        let mut view = self.view();
        for _ in 0..10 {
            let known = view.rev;
            let moved = self.journey.wait_for(|view| view.rev != known);
            match tokio::time::timeout(Duration::from_millis(300), moved).await {
                Ok(Some(newer)) => view = newer,
                Ok(None) | Err(_) => break,
            }
        }
        view
    }

    /// Waits until the View fits; says what is drawn instead when it never does.
    #[track_caller]
    pub fn until<'a>(
        &'a self,
        what: &'a str,
        mut fits: impl FnMut(&View) -> bool + 'a,
    ) -> impl Future<Output = Arc<View>> + 'a {
        let from = std::panic::Location::caller();
        async move {
            let fitting = tokio::time::timeout(PATIENCE, self.journey.wait_for(|view| fits(view))).await;
            match fitting {
                Ok(Some(view)) => view,
                Ok(None) => panic!("{from}: the journey ended while waiting for {what}"),
                Err(late) => panic!("{from}: waited in vain for {what} ({late}); drawn is {:#?}", self.view()),
            }
        }
    }

    /// Waits for a screen by its name in the View's JSON.
    #[track_caller]
    pub fn until_screen<'a>(&'a self, name: &'a str) -> impl Future<Output = Arc<View>> + 'a {
        self.until(name, move |view| name_of(&view.screen) == name)
    }

    /// Waits for a trouble on this screen, and gives its code.
    #[track_caller]
    pub fn until_trouble<'a>(&'a self, screen: &'a str) -> impl Future<Output = String> + 'a {
        let waiting = self
            .until("what went wrong", move |view| name_of(&view.screen) == screen && trouble(&view.screen).is_some());
        async move { trouble(&waiting.await.screen).map(|trouble| trouble.code.clone()).unwrap_or_default() }
    }

    /// From the start to the sign-in.
    pub async fn to_sign_in(&self) {
        self.until_screen("welcome").await;
        self.press(Intent::Go).await;
        self.press(Intent::Go).await;
        self.until_screen("sign-in").await;
    }

    /// Signs in and waits until the status is known.
    pub async fn sign_in(&self, email: &str, password: &str) {
        self.press(Intent::SignIn { email: email.to_owned(), password: SecretString::from(password) }).await;
        self.until(
            "the status",
            |view| matches!(&view.screen, Screen::Home { status, .. } if *status != ProfileStatus::Unknown),
        )
        .await;
    }

    /// From Home to the question about the ID.
    pub async fn to_layout(&self) {
        self.press(Intent::Go).await;
        self.until_screen("name").await;
        self.press(Intent::SetName { name: NAME.to_owned() }).await;
        self.until(
            "the text to agree to",
            |view| matches!(&view.screen, Screen::Consent { body, .. } if !body.is_empty()),
        )
        .await;
        self.press(Intent::GiveConsent).await;
        self.until_screen("id-layout").await;
    }

    /// Answers it, which opens the capture session.
    pub async fn choose_layout(&self, two_sides: bool) {
        self.press(Intent::ChooseDocument(Document::Card)).await;
        self.press(Intent::ChooseIdLayout { two_sides }).await;
        self.until_screen("camera-check").await;
    }

    /// Waits for the live picture, sees that it is one, and goes on.
    pub async fn check_camera(&self) {
        let view = self.until_camera(None).await;
        let stream = camera(&view.screen).and_then(|camera| camera.stream.clone()).expect("a live camera has a stream");
        assert!(self.live_picture(&stream).starts_with(&[0xFF, 0xD8]), "the live picture is a JPEG");
        self.press(Intent::Go).await;
    }

    /// Waits until the camera is live (`None`) or in the trouble of this code.
    #[track_caller]
    pub fn until_camera<'a>(&'a self, code: Option<&'a str>) -> impl Future<Output = Arc<View>> + 'a {
        self.until(code.unwrap_or("a live camera"), move |view| {
            let Some(camera) = camera(&view.screen) else { return false };
            let trouble = camera.trouble.as_ref().map(|trouble| trouble.code.as_str());
            trouble == code && (code.is_some() || camera.state == CameraViewState::Live)
        })
    }

    /// Fetches one live picture as the window does.
    pub fn live_picture(&self, stream: &str) -> Vec<u8> {
        for count in 0..50 {
            let name = format!("live.{stream}.{count}");
            match tokio::task::block_in_place(|| self.journey.picture(&name, Duration::from_millis(500))) {
                PictureAnswer::Jpeg(bytes) => return bytes.to_vec(),
                PictureAnswer::NothingNew => {}
                PictureAnswer::Unknown => panic!("the stream of the View is not known"),
            }
        }
        panic!("no live picture came")
    }

    /// Waits for the photo that is taken by itself, and gives the picture that is shown for review.
    pub async fn photo_by_itself(&self, wanted: Photo) -> Vec<u8> {
        let view = self
            .until("the review", |view| matches!(&view.screen, Screen::Review { photo, .. } if *photo == wanted))
            .await;
        self.reviewed(&view)
    }

    /// Presses the shutter until the photo is there, and gives the picture that is shown for review.
    pub async fn photo_by_hand(&self, wanted: Photo) -> Vec<u8> {
        self.until_camera(None).await;
        for _ in 0..60 {
            // The photo may have been taken by itself a moment ago.
            let _ = self.journey.intend(Intent::TakePhoto).await;
            let taken =
                self.journey.wait_for(|view| matches!(&view.screen, Screen::Review { photo, .. } if *photo == wanted));
            if let Ok(Some(view)) = tokio::time::timeout(Duration::from_millis(1_500), taken).await {
                return self.reviewed(&view);
            }
        }
        panic!("no photo was taken; drawn is {:#?}", self.view())
    }

    /// Presses the shutter until the screen changes, whatever comes of it.
    pub async fn photo_attempt(&self) {
        for _ in 0..60 {
            let _ = self.journey.intend(Intent::TakePhoto).await;
            let left = self.journey.wait_for(|view| !matches!(&view.screen, Screen::Capture { .. }));
            if tokio::time::timeout(Duration::from_millis(1_500), left).await.is_ok() {
                return;
            }
        }
        panic!("the shutter did nothing; drawn is {:#?}", self.view())
    }

    /// The picture under review.
    pub fn reviewed(&self, view: &View) -> Vec<u8> {
        let Screen::Review { picture, .. } = &view.screen else { panic!("no review but {}", name_of(&view.screen)) };
        self.picture(picture)
    }

    /// A picture by its address.
    pub fn picture(&self, address: &str) -> Vec<u8> {
        match self.journey.picture(address, Duration::ZERO) {
            PictureAnswer::Jpeg(bytes) => bytes.to_vec(),
            other => panic!("{address} is not served: {other:?}"),
        }
    }

    /// Takes both photos and keeps them; gives what was shown for review.
    pub async fn both_photos(&self) -> (Vec<u8>, Vec<u8>) {
        let face = self.photo_by_itself(Photo::Face).await;
        self.press(Intent::AcceptPhoto).await;
        let id = self.photo_by_itself(Photo::Id).await;
        self.press(Intent::AcceptPhoto).await;
        self.until_screen("check-answers").await;
        (face, id)
    }

    /// Takes both photos with the shutter, before a directed camera, and keeps them; gives what was shown for review.
    pub async fn both_by_hand(&self, director: &Director) -> (Vec<u8>, Vec<u8>) {
        director.play(Script::Neutral);
        let face = self.photo_by_hand(Photo::Face).await;
        director.play(Script::Id);
        self.press(Intent::AcceptPhoto).await;
        let id = self.photo_by_hand(Photo::Id).await;
        self.press(Intent::AcceptPhoto).await;
        let view = self.until_screen("check-answers").await;
        let Screen::CheckAnswers { face: PhotoSlot::Taken { .. }, id: PhotoSlot::Taken { .. }, .. } = &view.screen
        else {
            panic!("both photos are there: {view:?}")
        };
        (face, id)
    }

    /// Sends and waits for the receipt; gives its number.
    pub async fn submit(&self) -> String {
        self.press(Intent::Submit).await;
        self.until_receipt().await
    }

    /// Waits for the receipt; gives its number.
    pub async fn until_receipt(&self) -> String {
        let view = self.until_screen("sent").await;
        let Screen::Sent { reference, .. } = &view.screen else { unreachable!("it is the screen waited for") };
        assert!(reference.starts_with("LK-"), "a receipt has a number: {reference:?}");
        reference.clone()
    }

    /// Waits on Home for this status.
    #[track_caller]
    pub fn until_status(&self, wanted: ProfileStatus) -> impl Future<Output = Option<HomeAction>> + '_ {
        let waiting = self
            .until("the status", move |view| matches!(&view.screen, Screen::Home { status, .. } if *status == wanted));
        async move {
            match &waiting.await.screen {
                Screen::Home { action, .. } => *action,
                _ => None,
            }
        }
    }

    /// Opens the review desk and gives the link that would open in the browser.
    pub async fn review_link(&self) -> String {
        let before = self.links().len();
        self.press(Intent::OpenReviewDesk).await;
        for _ in 0..900 {
            if let Some(link) = self.links().get(before) {
                return link.clone();
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("no link to the review desk was opened")
    }

    /// From now on every phase and hint of the guidance is written down, each once in a row.
    pub fn note_guidance(&self) -> Arc<Mutex<Vec<String>>> {
        let noted: Arc<Mutex<Vec<String>>> = Arc::default();
        let list = noted.clone();
        self.journey.watch_guidance(move |guidance: Guidance| {
            list.lock().is_ok_and(|mut list| {
                let said = guidance.hint.map(|hint| hint.code);
                for word in said.into_iter().chain([format!("{:?}", guidance.phase).to_lowercase()]) {
                    if !list.contains(&word) {
                        list.push(word);
                    }
                }
                true
            })
        });
        noted
    }

    /// Everything that was opened outside.
    pub fn links(&self) -> Vec<String> {
        self.outside.links.lock().expect("the list of links").clone()
    }

    /// Everything that was copied.
    pub fn copied(&self) -> Vec<String> {
        self.outside.copied.lock().expect("the list of copied texts").clone()
    }

    /// Is this notice shown?
    pub fn notices(&self) -> Vec<Notice> {
        self.view().notices.clone()
    }
}

/// The screen's name, as the window reads it.
pub fn name_of(screen: &Screen) -> String {
    let json = serde_json::to_value(screen).expect("a screen is JSON");
    json["kind"].as_str().expect("a screen has a kind").to_owned()
}

/// What is wrong on this screen.
pub fn trouble(screen: &Screen) -> Option<&Trouble> {
    match screen {
        Screen::Stopped { trouble } => Some(trouble),
        Screen::SignIn { trouble, .. }
        | Screen::Organisation { trouble, .. }
        | Screen::Invitation { trouble, .. }
        | Screen::Guest { trouble, .. }
        | Screen::Home { trouble, .. }
        | Screen::Name { trouble, .. }
        | Screen::Consent { trouble, .. }
        | Screen::IdLayout { trouble, .. }
        | Screen::CheckAnswers { trouble, .. }
        | Screen::Sending { trouble, .. }
        | Screen::FixPhoto { trouble, .. }
        | Screen::Mailbox { trouble, .. }
        | Screen::Settings { trouble, .. } => trouble.as_ref(),
        Screen::CameraCheck { camera, .. } | Screen::Capture { camera, .. } => camera.trouble.as_ref(),
        Screen::Starting
        | Screen::Welcome
        | Screen::BeforeYouBegin { .. }
        | Screen::WaitingForKeyring
        | Screen::Review { .. }
        | Screen::Sent { .. } => None,
    }
}

/// The camera on this screen.
pub fn camera(screen: &Screen) -> Option<&CameraView> {
    match screen {
        Screen::CameraCheck { camera, .. } | Screen::Capture { camera, .. } => Some(camera),
        _ => None,
    }
}

/// SHA-256 as 64 hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

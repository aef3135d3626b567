//! The real window, pressed and read through WebKit's own driver: plain W3C calls, no other test stack.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use base64::Engine;
use serde_json::{Value, json};

use crate::deadline::Deadline;
use crate::display;
use crate::http::{Answer, ask};

/// How long a screen may take to come. Five times what a busy machine was seen to need.
const SCREEN_WITHIN: Duration = Duration::from_mins(1);

/// Two pixels in the corner that change with every frame while they are there.
const STIR: &str = "
    const dot = document.body.appendChild(document.createElement('div'));
    dot.style.cssText = 'position:fixed;inset-block-end:0;inset-inline-end:0;inline-size:2px;block-size:2px';
    let dark = false;
    const stir = () => {
        if (!dot.isConnected) return;
        dark = !dark;
        dot.style.background = dark ? '#888' : '#999';
        requestAnimationFrame(stir);
    };
    window.stirred = dot;
    stir();";

/// The app in its own home folder, with a driver in front of it.
pub struct Window {
    driver: Child,
    authority: String,
    session: String,
    pictures: PathBuf,
    taken: u32,
}

/// Everything the app may write, and what it is told.
pub struct Surroundings<'a> {
    /// The binary.
    pub app: &'a Path,
    /// Becomes HOME and all XDG folders.
    pub home: &'a Path,
    /// Further variables.
    pub variables: &'a [(&'a str, String)],
    /// Where screenshots go.
    pub pictures: &'a Path,
}

/// Gives a program this folder as HOME and for all XDG folders.
pub fn at_home<'a>(home: &Path, command: &'a mut Command) -> &'a mut Command {
    command.env("HOME", home);
    for (name, folder) in [
        ("XDG_DATA_HOME", "data"),
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_CACHE_HOME", "cache"),
        ("XDG_STATE_HOME", "state"),
        ("XDG_RUNTIME_DIR", "run"),
    ] {
        let folder = home.join(folder);
        fs::create_dir_all(&folder).expect("a folder of the home can be made");
        command.env(name, folder);
    }
    command
}

impl Window {
    /// Starts driver and app, and waits until the page has drawn its first View.
    pub fn open(around: &Surroundings<'_>) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port").port();
        fs::create_dir_all(around.pictures).expect("the folder for screenshots can be made");
        let mut command = Command::new("WebKitWebDriver");
        command.args(["--host=127.0.0.1", &format!("--port={port}")]);
        at_home(around.home, &mut command).env("TAURI_WEBVIEW_AUTOMATION", "true").env_remove("LD_LIBRARY_PATH");
        command.envs(around.variables.iter().map(|(name, value)| (*name, value.as_str())));
        let log = fs::File::create(around.home.join("app.log")).expect("the log can be made");
        command.stdout(Stdio::from(log.try_clone().expect("the log can be shared"))).stderr(Stdio::from(log));
        let driver =
            command.spawn().expect("WebKitWebDriver starts; on Debian it comes with the package webkit2gtk-driver");
        let mut window = Self {
            driver,
            authority: format!("127.0.0.1:{port}"),
            session: String::new(),
            pictures: around.pictures.to_path_buf(),
            taken: 0,
        };
        window.begin(around.app);
        window
    }

    fn begin(&mut self, app: &Path) {
        let wanted =
            json!({"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": {"binary": app, "args": []}}}});
        let until = Deadline::within(SCREEN_WITHIN);
        let answer = loop {
            match ask(&self.authority, "POST", "/session", &[], wanted.to_string().as_bytes()) {
                Ok(answer) => break answer,
                Err(error) => assert!(!until.is_over(), "the driver does not answer: {error}"),
            }
            sleep(Duration::from_millis(50));
        };
        let value: Value = serde_json::from_slice(&answer.body).expect("the driver speaks JSON");
        value["value"]["sessionId"]
            .as_str()
            .unwrap_or_else(|| panic!("no session: {value}"))
            .clone_into(&mut self.session);
        self.wait("the first screen", |window| {
            window.script("return document.documentElement.dataset.ready || ''") == json!("true")
        });
        self.call("POST", "/window/rect", &json!({"width": 960, "height": 720}));
        self.wait("the window to be the active one", |window| {
            display::give_keyboard();
            window.script("return document.hasFocus()") == json!(true)
        });
    }

    /// One call of the driver's protocol in this session.
    pub fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let path = format!("/session/{}{path}", self.session);
        let text = if method == "GET" { String::new() } else { body.to_string() };
        let answer: Answer = ask(&self.authority, method, &path, &[], text.as_bytes()).expect("the driver answers");
        let value: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        assert!(answer.status < 400, "{method} {path}: {value}");
        value["value"].clone()
    }

    /// Runs a piece of script in the page and gives what it returns.
    pub fn script(&self, text: &str) -> Value {
        self.script_with(text, &json!([]))
    }

    /// The same with arguments, which the script finds in `arguments`.
    pub fn script_with(&self, text: &str, arguments: &Value) -> Value {
        self.call("POST", "/execute/sync", &json!({"script": text, "args": arguments}))
    }

    /// The name of the screen that is drawn.
    pub fn screen(&self) -> String {
        self.script("return document.documentElement.dataset.screen || ''").as_str().unwrap_or_default().to_owned()
    }

    /// All text a person can read.
    pub fn text(&self) -> String {
        self.read("return document.body.innerText")
    }

    /// Text that a script finds, without the marks that only keep directions of writing apart.
    pub fn read(&self, script: &str) -> String {
        self.script(script).as_str().unwrap_or_default().replace(['\u{2068}', '\u{2069}'], "")
    }

    /// Waits until it holds, or fails saying what was on the screen.
    pub fn wait(&self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        self.wait_within(SCREEN_WITHIN, what, &mut holds);
    }

    fn wait_within(&self, within: Duration, what: &str, holds: &mut dyn FnMut(&Self) -> bool) {
        let until = Deadline::within(within);
        while !holds(self) {
            assert!(
                !until.is_over(),
                "waited for {what}; the screen is `{}` and says:\n{}",
                self.screen(),
                self.text()
            );
            sleep(Duration::from_millis(100));
        }
    }

    /// Closes the window as its owner would; the program is left to end by itself.
    pub fn close(&self) {
        self.call("DELETE", "/window", &Value::Null);
    }

    /// Waits for a screen by its name.
    pub fn wait_for_screen(&self, name: &str) {
        self.wait(&format!("screen `{name}`"), |window| window.screen() == name);
    }

    /// Presses the element that carries `data-action`, as a person's click would.
    pub fn press(&self, action: &str) {
        self.click(&format!("[data-action=\"{action}\"]"));
    }

    /// Presses the one of several with this `data-action` that names `text`.
    pub fn press_naming(&self, action: &str, text: &str) {
        let path = format!("//*[@data-action='{action}'][contains(., '{text}')]");
        let found = self.call("POST", "/element", &json!({"using": "xpath", "value": path}));
        let element = found
            .as_object()
            .and_then(|found| found.values().next())
            .and_then(Value::as_str)
            .expect("an element")
            .to_owned();
        self.call("POST", &format!("/element/{element}/click"), &json!({}));
    }

    /// Clicks the first element that fits.
    pub fn click(&self, selector: &str) {
        let element = self.find(selector);
        self.call("POST", &format!("/element/{element}/click"), &json!({}));
    }

    /// Types into a field, replacing what stands there.
    pub fn type_into(&self, selector: &str, text: &str) {
        let element = self.find(selector);
        self.call("POST", &format!("/element/{element}/clear"), &json!({}));
        self.call("POST", &format!("/element/{element}/value"), &json!({"text": text}));
    }

    fn find(&self, selector: &str) -> String {
        let quoted = serde_json::to_string(selector).expect("a selector is text");
        self.wait(&format!("{selector} to be there"), |window| {
            window.script(&format!("return !!document.querySelector({quoted})")) == json!(true)
        });
        let found = self.call("POST", "/element", &json!({"using": "css selector", "value": selector}));
        found
            .as_object()
            .and_then(|found| found.values().next())
            .and_then(Value::as_str)
            .expect("an element")
            .to_owned()
    }

    /// Chooses the option of a list that names `text`, as a person would.
    pub fn choose(&self, list: &str, text: &str) {
        self.find(list);
        let path = format!("//option[contains(., '{text}')]");
        let found = self.call("POST", "/element", &json!({"using": "xpath", "value": path}));
        let option = found.as_object().and_then(|found| found.values().next()).and_then(Value::as_str);
        let option = option.expect("an option").to_owned();
        self.call("POST", &format!("/element/{option}/click"), &json!({}));
    }

    /// Where an element stands in the window: left, top, width, height in pixels. `None` when it is not there.
    pub fn place_of(&self, selector: &str) -> Option<[usize; 4]> {
        let quoted = serde_json::to_string(selector).expect("a selector is text");
        let place = self.script(&format!(
            "const box = document.querySelector({quoted})?.getBoundingClientRect();
             return box ? [box.left, box.top, box.width, box.height].map(side => Math.max(0, Math.round(side))) : null"
        ));
        serde_json::from_value(place).ok()
    }

    /// Waits until what the page holds has been painted: the second frame after this one begins when the first is done.
    pub fn until_painted(&self) {
        let text = "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done(true)));";
        self.call("POST", "/execute/async", &json!({"script": text, "args": []}));
    }

    /// What the window shows now, as a PNG. The driver waits for the next painting, which never comes on a page that stands still: so it is stirred.
    pub fn picture(&self) -> Vec<u8> {
        self.script(STIR);
        let picture = self.call("GET", "/screenshot", &Value::Null);
        self.script("window.stirred.remove()");
        base64::engine::general_purpose::STANDARD.decode(picture.as_str().expect("a picture")).expect("base64")
    }

    /// Saves what the window shows as `NN-name.png`, numbered in order.
    pub fn shoot(&mut self, name: &str) -> PathBuf {
        self.taken += 1;
        let bytes = self.picture();
        let path = self.pictures.join(format!("{:02}-{name}.png", self.taken));
        fs::write(&path, bytes).expect("the screenshot can be written");
        path
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        if !self.session.is_empty() {
            // The app ends with its session; a driver that is gone already has ended it too.
            let _ = ask(&self.authority, "DELETE", &format!("/session/{}", self.session), &[], b"");
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

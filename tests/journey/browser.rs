//! The system's browser, played: a script in the place of `xdg-open` takes the links, and a browser without a window walks them as a real one would,
//! with its cookies, through redirects, forms and the page of ours that goes on by itself, to the loopback port of the app.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use url::Url;

use crate::deadline::Deadline;
use crate::http::{Answer, ask};

/// How long the app may take to open the browser.
const OPENED_WITHIN: Duration = Duration::from_secs(30);
/// More pages than any sign-in has.
const MOST_PAGES: usize = 20;

/// What the app opens, in the order it does.
pub struct OpenedLinks {
    programs: PathBuf,
    list: PathBuf,
    taken: usize,
}

impl OpenedLinks {
    /// Puts the script into a folder of this home.
    pub fn in_home(home: &Path) -> Self {
        let (programs, list) = (home.join("bin"), home.join("opened-link"));
        fs::create_dir_all(&programs).expect("a folder of the home can be made");
        let script = programs.join("xdg-open");
        fs::write(&script, format!("#!/bin/sh\nprintf '%s\\n' \"$1\" >> '{}'\n", list.display()))
            .expect("the script can be written");
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("the script can be made a program");
        Self { programs, list, taken: 0 }
    }

    /// The search path with which the app finds the script before any browser.
    pub fn search_path(&self) -> String {
        format!("{}:{}", self.programs.display(), std::env::var("PATH").unwrap_or_default())
    }

    /// Waits for the next link.
    pub fn next(&mut self) -> String {
        let until = Deadline::within(OPENED_WITHIN);
        loop {
            let all = fs::read_to_string(&self.list).unwrap_or_default();
            // A line without its end is still being written.
            let complete = all.rsplit_once('\n').map_or("", |(lines, _)| lines);
            if let Some(link) = complete.lines().nth(self.taken) {
                self.taken += 1;
                return link.to_owned();
            }
            assert!(!until.is_over(), "no browser was opened; links so far: {all:?}");
            sleep(Duration::from_millis(50));
        }
    }
}

/// A page that came.
pub struct Page {
    /// Where it is.
    pub address: Url,
    /// What it says, markup and all.
    pub text: String,
}

/// A browser with its cookies.
#[derive(Default)]
pub struct Browser {
    cookies: BTreeMap<String, BTreeMap<String, String>>,
}

impl Browser {
    /// Opens an address and follows where it leads, until something has to be pressed or the app's own page is there.
    ///
    /// # Errors
    /// When nobody listens there.
    pub fn open(&mut self, address: &str) -> std::io::Result<Page> {
        let address = Url::parse(address).expect("an address");
        let answer = self.fetch("GET", &address, "")?;
        self.follow(address, answer)
    }

    /// Sends the form of a page, with what it holds and what is filled in or pressed.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn submit(&mut self, page: &Page, filled: &[(&str, &str)]) -> std::io::Result<Page> {
        let form = page.text.split("<form").nth(1).unwrap_or_else(|| panic!("no form: {}", page.text));
        let form = form.split("</form>").next().unwrap_or_default();
        let action = attribute(form, "action").unwrap_or_default();
        let address = page.address.join(&action).expect("a form has an address");
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        for hidden in
            form.split("<input").skip(1).filter(|input| attribute(input, "type").is_some_and(|it| it == "hidden"))
        {
            body.append_pair(
                &attribute(hidden, "name").unwrap_or_default(),
                &attribute(hidden, "value").unwrap_or_default(),
            );
        }
        body.extend_pairs(filled);
        let answer = self.fetch("POST", &address, &body.finish())?;
        self.follow(address, answer)
    }

    fn follow(&mut self, mut address: Url, mut answer: Answer) -> std::io::Result<Page> {
        for _ in 0..MOST_PAGES {
            let text = answer.text();
            let on = answer.header("location").map(str::to_owned).or_else(|| goes_on_by_itself(&text));
            let Some(on) = on else {
                assert!(answer.status < 400, "{address}: {} {text}", answer.status);
                return Ok(Page { address, text });
            };
            address = address.join(&on).expect("a link leads somewhere");
            answer = self.fetch("GET", &address, "")?;
        }
        panic!("the pages lead in circles, at last to {address}");
    }

    fn fetch(&mut self, method: &str, address: &Url, form: &str) -> std::io::Result<Answer> {
        let authority = &address[url::Position::BeforeHost..url::Position::AfterPort];
        let jar = self.cookies.entry(authority.to_owned()).or_default();
        let cookies = jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let mut headers = vec![("Cookie", cookies.as_str())];
        if method == "POST" {
            headers.push(("Content-Type", "application/x-www-form-urlencoded"));
        }
        let answer = ask(
            authority,
            method,
            &address[url::Position::BeforePath..url::Position::AfterQuery],
            &headers,
            form.as_bytes(),
        )?;
        for (_, cookie) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            if let Some((name, value)) = cookie.split(';').next().and_then(|pair| pair.split_once('=')) {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(answer)
    }
}

/// Where a page of ours goes by its own script.
fn goes_on_by_itself(text: &str) -> Option<String> {
    let link = text.split("<a ").find(|link| attribute(link, "id").is_some_and(|id| id == "on"))?;
    attribute(link, "href")
}

/// The value that the button with these words sends.
pub fn button(page: &Page, words: &str) -> String {
    let button = page.text.split("<button").skip(1).find(|button| button.contains(words));
    let button = button.unwrap_or_else(|| panic!("no button {words}: {}", page.text));
    attribute(button, "value").unwrap_or_default()
}

/// An attribute of the first tag of this piece.
fn attribute(piece: &str, name: &str) -> Option<String> {
    let tag = piece.split('>').next()?;
    let value = tag.split(&format!("{name}=\"")).nth(1)?.split('"').next()?;
    Some(value.replace("&amp;", "&").replace("&quot;", "\""))
}

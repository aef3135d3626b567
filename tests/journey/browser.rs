//! A browser without a window: it walks from a link as a real one would, with its cookies, through redirects, forms and the page of ours that goes on
//! by itself, to the loopback port of the app. The tests of the account's client use it too.

use std::collections::BTreeMap;

use url::Url;

use crate::http::{Answer, ask};

/// More pages than any sign-in has.
const MOST_PAGES: usize = 20;

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

/// What stands behind the first control with these words: what a button sends, or where a link leads.
pub fn behind(page: &Page, words: &str) -> String {
    let controls = ["<button", "<a "].into_iter().flat_map(|tag| page.text.split(tag).skip(1));
    let control = controls.map(|control| control.split("</").next().unwrap_or_default()).find(|it| it.contains(words));
    let control = control.unwrap_or_else(|| panic!("nothing says {words}: {}", page.text));
    attribute(control, "value").or_else(|| attribute(control, "href")).unwrap_or_default()
}

/// An attribute of the first tag of this piece.
fn attribute(piece: &str, name: &str) -> Option<String> {
    let tag = piece.split('>').next()?;
    let value = tag.split(&format!("{name}=\"")).nth(1)?.split('"').next()?;
    Some(value.replace("&amp;", "&").replace("&quot;", "\""))
}

//! The pages the listener gives: one for the browser that has done its part, and none for everybody else.
//!
//! Guarantees: nothing of the request is in them; the page may run its own script and nothing else; it takes the code out of the
//! address line, so that neither a glance nor the browser's history shows it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fluent_bundle::{FluentBundle, FluentResource};
use sha2::{Digest, Sha256};

const WORDS: &str = include_str!("../../../../locales/en/browser.ftl");
const SCRIPT: &str = "history.replaceState(null,'','/');";
const STYLE: &str = "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:16vh auto;padding:0 1.5rem;\
                     color:#16242c;background:#fff}\
                     @media (prefers-color-scheme:dark){body{color:#e9f0f3;background:#101a20}}";

/// The page for the browser that was waited for.
pub(super) fn back(good: bool) -> Vec<u8> {
    let title = say("browser-back-title");
    let sentence = say(if good { "browser-back-good" } else { "browser-back-refused" });
    let body = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style><main><h1>{title}</h1><p>{sentence}</p></main><script>{SCRIPT}</script></html>"
    );
    let script = STANDARD.encode(Sha256::digest(SCRIPT));
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\n\
         content-security-policy: default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{script}'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n\
         referrer-policy: no-referrer\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\nconnection: close\r\n\r\n",
        body.len()
    );
    [head.into_bytes(), body.into_bytes()].concat()
}

/// An empty page.
pub(super) fn empty(status: u16) -> Vec<u8> {
    let reason = match status {
        404 => "Not Found",
        405 => "Method Not Allowed",
        _ => "Bad Request",
    };
    let allow = if status == 405 { "allow: GET\r\n" } else { "" };
    format!(
        "HTTP/1.1 {status} {reason}\r\n{allow}content-length: 0\r\ncache-control: no-store\r\nconnection: close\r\n\r\n"
    )
    .into_bytes()
}

/// A sentence of the catalogue; its own name when the catalogue lacks it, which a test excludes.
fn say(id: &str) -> String {
    let said = || {
        let mut bundle = FluentBundle::new(vec!["en".parse().ok()?]);
        bundle.add_resource(FluentResource::try_new(WORDS.to_owned()).ok()?).ok()?;
        let pattern = bundle.get_message(id)?.value()?;
        Some(bundle.format_pattern(pattern, None, &mut Vec::new()).into_owned())
    };
    said().unwrap_or_else(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_what_the_catalogue_says_and_lets_only_its_own_script_run() {
        for (good, sentence) in [(true, "Your browser has done its part."), (false, "The sign-in was not finished.")] {
            let page = String::from_utf8(back(good)).unwrap();
            assert!(page.contains(sentence) && page.contains("<h1>Back to Likeness</h1>"), "{page}");
            let (_, script) = page.split_once("<script>").unwrap();
            let (script, _) = script.split_once("</script>").unwrap();
            let hash = STANDARD.encode(Sha256::digest(script));
            assert!(page.contains(&format!("script-src 'sha256-{hash}'")), "the very script of the page");
        }
    }
}

//! The `likeness:` scheme: the live picture and the review pictures, for the main window only.
//!
//! Pulled by the page, one request in flight; the newest frame wins and nothing queues. No CORS header, so that no script can read a picture back,
//! and `no-store`, so that the engine keeps none.

use std::time::Duration;

use likeness_journey::{Journey, PictureAnswer};
use tauri::http::{Request, Response, StatusCode};
use tauri::{Manager, Runtime, UriSchemeContext, UriSchemeResponder};

/// Name of the scheme; on Windows the page asks `http://likeness.localhost`.
pub const SCHEME: &str = "likeness";

/// How long a request may wait for a frame newer than the last one.
const WAIT_FOR_FRAME: Duration = Duration::from_secs(1);

/// Answers one picture request on a thread that may wait.
#[allow(clippy::needless_pass_by_value, reason = "Tauri hands its protocol handlers owned values")]
pub fn answer<R: Runtime>(context: UriSchemeContext<'_, R>, request: Request<Vec<u8>>, responder: UriSchemeResponder) {
    if context.webview_label() != "main" {
        responder.respond(reply(StatusCode::FORBIDDEN, Vec::new()));
        return;
    }
    let journey = context.app_handle().state::<Journey>().inner().clone();
    let name = request.uri().path().trim_start_matches('/').to_owned();
    tauri::async_runtime::spawn_blocking(move || {
        responder.respond(match journey.picture(&name, WAIT_FOR_FRAME) {
            PictureAnswer::Jpeg(bytes) => reply(StatusCode::OK, bytes.to_vec()),
            PictureAnswer::NothingNew => reply(StatusCode::NO_CONTENT, Vec::new()),
            PictureAnswer::Unknown => reply(StatusCode::NOT_FOUND, Vec::new()),
        });
    });
}

fn reply(status: StatusCode, body: Vec<u8>) -> Response<Vec<u8>> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in
        [("content-type", "image/jpeg"), ("cache-control", "no-store"), ("x-content-type-options", "nosniff")]
    {
        headers.insert(name, tauri::http::HeaderValue::from_static(value));
    }
    response
}

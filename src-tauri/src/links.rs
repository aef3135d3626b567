//! The app's own scheme and the one instance it reaches: an invitation that was clicked, a browser that comes back.
//!
//! Guarantees: every link goes to the journey as it came and is read there (`likeness_account::AppLink`); no other argument of a second start
//! is looked at. Where the guarantee ends: which program opens the scheme is decided by the system, from what the installer wrote; on Linux a
//! second start finds the first through the session bus, and without one it runs beside it.

use likeness_journey::Journey;
use tauri::plugin::TauriPlugin;
use tauri::{App, AppHandle, Manager, Runtime};
use tauri_plugin_deep_link::DeepLinkExt;

/// Ends a second start, which hands its link to the first; the first comes before other windows.
///
/// Driven tests start many beside each other and beside a developer's own: there only those that were given the same name in
/// `LIKENESS_INSTANCE` are one.
pub fn one_instance<R: Runtime>() -> TauriPlugin<R> {
    let builder = tauri_plugin_single_instance::Builder::new().callback(|app: &AppHandle<R>, _, _| to_front(app));
    #[cfg(feature = "window-tests")]
    let builder = {
        let name = std::env::var("LIKENESS_INSTANCE").unwrap_or_else(|_| std::process::id().to_string());
        builder.dbus_id(format!("likeness.test.i{name}"))
    };
    builder.build()
}

/// Hands links to the journey: the one this was started with, and every later one.
pub fn listen<R: Runtime>(app: &App<R>) {
    let journey = app.state::<Journey>().inner().clone();
    match app.deep_link().get_current() {
        Ok(links) => links.iter().flatten().for_each(|link| journey.knock(link.as_str())),
        Err(error) => tracing::warn!(code = "link-unreadable", %error),
    }
    app.deep_link().on_open_url(move |event| event.urls().iter().for_each(|link| journey.knock(link.as_str())));
}

/// Brings the window before others, also from the task bar.
pub fn to_front<R: Runtime>(app: &AppHandle<R>) {
    let Some(window) = app.get_webview_window("main") else { return };
    for done in [window.unminimize(), window.show(), window.set_focus()] {
        if let Err(error) = done {
            tracing::info!(code = "window-not-in-front", %error);
        }
    }
}

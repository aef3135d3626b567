//! The one window: our own page only, no other windows, no downloads, nothing kept on disk.

use tauri::webview::NewWindowResponse;
use tauri::{App, AppHandle, Manager, Runtime, WebviewUrl, WebviewWindowBuilder, Window, WindowEvent};

use likeness_journey::Journey;

/// Opens the window. Under feature `window-tests` it is not incognito, because WebKitGTK lets WebDriver into its first web context only.
/// A kiosk's fills the screen and has no frame; it stays resizable, or it would not grow to the screen of a kiosk's compositor.
pub fn open<R: Runtime>(app: &App<R>, kiosk: bool) -> tauri::Result<()> {
    let window = WebviewWindowBuilder::new(app, "main", WebviewUrl::default())
        .title("Likeness")
        .inner_size(960.0, 720.0)
        .min_inner_size(320.0, 480.0)
        .fullscreen(kiosk)
        .decorations(!kiosk)
        .incognito(!cfg!(feature = "window-tests"))
        .general_autofill_enabled(false)
        .on_navigation(is_our_page)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_download(|_, _| false)
        .build()?;
    #[cfg(target_os = "linux")]
    crate::acceleration::suit(&window)?;
    #[cfg(not(target_os = "linux"))]
    drop(window);
    Ok(())
}

/// Windows and Android serve the page from `http://tauri.localhost`, the others from `tauri://localhost`.
fn is_our_page(address: &tauri::Url) -> bool {
    let ours = address.scheme() == "tauri" || address.host_str() == Some("tauri.localhost");
    if !ours {
        tracing::warn!(code = "navigation-refused", scheme = address.scheme());
    }
    ours
}

/// Forgets whatever the page and its engine have stored, pictures in memory too.
pub fn clear<R: Runtime>(app: &AppHandle<R>) {
    let Some(window) = app.get_webview_window("main") else { return };
    if let Err(error) = window.clear_all_browsing_data() {
        tracing::error!(code = "window-not-cleared", %error);
    }
}

/// Asks the journey before the window closes: photos that were not sent yet live only as long as it is open. No guest closes a kiosk's.
pub fn on_event<R: Runtime>(window: &Window<R>, event: &WindowEvent, kiosk: bool) {
    if let WindowEvent::CloseRequested { api, .. } = event
        && (kiosk || !window.state::<Journey>().may_close())
    {
        api.prevent_close();
    }
}

//! The shell: the only Rust that names Tauri. A list, not a program: what happens is decided in `likeness-journey`.

#[cfg(target_os = "linux")]
mod acceleration;
mod commands;
mod compose;
mod links;
mod preview;
mod window;
mod wire;

use std::process::ExitCode;

macro_rules! for_each_command {
    ($($name:ident),* $(,)?) => { tauri::generate_handler![$(commands::$name),*] };
}

/// Starts the app and returns when its window is closed. 0 when it ended well, 1 when it could not start, 2 when it must not.
pub fn run() -> ExitCode {
    compose::start_logs();
    if let Err(refusal) = compose::may_start() {
        return compose::refuse(&refusal);
    }
    let decided = compose::read_policies();
    let mut builder = tauri::Builder::default();
    if compose::hears_links(&decided) {
        // The first of all, so that a second start hands its link over before anything of it runs.
        builder = builder.plugin(links::one_instance()).plugin(tauri_plugin_deep_link::init());
    }
    let kiosk = decided.as_ref().is_ok_and(|policies| policies.kiosk.is_some());
    let builder = builder
        .plugin(tauri_plugin_opener::Builder::new().open_js_links_on_click(false).build())
        .register_asynchronous_uri_scheme_protocol(preview::SCHEME, preview::answer)
        .on_permission_request(|_, _| tauri::webview::PermissionResponse::Deny)
        .invoke_handler(include!("../commands.rs.in"))
        .setup(move |app| {
            compose::join(app, decided)?;
            window::open(app, kiosk)?;
            Ok(())
        })
        .on_window_event(move |window, event| window::on_event(window, event, kiosk));
    match builder.run(tauri::generate_context!("tauri.conf.json")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(code = "start-failed", %error);
            ExitCode::FAILURE
        }
    }
}

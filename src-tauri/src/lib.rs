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
    let builder = tauri::Builder::default()
        // The first of all, so that a second start hands its link over before anything of it runs.
        .plugin(links::one_instance())
        .plugin(tauri_plugin_deep_link::init())
        .plugin(tauri_plugin_opener::Builder::new().open_js_links_on_click(false).build())
        .register_asynchronous_uri_scheme_protocol(preview::SCHEME, preview::answer)
        .on_permission_request(|_, _| tauri::webview::PermissionResponse::Deny)
        .invoke_handler(include!("../commands.rs.in"))
        .setup(|app| {
            compose::join(app)?;
            window::open(app)?;
            Ok(())
        })
        .on_window_event(window::on_event);
    match builder.run(tauri::generate_context!("tauri.conf.json")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(code = "start-failed", %error);
            ExitCode::FAILURE
        }
    }
}

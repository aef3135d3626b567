//! How the page is drawn on a Linux computer without a graphics card: without the way through one.
//!
//! WebKitGTK composes its layers with OpenGL. Where no card is there, OpenGL is software as well, and a running picture costs it
//! twice the processor time of plain drawing; on a busy computer the page then draws no picture for seconds.
//! With a card nothing is changed. What other engines do is theirs.

use std::fs;
use std::path::Path;

use tauri::{Runtime, WebviewWindow};
use webkit2gtk::{HardwareAccelerationPolicy, SettingsExt, WebViewExt};

/// Where the kernel shows what a card can be asked to draw with.
const CARDS: &str = "/dev/dri";

/// Turns the way through the card off where there is none.
pub fn suit<R: Runtime>(window: &WebviewWindow<R>) -> tauri::Result<()> {
    if has_card(Path::new(CARDS)) {
        return Ok(());
    }
    window.with_webview(|view| {
        if let Some(settings) = view.inner().settings() {
            settings.set_hardware_acceleration_policy(HardwareAccelerationPolicy::Never);
        }
    })
}

/// A node to draw with, as opposed to one that only shows.
fn has_card(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("renderD"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_node_to_draw_with_is_a_card() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!has_card(&folder.path().join("missing")), "no folder, no card");
        fs::write(folder.path().join("card0"), "").unwrap();
        assert!(!has_card(folder.path()), "one that only shows");
        fs::write(folder.path().join("renderD128"), "").unwrap();
        assert!(has_card(folder.path()));
    }
}

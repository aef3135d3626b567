//! The display of these tests has no window manager. Whom the keyboard belongs to is what one would settle, so the tests settle it: without that a
//! window that opens after another has closed may never become the active one, and shows no focus.

use std::thread::sleep;
use std::time::Duration;

use x11rb::connection::Connection;
use x11rb::protocol::xproto::{AtomEnum, ConnectionExt, InputFocus, MapState, Window};
use x11rb::rust_connection::RustConnection;

use crate::deadline::Deadline;

/// How long a window that has drawn its page may take to be on the display.
const THERE_WITHIN: Duration = Duration::from_secs(30);

/// Gives the keyboard to the app's window, the topmost if one of an earlier test is still closing.
pub fn give_keyboard() {
    let (display, screen) = x11rb::connect(None).expect("there is a display");
    let root = display.setup().roots[screen].root;
    let until = Deadline::within(THERE_WITHIN);
    loop {
        let tree = display.query_tree(root).expect("the display is asked").reply().expect("the display answers");
        if let Some(ours) = tree.children.into_iter().rev().find(|window| is_the_app(&display, *window)) {
            let given = display.set_input_focus(InputFocus::POINTER_ROOT, ours, x11rb::CURRENT_TIME);
            // A window that goes away in this very moment is looked for anew.
            if given.expect("the display is asked").check().is_ok() {
                return;
            }
        }
        assert!(!until.is_over(), "the app's window is not on the display");
        sleep(Duration::from_millis(50));
    }
}

/// Is it drawn, and does it bear the app's class? Windows come and go while they are looked at.
fn is_the_app(display: &RustConnection, window: Window) -> bool {
    let class = display.get_property(false, window, AtomEnum::WM_CLASS, AtomEnum::STRING, 0, 64);
    let class = class.ok().and_then(|asked| asked.reply().ok()).map(|reply| reply.value).unwrap_or_default();
    let drawn = display.get_window_attributes(window).ok().and_then(|asked| asked.reply().ok());
    drawn.is_some_and(|it| it.map_state == MapState::VIEWABLE)
        && String::from_utf8_lossy(&class).to_lowercase().contains("likeness")
}

//! The window by keyboard alone: Tab, Shift+Tab, Enter and letters, as keys that are pressed and let go.
//!
//! Nothing is clicked and nothing is focused from outside. Wherever the focus stops on the way it must be seen to stand: in the window, not covered,
//! with the outline of `:focus-visible`.

use serde_json::{Value, json};

use crate::window::Window;

const TAB: char = '\u{E004}';
const ENTER: char = '\u{E007}';
const SHIFT: char = '\u{E008}';
const CONTROL: char = '\u{E009}';

/// More stops than any screen has.
const MOST_STOPS: usize = 80;

/// Where the focus is, where what is wanted is, and whether a person can see the focus.
const LOOK: &str = "
    const target = [...document.querySelectorAll(arguments[0])].find((it) => it.innerText.includes(arguments[1]));
    const now = document.activeElement;
    const named = (it) => it.dataset?.action || it.id || it.tagName;
    if (!target) return { missing: true, name: named(now) };
    const found = { name: named(now), at: now === target, fault: null };
    found.behind = !!(target.compareDocumentPosition(now) & Node.DOCUMENT_POSITION_FOLLOWING);
    if (now === document.body || now.tabIndex < 0) return found;
    const { outlineStyle, outlineWidth, visibility } = getComputedStyle(now);
    const box = now.getBoundingClientRect();
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    const on = document.elementFromPoint(x, y);
    if (!now.matches(':focus-visible')) found.fault = 'it does not match :focus-visible';
    else if (outlineStyle === 'none' || parseFloat(outlineWidth) < 2) found.fault = `its outline is ${outlineStyle} ${outlineWidth}`;
    else if (visibility !== 'visible' || box.width < 1 || box.height < 1) found.fault = 'it is not drawn';
    else if (x < 0 || y < 0 || x > innerWidth || y > innerHeight) found.fault = `it stands outside of the window, at ${x}, ${y}`;
    else if (!(on && (now.contains(on) || on.contains(now)))) found.fault = `something lies over it: ${on && named(on)}`;
    return found;";

impl Window {
    /// Goes with Tab, or back with Shift+Tab, until the focus stands on what the selector names.
    pub fn go_to(&self, selector: &str) {
        self.go_to_naming(selector, "");
    }

    /// The same, to the one of several that says `text`.
    pub fn go_to_naming(&self, selector: &str, text: &str) {
        let look = |window: &Self| window.script_with(LOOK, &json!([selector, text]));
        self.wait(&format!("{selector} {text} to be there"), |window| look(window)["missing"] != json!(true));
        let mut way = Vec::new();
        for _ in 0..MOST_STOPS {
            let seen = look(self);
            assert!(seen["fault"].is_null(), "the focus is on {} and not seen there: {}", seen["name"], seen["fault"]);
            if seen["at"] == json!(true) {
                return;
            }
            way.push(seen["name"].as_str().unwrap_or_default().to_owned());
            self.strike(if seen["behind"] == json!(true) { &[SHIFT, TAB] } else { &[TAB] });
        }
        panic!("the focus never reaches {selector} {text}; it went over {way:?} on screen `{}`", self.screen());
    }

    /// Goes to the button with this `data-action` and presses Enter.
    pub fn push(&self, action: &str) {
        self.go_to(&format!("[data-action=\"{action}\"]"));
        self.enter();
    }

    /// The same with the one of several buttons that says `text`.
    pub fn push_naming(&self, action: &str, text: &str) {
        self.go_to_naming(&format!("[data-action=\"{action}\"]"), text);
        self.enter();
    }

    /// Presses Enter where the focus stands.
    pub fn enter(&self) {
        self.strike(&[ENTER]);
    }

    /// Goes to a field and types, in the place of what stands there.
    pub fn fill(&self, selector: &str, text: &str) {
        self.go_to(selector);
        self.strike(&[CONTROL, 'a']);
        let keys: Vec<Value> = text.chars().flat_map(|letter| [down(letter), up(letter)]).collect();
        self.keys(&keys);
        let value = self.script(&format!("return document.querySelector('{selector}').value"));
        assert_eq!(value, json!(text), "what is typed stands in the field");
    }

    /// The heading of the screen.
    pub fn heading(&self) -> String {
        self.read("return document.querySelector('h1')?.innerText || ''")
    }

    /// Waits for a screen by its heading, which has to have taken the focus unless something has to be corrected.
    pub fn wait_for_heading(&self, heading: &str) {
        self.wait(&format!("the heading `{heading}`"), |window| window.heading() == heading);
    }

    /// Holds all keys but the last, strikes that one, lets go.
    fn strike(&self, chord: &[char]) {
        let held = chord.iter().map(|key| down(*key));
        let released = chord.iter().rev().map(|key| up(*key));
        self.keys(&held.chain(released).collect::<Vec<_>>());
    }

    fn keys(&self, actions: &[Value]) {
        let keyboard = json!({"actions": [{"type": "key", "id": "keyboard", "actions": actions}]});
        self.call("POST", "/actions", &keyboard);
    }
}

fn down(key: char) -> Value {
    json!({"type": "keyDown", "value": key.to_string()})
}

fn up(key: char) -> Value {
    json!({"type": "keyUp", "value": key.to_string()})
}

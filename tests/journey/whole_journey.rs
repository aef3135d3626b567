//! One learner, from the first screen to "approved", with one rejected ID photo on the way.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use crate::deadline::Deadline;
use crate::folder::Folder;
use crate::leftovers::nothing_in_clear;
use crate::review_desk::ReviewDesk;
use crate::steps::Steps;
use crate::window::{Surroundings, Window};

const LEARNER: &str = "learner@likeness.example";
const NAME: &str = "Ada Specimen";

#[test]
#[ignore = "needs a display: cargo xtask test --suite journey"]
fn the_whole_journey() {
    let home = Folder::new("journey");
    let links = home.path().join("opened-link");
    let pictures = std::env::var_os("LIKENESS_DEMO_DIR").map_or_else(|| home.path().join("pictures"), PathBuf::from);
    let _ = fs::remove_dir_all(&pictures);
    let mut steps = Steps::begin("One learner walks the whole way in the real window.");

    steps.step("open Likeness in practice mode");
    let mut window = Window::open(&Surroundings {
        app: Path::new(env!("CARGO_BIN_EXE_likeness")),
        home: home.path(),
        variables: &[
            ("LIKENESS_OPENED_LINKS", links.display().to_string()),
            ("LIKENESS_LOG", "warn,likeness=info,likeness_journey=info".to_owned()),
        ],
        pictures: &pictures,
    });
    window.wait_for_screen("welcome");
    window.shoot("welcome");
    window.press("go");
    window.wait_for_screen("before-you-begin");
    window.shoot("before-you-begin");
    window.press("go");

    steps.step("a wrong password is refused, and the address stays");
    window.wait_for_screen("sign-in");
    window.shoot("sign-in");
    window.type_into("#email", LEARNER);
    window.type_into("#password", "not the password");
    window.press("sign-in");
    window.wait("the refusal", |window| window.text().contains("do not belong together"));
    assert_eq!(window.script("return document.querySelector('#email').value"), LEARNER, "what was typed stays");
    window.shoot("sign-in-refused");

    steps.step("sign in with the practice account");
    window.press_naming("use-practice-account", LEARNER);
    window.wait_for_screen("home");
    window.wait("the start button", |window| {
        window.script("return !!document.querySelector('[data-action=go]')") == true
    });
    window.shoot("home");
    window.press("go");

    steps.step("full name, consent, which ID");
    window.wait_for_screen("name");
    window.press("set-name");
    window.wait("the empty name to be refused", |window| {
        window.script("return !!document.querySelector('[aria-invalid=true]')") == true
    });
    window.shoot("name-refused");
    window.type_into("#full-name", NAME);
    window.press("set-name");
    window.wait_for_screen("consent");
    window.shoot("consent");
    window.press("give-consent");
    window.wait_for_screen("id-layout");
    window.shoot("id-layout");
    window.press("choose-card");
    window.wait("the question about the sides", |window| {
        window.script("return !!document.querySelector('[data-action=same-side]')") == true
    });
    window.shoot("id-sides");
    window.press("same-side");

    steps.step("camera check");
    window.wait_for_screen("camera-check");
    wait_for_picture(&window);
    window.shoot("camera-check");
    window.press("go");

    steps.step("face photo, taken by itself");
    capture(&mut window, "face");
    window.press("accept-photo");

    steps.step("ID photo, taken by itself");
    capture(&mut window, "id");
    window.press("accept-photo");

    steps.step("check the answers and send");
    window.wait_for_screen("check-answers");
    window.shoot("check-answers");
    window.press("submit-profile");
    window.wait("the receipt", |window| window.screen() == "sent");
    window.shoot("sent");
    window.press("go");
    window.wait_for_screen("home");
    window.wait("the status", |window| window.text().contains("A person is checking"));
    window.shoot("home-in-review");

    steps.step("the reviewer rejects the ID photo: not legible");
    decide(&window, &links, Decision::Reject);
    window.wait("the rejection", |window| window.text().contains("done again"));
    window.shoot("home-rejected");
    window.press("go");
    window.wait_for_screen("fix-photo");
    assert!(window.text().contains("cannot be read"), "the reason in words: {}", window.text());
    window.shoot("fix-photo");
    window.press("go");

    steps.step("only the ID photo is taken again");
    window.wait("a camera screen", |window| ["camera-check", "capture"].contains(&window.screen().as_str()));
    if window.screen() == "camera-check" {
        wait_for_picture(&window);
        window.press("go");
    }
    capture(&mut window, "id-again");
    window.press("accept-photo");
    window.wait_for_screen("check-answers");
    window.shoot("check-answers-again");
    window.press("submit-profile");
    window.wait_for_screen("sent");
    window.press("go");
    window.wait_for_screen("home");

    steps.step("the reviewer approves");
    decide(&window, &links, Decision::Approve);
    window.wait("the approval", |window| window.text().contains("Your identity is verified"));
    window.shoot("home-approved");

    steps.step("the mails that were sent");
    window.press("read-practice-mail");
    window.wait_for_screen("mailbox");
    window.wait("the mails", |window| window.text().to_lowercase().contains("approved"));
    window.shoot("mailbox");
    println!("{}", indent(&window.text()));

    steps.step("nothing lies about in clear");
    drop(window);
    nothing_in_clear(&home, NAME, LEARNER);
    steps.step("done");
}

#[derive(Clone, Copy)]
enum Decision {
    Reject,
    Approve,
}

/// Presses "Open the review desk" and plays the reviewer there.
fn decide(window: &Window, links: &Path, decision: Decision) {
    let _ = fs::remove_file(links);
    window.press("open-review-desk");
    let until = Deadline::within(Duration::from_secs(30));
    let link = loop {
        match fs::read_to_string(links) {
            Ok(link) if !link.is_empty() => break link,
            _ => assert!(!until.is_over(), "no link to the review desk was opened"),
        }
        sleep(Duration::from_millis(50));
    };
    let desk = ReviewDesk::enter(&link);
    let case = desk.oldest_case();
    assert!(case.page.contains(NAME), "the reviewer sees the name beside the photos");
    desk.look_at_photos(&case);
    match decision {
        Decision::Reject => desk.reject(&case, "id_not_legible"),
        Decision::Approve => desk.approve(&case),
    }
}

/// Waits until the live picture has really been decoded in the page.
fn wait_for_picture(window: &Window) {
    window.wait("the live picture", |window| {
        window.script(
            "return [...document.images].some(image => image.src.includes('live.') && image.naturalWidth >= 320)",
        ) == true
    });
}

/// Waits for the automatic photo, collecting the hints that were shown on the way.
fn capture(window: &mut Window, name: &str) {
    window.wait_for_screen("capture");
    wait_for_picture(window);
    let until = Deadline::within(Duration::from_mins(2));
    let mut hints: Vec<String> = Vec::new();
    while window.screen() == "capture" {
        let hint = window.script("return document.querySelector('#hint')?.innerText || ''");
        let hint = hint.as_str().unwrap_or_default().trim().to_owned();
        if !hint.is_empty() && hints.last() != Some(&hint) {
            window.shoot(&format!("capture-{name}-{}", hints.len() + 1));
            println!("       hint: {hint}");
            hints.push(hint);
        }
        assert!(!until.is_over(), "no photo was taken by itself; hints so far: {hints:?}");
        sleep(Duration::from_millis(100));
    }
    window.wait_for_screen("review");
    assert!(hints.len() >= 2, "the learner walked in badly and must have been told so: {hints:?}");
    window.wait("the picture under review", |window| {
        window.script(
            "return [...document.images].some(image => image.src.includes('photo.') && image.naturalWidth >= 480)",
        ) == true
    });
    window.shoot(&format!("review-{name}"));
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("       | {line}")).collect::<Vec<_>>().join("\n")
}

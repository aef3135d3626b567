//! An invitation that is opened by its link, as a click in a mail does it: the system starts Likeness once more, and the window that is there shows it.

use std::path::Path;
use std::process::Command;

use crate::organisation::{AT_HOME, Computer, browse_as};

/// The name under which the two starts of this test are one.
const INSTANCE: &str = "invitation";

#[test]
#[ignore = "needs a display: cargo xtask test --suite journey"]
fn an_invitation_is_opened_by_its_link_while_somebody_is_signed_in_and_used_by_keyboard() {
    let mut computer = Computer::start(
        "invitation-link",
        "An invitation is opened by its link.",
        &[("LIKENESS_INSTANCE", INSTANCE.to_owned())],
    );
    computer.go_to_sign_in();
    computer.sign_in_with_a_known_password("sam@mail.example");

    computer.step("the link is clicked: whoever is signed in is asked first");
    let link = computer.invite("sam@harbour.example").link;
    click(&computer, &link);
    computer.window.wait_for_heading("Harbour University invites you");
    let shown = computer.window.text();
    assert!(shown.contains("You are signed in as s•••••@mail.example. Sign out and go on?"), "{shown}");
    computer.window.shoot("while-signed-in");
    computer.window.push("not-now");
    computer.window.wait_for_heading(AT_HOME);
    click(&computer, &link);
    computer.window.wait_for_heading("Harbour University invites you");
    computer.window.push("accept-invitation");

    computer.step("signed out, and on in the browser: nothing has to be typed");
    computer.window.wait_for_heading("Go on in your browser");
    let link_of_browser = computer.next_link();
    browse_as(&link_of_browser, "Sam Sailor");
    computer.window.wait_for_heading("Do you have an account already?");
    computer.window.push("choose-existing");
    computer.prove("sam@mail.example");
    computer.connect("@mail.example", "@harbour.example");

    computer.step("clicked once more: it was used");
    click(&computer, &link);
    computer.window.wait("what is wrong with it", |window| window.text().contains("This invitation was already used"));
    computer.window.shoot("used");
}

/// What the system does with a link of the app's scheme: it starts the app with it.
fn click(computer: &Computer, link: &str) {
    let mut second = Command::new(Path::new(env!("CARGO_BIN_EXE_likeness")));
    computer.at_home(&mut second).env("LIKENESS_INSTANCE", INSTANCE).arg(link);
    let status = second.status().expect("a second start");
    assert!(status.success(), "a second start ends by itself: {status}");
}

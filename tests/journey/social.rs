//! Google, Apple and Facebook in the real window, by keyboard: a way in, linked and delinked in the settings, and in an organisation's way.

use crate::organisation::{AT_HOME, Computer, browse_as};

#[test]
#[ignore = "needs a display: cargo xtask test --suite journey"]
fn a_social_account_opens_the_account_it_is_linked_with_and_is_delinked_where_it_is_in_the_way_by_keyboard() {
    let mut computer = Computer::start("social", "A social account opens the account it is linked with.", &[]);
    computer.go_to_sign_in();
    computer.sign_in_with_a_known_password("kim@mail.example");
    computer.sign_out();
    computer.step("in with Google");
    computer.window.push("sign-in-google");
    computer.window.wait_for_heading("Go on in your browser");
    let link = computer.next_link();
    browse_as(&link, "Kim Keel");
    computer.window.wait_for_heading(AT_HOME);

    computer.step("delinked in the settings, and linked again through the browser");
    computer.go_to_the_settings();
    computer.window.push("disconnect-identity");
    computer.window.wait("what was done", |window| window.text().contains("It is no longer linked"));
    computer.window.push("connect-google");
    let link = computer.next_link();
    computer.window.wait("the browser's page", |window| window.heading().contains("browser"));
    computer.window.shoot("connecting");
    browse_as(&link, "Kim Keel");
    computer.window.wait_for_heading("Account settings");
    computer.window.wait("Google among the linked accounts", |window| window.text().contains("Delink Google"));
    computer.window.shoot("linked-again");
    computer.sign_out();

    computer.step("at the organisation it is in the way, and delinked on the spot");
    let link = computer.go_to_the_browser("kim@harbour.example");
    browse_as(&link, "Kim Keel");
    computer.window.wait_for_heading("Do you have an account already?");
    computer.window.push("choose-existing");
    let code = computer.invite("kim@harbour.example").code;
    computer.type_invitation(&code);
    computer.prove("kim@mail.example");
    computer.window.wait_for_heading("Another sign-in is in the way");
    computer.window.push("delink-google");
    computer.connect("@mail.example", "@harbour.example");
}

//! Signing in through an organisation in the real window, by keyboard alone, with a browser that walks from the app to the provider and back:
//! the flows of the two help pages, each from the first screen to its end.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use likeness_account::vault::{MemoryStore, Slot};
use likeness_account::{Account, OpenUrl};
use likeness_remote::Api;
use likeness_server::{Settings, admin, settings::MailRoute};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

use crate::browser::{Browser, Page, behind};
use crate::folder::Folder;
use crate::leftovers::nothing_in_clear;
use crate::opened_links::OpenedLinks;
use crate::steps::Steps;
use crate::window::{Surroundings, Window, at_home};

/// The domain of the organisation.
pub const HARBOUR: &str = "harbour.example";
/// Heading of the first screen of somebody who is in and has sent nothing yet.
pub const AT_HOME: &str = "Your profile is not filled in yet";
/// A password that is good enough.
pub const PASSWORD: &str = "seven green bicycles";

/// One computer: its home, its browser, the app's window.
pub struct Computer {
    home: Folder,
    links: OpenedLinks,
    /// The app's window.
    pub window: Window,
    steps: Steps,
}

/// What somebody who is invited gets.
pub struct Invitation {
    /// To click.
    pub link: String,
    /// To type.
    pub code: String,
}

impl Computer {
    /// Opens the app. `variables` come on top of what every run gets.
    pub fn start(name: &str, title: &str, variables: &[(&str, String)]) -> Self {
        let home = Folder::new(name);
        let links = OpenedLinks::in_home(home.path());
        let pictures = std::env::var_os("LIKENESS_DEMO_DIR")
            .map_or_else(|| home.path().join("pictures"), |folder| PathBuf::from(folder).join(name));
        let mut all = vec![
            ("PATH", links.search_path()),
            ("LIKENESS_LOG", "warn,likeness=info,likeness_account=info,likeness_journey=info".to_owned()),
        ];
        all.extend_from_slice(variables);
        let steps = Steps::begin(title);
        let window = Window::open(&Surroundings {
            app: Path::new(env!("CARGO_BIN_EXE_likeness")),
            home: home.path(),
            variables: &all,
            pictures: &pictures,
        });
        Self { home, links, window, steps }
    }

    /// Says what is done next.
    pub fn step(&mut self, text: &str) {
        self.steps.step(text);
    }

    /// From the first screen to the one for signing in.
    pub fn go_to_sign_in(&mut self) {
        self.step("to the sign-in screen");
        self.window.wait_for_heading("Show that you are you");
        self.window.push("go");
        self.window.wait_for_screen("before-you-begin");
        self.window.push("go");
        self.window.wait_for_heading("Sign in");
    }

    /// From the sign-in screen to the browser; gives the link it was opened with.
    pub fn go_to_the_browser(&mut self, typed: &str) -> String {
        self.window.push("open-organisation");
        self.window.wait_for_heading("Log in with your organisation");
        self.window.fill("#organisation", typed);
        self.window.enter();
        self.window.wait_for_heading("Go on in your browser");
        self.links.next()
    }

    /// Once more from the domain that was typed to the browser; gives the link.
    pub fn find_again(&mut self) -> String {
        self.window.wait_for_heading("Log in with your organisation");
        self.window.push("find-organisation");
        self.window.wait_for_heading("Go on in your browser");
        self.links.next()
    }

    /// The whole way out and back, as somebody the practice provider knows.
    fn through_the_browser(&mut self, typed: &str, who: &str) {
        let link = self.go_to_the_browser(typed);
        browse_as(&link, who);
    }

    /// What the app opens next in the browser.
    pub fn next_link(&mut self) -> String {
        self.links.next()
    }

    /// Gives a program this computer's home.
    pub fn at_home<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        at_home(self.home.path(), command)
    }

    /// Signs in with a practice account and gives it the password that the tests know.
    pub fn sign_in_with_a_known_password(&mut self, email: &str) {
        self.step("a practice account gets a password its owner knows");
        self.window.push_naming("use-practice-account", email);
        self.window.wait_for_heading(AT_HOME);
        self.go_to_the_settings();
        self.window.push("show-password-page");
        self.window.wait_for_heading("Change your password");
        self.window.fill("#password", PASSWORD);
        self.window.shoot("change-password");
        self.window.enter();
        self.window.wait_for_heading("Account settings");
        self.window.wait("what was done", |window| window.text().contains("Your password is changed"));
        self.window.shoot("password-changed");
        self.window.push("back");
        self.window.wait_for_heading(AT_HOME);
    }

    /// Signs out, from the name menu.
    pub fn sign_out(&mut self) {
        self.step("sign out, from the name menu");
        self.window.push("open-account");
        self.window.push("sign-out");
        self.window.wait_for_heading("Sign in");
    }

    /// From any screen to the account settings.
    pub fn go_to_the_settings(&mut self) {
        self.step("to the account settings, in two presses from the name menu");
        self.window.push("open-account");
        self.window.push("open-settings");
        self.window.wait_for_heading("Account settings");
    }

    /// The newest code of so many digits in the practice mailbox, and back to where it is typed.
    fn mailed_code(&mut self, digits: usize) -> String {
        self.window.push("read-practice-mail");
        self.window.wait_for_heading("Practice mailbox");
        let is_code = |line: &&str| {
            line.chars().all(|sign| sign.is_ascii_digit() || sign == ' ')
                && line.chars().filter(char::is_ascii_digit).count() == digits
        };
        let mut code = None;
        self.window.wait("the mail with the code", |window| {
            code = window.text().lines().map(str::trim).find(is_code).map(str::to_owned);
            code.is_some()
        });
        self.window.shoot("mailbox");
        self.window.push("back");
        self.window.wait("the way back", |window| window.screen() != "mailbox");
        code.unwrap_or_default()
    }

    /// Harbour University invites somebody, as its administrator does.
    pub fn invite(&self, email: &str) -> Invitation {
        let practice = self.home.path().join("data/app.likeness.desktop/practice");
        let database = practice.join("data/likeness.sqlite");
        let settings = Settings::loopback(practice.join("data"), practice.join("keys/kek"), MailRoute::Kept);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let there = SqlitePool::connect_with(SqliteConnectOptions::new().filename(database)).await;
            let there = there.expect("the practice server's database can be opened");
            let org: (String,) = sqlx::query_as("SELECT org_id FROM org_domains WHERE domain = $1")
                .bind(HARBOUR)
                .fetch_one(&there)
                .await
                .expect("the organisation is there");
            there.close().await;
            let made = admin::invite(&settings, &org.0, email, Duration::from_hours(24)).await;
            let made = made.expect("the organisation invites");
            Invitation {
                link: format!("app.likeness:/invite?t={}", made.token.expose()),
                code: made.code.expose().to_owned(),
            }
        })
    }

    /// The same account on another computer.
    fn sign_in_elsewhere(&self, email: &str) {
        let port = std::fs::read_to_string(self.home.path().join("data/app.likeness.desktop/practice/port"));
        let origin = format!("http://127.0.0.1:{}", port.expect("the practice server's port is kept").trim());
        let origin = origin.parse().expect("an address");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let api = Api::new(&origin).expect("a server on this computer may be asked");
            let account = Account::start(api, Box::new(MemoryStore::new()), Slot::practice());
            let nobody: Arc<dyn OpenUrl> = Arc::new(|_: &str| false);
            account.sign_in_password(email, PASSWORD.into(), nobody).await.expect("the new password opens the account");
        });
    }

    /// The account that is there, proven with a wrong password first, and what will be connected.
    pub fn prove(&mut self, email: &str) {
        self.step("prove the account: a wrong password is refused, the right one counts");
        self.window.wait_for_heading("Sign in to your account");
        self.window.fill("#email", email);
        self.window.fill("#password", "not the password");
        self.window.enter();
        self.window.wait("the refusal", |window| window.text().contains("do not belong together"));
        self.window.shoot("proof-refused");
        self.window.fill("#password", PASSWORD);
        self.window.enter();
    }

    /// The code of an invitation, after one that is none.
    pub fn type_invitation(&mut self, code: &str) {
        self.step("a wrong code is refused, the one of the invitation counts");
        self.window.wait_for_heading("You need an invitation");
        self.window.fill("#code", "nonsense99");
        self.window.enter();
        self.window.wait("the refusal", |window| window.text().contains("There is no invitation with this code"));
        self.window.shoot("invitation-refused");
        self.window.fill("#code", code);
        self.window.enter();
    }

    /// The last look at what will be connected, and yes to it.
    pub fn connect(&mut self, account: &str, theirs: &str) {
        self.step("the last look, and connected");
        self.window.wait_for_heading("Connect these two?");
        let shown = self.window.text();
        assert!(shown.contains(account) && shown.contains(theirs), "both are named: {shown}");
        self.window.shoot("confirm-link");
        self.window.push("confirm-link");
        self.window.wait_for_heading(AT_HOME);
        self.window.shoot("connected");
    }
}

/// The browser's part of a sign-in, as somebody the practice provider knows.
pub fn browse_as(link: &str, who: &str) {
    let (mut browser, page) = at_the_provider(link);
    let back = browser.submit(&page, &[("sub", &behind(&page, who))]).expect("the way back leads to the app");
    assert!(back.text.contains("Your browser has done its part."), "{}", back.text);
}

/// Follows the app's link to the page of the practice provider.
fn at_the_provider(link: &str) -> (Browser, Page) {
    let mut browser = Browser::default();
    let page = browser.open(link).expect("the server answers the browser");
    assert!(page.text.contains("Nobody here is real"), "{}", page.text);
    (browser, page)
}

#[test]
#[ignore = "needs a display: cargo xtask test --suite journey"]
fn somebody_without_an_account_gets_one_by_keyboard_and_comes_back_through_the_organisation() {
    let mut computer =
        Computer::start("organisation-new", "Somebody without an account signs in through the organisation.", &[]);
    computer.go_to_sign_in();
    computer.window.shoot("sign-in");

    computer.step("what is typed wrongly is named");
    computer.window.push("open-organisation");
    computer.window.wait_for_heading("Log in with your organisation");
    computer.window.shoot("domain");
    computer.window.fill("#organisation", "Okta");
    computer.window.enter();
    computer.window.wait("the sentence about the name of a product", |window| {
        window.script("return document.querySelector('[data-code]')?.dataset.code") == "org-is-product-name"
    });
    computer.window.shoot("domain-refused");

    computer.step("cancelled here: the browser finds nobody any more");
    computer.window.fill("#organisation", "new@harbour.example");
    computer.window.enter();
    computer.window.wait_for_heading("Go on in your browser");
    let abandoned = computer.links.next();
    computer.window.shoot("browser");
    computer.window.push("reopen-browser");
    assert_eq!(computer.links.next(), abandoned, "the same link again");
    computer.window.push("cancel-sign-in");
    computer.window.wait_for_heading("Log in with your organisation");
    assert_eq!(computer.window.script("return document.querySelector('#organisation').value"), "new@harbour.example");
    let (mut browser, page) = at_the_provider(&abandoned);
    assert!(browser.submit(&page, &[("sub", &behind(&page, "Nova"))]).is_err(), "the port is closed");

    computer.step("refused there: the browser says so, and so does the window");
    let (mut browser, page) = at_the_provider(&computer.find_again());
    let back = browser.submit(&page, &[("sub", "")]).expect("the way back leads to the app");
    assert!(back.text.contains("The sign-in was not finished."), "{}", back.text);
    computer.window.wait("the window says so too", |window| window.text().contains("was stopped in the browser"));
    computer.window.wait_for_heading("Log in with your organisation");
    computer.window.shoot("refused-in-the-browser");

    computer.step("once more, and through");
    let (mut browser, page) = at_the_provider(&computer.find_again());
    browser.submit(&page, &[("sub", &behind(&page, "Nova Newcomer"))]).expect("the way back leads to the app");
    computer.window.wait_for_heading("Do you have an account already?");
    computer.window.shoot("choose-account");
    computer.window.push("choose-new");

    computer.step("the new account: a weak password is refused");
    computer.window.wait_for_heading("Create your account");
    assert_eq!(computer.window.script("return document.querySelector('#full-name').value"), "Nova Newcomer");
    computer.window.shoot("create-account");
    computer.window.fill("#alternative-email", "nova@mail.example");
    computer.window.fill("#password", "short");
    computer.window.push("create-account");
    computer.window.wait("the refusal", |window| window.text().contains("This password cannot be used"));
    computer.window.shoot("create-account-refused");
    computer.window.fill("#password", PASSWORD);
    computer.window.push("create-account");

    computer.step("the private address is proven with the code from its mailbox");
    computer.window.wait_for_heading("Confirm your e-mail address");
    computer.window.shoot("verify-email");
    let code = computer.mailed_code(6);
    computer.window.wait_for_heading("Confirm your e-mail address");
    computer.window.fill("#code", &code);
    computer.window.enter();
    computer.window.wait_for_heading(AT_HOME);
    computer.window.shoot("signed-in");

    computer.sign_out();
    computer.window.shoot("signed-out");
    computer.step("back through the organisation");
    computer.through_the_browser(HARBOUR, "Nova Newcomer");
    computer.window.wait_for_heading(AT_HOME);

    computer.sign_out();
    computer.step("or with the private address and the password");
    computer.window.fill("#email", "nova@mail.example");
    computer.window.fill("#password", PASSWORD);
    computer.window.enter();
    computer.window.wait_for_heading(AT_HOME);

    computer.step("nothing lies about in clear");
    let Computer { home, window, .. } = computer;
    drop(window);
    nothing_in_clear(&home, "Nova Newcomer", "nova@mail.example");
}

#[test]
#[ignore = "needs a display: cargo xtask test --suite journey"]
fn an_account_there_is_gets_a_new_password_and_is_connected_by_its_invitation_by_keyboard() {
    let mut computer =
        Computer::start("organisation-existing", "An account there is gets connected by its invitation.", &[]);
    computer.go_to_sign_in();

    computer.step("a forgotten password is replaced");
    computer.window.push("forgot-password");
    computer.window.wait_for_heading("A new password");
    computer.window.shoot("forgotten");
    computer.window.fill("#email", "sam@mail.example");
    computer.window.enter();
    computer.window.wait_for_heading("Type the code");
    let code = computer.mailed_code(8);
    computer.window.fill("#code", &code);
    computer.window.fill("#password", PASSWORD);
    computer.window.shoot("new-password");
    computer.window.enter();
    computer.window.wait_for_heading("Sign in");
    computer.window.shoot("password-replaced");

    computer.step("through the organisation, with an account already");
    computer.through_the_browser("https://www.harbour.example/login", "Sam Sailor");
    computer.window.wait_for_heading("Do you have an account already?");
    computer.window.push("choose-existing");
    let code = computer.invite("sam@harbour.example").code;
    computer.type_invitation(&code);
    computer.prove("sam@mail.example");
    computer.connect("@mail.example", "@harbour.example");

    computer.go_to_the_settings();
    computer
        .window
        .wait("the organisation among the linked accounts", |window| window.text().contains("Harbour University"));
    computer.window.shoot("linked");
    computer.window.push("back");
    computer.window.wait_for_heading(AT_HOME);

    computer.sign_out();
    computer.step("next time straight in");
    computer.through_the_browser(HARBOUR, "Sam Sailor");
    computer.window.wait_for_heading(AT_HOME);
}

#[test]
#[ignore = "needs a display: cargo xtask test --suite journey"]
fn a_social_sign_in_in_the_way_is_delinked_in_the_settings_and_the_invitation_opened_again_by_keyboard() {
    let mut computer =
        Computer::start("organisation-blocked", "A social sign-in is in the way of the organisation.", &[]);
    computer.go_to_sign_in();

    computer.sign_in_with_a_known_password("kim@mail.example");
    computer.sign_out();

    computer.step("through the organisation: Google is in the way, and named");
    computer.through_the_browser(HARBOUR, "Kim Keel");
    computer.window.wait_for_heading("Do you have an account already?");
    computer.window.push("choose-existing");
    let invitation = computer.invite("kim@harbour.example").code;
    computer.type_invitation(&invitation);
    computer.prove("kim@mail.example");
    computer.window.wait_for_heading("Another sign-in is in the way");
    let shown = computer.window.text();
    assert!(shown.contains("Delink my Google account"), "{shown}");
    computer.window.shoot("blocked-by-social");

    computer.step("given up: it is delinked in the settings instead");
    computer.window.push("cancel-sign-in");
    computer.window.wait_for_heading("Log in with your organisation");
    computer.window.push("back");
    computer.window.wait_for_heading("Sign in");
    computer.window.fill("#email", "kim@mail.example");
    computer.window.fill("#password", PASSWORD);
    computer.window.enter();
    computer.window.wait_for_heading(AT_HOME);
    computer.go_to_the_settings();
    computer.window.push("disconnect-identity");
    computer.window.wait("what was done", |window| window.text().contains("It is no longer linked"));
    computer.window.shoot("delinked");
    computer.sign_out();

    computer.step("the organisation once more, with the same invitation: nothing is in the way");
    computer.through_the_browser(HARBOUR, "Kim Keel");
    computer.window.wait_for_heading("Do you have an account already?");
    computer.window.push("choose-existing");
    computer.type_invitation(&invitation);
    computer.prove("kim@mail.example");
    computer.connect("@mail.example", "@harbour.example");
}

#[test]
#[ignore = "needs a display: cargo xtask test --suite journey"]
fn the_address_changes_and_the_account_ends_by_keyboard() {
    let mut computer =
        Computer::start("organisation-settings", "An address changes, and in the end the account goes.", &[]);
    computer.go_to_sign_in();
    computer.sign_in_with_a_known_password("learner@likeness.example");

    computer.step("a sign-in elsewhere is seen and ended");
    computer.sign_in_elsewhere("learner@likeness.example");
    computer.go_to_the_settings();
    computer.window.push("end-session");
    computer.window.wait("what was done", |window| window.text().contains("You are signed out there"));
    computer.window.shoot("session-ended");

    computer.step("another address, proven from its mailbox");
    computer.window.push("show-email");
    computer.window.wait_for_heading("Change your e-mail address");
    computer.window.fill("#new_email", "not an address");
    computer.window.enter();
    computer
        .window
        .wait("the refusal", |window| window.script("return !!document.querySelector('[data-code]')") == true);
    computer.window.shoot("address-refused");
    computer.window.fill("#new_email", "elsewhere@mail.example");
    computer.window.enter();
    computer.window.wait_for_heading("Type the code");
    let code = computer.mailed_code(6);
    computer.window.fill("#code", &code);
    computer.window.shoot("address-code");
    computer.window.enter();
    computer.window.wait_for_heading("Account settings");
    computer.window.wait("the new address", |window| window.text().contains("e•••••@mail.example"));
    computer.window.shoot("address-changed");

    computer.step("what the server knows is saved");
    computer.window.push("export-data");
    computer.window.wait("the file", |window| window.text().contains("Your data are saved in"));

    computer.step("the account ends");
    computer.window.push("show-delete");
    computer.window.wait_for_heading("Delete your account?");
    computer.window.shoot("delete");
    computer.window.push("delete-account");
    computer.window.wait_for_heading("Your account is deleted");
    computer.window.shoot("gone");
    computer.window.push("go");
    computer.window.wait_for_heading("Show that you are you");
}

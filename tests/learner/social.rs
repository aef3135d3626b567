//! Social accounts as they are drawn and pressed: signing in, linking one in the settings, proving an account through one; and an
//! organisation that wants no passwords.

use std::time::Duration;

use likeness_account::vault::MemoryStore;
use likeness_camera::{Camera, Sources};
use likeness_journey::view::{OrganisationPage, ProfileStatus, Screen, SettingsPage, SettingsTopic, View};
use likeness_journey::{Intent, JoiningWish, SettingsWish, StepWish};
use secrecy::SecretString;

use crate::organisation::{find, take, through_the_browser, to_the_domain, until_page};
use crate::person::{Person, trouble};
use crate::practice_house::PracticeHouse;
use crate::practised_browser::browse;
use crate::settings::{code_mailed_to, done, page, sign_out};

fn through(provider: &str) -> Intent {
    Intent::Joining(JoiningWish::Social { provider: provider.to_owned() })
}

fn connect(provider: &str) -> Intent {
    Intent::Settings(SettingsWish::Connect { provider: provider.to_owned() })
}

async fn at_the_sign_in(house: &PracticeHouse) -> Person {
    let person = house.person(Camera::start(Sources::default()), Box::new(MemoryStore::new()));
    person.to_sign_in().await;
    until_offered(&person).await;
    person
}

/// What the server offers is known a moment after the screen is there.
pub async fn until_offered(person: &Person) {
    let offered = |view: &View| matches!(&view.screen, Screen::SignIn { social, .. } if social == &["google", "apple", "facebook"]);
    person.until("the social accounts", offered).await;
}

fn overview(linked: usize, offered: &'static [&'static str]) -> impl Fn(&View) -> bool {
    move |view| matches!(page(view), Some(SettingsPage::Overview { linked: Some(ways), offers, .. }) if ways.len() == linked && offers == offered)
}

fn is_out(view: &View) -> bool {
    matches!(&view.screen, Screen::Settings { page: SettingsPage::Browser { to, opened: true, .. }, .. } if to == "Google")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_linked_social_account_signs_in_and_whoever_changes_their_mind_is_back_where_they_began() {
    let house = PracticeHouse::new().await;
    let person = at_the_sign_in(&house).await;
    person.refused(through("myspace"), "nobody offers it").await;
    let to_google = |page: &OrganisationPage| matches!(page, OrganisationPage::Browser { org, not_by_password: false, .. } if org == "Google");
    person.press(through("google")).await;
    until_page(&person, "the browser", to_google).await;
    person.press(Intent::Joining(JoiningWish::Cancel)).await;
    person.until_screen("sign-in").await;
    person.press(through("google")).await;
    through_the_browser(&person, "").await;
    assert_eq!(person.until_trouble("sign-in").await, "sso-cancelled");
    assert!(matches!(&person.view().screen, Screen::SignIn { social_tried: Some(tried), .. } if tried == "google"));
    person.press(through("google")).await;
    through_the_browser(&person, "Kim Keel").await;
    person.until_status(ProfileStatus::None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_social_account_is_linked_in_the_settings_and_signs_in_from_then_on() {
    let house = PracticeHouse::new().await;
    let person = at_the_sign_in(&house).await;
    person.sign_in("sam@mail.example", &house.password("sam@mail.example")).await;
    person.press(Intent::Settings(SettingsWish::Open)).await;
    person.until("what can be linked", overview(0, &["google", "apple", "facebook"])).await;
    person.refused(connect("myspace"), "nobody offers it").await;
    person.press(connect("google")).await;
    person.until("the browser", is_out).await;
    let opened = person.links().len();
    person.press(Intent::Joining(JoiningWish::CopyLink)).await;
    assert_eq!(person.copied(), [person.links()[opened - 1].clone()], "the link of the browser");
    person.press(Intent::Joining(JoiningWish::Cancel)).await;
    person.until("the overview", overview(0, &["google", "apple", "facebook"])).await;
    assert!(trouble(&person.view().screen).is_none(), "whoever cancels knows it");

    for (who, code) in [("", "sso-cancelled"), ("Kim Keel", "social-connected-elsewhere")] {
        person.press(connect("google")).await;
        person.until("the browser", is_out).await;
        browse(person.links().pop().expect("a link was opened"), who).await;
        assert_eq!(person.until_trouble("settings").await, code);
    }
    person.press(connect("google")).await;
    person.until("the browser", is_out).await;
    browse(person.links().pop().expect("a link was opened"), "Sam Sailor").await;
    done(&person, "connected").await;
    person.until("the linked account", overview(1, &["apple", "facebook"])).await;
    sign_out(&person).await;
    person.press(through("google")).await;
    through_the_browser(&person, "Sam Sailor").await;
    person.until_status(ProfileStatus::None).await;
    // Whoever came through the browser is known to the server only; the address comes a moment later.
    let sam = |view: &View| view.frame.who.as_ref().is_some_and(|who| who.email_masked == "s•••••@mail.example");
    person.until("Sam's address", sam).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn linking_after_a_while_asks_first_who_it_is_and_then_goes_on_by_itself() {
    let house = PracticeHouse::new().await;
    let person = at_the_sign_in(&house).await;
    person.sign_in("sam@mail.example", &house.password("sam@mail.example")).await;
    house.age_sign_ins(Duration::from_mins(11)).await;
    person.press(Intent::Settings(SettingsWish::Open)).await;
    person.until("what can be linked", overview(0, &["google", "apple", "facebook"])).await;
    person.press(connect("google")).await;
    let asked = |view: &View| matches!(page(view), Some(SettingsPage::Confirm { topic: SettingsTopic::Connect, .. }));
    person.until("the question who it is", asked).await;
    let password = SecretString::from(house.password("sam@mail.example"));
    person.press(Intent::Settings(SettingsWish::Confirm { password })).await;
    person.until("the browser", is_out).await;
    browse(person.links().pop().expect("a link was opened"), "Sam Sailor").await;
    done(&person, "connected").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_has_no_password_at_hand_proves_themselves_in_the_browser_and_the_deed_goes_on() {
    let house = PracticeHouse::new().await;
    let person = at_the_sign_in(&house).await;
    person.press(through("google")).await;
    through_the_browser(&person, "Kim Keel").await;
    person.until_status(ProfileStatus::None).await;
    house.age_sign_ins(Duration::from_mins(11)).await;
    person.press(Intent::Settings(SettingsWish::Open)).await;
    person.until("the overview", overview(1, &["apple", "facebook"])).await;
    person.press(Intent::Settings(SettingsWish::Show(SettingsTopic::Password))).await;
    let password = SecretString::from("seven green bicycles");
    person.press(Intent::Settings(SettingsWish::ChangePassword { password })).await;
    let asked = |view: &View| matches!(page(view), Some(SettingsPage::Confirm { through, .. }) if through.len() == 1 && through[0].label == "Google");
    let view = person.until("the question who it is", asked).await;
    let Some(SettingsPage::Confirm { through, .. }) = page(&view) else { unreachable!("it fits") };
    let google = through[0].id.clone();
    let by_google = || Intent::Settings(SettingsWish::ConfirmThrough { id: google.clone() });
    let unknown = Intent::Settings(SettingsWish::ConfirmThrough { id: "idn_unknown".to_owned() });
    person.refused(unknown, "none of Kim's ways in").await;
    let proving = |view: &View| {
        is_out(view)
            && matches!(&view.screen, Screen::Settings { page: SettingsPage::Browser { confirming: true, .. }, .. })
    };

    person.press(by_google()).await;
    person.until("the browser", proving).await;
    person.press(Intent::Joining(JoiningWish::Cancel)).await;
    person.until("the question again", asked).await;
    assert!(trouble(&person.view().screen).is_none(), "whoever cancels knows it");
    for (who, code) in [("", "sso-cancelled"), ("Sam Sailor", "another-person")] {
        person.press(by_google()).await;
        person.until("the browser", proving).await;
        browse(person.links().pop().expect("a link was opened"), who).await;
        assert_eq!(person.until_trouble("settings").await, code);
    }
    person.press(by_google()).await;
    person.until("the browser", proving).await;
    browse(person.links().pop().expect("a link was opened"), "Kim Keel").await;
    done(&person, "password-changed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_account_is_proven_through_its_social_account() {
    let house = PracticeHouse::new().await;
    let person = at_the_sign_in(&house).await;
    // Kim's address becomes the one the organisation will give.
    person.sign_in("kim@mail.example", &house.password("kim@mail.example")).await;
    person.press(Intent::Settings(SettingsWish::Open)).await;
    person.until("the overview", overview(1, &["apple", "facebook"])).await;
    person.press(Intent::Settings(SettingsWish::Show(SettingsTopic::Email))).await;
    person.press(Intent::Settings(SettingsWish::ChangeEmail { email: "kim@harbour.example".to_owned() })).await;
    person.until("the code", |view| matches!(page(view), Some(SettingsPage::Email { pending: Some(_) }))).await;
    let code = code_mailed_to(&person, "kim@harbour.example", 6).await;
    person.press(Intent::Back).await;
    person.press(Intent::Settings(SettingsWish::ConfirmEmail { code: SecretString::from(code) })).await;
    done(&person, "email-changed").await;
    sign_out(&person).await;

    to_the_domain(&person).await;
    find(&person, "harbour.example").await;
    through_the_browser(&person, "Kim Keel").await;
    until_page(&person, "the choice", |page| matches!(page, OrganisationPage::ChooseAccount { .. })).await;
    take(&person, StepWish::New).await;
    let proof = |page: &OrganisationPage| matches!(page, OrganisationPage::LinkExisting { already_uses_this_email: true, providers, .. } if providers == &["google"]);
    until_page(&person, "the proof", proof).await;
    let via = |provider: &str| Intent::Joining(JoiningWish::Step(StepWish::Via { provider: provider.to_owned() }));
    person.refused(via("apple"), "the account has none").await;
    person.press(via("google")).await;
    through_the_browser(&person, "").await;
    until_page(&person, "the proof again", proof).await;
    assert_eq!(person.until_trouble("organisation").await, "sso-cancelled");
    person.press(via("google")).await;
    through_the_browser(&person, "Sam Sailor").await;
    assert_eq!(person.until_trouble("organisation").await, "invalid-credentials");
    person.press(via("google")).await;
    until_page(&person, "the browser", |page| matches!(page, OrganisationPage::Browser { .. })).await;
    person.press(Intent::Joining(JoiningWish::Cancel)).await;
    until_page(&person, "the proof once more", proof).await;
    person.press(via("google")).await;
    through_the_browser(&person, "Kim Keel").await;
    until_page(&person, "what is in the way", |page| matches!(page, OrganisationPage::BlockedBySocial { .. })).await;
    take(&person, StepWish::Delink { provider: "google".to_owned() }).await;
    until_page(&person, "the last look", |page| matches!(page, OrganisationPage::ConfirmLink { .. })).await;
    take(&person, StepWish::Confirm).await;
    person.until_status(ProfileStatus::None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_organisation_that_wants_no_passwords_is_opened_in_their_place() {
    let house = PracticeHouse::new().await;
    house.deny_passwords("harbour.example").await;
    let person = at_the_sign_in(&house).await;
    let typed = Intent::SignIn { email: "new@harbour.example".to_owned(), password: SecretString::from("anything") };
    person.press(typed).await;
    let said = |page: &OrganisationPage| matches!(page, OrganisationPage::Browser { org, not_by_password: true, .. } if org == "Harbour University");
    until_page(&person, "the browser", said).await;
    person.press(Intent::Joining(JoiningWish::Cancel)).await;
    person.until_screen("sign-in").await;
    let typed = Intent::SignIn { email: "new@harbour.example".to_owned(), password: SecretString::from("anything") };
    person.press(typed).await;
    through_the_browser(&person, "Nova Newcomer").await;
    until_page(&person, "the choice", |page| matches!(page, OrganisationPage::ChooseAccount { .. })).await;
}

//! Signing in through an organisation, as it is drawn and pressed: the four ways of the two help pages.

use likeness_account::vault::MemoryStore;
use likeness_camera::{Camera, Sources};
use likeness_journey::view::{OrganisationPage, ProfileStatus, Screen};
use likeness_journey::{Intent, JoiningWish, StepWish};

use crate::person::{Person, trouble};
use crate::practice_house::PracticeHouse;
use crate::practised_browser::browse;
use crate::settings::code_mailed_to;

pub async fn at_the_domain(house: &PracticeHouse) -> Person {
    let person = house.person(Camera::start(Sources::default()), Box::new(MemoryStore::new()));
    person.to_sign_in().await;
    to_the_domain(&person).await;
    person
}

pub async fn to_the_domain(person: &Person) {
    person.press(Intent::Joining(JoiningWish::Open)).await;
    person.until_screen("organisation").await;
}

pub async fn find(person: &Person, input: &str) {
    person.press(Intent::Joining(JoiningWish::Find { input: input.to_owned() })).await;
}

pub async fn take(person: &Person, step: StepWish) {
    person.press(Intent::Joining(JoiningWish::Step(step))).await;
}

/// Goes the browser's way as `who`, from the link that was opened outside.
pub async fn through_the_browser(person: &Person, who: &str) {
    until_page(person, "the browser", |page| matches!(page, OrganisationPage::Browser { opened: true, .. })).await;
    let link = person.links().pop().expect("a link was opened");
    browse(link, who).await;
}

pub async fn until_page(person: &Person, what: &str, fits: impl Fn(&OrganisationPage) -> bool) {
    person
        .until(what, |view| matches!(&view.screen, Screen::Organisation { page, busy, .. } if fits(page) && (!busy || matches!(page, OrganisationPage::Browser { .. }))))
        .await;
}

pub async fn until_trouble(person: &Person, code: &str) {
    person.until(code, |view| trouble(&view.screen).is_some_and(|trouble| trouble.code == code)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn somebody_without_an_account_gets_one_and_comes_back_through_the_organisation() {
    let house = PracticeHouse::new().await;
    let person = at_the_domain(&house).await;
    find(&person, "new@harbour.example").await;
    through_the_browser(&person, "Nova Newcomer").await;
    until_page(&person, "the choice", |page| {
        matches!(page, OrganisationPage::ChooseAccount { org, can_create: true, .. } if org == "Harbour University")
    })
    .await;
    take(&person, StepWish::New).await;
    until_page(
        &person,
        "the new account",
        |page| matches!(page, OrganisationPage::CreateAccount { suggested_name, .. } if suggested_name == "Nova Newcomer"),
    )
    .await;
    let create = |password: &str| StepWish::Create {
        alternative_email: "nova@mail.example".to_owned(),
        password: password.to_owned(),
        full_name: "Nova Newcomer".to_owned(),
    };
    take(&person, create("short")).await;
    until_trouble(&person, "password-too-weak").await;
    take(&person, create("seven green bicycles")).await;
    until_page(&person, "the code", |page| matches!(page, OrganisationPage::VerifyEmail { .. })).await;
    let code = code_mailed_to(&person, "nova@mail.example", 6).await;
    person.press(Intent::Back).await;
    until_page(&person, "the code again", |page| matches!(page, OrganisationPage::VerifyEmail { .. })).await;
    take(&person, StepWish::Verify { code }).await;
    person.until_status(ProfileStatus::None).await;

    person.press(Intent::SignOut).await;
    person
        .until(
            "the end of signing out",
            |view| matches!(&view.screen, Screen::SignIn { ended: Some(why), .. } if why == "signed-out-here"),
        )
        .await;
    to_the_domain(&person).await;
    find(&person, "harbour.example").await;
    through_the_browser(&person, "Nova Newcomer").await;
    person.until_status(ProfileStatus::None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_account_with_a_social_sign_in_is_delinked_and_connected_with_the_invitations_code() {
    let house = PracticeHouse::new().await;
    let person = at_the_domain(&house).await;
    find(&person, "harbour.example").await;
    through_the_browser(&person, "Kim Keel").await;
    until_page(&person, "the choice", |page| {
        matches!(page, OrganisationPage::ChooseAccount { link_needs_invitation: true, .. })
    })
    .await;
    take(&person, StepWish::Existing).await;
    until_page(&person, "the invitation", |page| matches!(page, OrganisationPage::Invitation { .. })).await;
    take(&person, StepWish::Invitation { code: "nonsense99".to_owned() }).await;
    until_trouble(&person, "invitation-unknown").await;
    take(&person, StepWish::Invitation { code: house.invitation("kim@harbour.example") }).await;
    until_page(&person, "the proof", |page| matches!(page, OrganisationPage::LinkExisting { .. })).await;
    let proof = |password: String| StepWish::Link { email: " kim@mail.example ".to_owned(), password };
    take(&person, proof("not the password".to_owned())).await;
    until_trouble(&person, "invalid-credentials").await;
    take(&person, proof(house.password("kim@mail.example"))).await;
    until_page(
        &person,
        "what is in the way",
        |page| matches!(page, OrganisationPage::BlockedBySocial { providers, .. } if providers == &["google"]),
    )
    .await;
    take(&person, StepWish::Delink { provider: "google".to_owned() }).await;
    until_page(&person, "the last look", |page| matches!(page, OrganisationPage::ConfirmLink { .. })).await;
    take(&person, StepWish::Confirm).await;
    person.until_status(ProfileStatus::None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_typed_wrongly_is_named_and_a_browser_that_says_no_leads_back() {
    let house = PracticeHouse::new().await;
    let person = at_the_domain(&house).await;
    #[rustfmt::skip]
    let table = [
        ("two words",       "org-input-invalid",   "no address"),
        ("Okta",            "org-is-product-name", "what people call it"),
        ("ada@gmail.com",   "org-is-public-mail",  "nobody's organisation"),
        ("unknown.example", "org-not-found",       "nobody proved it"),
    ];
    for (input, code, because) in table {
        find(&person, input).await;
        until_trouble(&person, code).await;
        assert!(person.links().is_empty(), "{because}: nothing was opened");
    }
    find(&person, "harbour.example").await;
    through_the_browser(&person, "").await;
    until_trouble(&person, "sso-cancelled").await;

    find(&person, "harbour.example").await;
    until_page(&person, "the browser", |page| matches!(page, OrganisationPage::Browser { .. })).await;
    let opened = person.links().len();
    person.press(Intent::Joining(JoiningWish::Reopen)).await;
    person.press(Intent::Joining(JoiningWish::CopyLink)).await;
    // Opening the same link once more changes nothing that is drawn.
    for _ in 0..600 {
        if person.links().len() > opened {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(person.links().len(), opened + 1, "the same link again");
    person.refused(Intent::Back, "the wait has its own way out").await;
    person.press(Intent::Joining(JoiningWish::Cancel)).await;
    until_page(
        &person,
        "the domain",
        |page| matches!(page, OrganisationPage::Domain { input, .. } if input == "harbour.example"),
    )
    .await;
    person.press(Intent::Back).await;
    person.until_screen("sign-in").await;
}

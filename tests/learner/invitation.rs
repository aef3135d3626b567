//! An invitation is opened by its link: by somebody new, by somebody who is signed in as another, twice, too late, by the wrong person.

use likeness_account::vault::MemoryStore;
use likeness_camera::{Camera, Sources};
use likeness_journey::view::{OrganisationPage, ProfileStatus, Screen, View};
use likeness_journey::{Intent, InvitationWish, StepWish};

use crate::organisation::{at_the_domain, find, take, through_the_browser, until_page, until_trouble};
use crate::person::{Person, trouble};
use crate::practice_house::{LEARNER, PracticeHouse};
use crate::settings::{done, page};
use crate::social::until_offered;

const SAM: &str = "sam@harbour.example";
const KIM: &str = "kim@harbour.example";

fn wish(wish: InvitationWish) -> Intent {
    Intent::Invitation(wish)
}

fn is_read(view: &View) -> bool {
    matches!(&view.screen, Screen::Invitation { invitation: Some(invitation), busy: false, .. } if invitation.org == "Harbour University")
}

async fn at_the_sign_in(house: &PracticeHouse) -> Person {
    let person = house.person(Camera::start(Sources::default()), Box::new(MemoryStore::new()));
    person.to_sign_in().await;
    until_offered(&person).await;
    person
}

async fn connect_as_sam(person: &Person, house: &PracticeHouse) {
    through_the_browser(person, "Sam Sailor").await;
    until_page(person, "the choice", |page| {
        matches!(page, OrganisationPage::ChooseAccount { link_needs_invitation: false, can_link: true, .. })
    })
    .await;
    take(person, StepWish::Existing).await;
    until_page(person, "the proof", |page| matches!(page, OrganisationPage::LinkExisting { .. })).await;
    let password = house.password("sam@mail.example");
    take(person, StepWish::Link { email: "sam@mail.example".to_owned(), password }).await;
    until_page(person, "the last look", |page| matches!(page, OrganisationPage::ConfirmLink { sees_status: true, .. }))
        .await;
    take(person, StepWish::Confirm).await;
    person.until_status(ProfileStatus::None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_link_says_who_invites_and_leads_to_the_organisations_page_and_works_once() {
    let house = PracticeHouse::new().await;
    let person = at_the_sign_in(&house).await;
    let before = person.view();
    for hostile in ["app.likeness:/quit", "https://evil.example", "--help", "app.likeness:/invite?t=short"] {
        person.journey.knock(hostile);
    }
    person.journey.knock("app.likeness:/callback?code=c&state=s&iss=i");
    person.refused(wish(InvitationWish::Open), "there is none").await;
    assert_eq!(person.view(), before, "what is no invitation changes nothing");

    person.journey.knock(&house.invitation_link(SAM));
    let view = person.until("the invitation", is_read).await;
    let Screen::Invitation { invitation: Some(invitation), signed_in: false, .. } = &view.screen else {
        unreachable!("it fits")
    };
    assert_eq!(invitation.email_masked, "s•••••@harbour.example");
    person.press(Intent::Back).await;
    person.until_screen("sign-in").await;
    person.press(wish(InvitationWish::Open)).await;
    person.until("the invitation again", is_read).await;
    person.press(wish(InvitationWish::Accept)).await;
    connect_as_sam(&person, &house).await;
    person.refused(wish(InvitationWish::Open), "it was used").await;

    person.journey.knock(&house.invitation_link(SAM));
    person.until("why not", |view| trouble(&view.screen).is_some_and(|it| it.code == "invitation-used")).await;
    person.press(Intent::Back).await;
    person.until_status(ProfileStatus::None).await;
    person.refused(wish(InvitationWish::Open), "what cannot be used is not kept").await;
    person.journey.knock(&format!("app.likeness:/invite?t={}", "A".repeat(43)));
    person.until("why not", |view| trouble(&view.screen).is_some_and(|it| it.code == "invitation-link-unknown")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_is_signed_in_is_asked_first_and_signed_out() {
    let house = PracticeHouse::new().await;
    let person = at_the_sign_in(&house).await;
    person.sign_in(LEARNER, &house.password(LEARNER)).await;
    person.press(Intent::Go).await;
    person.until_screen("name").await;
    person.journey.knock(&house.invitation_link(SAM));
    let view = person.until("the invitation", is_read).await;
    let asked = matches!(&view.screen, Screen::Invitation { signed_in: true, signed_in_as: Some(who), .. } if who == "l•••••@likeness.example");
    assert!(asked, "{:?}", view.screen);
    person.press(Intent::Back).await;
    person.until_screen("name").await;
    person.press(wish(InvitationWish::Open)).await;
    person.until("the invitation again", is_read).await;
    person.press(wish(InvitationWish::Accept)).await;
    connect_as_sam(&person, &house).await;
    assert!(
        person.view().frame.who.as_ref().is_none_or(|who| who.email_masked != "l•••••@likeness.example"),
        "somebody else is signed in now"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_link_is_taken_wherever_something_about_it_is_typed_and_by_the_step_that_asks_for_it() {
    let house = PracticeHouse::new().await;
    let person = at_the_domain(&house).await;
    find(&person, &format!(" {} ", house.invitation_link(SAM))).await;
    person.until("the invitation", is_read).await;
    person.press(wish(InvitationWish::Forget)).await;
    until_page(&person, "the domain", |page| matches!(page, OrganisationPage::Domain { invitation: None, .. })).await;

    let to_the_code = async || {
        find(&person, "harbour.example").await;
        through_the_browser(&person, "Sam Sailor").await;
        until_page(&person, "the choice", |page| matches!(page, OrganisationPage::ChooseAccount { .. })).await;
        take(&person, StepWish::Existing).await;
        until_page(&person, "the code", |page| matches!(page, OrganisationPage::Invitation { .. })).await;
    };
    to_the_code().await;
    take(&person, StepWish::Invitation { code: house.invitation_link(SAM) }).await;
    until_page(&person, "the proof", |page| matches!(page, OrganisationPage::LinkExisting { .. })).await;
    person.press(Intent::Joining(likeness_journey::JoiningWish::Cancel)).await;
    until_page(&person, "the domain", |page| matches!(page, OrganisationPage::Domain { .. })).await;

    to_the_code().await;
    person.journey.knock(&house.invitation_link(SAM));
    until_page(&person, "the proof", |page| matches!(page, OrganisationPage::LinkExisting { .. })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_wrong_person_is_told_and_another_organisation_never_sees_the_token() {
    let house = PracticeHouse::new().await;
    let person = at_the_sign_in(&house).await;
    person.press(wish(InvitationWish::Practice { email: SAM.to_owned() })).await;
    person.until("the invitation", is_read).await;
    person.press(wish(InvitationWish::Accept)).await;
    through_the_browser(&person, "Nova Newcomer").await;
    until_trouble(&person, "invitation-wrong-person").await;
    let held = |page: &OrganisationPage| matches!(page, OrganisationPage::Domain { input, invitation: Some(_) } if input == "harbour.example");
    until_page(&person, "the domain", held).await;
    find(&person, "closed.example").await;
    through_the_browser(&person, "Chris Closed").await;
    until_page(&person, "a code of its own", |page| matches!(page, OrganisationPage::Invitation { .. })).await;
    person.press(Intent::Joining(likeness_journey::JoiningWish::Cancel)).await;
    until_page(&person, "the domain", |page| matches!(page, OrganisationPage::Domain { invitation: Some(_), .. }))
        .await;
    person.press(wish(InvitationWish::Forget)).await;
    find(&person, "harbour.example").await;
    through_the_browser(&person, "Nova Newcomer").await;
    until_page(&person, "the choice", |page| matches!(page, OrganisationPage::ChooseAccount { can_create: true, .. }))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn after_delinking_in_the_settings_one_press_opens_the_invitation_again() {
    let house = PracticeHouse::new().await;
    let person = at_the_sign_in(&house).await;
    person.journey.knock(&house.invitation_link(KIM));
    person.until("the invitation", is_read).await;
    person.press(Intent::Back).await;
    person.sign_in("kim@mail.example", &house.password("kim@mail.example")).await;
    person.press(Intent::Settings(likeness_journey::SettingsWish::Open)).await;
    let linked = |view: &View| match page(view) {
        Some(likeness_journey::view::SettingsPage::Overview { linked: Some(linked), .. }) => {
            linked.first().map(|way| way.id.clone())
        }
        _ => None,
    };
    let view = person.until("the linked account", |view| linked(view).is_some()).await;
    let id = linked(&view).expect("it fits");
    person.press(Intent::Settings(likeness_journey::SettingsWish::Disconnect { id })).await;
    done(&person, "disconnected").await;
    let offered = |view: &View| matches!(page(view), Some(likeness_journey::view::SettingsPage::Overview { invitation: Some(org), .. }) if org == "Harbour University");
    person.until("the invitation that is held", offered).await;
    person.press(wish(InvitationWish::Open)).await;
    person.until("the invitation", is_read).await;
    person.press(wish(InvitationWish::Accept)).await;
    through_the_browser(&person, "Kim Keel").await;
    until_page(&person, "the choice", |page| {
        matches!(page, OrganisationPage::ChooseAccount { link_needs_invitation: false, .. })
    })
    .await;
    take(&person, StepWish::Existing).await;
    until_page(&person, "the proof", |page| matches!(page, OrganisationPage::LinkExisting { .. })).await;
    let password = house.password("kim@mail.example");
    take(&person, StepWish::Link { email: "kim@mail.example".to_owned(), password }).await;
    until_page(&person, "nothing in the way", |page| matches!(page, OrganisationPage::ConfirmLink { .. })).await;
}

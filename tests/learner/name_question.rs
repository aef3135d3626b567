//! A card whose code says another name than the one typed: the learner is asked, may correct the name and comes back to the same photo,
//! or says that it is right; nothing waits for an answer.

use std::time::Duration;

use likeness_account::vault::MemoryStore;
use likeness_camera::{Camera, FrameMaker, Purpose, Sources};
use likeness_journey::view::{Photo, ProfileStatus, Screen, View};
use likeness_journey::{Change, Intent};
use likeness_studio::{CardLayout, Scene, render};
use rxing::pdf417::PDF417Writer;
use rxing::pdf417::encoder::Dimensions;
use rxing::{BarcodeFormat, EncodeHintValue, EncodeHints, Writer};

use crate::drawn::{Sitting, stage};
use crate::person::NAME;
use crate::practice_house::{LEARNER, PracticeHouse};

/// What the code says, as cards of 2020 say it.
const CODE: &str = "@\n\u{1e}\rANSI 636000100101DL00310026DLDCSSPECIMEN\nDACMIRA\r";
/// The name in it.
const ON_THE_CARD: &str = "Mira Specimen";
/// The strip below the portrait where the code is printed: left, top, right, bottom.
const STRIP_MM: [f32; 4] = [3.0, 47.4, 82.6, 53.4];
const QUIET_MM: f32 = 0.3;
const CARD_MM: (f32, f32) = (85.6, 53.98);

/// The practice learner, who holds up a card with a code when the ID is to be photographed.
struct WithCode {
    learner: Sitting,
    card: Vec<u8>,
    of_card: bool,
    drawn: u32,
}

impl WithCode {
    fn camera() -> Camera {
        let learner = Sitting::practice();
        let card = card_with_code(learner.size_px());
        let maker = Self { learner, card, of_card: false, drawn: 0 };
        Camera::start(Sources { native: false, synthetic: Some(Box::new(maker)) })
    }
}

impl FrameMaker for WithCode {
    fn label(&self) -> String {
        self.learner.label()
    }

    fn size_px(&self) -> (u16, u16) {
        self.learner.size_px()
    }

    fn fps(&self) -> u16 {
        self.learner.fps()
    }

    fn begin(&mut self, purpose: Purpose) {
        self.of_card = purpose == Purpose::IdCard;
        self.learner.begin(purpose);
    }

    fn draw(&mut self, since_begin: Duration, rgb: &mut Vec<u8>) {
        if !self.of_card {
            self.learner.draw(since_begin, rgb);
            return;
        }
        // A little noise, another one each time, else it would be the same picture for ever.
        self.drawn += 1;
        let mut state = self.drawn.wrapping_mul(2_654_435_761) | 1;
        rgb.clear();
        rgb.extend(self.card.iter().map(|value| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            value.saturating_add(u8::try_from(state >> 30).unwrap_or(0))
        }));
    }
}

/// A card held straight before the camera, with the code printed on it.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a drawn picture: sizes are small, and places become pixels inside it"
)]
fn card_with_code((width_px, height_px): (u16, u16)) -> Vec<u8> {
    let mut scene = Scene::id(7, width_px.into(), height_px.into(), CardLayout::PhotoAndName);
    if let Some(card) = &mut scene.card {
        (card.yaw_deg, card.pitch_deg, card.roll_deg, card.hand) = (0.0, 0.0, 0.0, false);
    }
    let mut rgb = Vec::new();
    let truth = render(&scene, &mut rgb).expect("the scene can be drawn").card.expect("a card is in it");
    let hints = EncodeHints::default()
        .with(EncodeHintValue::Margin("0".to_owned()))
        .with(EncodeHintValue::Pdf417Dimensions(Dimensions::new(12, 12, 3, 12)));
    let code = PDF417Writer.encode_with_hints(CODE, &BarcodeFormat::PDF_417, 1, 1, &hints).expect("a short text");
    let upright = code.getWidth() < code.getHeight();
    let (across, down) =
        if upright { (code.getHeight(), code.getWidth()) } else { (code.getWidth(), code.getHeight()) };
    let [left, top, right, bottom] = STRIP_MM;
    let dark = |x_mm: f32, y_mm: f32| {
        let x = (x_mm - left - QUIET_MM) / (right - left - 2.0 * QUIET_MM) * across as f32;
        let y = (y_mm - top - QUIET_MM) / (bottom - top - 2.0 * QUIET_MM) * down as f32;
        let inside = x >= 0.0 && y >= 0.0 && x < across as f32 && y < down as f32;
        let (x, y) = (x as u32, y as u32);
        inside && if upright { code.get(y, x) } else { code.get(x, y) }
    };
    let ([first, _, last, _], (card_w, card_h)) = (truth.corners, CARD_MM);
    let (x_scale, y_scale) = (card_w / (last.x_px - first.x_px), card_h / (last.y_px - first.y_px));
    for y in 0..u32::from(height_px) {
        for x in 0..u32::from(width_px) {
            let at = |dx: f32| ((x as f32 + dx - first.x_px) * x_scale, (y as f32 + 0.5 - first.y_px) * y_scale);
            let (x_mm, y_mm) = at(0.5);
            if x_mm < left || x_mm >= right || y_mm < top || y_mm >= bottom {
                continue;
            }
            // Bars end inside pixels, so each is looked at in eight places.
            let share = (0..8).filter(|part| {
                let (x_mm, y_mm) = at((*part as f32 + 0.5) / 8.0);
                dark(x_mm, y_mm)
            });
            let level = 215 - 22 * u8::try_from(share.count()).unwrap_or(8);
            let index = 3 * (y * u32::from(width_px) + x) as usize;
            rgb[index..index + 3].fill(level);
        }
    }
    rgb
}

/// The picture under review and the name it puts in question.
fn review(view: &View) -> (String, Option<String>) {
    let Screen::Review { picture, name_in_question, .. } = &view.screen else { panic!("no review: {view:?}") };
    (picture.clone(), name_in_question.clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_name_that_the_card_does_not_say_is_asked_about_and_nothing_waits() {
    let _stage = stage().await;
    let house = PracticeHouse::new().await;
    let person = house.person(WithCode::camera(), Box::new(MemoryStore::new()));
    person.to_sign_in().await;
    person.press(Intent::UsePracticeAccount { email: LEARNER.to_owned() }).await;
    person.until_status(ProfileStatus::None).await;
    person.to_layout().await;
    person.choose_layout(false).await;
    person.check_camera().await;
    person.photo_by_itself(Photo::Face).await;
    assert_eq!(review(&person.view()).1, None, "nothing is asked beside the face");
    person.refused(Intent::ConfirmName, "no name is in question").await;
    person.press(Intent::AcceptPhoto).await;
    person.photo_by_hand(Photo::Id).await;

    let (picture, asked) = review(&person.view());
    assert_eq!(asked.as_deref(), Some(NAME), "the code says {ON_THE_CARD}");
    person.press(Intent::CorrectName).await;
    person.until_screen("name").await;
    person.press(Intent::Back).await;
    assert_eq!(review(&person.view()), (picture.clone(), Some(NAME.to_owned())), "a look at the name changes nothing");

    person.press(Intent::CorrectName).await;
    person.press(Intent::SetName { name: ON_THE_CARD.to_owned() }).await;
    assert_eq!(review(&person.view()), (picture.clone(), None), "the same photo, and the name fits");
    person.refused(Intent::CorrectName, "no name is in question any more").await;

    // Back to the first name through the last look, where another name is no obstacle.
    person.press(Intent::AcceptPhoto).await;
    person.until_screen("check-answers").await;
    person.press(Intent::Change(Change::Name)).await;
    person.press(Intent::SetName { name: NAME.to_owned() }).await;
    person.until_screen("check-answers").await;

    // A new photo of the same card asks again; said to be right, it is not asked about any more.
    person.press(Intent::Change(Change::Id)).await;
    person.photo_by_hand(Photo::Id).await;
    assert_eq!(review(&person.view()).1.as_deref(), Some(NAME));
    person.press(Intent::ConfirmName).await;
    assert_eq!(review(&person.view()).1, None, "it was answered");
    person.press(Intent::Retake).await;
    person.photo_by_hand(Photo::Id).await;
    assert_eq!(review(&person.view()).1, None, "the answer holds for this name");
    person.press(Intent::AcceptPhoto).await;
    person.until_screen("check-answers").await;
    person.submit().await;
}

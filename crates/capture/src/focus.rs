//! Finding the focus on a card for cameras that do not find it themselves: places are tried one after the other, and the
//! sharpest is kept.
//!
//! Only cameras whose focus can be set are asked, only for a card alone (beside a face the face is what must be sharp), and only
//! when a card that is held still has been too blurred to read for a while: an autofocus that works is never disturbed.
//! Pure: times come with the looks; the camera is asked by whoever calls this.

use std::time::Duration;

use likeness_camera::ControlWish;
use likeness_vision::card::Card;

/// An autofocus that has not found the card by then has failed.
const SOFT_FOR: Duration = Duration::from_secs(3);
/// How many places are tried, from one end of the range to the other.
const PLACES: u8 = 8;
/// How long a lens moves to its next place, and old pictures are under way.
const SETTLING: Duration = Duration::from_millis(300);
/// A place at which no card is seen is passed over after this.
const PLACE_AT_MOST: Duration = Duration::from_secs(1);
/// The card is away when it was not seen for this long.
const AWAY_AFTER: Duration = Duration::from_millis(1_500);
/// Between two searches: a search that did not help is not repeated under the learner's eyes.
const REST: Duration = Duration::from_secs(20);
/// A card that moves by more than this share of its width between two looks is blurred by that.
const STILL_WITHIN: f32 = 0.05;

/// A card as it matters here.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Seen {
    /// Blur, millimetres on the card.
    pub(crate) sigma_mm: f64,
    /// Middle of the card and its width, pixels.
    pub(crate) middle: (f32, f32),
    pub(crate) width_px: f32,
}

impl Seen {
    /// Of a card whose size in the picture is known; blur cannot be compared otherwise.
    pub(crate) fn of(card: &Card) -> Option<Self> {
        let [first, second, third, fourth] = card.quad.0;
        let quarter = |of: fn(likeness_vision::Point) -> f32| (of(first) + of(second) + of(third) + of(fourth)) / 4.0;
        (card.px_per_mm > 0.0).then(|| Self {
            sigma_mm: card.sigma_mm.into(),
            middle: (quarter(|corner| corner.x), quarter(|corner| corner.y)),
            width_px: first.distance(second),
        })
    }

    fn is_still(self, before: Self) -> bool {
        let moved = (self.middle.0 - before.middle.0).hypot(self.middle.1 - before.middle.1);
        moved <= STILL_WITHIN * self.width_px.max(1.0)
    }
}

#[derive(Debug, Clone, Copy)]
struct Search {
    place: u8,
    moved_at: Duration,
    /// Blur before the search.
    before: f64,
    /// The sharpest place so far, and its blur.
    best: Option<(u8, f64)>,
}

impl Search {
    fn note(&mut self, sigma_mm: f64) {
        if self.best.is_none_or(|(_, blur)| sigma_mm < blur) {
            self.best = Some((self.place, sigma_mm));
        }
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Focus {
    /// Blur above which a card cannot be read, millimetres.
    soft_above_mm: f64,
    last: Option<Seen>,
    seen_at: Duration,
    soft_since: Option<Duration>,
    search: Option<Search>,
    /// Whether the focus stands where a search has put it.
    held: bool,
    rest_until: Duration,
}

impl Focus {
    pub(crate) fn new(soft_above_mm: f64) -> Self {
        Self {
            soft_above_mm,
            last: None,
            seen_at: Duration::ZERO,
            soft_since: None,
            search: None,
            held: false,
            rest_until: Duration::ZERO,
        }
    }

    /// Takes note of one look and answers what the camera should be asked. `card`: the card of this look, if one was seen.
    pub(crate) fn look(&mut self, at: Duration, card: Option<Seen>) -> Option<ControlWish> {
        let still = card.zip(self.last).is_some_and(|(card, last)| card.is_still(last));
        self.last = card;
        if card.is_some() {
            self.seen_at = at;
        }
        if let Some(search) = self.search {
            return self.go_on(at, search, card.filter(|_| still));
        }
        let Some(card) = card else {
            self.soft_since = None;
            return (at > self.seen_at + AWAY_AFTER).then(|| self.release()).flatten();
        };
        if !still || card.sigma_mm <= self.soft_above_mm {
            self.soft_since = None;
            return None;
        }
        let since = *self.soft_since.get_or_insert(at);
        (at >= since + SOFT_FOR && at >= self.rest_until).then(|| self.begin(at, card.sigma_mm))
    }

    /// What to ask when guiding ends, so that the next purpose finds the camera as it was.
    pub(crate) fn release(&mut self) -> Option<ControlWish> {
        let touched = self.held || self.search.is_some();
        (self.held, self.search, self.soft_since) = (false, None, None);
        touched.then_some(ControlWish::FocusAuto)
    }

    fn begin(&mut self, at: Duration, before: f64) -> ControlWish {
        self.soft_since = None;
        self.search = Some(Search { place: 0, moved_at: at, before, best: None });
        ControlWish::Focus(share(0))
    }

    /// One look of a search. `card`: held still in this look and the one before.
    fn go_on(&mut self, at: Duration, mut search: Search, card: Option<Seen>) -> Option<ControlWish> {
        if at > self.seen_at + AWAY_AFTER {
            self.rest_until = at;
            return self.release();
        }
        if at < search.moved_at + SETTLING {
            return None;
        }
        match card {
            Some(card) => search.note(card.sigma_mm),
            None if at < search.moved_at + PLACE_AT_MOST => return None,
            None => {}
        }
        if search.place + 1 < PLACES {
            search.place += 1;
            search.moved_at = at;
            self.search = Some(search);
            return Some(ControlWish::Focus(share(search.place)));
        }
        self.rest_until = at + REST;
        let best = search.best.filter(|(_, blur)| *blur < search.before);
        let Some((place, _)) = best else { return self.release() };
        (self.search, self.held) = (None, true);
        Some(ControlWish::Focus(share(place)))
    }
}

/// Where a place lies on the way from one end to the other.
fn share(place: u8) -> f32 {
    f32::from(place) / f32::from(PLACES - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT_MM: f64 = 0.2;

    fn seen(sigma_mm: f64) -> Seen {
        Seen { sigma_mm, middle: (640.0, 360.0), width_px: 500.0 }
    }

    /// A learner, a card and a lens, 12 looks a second.
    struct Trial {
        focus: Focus,
        at: Duration,
        asked: Vec<ControlWish>,
    }

    impl Trial {
        fn new() -> Self {
            Self { focus: Focus::new(LIMIT_MM), at: Duration::from_secs(5), asked: Vec::new() }
        }

        /// Looks for this long; `card` answers what is seen with the focus where it was last sent, if it was.
        fn look(&mut self, seconds: f64, card: impl Fn(Option<f32>) -> Option<Seen>) {
            let until = self.at + Duration::from_secs_f64(seconds);
            while self.at < until {
                let sent = match self.asked.last() {
                    Some(ControlWish::Focus(share)) => Some(*share),
                    _ => None,
                };
                self.asked.extend(self.focus.look(self.at, card(sent)));
                self.at += Duration::from_millis(83);
            }
        }

        fn places(&self) -> usize {
            self.asked.iter().filter(|wish| matches!(wish, ControlWish::Focus(_))).count()
        }
    }

    /// A lens that is sharp at this share.
    fn lens(sharp_at: f32) -> impl Fn(Option<f32>) -> Option<Seen> {
        move |sent| Some(seen(sent.map_or(0.5, |sent| 0.05 + 0.5 * f64::from((sent - sharp_at).abs()))))
    }

    #[test]
    fn a_lens_that_stands_wrong_is_put_where_the_card_is_sharp() {
        for (sharp_at, expected) in [(0.0, 0), (0.45, 3), (1.0, 7)] {
            let mut trial = Trial::new();
            trial.look(2.8, lens(sharp_at));
            assert!(trial.asked.is_empty(), "the autofocus has its three seconds");
            trial.look(5.0, lens(sharp_at));
            assert_eq!(trial.places(), 1 + usize::from(PLACES), "each place once, then the best");
            assert_eq!(trial.asked.last(), Some(&ControlWish::Focus(share(expected))), "sharp at {sharp_at}");
            trial.look(30.0, lens(sharp_at));
            assert_eq!(trial.places(), 1 + usize::from(PLACES), "a sharp card is left alone");
        }
    }

    #[test]
    fn what_is_no_fault_of_the_lens_starts_no_search() {
        let moving = |step: u8| Some(Seen { middle: (300.0 + 40.0 * f32::from(step % 12), 360.0), ..seen(0.5) });
        let mut trial = Trial::new();
        trial.look(20.0, |_| Some(seen(0.15)));
        assert!(trial.asked.is_empty(), "a card that can be read");
        trial.look(20.0, |_| None);
        assert!(trial.asked.is_empty(), "no card");
        for step in 0..240 {
            trial.look(0.08, |_| moving(step));
        }
        assert!(trial.asked.is_empty(), "a card that moves is blurred by that");
        for _ in 0..10 {
            trial.look(2.0, |_| Some(seen(0.5)));
            trial.look(0.5, |_| Some(seen(0.1)));
        }
        assert!(trial.asked.is_empty(), "an autofocus that finds it in time");
    }

    #[test]
    fn a_search_that_helps_nothing_is_undone_and_not_repeated_at_once() {
        let mut trial = Trial::new();
        trial.look(10.0, |_| Some(seen(0.5)));
        assert_eq!(trial.asked.last(), Some(&ControlWish::FocusAuto), "no place was better");
        assert_eq!(trial.places(), usize::from(PLACES));
        trial.look(12.0, |_| Some(seen(0.5)));
        assert_eq!(trial.places(), usize::from(PLACES), "it rests");
        trial.look(20.0, |_| Some(seen(0.5)));
        assert_eq!(trial.places(), 2 * usize::from(PLACES), "and tries once more later");
    }

    #[test]
    fn a_card_that_goes_away_ends_the_search_and_the_hold() {
        let mut trial = Trial::new();
        trial.look(4.0, lens(0.6));
        assert!(trial.places() > 0 && trial.places() < usize::from(PLACES), "in the middle of a search");
        trial.look(2.0, |_| None);
        assert_eq!(trial.asked.last(), Some(&ControlWish::FocusAuto), "nobody is there to be found");
        trial.look(9.0, lens(0.6));
        assert_eq!(trial.asked.last(), Some(&ControlWish::Focus(share(4))), "the next card is searched for anew");
        trial.look(2.0, |_| None);
        assert_eq!(trial.asked.last(), Some(&ControlWish::FocusAuto), "and let go with it");
        let asked = trial.asked.len();
        trial.look(5.0, |_| None);
        assert_eq!(trial.asked.len(), asked, "once");
    }

    #[test]
    fn a_card_that_is_lost_at_some_places_is_found_at_another() {
        let mut trial = Trial::new();
        // Beyond some blur there is no card to be seen; the search goes past such places.
        trial.look(12.0, |sent| lens(0.6)(sent).filter(|seen| sent.is_none() || seen.sigma_mm < 0.3));
        assert_eq!(trial.asked.last(), Some(&ControlWish::Focus(share(4))));
    }

    #[test]
    fn the_next_purpose_finds_the_camera_as_it_was() {
        let mut trial = Trial::new();
        assert_eq!(trial.focus.release(), None, "nothing was touched");
        trial.look(10.0, lens(0.3));
        assert_eq!(trial.focus.release(), Some(ControlWish::FocusAuto));
        assert_eq!(trial.focus.release(), None);
    }
}

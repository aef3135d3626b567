//! The product's own eyes and gates on pictures from elsewhere: for `cargo xtask eval` and the measuring tool.
//!
//! Guarantees: analysers, session, limits and the check of the still are those of a running capture, not copies of them;
//! an [`Observer`] says whether a photo would have been taken and never hands one out.
//! Behind the cargo feature `evaluation`, which no build of the app switches on.
//! Refuses to know: where the pictures come from, and what is really in them.

use std::time::Duration;

use likeness_camera::{Damage, Planes, decode_still};
use likeness_vision::card::Card;
use likeness_vision::face::{Face, FaceBox};
use likeness_vision::{ModelError, PlaneError};
use zeroize::Zeroizing;

use crate::advice::{Advice, Hint};
use crate::candidates::most_urgent;
use crate::eyes::{Eyes, Sight};
use crate::gates::{self, Judgement, Reading, Standpoint};
use crate::hint::HintCode;
use crate::memory::Memory;
use crate::mode::{Mode, Settings};
use crate::photo::{CameraFacts, Finding, Level};
use crate::session::{Ask, Session, Still};
use crate::view::{FrameView, Measures};

/// Why a picture could not be judged.
#[derive(Debug, thiserror::Error)]
pub enum ObserverError {
    /// The built-in face model cannot be read.
    #[error("the built-in face model cannot be read; build the program again: {0}")]
    Model(#[from] ModelError),
    /// The bytes are no whole baseline JPEG.
    #[error("the picture is damaged: {0}")]
    Damage(#[from] Damage),
    /// Its sides are none the measures take.
    #[error("the picture has a size that is not looked at: {0}")]
    Plane(#[from] PlaneError),
}

/// What the product thinks of one picture.
#[derive(Debug, Clone)]
pub struct Opinion {
    /// The main face.
    pub face: Option<Face>,
    /// Other faces.
    pub others: Vec<FaceBox>,
    /// The card.
    pub card: Option<Card>,
    /// Every gate that is not fully met, with the hint it speaks through.
    pub findings: Vec<(HintCode, Finding)>,
    /// Everything this photo needs was seen and could be judged.
    pub complete: bool,
    /// What the learner would be told first if it lasted.
    pub first: Option<HintCode>,
    /// What is on the screen now, with the phase of the session; `None` for a picture by itself.
    pub advice: Option<Advice>,
    /// A photo exists by now: taken by itself, and its very bytes judged good once more.
    pub taken: bool,
}

impl Opinion {
    /// No stop and no warning, and nothing left to see.
    pub fn clean(&self) -> bool {
        self.complete && self.findings.is_empty()
    }

    /// The automatic shutter would keep these bytes: the rule of the still check.
    pub fn acceptable(&self) -> bool {
        self.complete && !self.findings.iter().any(|(_, finding)| finding.level == Level::Stop)
    }

    /// A stop or warning speaks through one of these hints.
    pub fn says(&self, codes: &[HintCode]) -> bool {
        self.findings.iter().any(|(code, _)| codes.contains(code))
    }

    /// The hint on the screen.
    pub fn hint(&self) -> Option<Hint> {
        self.advice.as_ref().and_then(|advice| advice.hint)
    }

    fn new(measures: Measures, judgement: &Judgement) -> Self {
        let found = |reading: &Reading| reading.finding().map(|finding| (reading.code, finding));
        Self {
            face: measures.face,
            others: measures.others,
            card: measures.card,
            findings: judgement.readings.iter().filter_map(found).collect(),
            complete: judgement.complete,
            first: most_urgent(judgement.readings.iter()).map(|candidate| candidate.code),
            advice: None,
            taken: false,
        }
    }
}

/// Watches a stream of pictures as a running capture does, without camera and thread.
pub struct Observer {
    eyes: Eyes,
    session: Session,
    mode: Mode,
    settings: Settings,
    kept: Vec<(u64, Vec<u8>)>,
    seq: u64,
    taken: bool,
}

impl Observer {
    /// A capture that has seen nothing yet.
    ///
    /// # Errors
    /// [`ObserverError::Model`].
    pub fn new(mode: Mode, settings: Settings) -> Result<Self, ObserverError> {
        Ok(Self {
            eyes: Eyes::new()?,
            session: Session::new(mode, settings.clone()),
            mode,
            settings,
            kept: Vec::new(),
            seq: 0,
            taken: false,
        })
    }

    /// The next frame of the stream, as a JPEG that counts as fresh. `at`: since the stream began; never goes back.
    /// After the photo was taken the session looks no more, and the opinion is about this frame by itself.
    ///
    /// # Errors
    /// [`ObserverError`] when the picture cannot be judged; the stream goes on.
    pub fn watch(&mut self, jpeg: &[u8], at: Duration) -> Result<Opinion, ObserverError> {
        let planes = decode_still(jpeg)?;
        let measures = self.eyes.look(&planes, &self.sight(&planes, at))?;
        self.seq += 1;
        self.kept.push((self.seq, jpeg.to_vec()));
        let view = FrameView { seq: self.seq, at, fresh: true, measures: measures.clone() };
        let mut step = self.session.on_view(&view);
        let mut opinion = Opinion::new(measures, self.session.judgement());
        loop {
            match step.ask.take() {
                Some(Ask::Still(seq)) => {
                    let still = self.still(seq, at);
                    step = self.session.on_still(still, at);
                }
                Some(Ask::Photo(photo)) => {
                    // It ends here: whether there would be one is all that is told.
                    drop(photo);
                    self.taken = true;
                }
                Some(Ask::Keep) => break,
                None => {
                    if step.advice.phase != crate::advice::Phase::Burst {
                        self.kept.clear();
                    }
                    break;
                }
            }
        }
        opinion.advice = Some(step.advice);
        opinion.taken = self.taken;
        Ok(opinion)
    }

    /// A picture by itself, judged as a still is before it may be sent.
    ///
    /// # Errors
    /// [`ObserverError`] when the picture cannot be judged.
    pub fn examine(&mut self, jpeg: &[u8]) -> Result<Opinion, ObserverError> {
        let planes = decode_still(jpeg)?;
        let sight = self.sight(&planes, Duration::ZERO);
        let measures = self.eyes.look_closely(&planes, &sight)?;
        let memory = Memory::default().for_still(&measures);
        let from = Standpoint { mode: self.mode, settings: &self.settings, guide: sight.guide, memory: &memory };
        let judgement = gates::judge(&measures, &from);
        Ok(Opinion::new(measures, &judgement))
    }

    fn sight(&self, planes: &Planes, at: Duration) -> Sight {
        let side = |length: usize| f32::from(u16::try_from(length).unwrap_or(u16::MAX)).max(1.0);
        let size_px = (side(planes.y.width), side(planes.y.height));
        Sight { mode: self.mode, format: self.settings.format, guide: self.session.guide_for(size_px), lens: None, at }
    }

    fn still(&mut self, seq: u64, at: Duration) -> Option<Still> {
        let jpeg = self.kept.iter().find(|(kept, _)| *kept == seq)?.1.clone();
        let planes = decode_still(&jpeg).ok()?;
        let measures = self.eyes.look_closely(&planes, &self.sight(&planes, at)).ok()?;
        let side = |length: usize| u16::try_from(length).unwrap_or(u16::MAX);
        Some(Still {
            seq,
            jpeg: Zeroizing::new(jpeg),
            size_px: (side(planes.y.width), side(planes.y.height)),
            measures,
            taken_at_unix_ms: 0,
            camera: CameraFacts::default(),
        })
    }
}

//! What comes next while a profile is sent. Pure: outcomes in, the next thing to do out.
//!
//! Invariants, held by the randomised test below: the profile is handed in only when every photo has an accepted upload;
//! the end is a receipt with the right hashes or an error, never both, and nothing comes after the end.

use std::collections::BTreeMap;
use std::time::Duration;

use likeness_protocol::problem::Code;
use likeness_protocol::text::Sha256Hex;
use likeness_protocol::verification::{PhotoKind, Receipt, Status, Uploads};
use likeness_remote::{RemoteError, UploadError};

use crate::error::SendError;

/// How often all photos are sent anew because the server says it does not have them.
const ANEW: u32 = 2;

/// What to do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Do {
    /// Send this photo until the gate has accepted it.
    Upload(PhotoKind),
    /// Hand the profile in with these uploads.
    Submit(Uploads),
    /// It is over.
    End(Result<Receipt, SendError>),
}

/// What came of it.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    Uploaded(PhotoKind, Result<String, UploadError>),
    Submitted(Result<Receipt, RemoteError>),
}

/// Whether to wait before the next thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pause {
    None,
    /// As the pace says, and as long as the server asks.
    Before {
        because: RemoteError,
        asked: Option<Duration>,
    },
}

#[derive(Debug, Clone)]
pub(crate) struct Sender {
    /// The photos of this submission, in the order they are sent, each with its upload once it has one.
    photos: Vec<(PhotoKind, Option<String>)>,
    /// The hashes the receipt must name: of the photos sent and of those kept.
    expected: BTreeMap<PhotoKind, Sha256Hex>,
    sent_anew: u32,
    end: Option<Result<Receipt, SendError>>,
}

impl Sender {
    pub(crate) fn new(photos: impl IntoIterator<Item = PhotoKind>, expected: BTreeMap<PhotoKind, Sha256Hex>) -> Self {
        Self { photos: photos.into_iter().map(|kind| (kind, None)).collect(), expected, sent_anew: 0, end: None }
    }

    pub(crate) fn next(&self) -> Do {
        if let Some(end) = &self.end {
            return Do::End(end.clone());
        }
        match self.photos.iter().find(|(_, upload)| upload.is_none()) {
            Some((kind, _)) => Do::Upload(*kind),
            None => Do::Submit(self.uploads()),
        }
    }

    pub(crate) fn learn(&mut self, outcome: Outcome) -> Pause {
        if self.end.is_some() {
            return Pause::None;
        }
        match outcome {
            Outcome::Uploaded(kind, Ok(upload)) => {
                if let Some((_, place)) = self.photos.iter_mut().find(|(photo, _)| *photo == kind) {
                    *place = Some(upload);
                }
                Pause::None
            }
            Outcome::Uploaded(_, Err(UploadError::TooLate)) => self.fail(SendError::TooLate),
            Outcome::Uploaded(photo, Err(error)) => self.fail(SendError::Upload { photo, error }),
            Outcome::Submitted(Ok(receipt)) => {
                let fits = receipt.status == Status::InReview && receipt.received == self.expected;
                self.end = Some(if fits { Ok(receipt) } else { Err(SendError::ReceiptDiffers) });
                Pause::None
            }
            Outcome::Submitted(Err(error)) => self.submit_failed(error),
        }
    }

    /// The time for sending is over.
    pub(crate) fn too_late(&mut self) {
        if self.end.is_none() {
            self.end = Some(Err(SendError::TooLate));
        }
    }

    fn submit_failed(&mut self, error: RemoteError) -> Pause {
        if error.is(Code::UploadNotAccepted) && self.sent_anew < ANEW {
            self.sent_anew += 1;
            for (_, upload) in &mut self.photos {
                *upload = None;
            }
            return Pause::Before { because: error, asked: None };
        }
        if error.may_pass() {
            let asked = error.retry_after();
            return Pause::Before { because: error, asked };
        }
        self.fail(SendError::Submit(error))
    }

    fn fail(&mut self, error: SendError) -> Pause {
        self.end = Some(Err(error));
        Pause::None
    }

    fn uploads(&self) -> Uploads {
        let of = |wanted| self.photos.iter().find(|(kind, _)| *kind == wanted).and_then(|(_, upload)| upload.clone());
        Uploads { face: of(PhotoKind::Face), id: of(PhotoKind::Id) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use likeness_protocol::Problem;
    use likeness_protocol::tus::PhotoFinding;
    use likeness_remote::Refusal;
    use proptest::prelude::*;

    fn hashes() -> BTreeMap<PhotoKind, Sha256Hex> {
        BTreeMap::from([(PhotoKind::Face, Sha256Hex::of(b"face")), (PhotoKind::Id, Sha256Hex::of(b"id"))])
    }

    fn receipt(received: BTreeMap<PhotoKind, Sha256Hex>) -> Receipt {
        Receipt { id: "sub_1".into(), reference: "LK-7Q2M-91XD".into(), status: Status::InReview, received }
    }

    fn refused(code: Code) -> RemoteError {
        RemoteError::Refused(Box::new(Refusal { problem: Problem::new(code, "r"), retry_after: None }))
    }

    fn ready() -> Sender {
        let mut sender = Sender::new([PhotoKind::Face, PhotoKind::Id], hashes());
        sender.learn(Outcome::Uploaded(PhotoKind::Face, Ok("up_f".into())));
        sender.learn(Outcome::Uploaded(PhotoKind::Id, Ok("up_i".into())));
        sender
    }

    #[test]
    fn photos_first_then_the_profile_then_the_receipt() {
        let mut sender = Sender::new([PhotoKind::Face, PhotoKind::Id], hashes());
        assert_eq!(sender.next(), Do::Upload(PhotoKind::Face));
        sender.learn(Outcome::Uploaded(PhotoKind::Face, Ok("up_f".into())));
        assert_eq!(sender.next(), Do::Upload(PhotoKind::Id));
        sender.learn(Outcome::Uploaded(PhotoKind::Id, Ok("up_i".into())));
        assert_eq!(sender.next(), Do::Submit(Uploads { face: Some("up_f".into()), id: Some("up_i".into()) }));
        sender.learn(Outcome::Submitted(Ok(receipt(hashes()))));
        assert_eq!(sender.next(), Do::End(Ok(receipt(hashes()))));
    }

    #[test]
    fn a_corrected_name_needs_no_photo() {
        let sender = Sender::new([], hashes());
        assert_eq!(sender.next(), Do::Submit(Uploads::default()));
    }

    #[test]
    fn each_answer_to_the_profile_has_its_consequence() {
        let waits = |error: &RemoteError| Pause::Before { because: error.clone(), asked: None };
        #[rustfmt::skip]
        let table = [
            (RemoteError::NetworkConnect,        true,  "the reply may be lost: the same key is sent again"),
            (RemoteError::NetworkTimeout,        true,  "the same"),
            (refused(Code::RequestInProgress),   true,  "our first request is still running"),
            (refused(Code::Busy),                true,  "later"),
            (refused(Code::UploadNotAccepted),   true,  "the photos are sent anew"),
            (refused(Code::AlreadyInReview),     false, "another device was faster"),
            (refused(Code::FullNameInvalid),     false, "the learner corrects it"),
            (refused(Code::ManifestNonce),       false, "new photos in a new session"),
            (RemoteError::SignedOut,             false, "sign in, then go on"),
        ];
        for (error, goes_on, because) in table {
            let mut sender = ready();
            let pause = sender.learn(Outcome::Submitted(Err(error.clone())));
            assert_eq!(pause, if goes_on { waits(&error) } else { Pause::None }, "{because}");
            assert_eq!(!matches!(sender.next(), Do::End(_)), goes_on, "{because}");
        }
    }

    #[test]
    fn a_receipt_for_other_photos_is_none() {
        let mut other = hashes();
        other.insert(PhotoKind::Id, Sha256Hex::of(b"somebody else's"));
        for received in [other, BTreeMap::new()] {
            let mut sender = ready();
            sender.learn(Outcome::Submitted(Ok(receipt(received))));
            assert_eq!(sender.next(), Do::End(Err(SendError::ReceiptDiffers)));
        }
    }

    #[test]
    fn a_refused_photo_names_itself() {
        let mut sender = Sender::new([PhotoKind::Face, PhotoKind::Id], hashes());
        sender.learn(Outcome::Uploaded(PhotoKind::Face, Err(UploadError::PhotoRefused(PhotoFinding::TooDark))));
        let Do::End(Err(error)) = sender.next() else { panic!("it is over") };
        assert_eq!(
            (error.photo_refused(), error.code(), error.session_is_over()),
            (Some(PhotoKind::Face), "photo-refused", false)
        );
    }

    fn any_outcome() -> impl Strategy<Value = Outcome> {
        let kind = prop_oneof![Just(PhotoKind::Face), Just(PhotoKind::Id)];
        let uploaded = (kind, 0..4_u8).prop_map(|(kind, choice)| {
            let result = match choice {
                0 => Err(UploadError::PhotoRefused(PhotoFinding::Blank)),
                1 => Err(UploadError::TooLate),
                _ => Ok(format!("up_{}", kind.as_str())),
            };
            Outcome::Uploaded(kind, result)
        });
        let submitted = (0..8_u8).prop_map(|choice| {
            Outcome::Submitted(match choice {
                0 => Ok(receipt(hashes())),
                1 => Ok(receipt(BTreeMap::new())),
                2 => Err(refused(Code::AlreadyInReview)),
                3 => Err(refused(Code::UploadNotAccepted)),
                _ => Err(RemoteError::NetworkConnect),
            })
        });
        prop_oneof![uploaded, submitted]
    }

    proptest! {
        /// Failures print the outcomes that led there; proptest replays them from its own record.
        #[test]
        fn whatever_happens_the_end_is_one(outcomes in proptest::collection::vec(any_outcome(), 0..40)) {
            let mut sender = Sender::new([PhotoKind::Face, PhotoKind::Id], hashes());
            let mut ended = None;
            for outcome in outcomes {
                // Only answers to what was asked for can come.
                let was_asked = match (sender.next(), &outcome) {
                    (Do::Upload(asked), Outcome::Uploaded(told, _)) => asked == *told,
                    (Do::Submit(uploads), Outcome::Submitted(_)) => {
                        prop_assert!(uploads.face.is_some() && uploads.id.is_some(), "handed in without its photos");
                        true
                    }
                    (Do::End(_), _) => true,
                    _ => false,
                };
                if was_asked {
                    sender.learn(outcome);
                }
                if let Do::End(end) = sender.next() {
                    prop_assert!(ended.is_none() || ended.as_ref() == Some(&end), "the end has changed");
                    if let Ok(receipt) = &end {
                        prop_assert_eq!(&receipt.received, &hashes());
                    }
                    ended = Some(end);
                }
            }
        }
    }
}

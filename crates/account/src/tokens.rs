//! How fresh an access token is. Pure: a token and a time in, a verdict out.

use std::time::Duration;

use likeness_protocol::text::Secret;
use likeness_protocol::time::UnixMs;

/// Share of a token's life after which it is renewed, in percent: late enough to be rare, early enough that a lost
/// reply can be asked for again while the old token still works.
const RENEW_AFTER_PERCENT: u32 = 80;

/// An access token and its life, by the clock on the wall: after a night's sleep of the computer it must count as old,
/// which a clock that stops during sleep would deny.
#[derive(Debug, Clone)]
pub(crate) struct AccessToken {
    pub(crate) token: Secret,
    pub(crate) obtained_at: UnixMs,
    pub(crate) life: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// Use it.
    Fresh,
    /// Renew it; when that fails it still works.
    Due,
    /// It has ended.
    Dead,
}

impl AccessToken {
    pub(crate) fn freshness(&self, now: UnixMs) -> Freshness {
        if now < self.obtained_at {
            // Somebody set the clock back; how old the token is cannot be known.
            return Freshness::Due;
        }
        let age = now.since(self.obtained_at);
        if age >= self.life {
            Freshness::Dead
        } else if age >= self.life * RENEW_AFTER_PERCENT / 100 {
            Freshness::Due
        } else {
            Freshness::Fresh
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_renewed_at_four_fifths_of_its_life() {
        let token = AccessToken {
            token: Secret::new("lk_at_x"),
            obtained_at: UnixMs(1_000_000),
            life: Duration::from_mins(10),
        };
        #[rustfmt::skip]
        let table = [
            (      0, Freshness::Fresh, "just obtained"),
            (479_999, Freshness::Fresh, "shortly before 8 of 10 minutes"),
            (480_000, Freshness::Due,   "8 of 10 minutes"),
            (599_999, Freshness::Due,   "still accepted by the server"),
            (600_000, Freshness::Dead,  "over"),
            (3_600_000, Freshness::Dead, "the computer slept for an hour"),
        ];
        for (age_ms, expected, because) in table {
            assert_eq!(token.freshness(UnixMs(1_000_000 + age_ms)), expected, "{because}");
        }
        assert_eq!(token.freshness(UnixMs(999_999)), Freshness::Due, "the clock was set back");
    }
}

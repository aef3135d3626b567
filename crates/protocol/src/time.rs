//! Points in time as they cross the wire.
//!
//! Knows no clock: whoever needs "now" brings it.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Milliseconds since 1970-01-01 UTC, leap seconds not counted. On the wire a bare number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnixMs(pub u64);

impl UnixMs {
    /// This moment and `span` later; stops at the end of time instead of wrapping.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(whole_ms(span)))
    }

    /// This moment and `span` earlier; stops at 1970.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(whole_ms(span)))
    }

    /// How long after `earlier` this is; zero when it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// Whole seconds since 1970, as JSON web signatures count.
    pub fn seconds(self) -> u64 {
        self.0 / 1_000
    }
}

fn whole_ms(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_stops_at_both_ends() {
        #[rustfmt::skip]
        let table = [
            // start     plus ms  minus ms expected                because
            (1_000,      500,     0,       1_500,                  "plain addition"),
            (1_000,      0,       5_000,   0,                      "1970 is the floor"),
            (u64::MAX,   1,       0,       u64::MAX,               "the end of time does not wrap"),
        ];
        for (start, plus, minus, expected, because) in table {
            let got = UnixMs(start).plus(Duration::from_millis(plus)).minus(Duration::from_millis(minus));
            assert_eq!(got, UnixMs(expected), "{because}");
        }
    }
}

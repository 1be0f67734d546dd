//! How requests are sent: one after the other, or on a schedule; over how many connections.

use std::fmt;
use std::num::{NonZeroU32, NonZeroU64};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::amount::Dimension;
use crate::amount::Quantity;
use crate::amount::{SizeError, whole};

/// How requests are sent. What isn't named in a file is as it was before there was a choice: the
/// next request after the reply, over one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// Open loop: so many requests a second, each due at its time whatever the server does.
    /// Without it, the loop is closed: the next request is sent after the reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// Connections that are used at once.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub connections: NonZeroU32,
    /// Requests that are written at once to a connection, before any of their replies is read.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub pipeline: NonZeroU32,
}

const fn one() -> NonZeroU32 {
    NonZeroU32::MIN
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_one(number: &NonZeroU32) -> bool {
    *number == one()
}

impl Default for Load {
    fn default() -> Self {
        Self { rate: None, connections: one(), pipeline: one() }
    }
}

impl Load {
    /// Whether there is never more than one request under way.
    #[must_use]
    pub fn is_one_at_a_time(&self) -> bool {
        *self == Self::default()
    }

    /// For a field of a file that isn't written if it says nothing.
    pub(crate) fn is_default(&self) -> bool {
        self.is_one_at_a_time()
    }
}

/// As readers see it: `open loop, 20000/s, 8 connections (response time)`. What is in parentheses
/// is what `rtt.*` is then: in a closed loop, the time from when a request was sent (service time);
/// in an open one, from when it was due (response time).
impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rate {
            None => f.write_str("closed loop")?,
            Some(rate) => write!(f, "open loop, {rate}")?,
        }
        if self.connections > one() {
            write!(f, ", {} connections", self.connections)?;
        }
        if self.pipeline > one() {
            write!(f, ", pipelines of {}", self.pipeline)?;
        }
        f.write_str(if self.rate.is_none() { " (service time)" } else { " (response time)" })
    }
}

/// Requests in a second: a whole number, at least one and at most a thousand million, that prints
/// as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    written: Quantity,
    per_second: NonZeroU64,
}

/// With more, two requests would be due in the same nanosecond.
const MOST_PER_SECOND: u64 = 1_000_000_000;

impl Rate {
    /// Requests in a second.
    #[must_use]
    pub const fn per_second(&self) -> NonZeroU64 {
        self.per_second
    }
}

impl FromStr for Rate {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Self, SizeError> {
        let (written, amount) = whole(text, Dimension::Rate)?;
        NonZeroU64::new(amount)
            .filter(|amount| amount.get() <= MOST_PER_SECOND)
            .map(|per_second| Self { written, per_second })
            .ok_or_else(|| SizeError::OutOfRange { text: text.to_owned() })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.written.fmt(f)
    }
}

crate::amount::serde_as_text!(Rate);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_whole_number_of_requests_in_a_second() {
        assert_eq!("20000/s".parse::<Rate>().unwrap().per_second().get(), 20_000);
        let message = |text: &str| text.parse::<Rate>().unwrap_err().to_string();
        assert_eq!(message("0/s"), "`0/s` is out of range");
        assert_eq!(message("0.5/s"), "`0.5/s` is out of range");
        assert_eq!(message("-1/s"), "`-1/s` is out of range");
        assert_eq!(message("1000000001/s"), "`1000000001/s` is out of range");
        assert_eq!(message("20000"), "`20000` is not a rate, such as `20000/s`");
    }

    #[test]
    fn a_load_says_which_time_is_measured() {
        let many = NonZeroU32::new(8).unwrap();
        let open =
            Load { rate: Some("20000/s".parse().unwrap()), connections: many, ..Load::default() };
        assert_eq!(open.to_string(), "open loop, 20000/s, 8 connections (response time)");
        let pipelined = Load { pipeline: many, ..Load::default() };
        assert_eq!(pipelined.to_string(), "closed loop, pipelines of 8 (service time)");
        assert_eq!(Load::default().to_string(), "closed loop (service time)");
        let text = serde_json::to_string(&open).unwrap();
        assert_eq!(text, r#"{"rate":"20000/s","connections":8}"#);
        assert_eq!(serde_json::from_str::<Load>(&text).unwrap(), open);
        assert_eq!(serde_json::from_str::<Load>("{}").unwrap(), Load::default());
    }
}

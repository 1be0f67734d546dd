//! The head: length and digest of a history, short enough to print on every report.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::entry::digest::Digest;

/// Number and digest of the newest entry. It stands for the whole history up to there: whoever
/// kept a head can tell later whether anything before it was altered or cut off.
///
/// Shown as `12:` and the digest's 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Head {
    /// The newest entry's number, which is the number of entries.
    pub number: u64,
    /// The newest entry's digest.
    pub digest: Digest,
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.number, self.digest)
    }
}

/// A text is not a head.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a head; write NUMBER:DIGEST as a report prints it")]
pub struct HeadError {
    text: String,
}

impl FromStr for Head {
    type Err = HeadError;

    fn from_str(text: &str) -> Result<Self, HeadError> {
        let parse = || {
            let (number, digest) = text.split_once(':')?;
            // `parse` would take `+1` and `01` as well, and a head is written in one way only.
            let plain = number.starts_with(|c| matches!(c, '1'..='9'));
            let number = number.parse().ok().filter(|_| plain)?;
            Some(Self { number, digest: digest.parse().ok()? })
        };
        parse().ok_or_else(|| HeadError { text: text.to_owned() })
    }
}

impl Serialize for Head {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Head {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_reads_back_as_printed() {
        let head = Head { number: 12, digest: Digest::of(b"abc") };
        assert_eq!(head.to_string().parse(), Ok(head));
        assert_eq!(format!("12:sha256:{}", head.digest).parse(), Ok(head));
    }

    #[test]
    fn nothing_else_is_a_head() {
        let digest = Digest::of(b"abc").to_string();
        for number in ["", "0", "+1", "-1", "01", "x", "99999999999999999999"] {
            assert!(format!("{number}:{digest}").parse::<Head>().is_err(), "{number}");
        }
        assert!("12".parse::<Head>().is_err());
        assert!(format!("12:{}", &digest[..12]).parse::<Head>().is_err());
    }
}

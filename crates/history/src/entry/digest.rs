//! Digests: what ties an entry to the one before it and to its objects.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

const PREFIX: &str = "sha256:";

/// A SHA-256 digest. Shown as 64 lowercase hexadecimal digits; in entries with `sha256:` before
/// them, so that another function can take over one day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digit = |value: u8| value + if value < 10 { b'0' } else { b'a' - 10 };
        let mut digits = [0; 64];
        for ([high, low], byte) in digits.as_chunks_mut::<2>().0.iter_mut().zip(self.0) {
            (*high, *low) = (digit(byte >> 4), digit(byte & 0xf));
        }
        f.write_str(std::str::from_utf8(&digits).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{self}")
    }
}

/// A text is not a digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a SHA-256 digest; write its 64 hexadecimal digits in lower case")]
pub struct DigestError {
    text: String,
}

/// Accepts the digits with or without `sha256:` before them.
impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let digits = text.strip_prefix(PREFIX).unwrap_or(text);
        parse_digits(digits).map(Self).ok_or_else(|| DigestError { text: text.to_owned() })
    }
}

fn parse_digits(digits: &str) -> Option<[u8; 32]> {
    let (pairs, []) = digits.as_bytes().as_chunks::<2>() else { return None };
    let mut bytes = [0; 32];
    if pairs.len() != bytes.len() {
        return None;
    }
    // Without a branch for each digit, so that the compiler can take many at once.
    let is_digit = |digit: &u8| digit.is_ascii_digit() | (b'a'..=b'f').contains(digit);
    let value = |digit: u8| (digit & 0xf) + 9 * (digit >> 6);
    let mut all_digits = true;
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        all_digits &= is_digit(high) & is_digit(low);
        *byte = (value(*high) << 4) | (value(*low) & 0xf);
    }
    all_digits.then_some(bytes)
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{PREFIX}{self}"))
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.starts_with(PREFIX) {
            text.parse().map_err(serde::de::Error::custom)
        } else {
            Err(serde::de::Error::custom(format!("`{text}` does not begin with `{PREFIX}`")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn the_digest_is_sha_256() {
        assert_eq!(Digest::of(b"abc").to_string(), ABC);
    }

    #[test]
    fn a_digest_reads_back_as_written() {
        let digest = Digest::of(b"abc");
        assert_eq!(ABC.parse(), Ok(digest));
        assert_eq!(format!("sha256:{ABC}").parse(), Ok(digest));
        let json = serde_json::to_string(&digest).unwrap();
        assert_eq!(json, format!("\"sha256:{ABC}\""));
        assert_eq!(serde_json::from_str::<Digest>(&json).unwrap(), digest);
    }

    #[test]
    fn nothing_else_is_a_digest() {
        let upper = ABC.to_uppercase();
        let long = format!("{ABC}00");
        let signed = format!("+{}", &ABC[1..]);
        for bad in ["", "sha256:", &ABC[1..], &upper, &long, &signed, "sha512:ba78"] {
            assert!(bad.parse::<Digest>().is_err(), "{bad}");
        }
        assert!(serde_json::from_str::<Digest>(&format!("\"{ABC}\"")).is_err());
    }
}

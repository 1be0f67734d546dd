//! Server versions: dotted numbers that compare part by part.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// A version such as `7.0.15`. Missing parts count as zero, so `7.0` equals `7.0.0`.
#[derive(Clone, Debug)]
pub struct Version(Vec<u64>);

/// The text is not dotted numbers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a version; write dotted numbers, such as `7.0.15`")]
pub struct VersionError {
    text: String,
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let parts = text.split('.').map(str::parse).collect::<Result<Vec<u64>, _>>();
        parts.map(Self).map_err(|_| VersionError { text: text.to_owned() })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.0.iter().map(u64::to_string).collect();
        f.write_str(&parts.join("."))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let parts = self.0.len().max(other.0.len());
        let part = |version: &Self, at: usize| version.0.get(at).copied().unwrap_or(0);
        (0..parts)
            .map(|at| part(self, at).cmp(&part(other, at)))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_compare_as_numbers() {
        let version = |text: &str| text.parse::<Version>().unwrap();
        assert!(version("7.0.15") > version("7.0.9"));
        assert!(version("8.0") > version("7.4.1"));
        assert_eq!(version("7.0"), version("7.0.0"));
        assert!("seven".parse::<Version>().is_err());
    }
}

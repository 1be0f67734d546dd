//! Numbers on the command line, whose errors say in our own words what may stand there.

use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};

/// The fewest pairs whose standard deviation says something.
const FEWEST_PAIRS: u32 = 3;

/// The number of an entry, from 1 on; zeros may lead, as in the names of its files.
pub(super) fn entry(text: &str) -> Result<u64, String> {
    let number = text.parse().map(NonZeroU64::get);
    number.map_err(|_| {
        "an entry is named by its number, such as `1`; `phasegate history list` has them".to_owned()
    })
}

/// How many trials, or which of them.
pub(super) fn trial(text: &str) -> Result<NonZeroU32, String> {
    text.parse().map_err(|_| "write a whole number from 1 on".to_owned())
}

/// How many of what is found.
pub(super) fn limit(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "write a whole number from 1 on".to_owned())
}

/// How many pairs of a server with itself.
pub(super) fn pairs(text: &str) -> Result<u32, String> {
    let pairs = text.parse().ok().filter(|pairs| *pairs >= FEWEST_PAIRS);
    pairs.ok_or_else(|| format!("write a whole number from {FEWEST_PAIRS} on"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_of_an_entry_says_where_they_are() {
        assert_eq!(entry("12"), Ok(12));
        assert_eq!(entry("000001"), Ok(1));
        for bad in ["0", "x", "-1", "", "1.5", "99999999999999999999"] {
            assert!(entry(bad).unwrap_err().contains("history list"), "{bad}");
        }
    }

    #[test]
    fn there_is_no_zeroth_trial_and_no_spread_of_two_pairs() {
        assert_eq!(trial("1").map(NonZeroU32::get), Ok(1));
        assert_eq!(limit("7").map(NonZeroUsize::get), Ok(7));
        for bad in ["0", "x", "-1", "1e3"] {
            assert_eq!(trial(bad), Err("write a whole number from 1 on".to_owned()), "{bad}");
            assert_eq!(limit(bad), Err("write a whole number from 1 on".to_owned()), "{bad}");
        }
        assert_eq!(pairs("3"), Ok(3));
        assert_eq!(pairs("2"), Err("write a whole number from 3 on".to_owned()));
    }
}

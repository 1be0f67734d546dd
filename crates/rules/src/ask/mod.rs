//! Other questions put to the same decision: what if, backtest, progress, waivers, pairs, test
//! cases.

pub(crate) mod backtest;
pub(crate) mod detectable;
pub(crate) mod expectation;
pub(crate) mod filter;
pub(crate) mod pair;
pub(crate) mod progress;
pub(crate) mod test_cases;
pub(crate) mod waived;
pub(crate) mod what_if;

//! Beyond one run: earlier runs of the same question, whether they contradict this one, and what
//! stands because runs agree.
//!
//! A decision is certain of restarts within one run. Machines have good and bad hours, so that two
//! runs may each be sure of the opposite; what holds in a typical run is decided by runs, each of
//! which has one vote.

pub(crate) mod asked;
mod decide;
pub(crate) mod votes;

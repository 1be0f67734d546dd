//! Matrix and evidence to a decision: votes, evidence, findings; a pure and total function.

pub(crate) mod assess;
pub(crate) mod background;
pub(crate) mod claims;
pub(crate) mod decision;
pub(crate) mod drift;
pub(crate) mod summary;
pub(crate) mod tally;
pub(crate) mod threshold;
pub(crate) mod votes;

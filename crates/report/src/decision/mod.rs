//! What was decided, as sections of a report: headline, summary, matrix, predictions, what comes
//! next; only the context puts them together.

pub(crate) mod certainty;
pub(crate) mod details;
pub(crate) mod ended;
pub(crate) mod headline;
pub(crate) mod matrix;
pub(crate) mod next;
pub(crate) mod predictions;
pub(crate) mod summary;

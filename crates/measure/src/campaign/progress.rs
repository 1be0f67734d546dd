//! How far a trial is.
use phasegate_model::{Extent, Quantity};

/// What a trial is doing. Told between rounds, never inside a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A server is being started, or the running one connected to.
    Starting,
    /// The dataset is being written.
    Filling {
        /// How large it is, as the server tells it or about so.
        dataset: Quantity,
        /// How large it is to be.
        goal: Extent,
    },
    /// Rounds are being made.
    Rounds {
        /// How many are done.
        done: u32,
        /// How many there are.
        of: u32,
        /// The 99th percentile of all samples of this trial so far.
        p99: Option<Quantity>,
    },
}

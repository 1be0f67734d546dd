//! What people add to a history beside decisions: exceptions, notes, what a later look found, and
//! phases that were decided before there was a ledger. No other room uses it.

mod addition;
mod asserted;
mod note;
mod revisit;
mod transcription;

pub use self::addition::{Addition, EntryKind};
pub use self::asserted::AssertedReading;
pub use self::note::{Note, Waiver};
pub use self::revisit::{Revisit, RevisitedObligation};
pub use self::transcription::{
    Became, TranscribedOption, TranscribedPrediction, TranscribedRow, Transcription,
};

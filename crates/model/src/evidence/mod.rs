//! All that was measured in one run, self-contained, and whether two runs compare. It knows plans
//! and readings, and nothing of what is decided by them.

mod change;
mod circumstances;
mod previous;
mod question;
mod run;
mod runs;
mod target;
mod trial;

pub use self::change::PropertyChange;
pub use self::circumstances::Circumstances;
pub use self::previous::Previous;
pub use self::question::Question;
pub use self::run::{End, Evidence, EvidenceError};
pub use self::runs::{ContinuedRun, EarlierRun, RunRow, RunVote};
pub use self::target::{BaselineServer, Environment, Target, TargetServer};
pub use self::trial::{BaselineTrial, CpuSource, CpuTimes, First, NodeTrial, Round, Start, Trial};

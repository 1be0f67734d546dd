//! What a phase is about, how it is to be measured, and what the team asserts and expects. Evidence
//! and decisions use it; it knows subjects, metrics and amounts, and nothing of what was measured.

mod fact;
mod load;
mod measuring;
mod next;
mod phase;
mod scope;

pub use self::fact::{Fact, FactName, FactNameError, FactValue};
pub use self::load::{Load, Rate};
pub use self::measuring::{MeasurePlan, Until};
pub use self::next::{NextOption, NextPhases, Prediction};
pub use self::phase::Plan;
pub use self::scope::{ScopeKind, Spread};

//! The metric catalogue. It is closed: a name that isn't in it is an error with a suggestion.
//! Whatever names what was measured uses it; it knows amounts, and the kinds of subjects.

mod catalogue;
mod command;
mod domain;
mod memory;
mod name;
mod statistic;

pub use self::catalogue::{Env, Headroom, Metric, MetricPlace, Server};
pub use self::command::CommandMetric;
pub use self::domain::{Better, Domain, Kind};
pub use self::memory::Memory;
pub use self::name::UnknownMetric;
pub use self::statistic::Statistic;

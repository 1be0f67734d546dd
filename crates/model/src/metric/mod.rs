//! The metric catalogue. It is closed: a name that isn't in it is an error with a suggestion.
//! Whatever names what was measured uses it; it knows amounts, and the kinds of subjects.

mod catalogue;
mod domain;
mod name;
mod quantile;
mod statistic;
mod table;

pub use self::catalogue::{Metric, MetricRow};
pub use self::domain::{Better, Bounds, Domain, Kind, Source};
pub use self::name::UnknownMetric;
pub use self::quantile::{Quantile, QuantileError};
pub use self::statistic::Statistic;
pub use self::table::{CommandMetric, Cpu, Env, Headroom, Memory, Server};

//! What one trial says of its metrics, and how evidence files hold it. Evidence, decisions and
//! records use it; it knows metrics and amounts only.

mod measured;
mod metric_reading;
mod missing;
mod stored;
mod trial_readings;

pub use self::measured::Measured;
pub use self::metric_reading::{Reading, ReadingError};
pub use self::missing::{Missing, MissingReason};
pub use self::trial_readings::{MetricPlace, Readings};

//! One cheap look at a running server.

use phasegate_model::Readings;

use crate::address::Address;
use crate::connect::ConnectError;
use crate::control::Control;
use crate::readings::observed;
use crate::side::REPLY_LIMIT;

/// What a running server says of itself: every metric that is read from `INFO`, present or missing
/// with the reason. It is asked `PING` and `INFO` once, and nothing is timed, configured or written.
///
/// # Errors
/// If it can't be reached, doesn't let us in, or doesn't answer.
pub fn observe(address: &Address) -> Result<Readings, ConnectError> {
    let mut control = Control::open(address, REPLY_LIMIT)?;
    let mut readings = Readings::default();
    for (metric, reading) in observed(&control.info(None)?) {
        // What is read for a metric fits it.
        let _ = readings.insert(metric, reading);
    }
    Ok(readings)
}

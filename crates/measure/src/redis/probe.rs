//! One cheap look at a running server.

use phasegate_model::Readings;

use crate::redis::observed::readings::observed;
use crate::redis::reach::control::Control;
use crate::redis::reach::endpoint::Endpoint;
use crate::redis::reach::terms::REPLY_LIMIT;
use crate::redis::server::error::ServerError;

/// What a running server says of itself: every metric that is read from `INFO`, present or missing
/// with the reason. It is asked `PING` and `INFO` once, and nothing is timed, configured or written.
///
/// # Errors
/// If it can't be reached, doesn't let us in, or doesn't answer; or if no sentinel leads to it.
pub fn observe(server: &Endpoint) -> Result<Readings, ServerError> {
    let mut control = Control::open(&server.find(REPLY_LIMIT)?, REPLY_LIMIT)?;
    let mut readings = Readings::default();
    for (metric, reading) in observed(&control.info(None)?) {
        // What is read for a metric fits it.
        let _ = readings.insert(metric, reading);
    }
    Ok(readings)
}

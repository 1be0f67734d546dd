//! What all connections of a campaign have in common.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use phasegate_model::Wait;

/// What all connections of a session have in common.
#[derive(Clone)]
pub(crate) struct Terms {
    /// How the client waits.
    pub(crate) wait: Wait,
    /// How long any reply may take.
    pub(crate) reply_limit: Duration,
    /// Raised by the caller to end the session.
    pub(crate) interrupted: Arc<AtomicBool>,
}

/// How long a reply may take until it is complete, and a connection until it stands.
pub(crate) const REPLY_LIMIT: Duration = Duration::from_secs(5);

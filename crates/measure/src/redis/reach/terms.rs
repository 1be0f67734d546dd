//! What all connections of a campaign have in common.

use std::time::Duration;

use phasegate_model::Wait;

use crate::machine::stop::Stop;
use crate::redis::reach::own::ReplyLimit;

/// What all connections of a session have in common.
#[derive(Clone)]
pub(crate) struct Terms {
    /// How the client waits.
    pub(crate) wait: Wait,
    /// How long any reply may take.
    pub(crate) reply_limit: Duration,
    /// What ends the session.
    pub(crate) stop: Stop,
}

impl Terms {
    /// How long a reply beside the measured ones may take.
    pub(crate) fn limit(&self) -> ReplyLimit {
        ReplyLimit { each: self.reply_limit, stop: self.stop.clone() }
    }

    /// The same, and no longer than this.
    pub(crate) fn limit_within(&self, left: Duration) -> ReplyLimit {
        ReplyLimit { each: self.reply_limit.min(left), ..self.limit() }
    }
}

/// How long a reply may take until it is complete, and a connection until it stands.
pub(crate) const REPLY_LIMIT: Duration = Duration::from_secs(5);

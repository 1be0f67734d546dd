//! What is kept of the newest entry that was seen, from which to look for the next.

use chrono::{DateTime, Utc};

use crate::entry::head::Head;
use crate::entry::recorded::Recorded;

/// What there is to know of the newest entry before another follows it.
#[derive(Clone, Debug)]
pub(crate) struct NewestEntry {
    pub(crate) head: Head,
    pub(crate) recorded_at: DateTime<Utc>,
    /// The name of the folder with what was rendered for it, if it is of a kind that has one.
    pub(crate) folder: Option<String>,
}

impl NewestEntry {
    pub(crate) fn of(recorded: &Recorded) -> Self {
        let Recorded { entry, .. } = recorded;
        Self { head: recorded.head(), recorded_at: entry.recorded_at, folder: entry.folder() }
    }
}

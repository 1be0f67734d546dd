//! When measuring has to end: because somebody says so, or because its time is over.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What ends measuring, wherever it is: in a round, a fill, a restart, or waiting for a reply.
#[derive(Clone, Debug)]
pub struct Stop {
    interrupted: Arc<AtomicBool>,
    began: Instant,
    /// In nanoseconds after that.
    deadline: Arc<AtomicU64>,
}

impl Default for Stop {
    /// For what nothing ends.
    fn default() -> Self {
        Self::from(Arc::default())
    }
}

impl From<Arc<AtomicBool>> for Stop {
    /// When the flag is raised, and at no time by itself.
    fn from(interrupted: Arc<AtomicBool>) -> Self {
        Self { interrupted, began: Instant::now(), deadline: Arc::new(u64::MAX.into()) }
    }
}

impl Stop {
    /// After that time at the latest.
    #[must_use]
    pub fn after(self, time: Duration) -> Self {
        self.deadline.store(nanoseconds(time), Ordering::Relaxed);
        self
    }

    /// So much later, for everybody who stops for it.
    pub fn extend(&self, time: Duration) {
        let deadline = self.deadline.load(Ordering::Relaxed);
        self.deadline.store(deadline.saturating_add(nanoseconds(time)), Ordering::Relaxed);
    }

    /// Whether measuring has to end.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        self.is_raised_at(Instant::now())
    }

    /// The same for somebody who has just read the clock.
    #[inline]
    pub(crate) fn is_raised_at(&self, now: Instant) -> bool {
        self.is_interrupted()
            || nanoseconds(now.saturating_duration_since(self.began))
                >= self.deadline.load(Ordering::Relaxed)
    }

    /// Whether somebody says so.
    #[inline]
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// Whether it is the time that is over, while nobody interrupted.
    #[must_use]
    pub fn is_over(&self) -> bool {
        !self.is_interrupted() && self.is_raised()
    }

    /// How much time is left; nothing if there is no end to it.
    pub(crate) fn left(&self) -> Option<Duration> {
        let deadline = self.deadline.load(Ordering::Relaxed);
        let left = Duration::from_nanos(deadline).saturating_sub(self.began.elapsed());
        (deadline < u64::MAX).then_some(left)
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_that_is_over_stops_and_so_does_a_flag() {
        let flag = Arc::new(AtomicBool::new(false));
        let stop = Stop::from(Arc::clone(&flag));
        assert!(!stop.is_raised() && stop.left().is_none());
        let late = stop.clone().after(Duration::ZERO);
        assert!(late.is_raised() && late.is_over() && late.is_raised_at(Instant::now()));
        assert_eq!(late.left(), Some(Duration::ZERO));
        late.extend(Duration::from_hours(1));
        assert!(!stop.is_raised() && stop.left().is_some(), "for all who stop for it");
        flag.store(true, Ordering::Relaxed);
        assert!(stop.is_raised() && !stop.is_over(), "interrupted, and not over");
    }
}

//! When measuring has to end: because somebody says so, or because its time is over.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What ends measuring, wherever it is: in a round, a fill, a restart, or waiting for a reply.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    interrupted: Arc<AtomicBool>,
    deadline: Option<Instant>,
}

impl From<Arc<AtomicBool>> for Stop {
    /// When the flag is raised, and at no time by itself.
    fn from(interrupted: Arc<AtomicBool>) -> Self {
        Self { interrupted, deadline: None }
    }
}

impl Stop {
    /// Then at the latest.
    #[must_use]
    pub fn at(self, deadline: Instant) -> Self {
        Self { deadline: Some(deadline), ..self }
    }

    /// Whether measuring has to end.
    pub(crate) fn is_raised(&self) -> bool {
        self.is_interrupted() || self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// The same for somebody who has just read the clock.
    #[inline]
    pub(crate) fn is_raised_at(&self, now: Instant) -> bool {
        self.is_interrupted() || self.deadline.is_some_and(|deadline| now >= deadline)
    }

    #[inline]
    fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// Whether it is the time that is over, while nobody interrupted.
    #[must_use]
    pub fn is_over(&self) -> bool {
        !self.is_interrupted() && self.is_raised()
    }

    /// How much time is left; nothing if there is no end to it.
    #[must_use]
    pub fn left(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_that_is_over_stops_and_so_does_a_flag() {
        let flag = Arc::new(AtomicBool::new(false));
        let stop = Stop::from(Arc::clone(&flag));
        assert!(!stop.is_raised() && stop.left().is_none());
        let begin = Instant::now();
        let late = stop.clone().at(begin);
        assert!(late.is_raised() && late.is_over() && late.is_raised_at(begin));
        assert_eq!(late.left(), Some(Duration::ZERO));
        let early = stop.at(begin + Duration::from_hours(1));
        assert!(!early.is_raised() && !early.is_raised_at(begin));
        flag.store(true, Ordering::Relaxed);
        assert!(early.is_raised() && !early.is_over(), "interrupted, and not over");
    }
}

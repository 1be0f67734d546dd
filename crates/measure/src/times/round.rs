//! A round: a warm-up that is thrown away, then the samples, over one fresh connection.

use std::time::Duration;

use hdrhistogram::{CreationError, Histogram};
use phasegate_model::Rate;

/// Round-trip times in nanoseconds. At 12 us a bucket is 8 ns wide.
pub(crate) type Times = Histogram<u64>;

/// The longest round trip that a histogram tells apart; longer ones count as so long.
const LONGEST_NS: u64 = 60_000_000_000;

/// An empty histogram: from 1 ns to a minute, three significant digits, about 200 kB.
pub(crate) fn histogram() -> Result<Times, CreationError> {
    Histogram::new_with_bounds(1, LONGEST_NS, 3)
}

/// What is timed in one round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passes {
    /// Requests before the samples, not recorded.
    pub(crate) warmup: u32,
    /// Requests that are recorded.
    pub(crate) samples: u32,
}

/// A floor round has no fewer samples than this, unless a round has.
const FEWEST_FLOOR_SAMPLES: u32 = 1_000;

impl Passes {
    /// How many requests that are, recorded or not.
    pub(crate) fn requests(self) -> u64 {
        u64::from(self.warmup) + u64::from(self.samples)
    }

    /// What is timed in a floor round: half the samples. That makes a trial by half longer instead
    /// of twice as long, and leaves enough: with the plan's default, 250 samples of a trial are
    /// beyond its `floor.p99`, while trials differ far more than those scatter.
    pub(crate) fn of_floor(self) -> Self {
        let samples = (self.samples / 2).max(self.samples.min(FEWEST_FLOOR_SAMPLES));
        Self { warmup: self.warmup, samples }
    }
}

/// A request under way. Times are in nanoseconds since the round began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InFlight {
    /// Counted from zero, over all connections, warm-up included.
    pub(crate) number: u64,
    /// When it was due; in a closed loop, when it was given to this connection.
    pub(crate) due_ns: u64,
    /// When the write began that its first byte went out with.
    pub(crate) sent_ns: u64,
}

/// What one round gave: its samples in two halves, to tell whether the server was warm.
pub(crate) struct RoundTimes {
    /// The first half of the samples.
    pub(crate) first: Times,
    /// The second half.
    pub(crate) second: Times,
    /// How long all the samples took together.
    pub(crate) elapsed: Duration,
    /// What else there is to know of an open loop.
    pub(crate) open: Option<OpenTimes>,
    /// How many replies, of the warm-up as well, said that there is no such key.
    pub(crate) nils: u64,
    /// For a round with several requests under way.
    window: Window,
    /// All samples, warm-up included, in the order of their replies.
    #[cfg(test)]
    pub(crate) raw: Vec<(InFlight, u64)>,
}

/// Beside the response times of an open loop.
#[derive(Clone)]
pub(crate) struct OpenTimes {
    /// From when a request was sent to its reply.
    pub(crate) service: Times,
    /// From when it was due to when it was sent.
    pub(crate) slip: Times,
}

impl OpenTimes {
    pub(crate) fn new() -> Result<Self, CreationError> {
        Ok(Self { service: histogram()?, slip: histogram()? })
    }
}

/// Which requests of a round are samples, and when the first of them began.
#[derive(Clone, Copy, Default)]
struct Window {
    first: u64,
    second_half: u64,
    begin_ns: Option<u64>,
}

impl RoundTimes {
    /// Room for a round. Nothing is allocated while it is measured.
    pub(crate) fn new(rate: Option<Rate>) -> Result<Self, CreationError> {
        Ok(Self {
            first: histogram()?,
            second: histogram()?,
            elapsed: Duration::ZERO,
            open: rate.map(|_| OpenTimes::new()).transpose()?,
            nils: 0,
            window: Window::default(),
            #[cfg(test)]
            raw: Vec::new(),
        })
    }

    /// Before a round with several requests under way. What was in it before is gone.
    pub(crate) fn begin(&mut self, passes: Passes) {
        self.first.reset();
        self.second.reset();
        if let Some(open) = &mut self.open {
            open.service.reset();
            open.slip.reset();
        }
        let first = u64::from(passes.warmup);
        let second_half = first + u64::from(passes.samples / 2);
        self.window = Window { first, second_half, begin_ns: None };
    }

    /// Takes in a request whose reply was complete at this time. In open loop its response time is
    /// counted from when it was due, in a closed one its service time from when it was sent.
    #[inline]
    pub(crate) fn note(&mut self, request: &InFlight, now_ns: u64) {
        #[cfg(test)]
        self.raw.push((*request, now_ns));
        if request.number < self.window.first {
            return;
        }
        let service = now_ns.saturating_sub(request.sent_ns);
        let (begin_ns, taken) = match &mut self.open {
            None => (request.sent_ns, service),
            Some(open) => {
                open.service.saturating_record(service);
                open.slip.saturating_record(request.sent_ns.saturating_sub(request.due_ns));
                (request.due_ns, now_ns.saturating_sub(request.due_ns))
            }
        };
        let half = if request.number < self.window.second_half {
            &mut self.first
        } else {
            &mut self.second
        };
        half.saturating_record(taken);
        // Of several connections, the first reply need not be to the first request.
        let begin_ns = self.window.begin_ns.map_or(begin_ns, |first| first.min(begin_ns));
        self.window.begin_ns = Some(begin_ns);
        self.elapsed = Duration::from_nanos(now_ns.saturating_sub(begin_ns));
    }
}

/// A duration in nanoseconds. One of more than five centuries counts as so long.
pub(crate) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_floor_round_has_half_the_samples_but_not_too_few() {
        let floor = |samples| Passes { warmup: 7, samples }.of_floor().samples;
        assert_eq!(
            [1, 500, 1_500, 10_000, u32::MAX].map(floor),
            [1, 500, 1_000, 5_000, u32::MAX / 2]
        );
    }
}

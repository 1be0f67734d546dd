//! A round: a warm-up that is thrown away, then the samples, over one fresh connection.
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use hdrhistogram::{CreationError, Histogram};
use phasegate_model::Load;

use crate::redis::ask::reply::Reply;
use crate::redis::ask::requests::RequestCycle;
use crate::redis::reach::terms::Terms;
use crate::redis::send::connection::SampleError;
use crate::redis::send::link::Link;
use crate::redis::send::pipelined::Ticket;

/// Round-trip times in nanoseconds. At 12 us a bucket is 8 ns wide.
pub(crate) type Times = Histogram<u64>;

/// The longest round trip that a histogram tells apart; longer ones count as so long.
const LONGEST_NS: u64 = 60_000_000_000;

/// An empty histogram: from 1 ns to a minute, three significant digits, about 200 kB.
pub(crate) fn histogram() -> Result<Times, CreationError> {
    Histogram::new_with_bounds(1, LONGEST_NS, 3)
}

/// What is timed in one round.
pub(crate) struct Passes {
    /// Requests before the samples, not recorded.
    pub(crate) warmup: u32,
    /// Requests that are recorded.
    pub(crate) samples: u32,
}

/// A floor round has no fewer samples than this, unless a round has.
const FEWEST_FLOOR_SAMPLES: u32 = 1_000;

impl Passes {
    /// What is timed in a floor round: half the samples. That makes a trial by half longer instead
    /// of twice as long, and leaves enough: with the plan's default, 250 samples of a trial are
    /// beyond its `floor.p99`, while trials differ far more than those scatter.
    pub(crate) fn of_floor(&self) -> Self {
        let samples = (self.samples / 2).max(self.samples.min(FEWEST_FLOOR_SAMPLES));
        Self { warmup: self.warmup, samples }
    }
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
    pub(crate) raw: Vec<(Ticket, u64)>,
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
    pub(crate) fn new(load: &Load) -> Result<Self, CreationError> {
        Ok(Self {
            first: histogram()?,
            second: histogram()?,
            elapsed: Duration::ZERO,
            open: load.rate.map(|_| OpenTimes::new()).transpose()?,
            nils: 0,
            window: Window::default(),
            #[cfg(test)]
            raw: Vec::new(),
        })
    }

    /// Before a round with several requests under way. What was in it before is gone.
    pub(crate) fn begin(&mut self, passes: &Passes) {
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
    pub(crate) fn note(&mut self, ticket: &Ticket, now_ns: u64) {
        #[cfg(test)]
        self.raw.push((*ticket, now_ns));
        if ticket.number < self.window.first {
            return;
        }
        let service = now_ns.saturating_sub(ticket.sent_ns);
        let (begin_ns, taken) = match &mut self.open {
            None => (ticket.sent_ns, service),
            Some(open) => {
                open.service.saturating_record(service);
                open.slip.saturating_record(ticket.sent_ns.saturating_sub(ticket.due_ns));
                (ticket.due_ns, now_ns.saturating_sub(ticket.due_ns))
            }
        };
        let half = if ticket.number < self.window.second_half {
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

    /// Measures one round. What was in it before is gone.
    ///
    /// # Errors
    /// If a reply isn't the expected one or doesn't come, or the caller interrupts.
    pub(crate) fn measure(
        &mut self,
        link: &mut Link,
        requests: &mut RequestCycle<'_>,
        reply: &Reply,
        passes: &Passes,
        terms: &Terms,
    ) -> Result<(), SampleError> {
        let Passes { warmup, samples } = passes;
        self.first.reset();
        pass(link, requests, reply, *warmup, terms, &mut self.first)?;
        self.first.reset();
        self.second.reset();
        let first_half = samples / 2;
        let begin = Instant::now();
        pass(link, requests, reply, first_half, terms, &mut self.first)?;
        pass(link, requests, reply, samples - first_half, terms, &mut self.second)?;
        self.elapsed = begin.elapsed();
        link.check_quiet()
    }
}

/// The clock is read once between two samples whose reply is no longer than this: comparing and
/// recording it takes less than the clock reading that it saves.
const LONGEST_TILED: usize = 512;

/// One request after the other.
///
/// A sample begins when the one before was complete. What the client does in between, to compare a
/// short reply and to record its time, is some nanoseconds of the next sample, and no pause of the
/// client or the machine falls between two samples and is seen by neither. After a longer reply,
/// whose comparison takes its time, the clock is read anew.
fn pass(
    link: &mut Link,
    requests: &mut RequestCycle<'_>,
    reply: &Reply,
    count: u32,
    terms: &Terms,
    times: &mut Times,
) -> Result<(), SampleError> {
    let tiled = reply.wire().len() <= LONGEST_TILED;
    let mut begin = Instant::now();
    for request in requests.take(usize::try_from(count).unwrap_or(usize::MAX)) {
        if terms.interrupted.load(Ordering::Relaxed) {
            return Err(SampleError::Interrupted);
        }
        let end = link.sample(begin, request, reply)?;
        times.saturating_record(nanoseconds(end - begin));
        begin = if tiled { end } else { Instant::now() };
    }
    Ok(())
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

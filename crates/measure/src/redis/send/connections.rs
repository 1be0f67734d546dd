//! A round in which several requests are under way at once: in open loop, over several
//! connections, or in pipelines.

use std::num::NonZeroU64;
use std::time::Instant;

use phasegate_model::{Load, Rate, Wait};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::redis::ask::reply::Expected;
use crate::redis::ask::requests::RequestCycle;
use crate::redis::reach::address::Address;
use crate::redis::reach::connect::ConnectError;
use crate::redis::reach::terms::Terms;
use crate::redis::send::connection::SampleError;
use crate::redis::send::pipelined::{Pipelined, nanoseconds_since};
use crate::redis::send::timer::PreciseTimer;
use crate::times::round::{InFlight, Passes, RoundTimes};

/// How long the client sleeps at most before it looks for an interrupt.
const SLICE_NS: u64 = 100_000_000;

/// A spinning client looks at limits and interrupts once in so many turns.
const TURNS_BETWEEN_CHECKS: u32 = 1024;

/// When the requests of an open loop are due. A fixed schedule: nothing that happens changes it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    per_second: NonZeroU64,
}

impl Schedule {
    pub(crate) const fn new(rate: Rate) -> Self {
        Self { per_second: rate.per_second() }
    }

    /// When a request is due, in nanoseconds since the round began. Each is computed from the
    /// beginning, so that nothing adds up.
    pub(crate) fn due_ns(self, number: u64) -> u64 {
        let due = u128::from(number) * 1_000_000_000 / u128::from(self.per_second.get());
        u64::try_from(due).unwrap_or(u64::MAX)
    }
}

/// The fresh connections of one round.
pub(crate) struct Connections<'a> {
    all: Vec<Pipelined>,
    terms: Terms,
    expected: &'a Expected,
    load: Load,
}

impl<'a> Connections<'a> {
    /// Opens all connections.
    ///
    /// # Errors
    /// If one can't be had, or the server speaks TLS, over which requests go one at a time.
    pub(crate) fn open(
        address: &Address,
        terms: &Terms,
        expected: &'a Expected,
        load: Load,
    ) -> Result<Self, ConnectError> {
        let connections =
            (0..load.connections.get()).map(|_| Pipelined::open(address, terms, expected));
        let connections: Option<Vec<Pipelined>> = connections.collect::<Result<_, _>>()?;
        let over_tls = || ConnectError::OneAtATime { address: address.to_string() };
        let all = connections.ok_or_else(over_tls)?;
        Ok(Self { all, terms: terms.clone(), expected, load })
    }

    /// Measures one round. What was in `times` before is gone.
    ///
    /// # Errors
    /// If a reply isn't the expected one or doesn't come, the server falls too far behind the
    /// schedule, or the caller interrupts.
    pub(crate) fn measure(
        &mut self,
        times: &mut RoundTimes,
        requests: &mut RequestCycle<'_>,
        passes: Passes,
    ) -> Result<(), SampleError> {
        times.begin(passes);
        self.send(requests, passes.requests(), |request, now| times.note(&request, now))?;
        times.nils = self.all.iter().map(Pipelined::nils).sum();
        Ok(())
    }

    /// Sends so many requests, and hands each to `answered` with the time at which its reply was
    /// complete. Nothing is under way after that.
    ///
    /// # Errors
    /// As those of [`Self::measure`].
    pub(crate) fn send(
        &mut self,
        requests: &mut RequestCycle<'_>,
        total: u64,
        mut answered: impl FnMut(InFlight, u64),
    ) -> Result<(), SampleError> {
        let schedule = self.load.rate.map(Schedule::new);
        let blocks = self.terms.wait == Wait::Block;
        let _precise = (blocks && schedule.is_some()).then(PreciseTimer::begin);
        let mut turn =
            Turn { begin: Instant::now(), schedule, total, issued: 0, answered: 0, answered_ns: 0 };
        let mut ready = vec![true; self.all.len()];
        // To ask a single connection whether it is ready is no faster than to read it.
        let waits = blocks || self.all.len() > 1;
        let mut turns_until_check = TURNS_BETWEEN_CHECKS;
        while turn.answered < turn.total {
            self.issue(&mut turn, requests)?;
            if waits {
                self.wait(&turn, &mut ready);
            }
            self.receive(&mut turn, &ready, &mut answered)?;
            turns_until_check -= 1;
            if blocks || turns_until_check == 0 {
                turns_until_check = TURNS_BETWEEN_CHECKS;
                self.check_limits(&turn)?;
            }
        }
        self.all.iter_mut().try_for_each(Pipelined::check_quiet)
    }

    /// Sends what is to be sent now.
    #[inline]
    fn issue(
        &mut self,
        turn: &mut Turn,
        requests: &mut RequestCycle<'_>,
    ) -> Result<(), SampleError> {
        match turn.schedule {
            Some(schedule) => self.issue_due(schedule, turn, requests),
            None => self.issue_batches(turn, requests),
        }
    }

    /// All that is due by now, each on the next connection.
    #[inline]
    fn issue_due(
        &mut self,
        schedule: Schedule,
        turn: &mut Turn,
        requests: &mut RequestCycle<'_>,
    ) -> Result<(), SampleError> {
        while turn.issued < turn.total {
            let due_ns = schedule.due_ns(turn.issued);
            if due_ns > nanoseconds_since(turn.begin) {
                break;
            }
            let index = usize::try_from(turn.issued).unwrap_or(0) % self.all.len().max(1);
            let (Some(connection), Some(request)) = (self.all.get_mut(index), requests.next())
            else {
                break;
            };
            connection.push(request, turn.issued, due_ns);
            turn.issued += 1;
            connection.flush(turn.begin)?;
        }
        for connection in self.all.iter_mut().filter(|connection| connection.is_congested()) {
            connection.flush(turn.begin)?;
        }
        Ok(())
    }

    /// The next batch, on each connection that has all its replies.
    #[inline]
    fn issue_batches(
        &mut self,
        turn: &mut Turn,
        requests: &mut RequestCycle<'_>,
    ) -> Result<(), SampleError> {
        for connection in &mut self.all {
            // As redis-benchmark does it: a window that is refilled at each reply would write small
            // pieces, and be no pipeline any more.
            if connection.is_idle() {
                let left = turn.total - turn.issued;
                let batch = u64::from(self.load.pipeline.get()).min(left);
                let now = nanoseconds_since(turn.begin);
                for _ in 0..batch {
                    let Some(request) = requests.next() else { break };
                    connection.push(request, turn.issued, now);
                    turn.issued += 1;
                }
            }
            if connection.is_congested() {
                connection.flush(turn.begin)?;
            }
        }
        Ok(())
    }

    #[inline]
    fn receive(
        &mut self,
        turn: &mut Turn,
        ready: &[bool],
        answered: &mut impl FnMut(InFlight, u64),
    ) -> Result<(), SampleError> {
        for (connection, ready) in self.all.iter_mut().zip(ready) {
            if *ready {
                connection.receive(turn.begin, self.expected, |request, now| {
                    turn.answered += 1;
                    turn.answered_ns = now;
                    answered(request, now);
                })?;
            }
        }
        Ok(())
    }

    /// Waits until a connection is ready or a request is due, and says which connections are.
    /// Spinning, it only asks.
    fn wait(&self, turn: &Turn, ready: &mut [bool]) {
        let spins = self.terms.wait == Wait::Spin;
        let limit = if spins { 0 } else { turn.until_due().min(SLICE_NS) };
        let limit = Timespec { tv_sec: 0, tv_nsec: i64::try_from(limit).unwrap_or_default() };
        let mut sockets: Vec<PollFd<'_>> = self
            .all
            .iter()
            .map(|connection| {
                let congested = connection.is_congested();
                let events = if congested { PollFlags::IN | PollFlags::OUT } else { PollFlags::IN };
                PollFd::from_borrowed_fd(connection.socket(), events)
            })
            .collect();
        match poll(&mut sockets, Some(&limit)) {
            // Whatever else is wrong with a socket, reading it says what.
            Ok(_) => {
                for (ready, socket) in ready.iter_mut().zip(&sockets) {
                    *ready = !(socket.revents() - PollFlags::OUT).is_empty();
                }
            }
            Err(Errno::INTR) => {}
            Err(_) => ready.fill(true),
        }
    }

    /// That nobody wants this to end, and no reply takes too long.
    #[cold]
    fn check_limits(&self, turn: &Turn) -> Result<(), SampleError> {
        if self.terms.stop.is_raised() {
            return Err(SampleError::Interrupted);
        }
        let limit = self.terms.reply_limit;
        let limit_ns = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
        let now = nanoseconds_since(turn.begin);
        let late = |request: &InFlight| now.saturating_sub(request.due_ns) >= limit_ns;
        let Some((connection, _)) = self
            .all
            .iter()
            .filter_map(|connection| Some((connection, connection.oldest()?)))
            .find(|it| late(&it.1))
        else {
            return Ok(());
        };
        let goes_on = now.saturating_sub(turn.answered_ns) < limit_ns / 2 && turn.answered > 0;
        Err(match (connection.error_begun(), self.load.rate) {
            (Some(error), _) => error,
            (None, Some(rate)) if goes_on => SampleError::Behind { rate, limit },
            _ => SampleError::Stalled(limit),
        })
    }
}

/// How far a round is. Times are in nanoseconds since it began.
struct Turn {
    begin: Instant,
    schedule: Option<Schedule>,
    total: u64,
    issued: u64,
    answered: u64,
    answered_ns: u64,
}

impl Turn {
    /// How long there is nothing to send.
    fn until_due(&self) -> u64 {
        match self.schedule {
            Some(schedule) if self.issued < self.total => {
                schedule.due_ns(self.issued).saturating_sub(nanoseconds_since(self.begin))
            }
            _ => u64::MAX,
        }
    }
}

#[cfg(test)]
mod tests;

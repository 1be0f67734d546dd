//! When trials begin: at once after each other, or spread over a time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use phasegate_measure::Stop;
use phasegate_model::{Plan, Spread, TargetServer, Timespan};

/// Over how many seconds the first eight trials of a server that isn't restarted are spread, unless
/// the plan says otherwise: all of them could be over in one, and would have seen but one moment.
const UNLESS_SAID: u32 = 30;

/// Trials that are spread like that; later ones keep the pace.
const FIRST: u32 = 8;

/// How long a wait goes on without looking for Ctrl-C.
const STEP: Duration = Duration::from_millis(50);

/// When trials begin.
pub(crate) struct Schedule {
    /// What evidence tells of it; nothing for trials that follow each other at once.
    pub(crate) spread: Option<Spread>,
    /// When trials are to begin, from the beginning of the run on.
    moments: Vec<Duration>,
    /// How long trials were waited for, which is no time of measuring where the plan asks for it.
    pub(crate) waited: Duration,
    /// Whether the plan says over how long trials are spread, so that waiting is its own wish.
    is_wanted: bool,
}

impl Schedule {
    /// That of a plan for this server.
    pub(crate) fn of(plan: &Plan, server: &TargetServer) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        // Any number does, as long as it is recorded.
        Self::with_seed(plan, server, since.subsec_nanos())
    }

    fn with_seed(plan: &Plan, server: &TargetServer, seed: u32) -> Self {
        let measure = &plan.measure;
        let trials = measure.trials.get();
        let (spread, moments) = match (measure.span, server) {
            (Some(over), _) if measure.at_random => {
                let spread = Spread { over, at_random: true, seed: Some(seed), cut: false };
                (Some(spread), at_random(over.duration(), trials, seed))
            }
            // Fresh processes follow each other at once anyhow.
            (Some(over), server) if over.duration().is_zero() && !is_one(server) => {
                (None, Vec::new())
            }
            (Some(over), _) => {
                let even = evenly(over.duration(), trials, trials);
                (Some(Spread { over, at_random: false, seed: None, cut: false }), even)
            }
            (None, server) if is_one(server) => {
                let whole = Timespan::from_secs(UNLESS_SAID);
                // The shorter of the two: a budget is never exceeded for it.
                let cut = measure.budget.duration() < whole.duration();
                let over = if cut { measure.budget } else { whole };
                // The last one begins early enough to end in time.
                let latest = if cut { over.duration() * 3 / 4 } else { over.duration() };
                let even = evenly(latest, trials, FIRST);
                (Some(Spread { over, at_random: false, seed: None, cut }), even)
            }
            (None, _) => (None, Vec::new()),
        };
        let is_wanted = measure.span.is_some();
        Self { spread, moments, waited: Duration::ZERO, is_wanted }
    }

    /// What is to be said before anything is measured.
    pub(crate) fn warning(&self) -> Option<String> {
        let spread = self.spread.as_ref().filter(|spread| spread.cut)?;
        Some(format!(
            "the budget of {} is shorter than the {UNLESS_SAID} s over which trials of a server \
             that isn't restarted are spread; raise it, or give that up with `span = \"0s\"`",
            spread.over
        ))
    }

    /// Waits until the trial of that number (counted from zero) may begin, or the run has to end;
    /// `elapsed` is the time since it began. Gives how long of that is no time of measuring.
    pub(crate) fn wait(
        &mut self,
        trial: usize,
        elapsed: &dyn Fn() -> Duration,
        sleep: &dyn Fn(Duration),
        stop: &Stop,
    ) -> Duration {
        let Some(moment) = self.moments.get(trial) else { return Duration::ZERO };
        let begin = elapsed();
        let mut now = begin;
        // A moment that the plan names is waited for even if it comes after the budget.
        let ends =
            |stop: &Stop| if self.is_wanted { stop.is_interrupted() } else { stop.is_raised() };
        while now < *moment && !ends(stop) {
            sleep(moment.saturating_sub(now).min(STEP));
            now = elapsed();
        }
        let waited = if self.is_wanted { now.saturating_sub(begin) } else { Duration::ZERO };
        self.waited += waited;
        waited
    }
}

/// Whether all trials are of one process.
const fn is_one(server: &TargetServer) -> bool {
    matches!(server, TargetServer::Running(_))
}

/// Moments at the same distance: `count` of them take up the span from first to last.
fn evenly(span: Duration, trials: u32, count: u32) -> Vec<Duration> {
    let gap = span / count.saturating_sub(1).max(1);
    (0..trials).map(|trial| gap * trial).collect()
}

/// Moments anywhere in the span, in their order.
fn at_random(span: Duration, trials: u32, seed: u32) -> Vec<Duration> {
    let mut state = u64::from(seed);
    let mut moments: Vec<Duration> = (0..trials)
        .map(|_| {
            // SplitMix64: small, and the same everywhere.
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^= z >> 31;
            let share = u32::try_from(z >> 32).unwrap_or(u32::MAX);
            span.mul_f64(f64::from(share) / f64::from(u32::MAX))
        })
        .collect();
    moments.sort_unstable();
    moments
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::Arc;

    use super::*;
    use crate::testing::evidence;

    fn schedule(change: impl FnOnce(&mut Plan), server: &TargetServer) -> Schedule {
        let mut plan = evidence(&[]).plan;
        change(&mut plan);
        Schedule::with_seed(&plan, server, 7)
    }

    fn running() -> TargetServer {
        TargetServer::Running("redis://127.0.0.1:6379".to_owned())
    }

    fn span(text: &str) -> Timespan {
        text.parse().unwrap()
    }

    #[test]
    fn trials_of_fresh_processes_follow_at_once() {
        let started = schedule(|_| {}, &TargetServer::Started("redis-server".to_owned()));
        assert!(started.spread.is_none() && started.moments.is_empty());
    }

    #[test]
    fn eight_trials_of_one_process_take_half_a_minute() {
        let schedule = schedule(|_| {}, &running());
        let seconds = schedule.moments.iter().map(Duration::as_secs_f64);
        let seconds: Vec<f64> = seconds.take(9).collect();
        assert!(seconds[0] == 0.0 && (seconds[7] - 30.0).abs() < 0.001 && seconds[8] > 30.0);
        assert!(schedule.warning().is_none());
    }

    #[test]
    fn a_budget_below_that_wins_and_is_told() {
        let cut = schedule(|plan| plan.measure.budget = Timespan::from_secs(10), &running());
        assert!(cut.spread.as_ref().unwrap().cut && cut.moments[7] <= Duration::from_secs(10));
        assert!(cut.warning().unwrap().starts_with("the budget of 10s is shorter than the 30 s"));
        let given_up = schedule(|plan| plan.measure.span = Some(span("0s")), &running());
        assert!(given_up.moments.iter().all(Duration::is_zero) && given_up.warning().is_none());
    }

    #[test]
    fn random_moments_are_within_the_span_and_their_seed_tells_them() {
        let random = |seed| at_random(Duration::from_hours(2), 30, seed);
        assert!(random(7).is_sorted() && random(7) == random(7) && random(7) != random(8));
        assert!(random(7)[29] <= Duration::from_hours(2) && random(7)[29] > random(7)[0]);
        let plan = |plan: &mut Plan| {
            (plan.measure.span, plan.measure.at_random) = (Some(span("2h")), true);
        };
        let spread = schedule(plan, &running()).spread.unwrap();
        assert_eq!((spread.at_random, spread.seed), (true, Some(7)));
    }

    #[test]
    fn waiting_is_no_measuring_and_ends_when_it_is_interrupted() {
        let clock = Cell::new(Duration::ZERO);
        let sleep = |time: Duration| clock.set(clock.get() + time);
        let mut schedule = schedule(|plan| plan.measure.span = Some(span("29s")), &running());
        schedule.wait(2, &|| clock.get(), &sleep, &Stop::default());
        assert_eq!(
            (clock.get(), schedule.waited),
            (Duration::from_secs(2), Duration::from_secs(2))
        );
        // One that is late begins at once.
        clock.set(Duration::from_secs(9));
        schedule.wait(3, &|| clock.get(), &sleep, &Stop::default());
        assert_eq!(schedule.waited, Duration::from_secs(2));
        schedule.wait(20, &|| clock.get(), &sleep, &Stop::from(Arc::new(true.into())));
        assert_eq!(clock.get(), Duration::from_secs(9));
    }
}

//! `env.*`: what the machine did to a trial.

use std::time::{Duration, Instant};

use hdrhistogram::CreationError;
use phasegate_model::{Decimal, Env, Metric, MissingReason, Pinning, Reading};

use crate::machine::words::words_of_system;
use crate::times::round::{Times, histogram};
use crate::times::statistics::{bucket_at, bucket_of};

/// How long the client spins before the rounds, and once more after them.
const SPIN: Duration = Duration::from_millis(20);

/// Watches the machine while a trial's rounds are made. The calling thread is on its CPU.
pub(crate) struct Watch {
    hiccups: Times,
    cpus: Vec<u32>,
    before: Result<String, String>,
}

impl Watch {
    /// Spins, and looks at the time that was stolen so far from the CPUs of server and client; if
    /// either is not known, from all.
    pub(crate) fn begin(pinned: Pinning) -> Result<Self, CreationError> {
        let mut hiccups = histogram()?;
        spin(&mut hiccups);
        let cpus = pinned.server.zip(pinned.client).map(|(server, client)| vec![server, client]);
        Ok(Self { hiccups, cpus: cpus.unwrap_or_default(), before: read("/proc/stat") })
    }

    /// Looks and spins again. Gives all `env.*` readings.
    pub(crate) fn end(mut self, preemptions: &Preemptions) -> Vec<(Metric, Reading)> {
        let steal = match (self.before, read("/proc/stat")) {
            (Ok(before), Ok(after)) => steal(&before, &after, &self.cpus),
            (Err(words), _) | (_, Err(words)) => {
                Reading::missing(MissingReason::NotMeasured, words)
            }
        };
        // After the look at the steal, so that the spin isn't in it.
        spin(&mut self.hiccups);
        [
            (Env::HiccupP99, bucket_at(&self.hiccups, 0.99)),
            (Env::HiccupMax, bucket_of(&self.hiccups, self.hiccups.max())),
            (Env::Steal, steal),
            (Env::Preemptions, preemptions.reading()),
        ]
        .map(|(env, reading)| (Metric::Env(env), reading))
        .to_vec()
    }
}

/// Reads the clock over and over, and takes each time between two readings for a pause.
fn spin(pauses: &mut Times) {
    let begin = Instant::now();
    let mut last = begin;
    while last.duration_since(begin) < SPIN {
        let now = Instant::now();
        take_pause(pauses, now.duration_since(last));
        last = now;
    }
}

/// A pause counts as often as it has nanoseconds, so that quantiles are of moments and not of
/// pauses: somebody who looks at the CPU at any moment finds it, in 99 of 100 cases, in a pause of
/// the 99th percentile or less. Counted as one each, a million pauses of 20 ns, which is what
/// reading the clock takes, would hide any number of long ones.
fn take_pause(pauses: &mut Times, pause: Duration) {
    let nanoseconds = u64::try_from(pause.as_nanos()).unwrap_or(u64::MAX);
    pauses.saturating_record_n(nanoseconds, nanoseconds);
}

/// The share of their time that the hypervisor took from these CPUs, or from all if none is named,
/// between two texts of `/proc/stat`.
fn steal(before: &str, after: &str, cpus: &[u32]) -> Reading {
    let Some((before, after)) = ticks(before, cpus).zip(ticks(after, cpus)) else {
        let detail = "`/proc/stat` does not tell the steal of these CPUs";
        return Reading::missing(MissingReason::NotMeasured, detail);
    };
    // Counters of a kernel may step back, and a share below zero says nothing.
    let stolen = after.stolen.saturating_sub(before.stolen);
    let all = after.all.saturating_sub(before.all);
    Decimal::from(stolen).checked_div(all.into()).map_or_else(
        || {
            let detail = "the rounds took less than a tick of the kernel's clock";
            Reading::missing(MissingReason::TooFewSamples, detail)
        },
        |share| Reading::exact(share.round_dp(4).normalize()),
    )
}

/// What CPUs did, in ticks of the kernel's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Ticks {
    stolen: u64,
    all: u64,
}

/// The place of `steal` in a line of `/proc/stat`. What follows it is counted in `user` and `nice`
/// already.
const STEAL_PLACE: usize = 7;

fn ticks(stat: &str, cpus: &[u32]) -> Option<Ticks> {
    let names: Vec<String> = if cpus.is_empty() {
        vec!["cpu".to_owned()]
    } else {
        cpus.iter().map(|cpu| format!("cpu{cpu}")).collect()
    };
    let mut sum = Ticks::default();
    for name in names {
        let mut lines = stat.lines().filter_map(|line| line.split_once(' '));
        let (_, figures) = lines.find(|(found, _)| *found == name)?;
        let figures: Option<Vec<u64>> = figures
            .split_whitespace()
            .take(STEAL_PLACE + 1)
            .map(|text| text.parse().ok())
            .collect();
        let figures = figures?;
        sum.stolen += figures.get(STEAL_PLACE)?;
        sum.all += figures.iter().sum::<u64>();
    }
    Some(sum)
}

/// How often the calling thread was taken off its CPU though it could have gone on.
#[derive(Debug)]
pub(crate) struct Preemptions(Result<u64, String>);

impl Preemptions {
    /// Before the first round.
    pub(crate) const fn none_yet() -> Self {
        Self(Ok(0))
    }

    /// Adds those that happen while `act` runs.
    pub(crate) fn count<T>(&mut self, act: impl FnOnce() -> T) -> T {
        let before = preempted();
        let result = act();
        let more = before.and_then(|before| Ok(preempted()?.saturating_sub(before)));
        self.0 = match (std::mem::replace(&mut self.0, Ok(0)), more) {
            (Ok(sum), Ok(more)) => Ok(sum + more),
            (Err(words), _) | (_, Err(words)) => Err(words),
        };
        result
    }

    fn reading(&self) -> Reading {
        match &self.0 {
            Ok(count) => Reading::exact((*count).into()),
            Err(words) => Reading::missing(MissingReason::NotMeasured, words),
        }
    }
}

/// So far, of the calling thread.
fn preempted() -> Result<u64, String> {
    // Of the thread and not the process, whose other threads don't measure.
    let status = read("/proc/thread-self/status")?;
    involuntary(&status).ok_or_else(|| "no `nonvoluntary_ctxt_switches` of this thread".to_owned())
}

fn involuntary(status: &str) -> Option<u64> {
    let mut fields = status.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(name, _)| *name == "nonvoluntary_ctxt_switches")?.1.trim().parse().ok()
}

fn read(path: &str) -> Result<String, String> {
    std::fs::read_to_string(path)
        .map_err(|error| format!("`{path}` can't be read: {}", words_of_system(&error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(reading: &Reading) -> String {
        match reading {
            Reading::Number(number) => number.value().to_string(),
            Reading::Missing(missing) => missing.to_string(),
            other => format!("{other:?}"),
        }
    }

    /// p99 and maximum of these pauses in nanoseconds.
    fn hiccups(pauses: impl IntoIterator<Item = u64>) -> (String, String) {
        let mut times = histogram().unwrap();
        pauses.into_iter().for_each(|pause| take_pause(&mut times, Duration::from_nanos(pause)));
        (shown(&bucket_at(&times, 0.99)), shown(&bucket_of(&times, times.max())))
    }

    #[test]
    fn hiccups_are_of_moments_not_of_pauses() {
        let clock = || std::iter::repeat_n(20, 1_000_000);
        // A pause of 100 us within 20 ms is met in half a percent of all moments, one of 300 us
        // in one and a half.
        assert_eq!(hiccups(clock().chain([100_000])), ("20".to_owned(), "100031".to_owned()));
        assert_eq!(hiccups(clock().chain([300_000])), ("300031".to_owned(), "300031".to_owned()));
    }

    const BEFORE: &str = "cpu  150 0 50 800 0 0 0 10 7 0\ncpu0 50 0 50 400 0 0 0 0 7 0\ncpu1 100 0 0 400 0 0 0 10 0 0\nintr 1\n";
    const AFTER: &str = "cpu  240 0 50 900 0 0 0 20 9 0\ncpu0 90 0 50 460 0 0 0 0 9 0\ncpu1 150 0 0 440 0 0 0 20 0 0\nintr 2\n";

    #[test]
    fn steal_is_a_share_of_the_time_of_the_cpus_involved() {
        assert_eq!(shown(&steal(BEFORE, AFTER, &[0, 1])), "0.05");
        assert_eq!(shown(&steal(BEFORE, AFTER, &[1, 1])), "0.1");
        assert_eq!(shown(&steal(BEFORE, AFTER, &[0])), "0");
        assert_eq!(shown(&steal(BEFORE, AFTER, &[])), "0.05");
    }

    #[test]
    fn a_steal_that_is_not_told_is_missing_with_the_reason() {
        let untold = "not measured: `/proc/stat` does not tell the steal of these CPUs";
        assert_eq!(shown(&steal(BEFORE, AFTER, &[2])), untold);
        assert_eq!(shown(&steal("cpu  1 2 3 4\n", AFTER, &[])), untold);
        assert_eq!(shown(&steal("cpu  1 2 3 4 5 6 7 x\n", AFTER, &[])), untold);
        assert!(shown(&steal(BEFORE, BEFORE, &[])).starts_with("too few samples: the rounds took"));
        let missing = read("/proc/no-such-file").unwrap_err();
        assert_eq!(missing, "`/proc/no-such-file` can't be read: no such file or directory");
    }

    #[test]
    fn preemptions_are_those_of_the_calling_thread_meanwhile() {
        let status = "Name:\tx\nvoluntary_ctxt_switches:\t5\nnonvoluntary_ctxt_switches:\t17\n";
        assert_eq!(involuntary(status), Some(17));
        assert_eq!(involuntary("Name:\tx\n"), None);
        let mut preemptions = Preemptions::none_yet();
        assert_eq!(preemptions.count(|| 7), 7);
        assert!(preemptions.reading().number().is_some());
        preemptions.0 = Err("no /proc".to_owned());
        preemptions.count(|| {});
        assert_eq!(shown(&preemptions.reading()), "not measured: no /proc");
    }
}

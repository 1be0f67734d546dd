//! The CPU time that a pair takes for its requests: a second channel beside the round trips, which
//! says nothing of waiting, wake-ups and networks, and scatters far less on a machine with other work.
//!
//! The machine's pace drifts within 10 to 100 ms, so that both are asked in short blocks in turn, AB
//! BA, and the reading is the ratio of the sums over all blocks.

use std::time::{Duration, Instant};

use phasegate_model::{
    Cpu, CpuSource, CpuTimes, Decimal, Dimension, First, Metric, Missing, MissingReason, Pinning,
    Quantity, Reading,
};
use rustix::process::Pid;

use crate::campaign::error::MeasureError;
use crate::machine::affinity::{Pinned, current_cpu, only_cpu};
use crate::machine::process::cpu_time;
use crate::subject::{CpuWork, Instance, TrialProgress};
use crate::times::quotient::{PLACES, one_minus};
use crate::times::round::nanoseconds;

/// How long a block is to take. Over longer ones the machine drifts; of shorter ones, what the server
/// does beside its requests would be too much.
const BLOCK: Duration = Duration::from_micros(450);

/// How often a block waits for its requests at most, with one under way at once and with several.
const MOST_TURNS: u128 = 40;
const MOST_TURNS_IN_PIPELINES: u128 = 20;

/// How many requests to each are enough for a trial: at least so many, and so many for each that is
/// under way at once, but not without end.
const FEWEST_REQUESTS: u64 = 5_000;
const REQUESTS_FOR_EACH_AT_ONCE: u64 = 1_600;
const MOST_REQUESTS: u64 = 64_000;

/// Requests that aren't counted: the first ones took a quarter to a half more.
const WARMUP: u64 = 1_000;

/// How often a server at a distance is asked for its CPU time with nothing in between, so as to know
/// what asking takes.
const EMPTY_PAIRS: u32 = 8;

/// A server on another CPU may still be at work when its last reply is there, and the kernel counts
/// that once it sleeps.
const SETTLE: Duration = Duration::from_millis(1);

/// The ratio of the sums and a typical pair of blocks may differ by so much.
const MOST_APART: Decimal = Decimal::from_parts(3, 0, 0, false, 2);

/// What is told if requests were too slow for all of them.
const SHORTENED: &str = "the CPU time of a request is of fewer requests than wanted";

/// Why a server has none of its own beside itself.
const ONE_SERVER: &str =
    "the target and the baseline are one server, which tells the CPU time of both together";

/// One of the two, ready to be asked.
pub(crate) struct Contestant<'a> {
    pub(crate) instance: &'a mut dyn Instance,
    /// The plan's CPUs.
    pub(crate) pinning: Pinning,
}

impl Contestant<'_> {
    /// The CPUs on which it is asked. What the plan leaves open comes to one CPU, because a server
    /// that moves from one to another between blocks takes twice the time in some of them, and its
    /// partner doesn't. A server that isn't ours stays where it is.
    fn place(&self, otherwise: Option<u32>) -> Pinning {
        let Pinning { server, client } = self.pinning;
        if self.instance.process().is_none() {
            return self.pinning;
        }
        let one = server.or(client).or(otherwise);
        Pinning { server: server.or(one), client: client.or(one) }
    }
}

/// What a trial says of CPU time.
pub(crate) struct CpuReadings {
    /// What was read, or why nothing was.
    pub(crate) times: Result<CpuTimes, Missing>,
    /// What is odd about it.
    pub(crate) anomalies: Vec<String>,
}

impl CpuReadings {
    /// Nothing, for a reason.
    fn missing(why: Missing) -> Self {
        Self { times: Err(why), anomalies: Vec::new() }
    }

    /// That there is nothing to compare with.
    pub(crate) fn without_baseline() -> Self {
        Self::missing(missing(MissingReason::NotMeasured, "the plan has no `[baseline]`"))
    }

    /// All readings of it.
    pub(crate) fn readings(&self) -> Vec<(Metric, Reading)> {
        let reading = |cpu| match &self.times {
            Ok(times) => reading(times, cpu),
            Err(why) => Reading::Missing(why.clone()),
        };
        Cpu::ALL.map(|cpu| (Metric::Cpu(cpu), reading(cpu))).to_vec()
    }
}

/// Asks both in turn, for about `limit` at most: half of it for what comes before the blocks.
pub(crate) fn measure(
    candidate: Contestant<'_>,
    baseline: Contestant<'_>,
    first: First,
    limit: Duration,
    progress: &mut dyn FnMut(TrialProgress),
) -> Result<CpuReadings, MeasureError> {
    let Pinning { server, client } = candidate.pinning;
    let otherwise = server.or(client).or_else(current_cpu);
    let mut candidate = match Side::begin(candidate, otherwise, limit / 8)? {
        Ok(side) => side,
        Err(why) => return Ok(CpuReadings::missing(why)),
    };
    let mut baseline =
        match Side::begin(baseline, otherwise, limit / 8).map_err(MeasureError::of_baseline)? {
            Ok(side) => side,
            Err(why) => return Ok(CpuReadings::missing(of_baseline(&why))),
        };
    // Or it would be moved to and fro between blocks.
    let _on_its_cpu = Pinned::pin("client", candidate.client)?;
    let mut pace = Duration::ZERO;
    // The first requests are slower than those to come, so that only the second half tells how long
    // one takes.
    for _ in 0..2 {
        pace = candidate.warm(limit / 16)?;
        pace = pace.max(baseline.warm(limit / 16).map_err(MeasureError::of_baseline)?);
    }
    let at_once = candidate.work.at_once().max(baseline.work.at_once());
    let wanted = Blocks::of(at_once, pace);
    let here = candidate.is_here() && baseline.is_here();
    let source = if here { CpuSource::Scheduler } else { CpuSource::Info };
    if let Some(why) = candidate.before_blocks(source)? {
        return Ok(CpuReadings::missing(why));
    }
    if let Some(why) = baseline.before_blocks(source).map_err(MeasureError::of_baseline)? {
        return Ok(CpuReadings::missing(of_baseline(&why)));
    }
    if candidate.work.identity().is_some_and(|it| baseline.work.identity() == Some(it)) {
        return Ok(CpuReadings::missing(missing(MissingReason::Meaningless, ONE_SERVER)));
    }
    let of = wanted.each * u64::from(wanted.count);
    progress(TrialProgress::CpuTime { done: 0, of });
    // Its own half of the time, so that what came before doesn't leave a handful of requests.
    let (begin, limit) = (Instant::now(), limit / 2);
    let mut made = 0;
    // An even number, so that each was first as often as the other.
    while made < wanted.count && (made < 2 || made % 2 == 1 || begin.elapsed() < limit) {
        made += 1;
        if first.in_turn(made) == First::Baseline {
            baseline.block(wanted.each).map_err(MeasureError::of_baseline)?;
            candidate.block(wanted.each)?;
        } else {
            candidate.block(wanted.each)?;
            baseline.block(wanted.each).map_err(MeasureError::of_baseline)?;
        }
    }
    let requests = wanted.each * u64::from(made);
    std::thread::sleep(SETTLE);
    progress(TrialProgress::CpuTime { done: requests, of });
    let of_candidate = candidate.after_blocks()?;
    let compared = baseline.after_blocks().map_err(MeasureError::of_baseline)?;
    let (of_candidate, compared) = match (of_candidate, compared) {
        (Ok(of_candidate), Ok(compared)) => (of_candidate, compared),
        (Err(why), _) => return Ok(CpuReadings::missing(why)),
        (_, Err(why)) => return Ok(CpuReadings::missing(of_baseline(&why))),
    };
    let median = median_of_blocks(&of_candidate.blocks, &compared.blocks);
    let time = |time: Duration| Quantity::from_amount(Dimension::Time, nanoseconds(time).into());
    let times = CpuTimes {
        source,
        requests,
        blocks: u64::from(made),
        at_once,
        candidate: time(of_candidate.total),
        baseline: time(compared.total),
        median_of_blocks: median.map(|it| Quantity::from_amount(Dimension::Ratio, it)),
        pinned: of_candidate.pinned,
        baseline_pinned: compared.pinned,
    };
    let shortened = (made < wanted.count)
        .then(|| format!("{SHORTENED}: {requests} and not {of}, for the plan's `budget`"));
    let anomalies = shortened.into_iter().chain(apart(&times)).collect();
    Ok(CpuReadings { times: Ok(times), anomalies })
}

/// How the requests are divided.
struct Blocks {
    /// Requests in each block.
    each: u64,
    /// Blocks of each of the two.
    count: u32,
}

impl Blocks {
    /// With so many requests under way at once, each turn of which takes so long.
    fn of(at_once: u64, turn: Duration) -> Self {
        let most = if at_once == 1 { MOST_TURNS } else { MOST_TURNS_IN_PIPELINES };
        let turns = (BLOCK.as_nanos() / turn.as_nanos().max(1)).clamp(1, most);
        let each = u64::try_from(turns).unwrap_or(1).saturating_mul(at_once).max(1);
        let wanted = REQUESTS_FOR_EACH_AT_ONCE.saturating_mul(at_once);
        let count = wanted.clamp(FEWEST_REQUESTS, MOST_REQUESTS).div_ceil(each);
        let count = u32::try_from(count).unwrap_or(u32::MAX - 1).max(2);
        Self { each, count: count.next_multiple_of(2) }
    }
}

/// One of the two while it is asked.
struct Side<'a> {
    work: Box<dyn CpuWork + 'a>,
    process: Option<Pid>,
    client: Option<u32>,
    pinned: Pinning,
    /// Keeps a server of ours where it is asked.
    _placed: Option<Pinned>,
    source: CpuSource,
    /// Of the kernel, before each block; of the server, before all of them.
    read: Vec<Duration>,
    /// What it takes the server to tell its time once.
    empty: Duration,
}

/// What one side took.
struct Taken {
    total: Duration,
    /// Of each block, if the kernel told.
    blocks: Vec<Duration>,
    pinned: Pinning,
}

impl<'a> Side<'a> {
    fn begin(
        contestant: Contestant<'a>,
        otherwise: Option<u32>,
        limit: Duration,
    ) -> Result<Result<Self, Missing>, MeasureError> {
        let Pinning { server, client } = contestant.place(otherwise);
        let instance = contestant.instance;
        let process = instance.process();
        let placed = process.zip(server).and_then(|(process, cpu)| Pinned::place(process, cpu));
        let pinned = Pinning { server: process.and_then(|it| only_cpu(Some(it))), client: None };
        let work = match instance.cpu_work(limit)? {
            Ok(work) => work,
            Err(why) => return Ok(Err(why)),
        };
        let (source, empty) = (CpuSource::Info, Duration::ZERO);
        let read = Vec::new();
        Ok(Ok(Self { work, process, client, pinned, _placed: placed, source, read, empty }))
    }

    /// Whether the kernel tells its time.
    fn is_here(&self) -> bool {
        self.process.and_then(cpu_time).is_some()
    }

    /// Sends half of what isn't counted, for so long at most; gives how long one turn takes.
    fn warm(&mut self, limit: Duration) -> Result<Duration, MeasureError> {
        let _on_its_cpu = Pinned::pin("client", self.client)?;
        self.pinned.client = only_cpu(None);
        let at_once = self.work.at_once();
        let (begin, mut turns) = (Instant::now(), 0);
        let enough = (WARMUP / 2).div_ceil(at_once);
        while turns == 0 || (u64::from(turns) < enough && begin.elapsed() < limit) {
            self.work.send(at_once)?;
            turns += 1;
        }
        Ok(begin.elapsed() / turns)
    }

    /// The last before the first block; says why its CPU time can't be known.
    fn before_blocks(&mut self, source: CpuSource) -> Result<Option<Missing>, MeasureError> {
        self.source = source;
        if let Some(why) = self.work.begin()? {
            return Ok(Some(why));
        }
        if source == CpuSource::Scheduler {
            return Ok(None);
        }
        let mut told = Vec::new();
        for _ in 0..=EMPTY_PAIRS {
            match self.work.told()? {
                Ok(time) => told.push(time),
                Err(why) => return Ok(Some(why)),
            }
        }
        let mut empty: Vec<Duration> =
            told.iter().zip(told.iter().skip(1)).map(|(a, b)| b.saturating_sub(*a)).collect();
        empty.sort_unstable();
        self.empty = empty.get(empty.len() / 2).copied().unwrap_or_default();
        self.read.extend(told.last());
        Ok(None)
    }

    fn block(&mut self, requests: u64) -> Result<(), MeasureError> {
        // Before the block and not after the one before as well: by now the kernel has counted all
        // of that one.
        self.look();
        let _on_its_cpu = Pinned::pin("client", self.client)?;
        Ok(self.work.send(requests)?)
    }

    fn look(&mut self) {
        if self.source == CpuSource::Scheduler {
            self.read.extend(self.process.and_then(cpu_time));
        }
    }

    fn after_blocks(mut self) -> Result<Result<Taken, Missing>, MeasureError> {
        match self.source {
            CpuSource::Scheduler => self.look(),
            CpuSource::Info => match self.work.told()? {
                Ok(time) => self.read.push(time),
                Err(why) => return Ok(Err(why)),
            },
        }
        if let Some(why) = self.work.end()? {
            return Ok(Err(why));
        }
        let (first, last) = (self.read.first().copied(), self.read.last().copied());
        let total = first.zip(last).and_then(|(first, last)| last.checked_sub(first));
        let total = total.and_then(|total| total.checked_sub(self.empty));
        let Some(total) = total.filter(|total| !total.is_zero()) else {
            let words = "the CPU time that was counted did not grow";
            return Ok(Err(missing(MissingReason::Unreadable, words)));
        };
        let mut blocks = Vec::new();
        if self.source == CpuSource::Scheduler {
            let pairs = self.read.iter().zip(self.read.iter().skip(1));
            blocks = pairs.map(|(before, after)| after.saturating_sub(*before)).collect();
        }
        Ok(Ok(Taken { total, blocks, pinned: self.pinned }))
    }
}

/// `1 - candidate / baseline` of the median pair of blocks.
fn median_of_blocks(candidate: &[Duration], baseline: &[Duration]) -> Option<Decimal> {
    let ratio = |(candidate, baseline): (&Duration, &Duration)| {
        let of = |time: &Duration| Decimal::from(nanoseconds(*time));
        of(candidate).checked_div(of(baseline))
    };
    let mut ratios: Vec<Decimal> = candidate.iter().zip(baseline).filter_map(ratio).collect();
    ratios.sort_unstable();
    let median = ratios.get(ratios.len() / 2)?;
    Some((Decimal::ONE - median).round_dp(PLACES).normalize())
}

/// That a few blocks make the ratio of the sums.
fn apart(times: &CpuTimes) -> Option<String> {
    let median = times.median_of_blocks.as_ref()?.amount();
    let sums = reading(times, Cpu::Improvement).number()?.value();
    let percent = |share: Decimal| (share * Decimal::ONE_HUNDRED).round_dp(1).normalize();
    ((sums - median).abs() > MOST_APART).then(|| {
        format!(
            "improvement.cpu is {} % over all blocks and {} % in a typical one: some blocks took far longer than others",
            percent(sums),
            percent(median)
        )
    })
}

fn reading(times: &CpuTimes, cpu: Cpu) -> Reading {
    let (candidate, baseline) = (times.candidate.amount(), times.baseline.amount());
    let requests = Decimal::from(times.requests);
    let number = |quotient: Option<Decimal>, places| {
        let unreadable = || missing(MissingReason::Unreadable, "it would be a share of zero");
        quotient.map_or_else(
            || Reading::Missing(unreadable()),
            |number| Reading::exact(number.round_dp(places).normalize()),
        )
    };
    match cpu {
        Cpu::Server => number(candidate.checked_div(requests), 1),
        Cpu::Baseline => number(baseline.checked_div(requests), 1),
        Cpu::Improvement => one_minus(&Reading::exact(candidate), &Reading::exact(baseline)),
        Cpu::Capacity => {
            let a_second = Decimal::from(1_000_000_000_u32);
            number(requests.checked_mul(a_second).and_then(|all| all.checked_div(candidate)), 0)
        }
    }
}

fn missing(reason: MissingReason, detail: impl Into<String>) -> Missing {
    Missing { reason, detail: detail.into() }
}

fn of_baseline(why: &Missing) -> Missing {
    missing(why.reason, format!("the baseline: {}", why.detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(at_once: u64, turn_us: u64) -> (u64, u32) {
        let Blocks { each, count } = Blocks::of(at_once, Duration::from_micros(turn_us));
        (each, count)
    }

    #[test]
    fn blocks_are_short_and_requests_are_enough() {
        assert_eq!(blocks(1, 15), (30, 168));
        assert_eq!(blocks(1, 1), (40, 126));
        assert_eq!(blocks(10, 30), (150, 108));
        assert_eq!(blocks(20, 40), (220, 146));
        assert_eq!(blocks(1, 20_000), (1, 5_000));
        assert_eq!(blocks(1_000, 900), (1_000, 64));
    }

    fn times(candidate: u32, baseline: u32, median: &str) -> CpuTimes {
        let time = |ns: u32| Quantity::from_amount(Dimension::Time, ns.into());
        CpuTimes {
            source: CpuSource::Scheduler,
            requests: 1_000,
            blocks: 2,
            at_once: 1,
            candidate: time(candidate),
            baseline: time(baseline),
            median_of_blocks: Some(median.parse().unwrap()),
            pinned: Pinning::default(),
            baseline_pinned: Pinning::default(),
        }
    }

    #[test]
    fn an_improvement_is_of_the_sums_and_capacity_of_the_candidate() {
        let times = times(8_000_000, 10_000_000, "19%");
        let read = |cpu| reading(&times, cpu).number().unwrap().value().to_string();
        assert_eq!(read(Cpu::Improvement), "0.2");
        assert_eq!((read(Cpu::Server), read(Cpu::Baseline)), ("8000".into(), "10000".into()));
        assert_eq!(read(Cpu::Capacity), "125000");
        assert_eq!(apart(&times), None);
    }

    #[test]
    fn blocks_that_say_otherwise_than_their_sum_are_told() {
        let odd = apart(&times(8_000_000, 10_000_000, "16%")).unwrap();
        assert!(odd.contains("20 % over all blocks and 16 % in a typical one"), "{odd}");
    }

    #[test]
    fn the_median_pair_of_blocks_is_that_of_the_ratios() {
        let micros = |all: [u64; 3]| all.map(Duration::from_micros);
        let median = median_of_blocks(&micros([100, 90, 400]), &micros([100, 100, 100]));
        assert_eq!(median.unwrap().to_string(), "0");
        assert_eq!(median_of_blocks(&[], &[]), None);
    }
}

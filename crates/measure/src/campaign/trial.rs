//! One trial, from a fresh start of the subject to its readings.

use std::time::{Duration, Instant, SystemTime};

use phasegate_model::{
    BaselineTrial, First, Metric, Pinning, Rate, Reading, Readings, Target, Trial,
};

use crate::campaign::cpu::{self, Contestant, CpuReadings};
use crate::campaign::error::MeasureError;
use crate::campaign::fit::{Fit, Fitted};
use crate::campaign::pair::{Partner, baseline_readings, improvements};
use crate::campaign::rounds::{Rounds, Sampled};
use crate::floor::process::Floor;
use crate::machine::affinity::{Pinned, only_cpu};
use crate::machine::env::Watch;
use crate::subject::{Account, Instance, RoundPlan, Subject, TrialProgress};
use crate::times::encoded;
use crate::times::round::{Passes, RoundTimes, Times};
use crate::times::statistics::{RoundSeries, frozen, unsteady};

/// What a trial measures: a subject, and what it is compared with.
#[derive(Clone, Copy)]
pub(crate) struct Pair<'a> {
    pub(crate) candidate: &'a dyn Subject,
    pub(crate) baseline: Option<&'a dyn Subject>,
    /// How many trials are to fit into the time that is left.
    pub(crate) fit: Option<(&'a Fit, Duration)>,
}

/// The subjects of a trial, ready to be measured.
struct Ready<'a> {
    candidate: Box<dyn Instance + 'a>,
    baseline: Option<Box<dyn Instance + 'a>>,
}

/// What a trial gave of the candidate, before it is turned into readings.
struct CandidateRounds {
    sampled: Sampled,
    env: Vec<(Metric, Reading)>,
    pinned: Pinning,
    stand_in_cpu: Option<u32>,
    account: Account,
    /// What it and the baseline say of CPU time, if the plan asks.
    cpu: Option<CpuReadings>,
}

/// What a trial gave of the baseline.
struct BaselineRounds {
    first: First,
    series: RoundSeries,
    pinned: Pinning,
    account: Account,
}

impl<'a> Pair<'a> {
    /// Makes one trial of subjects that are those of the beginning, before it and after it: one
    /// that was replaced meanwhile went on answering, and was no longer what was named.
    pub(crate) fn trial(
        self,
        number: u32,
        fitted: &mut Option<Fitted>,
        progress: &mut dyn FnMut(TrialProgress),
    ) -> Result<Trial, MeasureError> {
        self.are_still_there()?;
        let trial = self.make(number, fitted, progress)?;
        self.are_still_there()?;
        Ok(trial)
    }

    fn are_still_there(self) -> Result<(), MeasureError> {
        self.candidate.is_still_there()?;
        let baseline = self.baseline.map_or(Ok(()), Subject::is_still_there);
        baseline.map_err(|error| MeasureError::from(error).of_baseline())
    }

    fn make(
        self,
        number: u32,
        fitted: &mut Option<Fitted>,
        progress: &mut dyn FnMut(TrialProgress),
    ) -> Result<Trial, MeasureError> {
        let (started_at, begin) = (SystemTime::now(), Instant::now());
        progress(TrialProgress::Starting);
        let first = First::Baseline.in_turn(number);
        let mut ready = self.begin(number, first, progress)?;
        let is_first = fitted.is_none();
        let passes = self.fit(&mut ready, begin.elapsed(), fitted)?;
        let (measured, compared) = self.measure(&mut ready, (first, passes), progress)?;
        // Stopped before anything is computed, which takes longer on a busy machine.
        drop(ready);

        let mut readings = self.readings(&measured, compared.as_ref())?;
        let mut anomalies = self.anomalies(&measured, compared.as_ref());
        if let Some(fitted) = fitted {
            fitted.leave_out_unsupported(&mut readings)?;
            anomalies.extend(fitted.told().filter(|_| is_first));
        }
        // What was no sample of its own isn't recorded as one: a command's starts are there whole.
        let keeps_samples = self.candidate.family().is_some();
        let Sampled { samples, floor, .. } = measured.sampled;
        let open = samples.open();
        let service_histogram = open.map(|open| encode(&open.service)).transpose()?;
        let slip_histogram = open.map(|open| encode(&open.slip)).transpose()?;
        let floor_histogram = floor.as_ref().map(|floor| encode(floor.times())).transpose()?;
        Ok(Trial {
            number,
            started_at: started_at.into(),
            duration_ms: u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX),
            pinned: measured.pinned,
            readings,
            rtt_histogram: if keeps_samples { encode(samples.times())? } else { String::new() },
            rounds: if keeps_samples { samples.into_rounds() } else { Vec::new() },
            starts: measured.account.starts,
            floor_rounds: floor.map(RoundSeries::into_rounds).unwrap_or_default(),
            floor_histogram,
            service_histogram,
            slip_histogram,
            cpu: measured.cpu.and_then(|cpu| cpu.times.ok()),
            baseline: compared.map(|it| it.into_evidence(keeps_samples)).transpose()?,
            nodes: Vec::new(),
            anomalies,
        })
    }

    /// Both subjects, or the one that there is; the first of a pair is started first.
    fn begin(
        self,
        number: u32,
        first: First,
        progress: &mut dyn FnMut(TrialProgress),
    ) -> Result<Ready<'a>, MeasureError> {
        let of_baseline = |progress: &mut dyn FnMut(TrialProgress)| {
            let begun = self.baseline.map(|it| it.begin(number, progress)).transpose();
            begun.map_err(|error| MeasureError::from(error).of_baseline())
        };
        Ok(match first {
            First::Baseline => {
                let baseline = of_baseline(progress)?;
                Ready { candidate: self.candidate.begin(number, progress)?, baseline }
            }
            First::Candidate => {
                let candidate = self.candidate.begin(number, progress)?;
                Ready { candidate, baseline: of_baseline(progress)? }
            }
        })
    }

    /// What is timed in each round, which the first trial finds out from how long requests take.
    fn fit(
        self,
        ready: &mut Ready<'_>,
        set_up: Duration,
        fitted: &mut Option<Fitted>,
    ) -> Result<Option<Passes>, MeasureError> {
        let plan = self.candidate.rounds();
        // Starts of a command aren't samples that could be fewer.
        if let (Some((fit, left)), None, Some(_)) = (self.fit, &fitted, self.candidate.family()) {
            let pace = pace_of(ready.candidate.as_mut(), plan.rate)?;
            let baseline = ready.baseline.as_deref_mut();
            let baseline = baseline.map(|instance| pace_of(instance, plan.rate)).transpose();
            let baseline = baseline.map_err(MeasureError::of_baseline)?;
            let paces = (pace, baseline, self.candidate.floor().is_some());
            *fitted = Some(fit.divide(&plan, left, set_up, paces));
        }
        Ok(fitted.as_ref().map(|fitted| fitted.passes))
    }

    /// All rounds with the subjects' accounts around them, the calling thread being on its CPU.
    fn measure(
        self,
        ready: &mut Ready<'_>,
        (first, passes): (First, Option<Passes>),
        progress: &mut dyn FnMut(TrialProgress),
    ) -> Result<(CandidateRounds, Option<BaselineRounds>), MeasureError> {
        let of_baseline = |error| MeasureError::from(error).of_baseline();
        let fitted = |plan: RoundPlan| RoundPlan { passes: passes.unwrap_or(plan.passes), ..plan };
        let plan = fitted(self.candidate.rounds());
        let candidate = ready.candidate.as_mut();
        // Started before the client is on its CPU, which is not the stand-in's.
        let mut stand_in = match self.candidate.floor().zip(candidate.reply()) {
            Some((floor, reply)) => floor.start(reply)?,
            None => None,
        };
        let _on_its_cpu = Pinned::pin("client", plan.pinning.client)?;
        let cpu = |instance: &dyn Instance| instance.process().and_then(|it| only_cpu(Some(it)));
        let pinned = Pinning { server: cpu(candidate), client: only_cpu(None) };
        let stand_in_cpu = stand_in.as_ref().and_then(|it| only_cpu(it.process()));
        // The candidate last: what happens between this and its first round counts as its own.
        if let Some(baseline) = &mut ready.baseline {
            baseline.before_rounds().map_err(of_baseline)?;
        }
        candidate.before_rounds()?;
        // On the client's CPU by now, because it is that CPU whose pauses are in the samples.
        let watch = Watch::begin(pinned).map_err(MeasureError::bug)?;
        let partner = self.baseline.zip(ready.baseline.as_deref_mut());
        let partner = partner
            .map(|(baseline, instance)| Partner::new(fitted(baseline.rounds()), instance, first));
        let mut partner = partner.transpose()?;
        let rounds = Rounds { plan, instance: &mut *candidate, stand_in: stand_in.as_mut() };
        let sampled = rounds.make(partner.as_mut(), progress)?;
        // Before the accounts are asked for, which is work that the rounds didn't have.
        let env = watch.end(&sampled.preemptions);
        // The candidate first, for the same reason.
        let account = candidate.finish(&sampled.samples)?;
        let made = partner.map(Partner::finish);
        let compared = match (ready.baseline.as_deref_mut(), made) {
            (Some(baseline), Some((series, pinned))) => {
                let account = baseline.finish(&series).map_err(of_baseline)?;
                Some(BaselineRounds { first, series, pinned, account })
            }
            _ => None,
        };
        // After the accounts, which are of the rounds alone.
        let cpu = plan.cpu.map(|limit| self.cpu(ready, (first, limit), progress)).transpose()?;
        Ok((CandidateRounds { sampled, env, pinned, stand_in_cpu, account, cpu }, compared))
    }

    /// What the pair says of CPU time.
    fn cpu(
        self,
        ready: &mut Ready<'_>,
        (first, limit): (First, Duration),
        progress: &mut dyn FnMut(TrialProgress),
    ) -> Result<CpuReadings, MeasureError> {
        let Some((baseline, compared)) = self.baseline.zip(ready.baseline.as_deref_mut()) else {
            return Ok(CpuReadings::without_baseline());
        };
        let contestant =
            |of: &dyn Subject, instance| Contestant { instance, pinning: of.rounds().pinning };
        let candidate = contestant(self.candidate, ready.candidate.as_mut());
        cpu::measure(candidate, contestant(baseline, compared), first, limit, progress)
    }

    fn readings(
        self,
        measured: &CandidateRounds,
        compared: Option<&BaselineRounds>,
    ) -> Result<Readings, MeasureError> {
        let CandidateRounds { sampled, env, account, .. } = measured;
        let family = self.candidate.family();
        let mut readings = Readings::default();
        insert(&mut readings, [account.readings.clone(), env.clone()].concat())?;
        if let Some(family) = &family {
            let floor = self.candidate.floor();
            let floor = floor.map(|it| it.readings(sampled.floor.as_ref(), &family.statistics));
            let measured = [
                sampled.samples.readings(family.sampled, &family.statistics),
                floor.unwrap_or_default(),
                baseline_readings(family, compared.map(|compared| &compared.series)),
            ];
            insert(&mut readings, measured.concat())?;
        }
        let of_baseline = compared.map(|compared| &compared.account);
        // After what was measured, because headrooms are computed from readings that are there by
        // now.
        let derived = self.candidate.derived(&readings, of_baseline);
        insert(&mut readings, derived)?;
        if let Some(family) = &family {
            let improvements = improvements(family, &readings, compared.is_some());
            insert(&mut readings, improvements)?;
        }
        insert(
            &mut readings,
            measured.cpu.as_ref().map(CpuReadings::readings).unwrap_or_default(),
        )?;
        Ok(readings)
    }

    /// What went wrong without ending the trial.
    fn anomalies(
        self,
        measured: &CandidateRounds,
        compared: Option<&BaselineRounds>,
    ) -> Vec<String> {
        let CandidateRounds { sampled, pinned, stand_in_cpu, account, .. } = measured;
        let wanted = self.candidate.rounds().pinning;
        let of_floor = self.candidate.floor().and_then(Floor::cpu);
        let mut found = of_one(&sampled.samples, account, (wanted, *pinned));
        found.extend(elsewhere("stand-in for the server", of_floor, *stand_in_cpu));
        if let (Some(baseline), Some(compared)) = (self.baseline, compared) {
            let pinned = (baseline.rounds().pinning, compared.pinned);
            let own = of_one(&compared.series, &compared.account, pinned).into_iter();
            found.extend(own.map(|anomaly| format!("the baseline: {anomaly}")));
            found.extend(unlike(self.candidate.target(), baseline.target()));
        }
        found.extend(measured.cpu.iter().flat_map(|cpu| cpu.anomalies.iter().cloned()));
        found
    }
}

impl BaselineRounds {
    fn into_evidence(self, keeps_samples: bool) -> Result<BaselineTrial, MeasureError> {
        let mut readings = Readings::default();
        insert(&mut readings, self.account.readings)?;
        Ok(BaselineTrial {
            first: self.first,
            pinned: self.pinned,
            readings,
            rtt_histogram: if keeps_samples { encode(self.series.times())? } else { String::new() },
            rounds: if keeps_samples { self.series.into_rounds() } else { Vec::new() },
            starts: self.account.starts,
        })
    }
}

/// How long a request takes, from some of them before anything counts. More and more are sent, as
/// long as that takes no time that would be missed: of one alone it can't be told whether it is the
/// server or a pause of the machine that takes so long.
fn pace_of(instance: &mut dyn Instance, rate: Option<Rate>) -> Result<Duration, MeasureError> {
    let mut times = RoundTimes::new(rate).map_err(MeasureError::bug)?;
    let (mut spent, mut pace) = (Duration::ZERO, Duration::MAX);
    for samples in [1, 1, 1, 8, 64, 512, 1_000] {
        if spent.saturating_add(pace.saturating_mul(samples)) > MOST_TO_TELL
            && spent > Duration::ZERO
        {
            break;
        }
        let begin = Instant::now();
        instance.round(0, Passes { warmup: 0, samples }, &mut times)?;
        let took = begin.elapsed();
        spent += took;
        // Many together contain what pauses there are, as rounds will.
        pace = if samples < 64 { pace.min(took / samples) } else { took / samples };
    }
    Ok(pace)
}

/// So long at most it may take to tell how long requests take, unless the first one does.
const MOST_TO_TELL: Duration = Duration::from_millis(200);

fn insert(readings: &mut Readings, more: Vec<(Metric, Reading)>) -> Result<(), MeasureError> {
    more.into_iter()
        .try_for_each(|(metric, reading)| readings.insert(metric, reading))
        .map_err(MeasureError::bug)
}

/// What is odd about one subject's own rounds, and which of its CPUs it did not get.
fn of_one(
    series: &RoundSeries,
    account: &Account,
    (wanted, given): (Pinning, Pinning),
) -> Vec<String> {
    let rounds = series.rounds();
    let odd = unsteady(rounds).into_iter().chain(frozen(rounds)).chain(series.slipped());
    odd.chain(account.anomalies.iter().cloned())
        .chain(elsewhere("server", wanted.server, given.server))
        .chain(elsewhere("client", wanted.client, given.client))
        .collect()
}

/// That one is not on the CPU that was wanted.
fn elsewhere(role: &str, wanted: Option<u32>, given: Option<u32>) -> Option<String> {
    let cpu = wanted.filter(|_| wanted != given)?;
    Some(format!("the {role} was to be kept on CPU {cpu}, and the kernel doesn't keep it there"))
}

/// That the two of a pair differ in more than in the servers themselves.
fn unlike(candidate: &Target, baseline: &Target) -> Option<String> {
    let (candidate, baseline) = (candidate.way(), baseline.way());
    (candidate != baseline).then(|| {
        format!("the target is reached over {candidate}, the baseline over {baseline}; that is part of the improvement")
    })
}

/// A histogram for the evidence.
fn encode(times: &Times) -> Result<String, MeasureError> {
    encoded::encode(times).map_err(MeasureError::bug)
}

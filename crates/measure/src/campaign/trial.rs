//! One trial, from a fresh server or fresh connections to its readings.
use std::time::{Instant, SystemTime};

use phasegate_model::{
    BaselineTrial, Dimension, First, MeasurePlan, Metric, Pinning, Quantity, Reading, Readings,
    Target, Trial,
};

use crate::campaign::error::MeasureError;
use crate::campaign::pair::{Partner, baseline_readings, improvements};
use crate::campaign::progress::Progress;
use crate::campaign::rounds::{Rounds, Sampled, floor_readings, start_stand_in};
use crate::campaign::session::Session;
use crate::floor::process::Running;
use crate::machine::affinity::{Pinned, only_cpu};
use crate::machine::env::Watch;
use crate::redis::ask::requests::Requests;
use crate::redis::ask::workload::names;
use crate::redis::cluster::error::ClusterError;
use crate::redis::observed::headroom;
use crate::redis::observed::readings::{EXEC_MEAN, Execution, observed};
use crate::redis::reach::control::{Control, Refusal};
use crate::redis::reach::info::Info;
use crate::redis::server::dataset::{Filling, settled_info};
use crate::redis::server::private::Server;
use crate::redis::subject::Side;
use crate::times::encoded;
use crate::times::round::Times;
use crate::times::statistics::{Series, unsteady};

/// Makes one trial.
pub(crate) fn make(
    session: &Session,
    number: u32,
    progress: &mut dyn FnMut(Progress),
) -> Result<Trial, MeasureError> {
    let (started_at, begin) = (SystemTime::now(), Instant::now());
    progress(Progress::Starting);
    let first = First::Baseline.in_turn(number);
    let (mut candidate, mut baseline) = prepare(session, first, progress)?;
    let (measured, compared) =
        measure(session, &mut candidate, baseline.as_mut(), first, progress)?;
    // Stopped before anything is computed, which takes longer on a busy machine.
    drop((candidate, baseline));

    let readings = readings(session, &measured, compared.as_ref())?;
    let anomalies = anomalies(session, &measured, compared.as_ref());
    let Sampled { rtt, floor, .. } = measured.sampled;
    let open = rtt.open();
    let service_histogram = open.map(|open| encode(&open.service)).transpose()?;
    let slip_histogram = open.map(|open| encode(&open.slip)).transpose()?;
    let floor_histogram = floor.as_ref().map(|floor| encode(floor.times())).transpose()?;
    Ok(Trial {
        number,
        started_at: started_at.into(),
        duration_ms: u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX),
        pinned: measured.pinned,
        readings,
        rtt_histogram: encode(rtt.times())?,
        starts: Vec::new(),
        rounds: rtt.into_rounds(),
        floor_rounds: floor.map(Series::into_rounds).unwrap_or_default(),
        floor_histogram,
        service_histogram,
        slip_histogram,
        baseline: compared.map(Compared::into_evidence).transpose()?,
        nodes: Vec::new(),
        anomalies,
    })
}

/// Both servers, or the one that there is; the first of a pair is started first.
fn prepare<'a>(
    session: &'a Session,
    first: First,
    progress: &mut dyn FnMut(Progress),
) -> Result<(Prepared<'a>, Option<Prepared<'a>>), MeasureError> {
    let baseline = |progress: &mut dyn FnMut(Progress)| {
        let side = session.baseline.as_ref();
        let prepared = side.map(|side| Prepared::start(side, progress)).transpose();
        prepared.map_err(MeasureError::of_baseline)
    };
    Ok(match first {
        First::Baseline => {
            let baseline = baseline(progress)?;
            (Prepared::start(&session.candidate, progress)?, baseline)
        }
        First::Candidate => (Prepared::start(&session.candidate, progress)?, baseline(progress)?),
    })
}

/// A server that answers, with all that the plan wants in it.
struct Prepared<'a> {
    side: &'a Side,
    server: Option<Server>,
    control: Control,
    requests: Requests,
}

/// What a trial gave of the candidate, before it is turned into readings.
struct Measured {
    sampled: Sampled,
    env: Vec<(Metric, Reading)>,
    pinned: Pinning,
    stand_in_cpu: Option<u32>,
    info: Result<Info, Refusal>,
    execution: Execution,
}

/// What a trial gave of the baseline.
struct Compared {
    first: First,
    series: Series,
    pinned: Pinning,
    info: Result<Info, Refusal>,
    execution: Execution,
}

impl<'a> Prepared<'a> {
    fn start(side: &'a Side, progress: &mut dyn FnMut(Progress)) -> Result<Self, MeasureError> {
        let (server, mut control) = side.prepare()?;
        let requests = requests(side, server.as_ref(), &mut control, progress)?;
        Ok(Self { side, server, control, requests })
    }

    fn commandstats(&mut self) -> Result<Result<Info, Refusal>, MeasureError> {
        Ok(self.control.info(Some("commandstats"))?)
    }

    /// What the server did between two looks at its statistics, besides what others asked of it.
    fn execution(
        &self,
        before: &Result<Info, Refusal>,
        after: &Result<Info, Refusal>,
    ) -> Execution {
        let plan = &self.side.plan;
        Execution::between(before, after, &names(plan), requests_in(plan))
    }

    /// The CPU that the kernel keeps the server on, if it is ours.
    fn cpu(&self) -> Option<u32> {
        self.server.as_ref().and_then(|server| only_cpu(server.process()))
    }

    /// The rounds to make with it.
    fn rounds<'r>(&'r self, stand_in: Option<&'r mut Running>) -> Rounds<'r> {
        let Self { side, server, requests, .. } = self;
        Rounds { side, server: server.as_ref(), stand_in, requests }
    }

    /// What was measured of it, if it is the baseline.
    fn compared(
        &mut self,
        first: First,
        before: &Result<Info, Refusal>,
        series: Series,
        pinned: Pinning,
    ) -> Result<Compared, MeasureError> {
        let after = self.commandstats()?;
        let execution = self.execution(before, &after);
        Ok(Compared { first, series, pinned, info: self.last_look()?, execution })
    }

    /// What the server says of itself once all is done.
    fn last_look(&mut self) -> Result<Result<Info, Refusal>, MeasureError> {
        Ok(match self.server {
            Some(_) => settled_info(&mut self.control, &self.side.terms)?,
            // Others' connections come and go: there is nothing to wait for.
            None => self.control.info(None)?,
        })
    }
}

/// The requests to send. Those for a dataset are known once it was written.
fn requests(
    side: &Side,
    server: Option<&Server>,
    control: &mut Control,
    progress: &mut dyn FnMut(Progress),
) -> Result<Requests, MeasureError> {
    let plan = &side.plan;
    let filled = match (server, &plan.dataset) {
        (Some(server), Some(dataset)) => {
            let mut progress = |bytes: u64| {
                let dataset_now = Quantity::from_amount(Dimension::Bytes, bytes.into());
                progress(Progress::Filling { dataset: dataset_now, goal: dataset.extent });
            };
            let (address, terms) = (server.address(), &side.terms);
            let progress = &mut progress;
            Some(Filling { control, address, terms, dataset, progress }.fill()?)
        }
        _ => None,
    };
    Requests::of(side, filled).ok_or_else(|| no_request(side))
}

/// That nothing of what the plan sends is for this node of a cluster.
fn no_request(side: &Side) -> MeasureError {
    side.share.as_ref().map_or_else(
        || MeasureError::bug("a plan without requests"),
        |share| ClusterError::NoRequest { slots: share.slots.to_string() }.into(),
    )
}

/// All rounds with `INFO` around them, the calling thread being on its CPU.
fn measure(
    session: &Session,
    candidate: &mut Prepared<'_>,
    mut baseline: Option<&mut Prepared<'_>>,
    first: First,
    progress: &mut dyn FnMut(Progress),
) -> Result<(Measured, Option<Compared>), MeasureError> {
    // Started before the client is on its CPU, which is not the stand-in's.
    let mut stand_in = start_stand_in(&session.floor, candidate.requests.reply())?;
    let _on_its_cpu = Pinned::pin("client", candidate.side.plan.pinning.client)?;
    let pinned = Pinning { server: candidate.cpu(), client: only_cpu(None) };
    let stand_in_cpu = stand_in.as_ref().and_then(|it| only_cpu(it.process()));
    let baseline_before = baseline.as_deref_mut().map(Prepared::commandstats).transpose();
    let baseline_before = baseline_before.map_err(MeasureError::of_baseline)?;
    let before = candidate.commandstats()?;
    let watch = Watch::begin(pinned)?;
    let partner = baseline.as_deref().map(|it| Partner::new(it.rounds(None), first));
    let mut partner = partner.transpose()?;
    let sampled = candidate.rounds(stand_in.as_mut()).make(partner.as_mut(), progress)?;
    let env = watch.end(&sampled.preemptions);
    let after = candidate.commandstats()?;
    let execution = candidate.execution(&before, &after);
    let made = partner.map(Partner::finish);
    let compared = match (baseline, baseline_before, made) {
        (Some(baseline), Some(before), Some((series, pinned))) => {
            let compared = baseline.compared(first, &before, series, pinned);
            Some(compared.map_err(MeasureError::of_baseline)?)
        }
        _ => None,
    };
    let info = candidate.last_look()?;
    Ok((Measured { sampled, env, pinned, stand_in_cpu, info, execution }, compared))
}

/// How many requests a trial sends, those of its warm-ups included.
fn requests_in(plan: &MeasurePlan) -> u64 {
    let round = u64::from(plan.warmup) + u64::from(plan.samples.get());
    round * u64::from(plan.rounds.get())
}

fn readings(
    session: &Session,
    measured: &Measured,
    compared: Option<&Compared>,
) -> Result<Readings, MeasureError> {
    let Measured { sampled, env, info, execution, .. } = measured;
    let statistics = session.candidate.plan.statistics();
    let mut readings = Readings::default();
    let told = [
        sampled.rtt.readings(Metric::Rtt, &statistics),
        floor_readings(&session.floor, sampled.floor.as_ref(), &statistics),
        baseline_readings(compared.map(|compared| &compared.series), &statistics),
        observed(info),
        vec![(EXEC_MEAN, execution.mean.clone())],
        env.clone(),
    ];
    insert(&mut readings, told.concat())?;
    let shares = headroom::readings(&readings, &session.candidate.plan.load);
    insert(&mut readings, shares)?;
    let shares = improvements(&readings, compared.is_some(), &statistics);
    insert(&mut readings, shares)?;
    Ok(readings)
}

impl Compared {
    fn into_evidence(self) -> Result<BaselineTrial, MeasureError> {
        let mut readings = Readings::default();
        insert(&mut readings, observed(&self.info))?;
        insert(&mut readings, vec![(EXEC_MEAN, self.execution.mean)])?;
        Ok(BaselineTrial {
            first: self.first,
            pinned: self.pinned,
            readings,
            rtt_histogram: encode(self.series.times())?,
            starts: Vec::new(),
            rounds: self.series.into_rounds(),
        })
    }
}

fn insert(readings: &mut Readings, more: Vec<(Metric, Reading)>) -> Result<(), MeasureError> {
    more.into_iter()
        .try_for_each(|(metric, reading)| readings.insert(metric, reading))
        .map_err(MeasureError::bug)
}

/// What went wrong without ending the trial.
fn anomalies(session: &Session, measured: &Measured, compared: Option<&Compared>) -> Vec<String> {
    let Measured { sampled, pinned, execution, .. } = measured;
    let candidate = &session.candidate;
    let wanted = candidate.plan.pinning;
    let roles = [
        ("server", wanted.server, pinned.server),
        ("client", wanted.client, pinned.client),
        ("stand-in for the server", session.floor.cpu(), measured.stand_in_cpu),
    ];
    let mut found = of_rounds(candidate, &sampled.rtt);
    found.extend(elsewhere(&roles));
    found.extend(calls_of_others(candidate, execution));
    if let (Some(baseline), Some(compared)) = (&session.baseline, compared) {
        let (wanted, given) = (baseline.plan.pinning, compared.pinned);
        let roles =
            [("server", wanted.server, given.server), ("client", wanted.client, given.client)];
        let own = of_rounds(baseline, &compared.series).into_iter().chain(elsewhere(&roles));
        let own = own.chain(calls_of_others(baseline, &compared.execution));
        found.extend(own.map(|anomaly| format!("the baseline: {anomaly}")));
        found.extend(unlike(&candidate.target, &baseline.target));
    }
    found
}

/// Who is not on the CPU that was wanted.
fn elsewhere(roles: &[(&str, Option<u32>, Option<u32>)]) -> Vec<String> {
    let elsewhere = roles.iter().filter_map(|(role, wanted, given)| {
        let cpu = wanted.filter(|_| wanted != given)?;
        Some(format!(
            "the {role} was to be kept on CPU {cpu}, and the kernel doesn't keep it there"
        ))
    });
    elsewhere.collect()
}

fn calls_of_others(side: &Side, execution: &Execution) -> Option<String> {
    let command = names(&side.plan).join(", ");
    (execution.calls_of_others > 0).then(|| {
        let calls = execution.calls_of_others;
        format!("server.exec.mean holds {calls} calls of {command} that others made meanwhile")
    })
}

/// That replies said there is no such key, where one was to be there.
fn absent_keys(side: &Side, series: &Series) -> Option<String> {
    let (nils, all) = (series.nils(), requests_in(&side.plan));
    let asked = !side.plan.mix.is_empty() || side.plan.dataset.is_some();
    (asked && nils > 0).then(|| {
        format!(
            "{nils} of {all} replies, those of the warm-up included, said that there is no such key"
        )
    })
}

/// What is odd about one server's own rounds.
fn of_rounds(side: &Side, series: &Series) -> Vec<String> {
    let odd = unsteady(series.rounds()).into_iter().chain(series.slipped());
    odd.chain(absent_keys(side, series)).collect()
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

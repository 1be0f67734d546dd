//! One trial, from a fresh server or fresh connections to its readings.

use std::time::{Instant, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};
use phasegate_model::{
    Dimension, MeasurePlan, Metric, Pinning, Quantity, Reading, Readings, Trial,
};

use crate::affinity::{Pinned, only_cpu};
use crate::control::{Control, Refusal};
use crate::dataset::{Filling, settled_info};
use crate::env::Watch;
use crate::error::MeasureError;
use crate::headroom;
use crate::info::Info;
use crate::readings::{EXEC_MEAN, Execution, observed};
use crate::requests::Requests;
use crate::round::Times;
use crate::rounds::{Rounds, Sampled, floor_readings, start_stand_in};
use crate::server::Server;
use crate::session::{Progress, Session};
use crate::statistics::{Series, unsteady};
use crate::workload::names;

/// Makes one trial.
pub(crate) fn make(
    session: &Session,
    number: u32,
    progress: &mut dyn FnMut(Progress),
) -> Result<Trial, MeasureError> {
    let (started_at, begin) = (SystemTime::now(), Instant::now());
    progress(Progress::Starting);
    let (server, mut control) = session.prepare()?;
    let subject = Prepared { session, server: server.as_ref() };
    let requests = subject.requests(&mut control, progress)?;
    let measured = subject.measure(&mut control, &requests, progress)?;
    // Stopped before anything is computed, which takes longer on a busy machine.
    drop((control, server));

    let readings = readings(session, &measured)?;
    let anomalies = anomalies(session, &measured);
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
        rounds: rtt.into_rounds(),
        floor_rounds: floor.map(Series::into_rounds).unwrap_or_default(),
        floor_histogram,
        service_histogram,
        slip_histogram,
        anomalies,
    })
}

/// A server that answers.
struct Prepared<'a> {
    session: &'a Session,
    server: Option<&'a Server>,
}

/// What a trial gave, before it is turned into readings.
struct Measured {
    sampled: Sampled,
    env: Vec<(Metric, Reading)>,
    pinned: Pinning,
    stand_in_cpu: Option<u32>,
    info: Result<Info, Refusal>,
    execution: Execution,
}

impl Prepared<'_> {
    /// The requests to send. Those for a dataset are known once it was written.
    fn requests(
        &self,
        control: &mut Control,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Requests, MeasureError> {
        let plan = &self.session.plan;
        let filled = match (self.server, &plan.dataset) {
            (Some(server), Some(dataset)) => {
                let mut progress = |bytes: u64| {
                    let dataset_now = Quantity::from_amount(Dimension::Bytes, bytes.into());
                    progress(Progress::Filling { dataset: dataset_now, goal: dataset.extent });
                };
                let (address, terms) = (server.address(), &self.session.terms);
                let progress = &mut progress;
                Some(Filling { control, address, terms, dataset, progress }.fill()?)
            }
            _ => None,
        };
        Ok(Requests::of(plan, filled))
    }

    /// All rounds with `INFO` around them, the calling thread being on its CPU.
    fn measure(
        &self,
        control: &mut Control,
        requests: &Requests,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Measured, MeasureError> {
        let plan = &self.session.plan;
        // Started before the client is on its CPU, which is not the stand-in's.
        let mut stand_in = start_stand_in(&self.session.floor, requests.reply())?;
        let _on_its_cpu = Pinned::pin("client", plan.pinning.client)?;
        let pinned = Pinning {
            server: self.server.and_then(|server| only_cpu(server.process())),
            client: only_cpu(None),
        };
        let stand_in_cpu = stand_in.as_ref().and_then(|it| only_cpu(it.process()));
        let before = control.info(Some("commandstats"))?;
        let watch = Watch::begin(pinned)?;
        let stand_in = stand_in.as_mut();
        let rounds = Rounds { session: self.session, server: self.server, stand_in, requests };
        let sampled = rounds.make(progress)?;
        let env = watch.end(&sampled.preemptions);
        let after = control.info(Some("commandstats"))?;
        let calls = requests_in(plan);
        let execution = Execution::between(&before, &after, &names(plan), calls);
        let info = match self.server {
            Some(_) => settled_info(control, &self.session.terms)?,
            // Others' connections come and go: there is nothing to wait for.
            None => control.info(None)?,
        };
        Ok(Measured { sampled, env, pinned, stand_in_cpu, info, execution })
    }
}

/// How many requests a trial sends, those of its warm-ups included.
fn requests_in(plan: &MeasurePlan) -> u64 {
    let round = u64::from(plan.warmup) + u64::from(plan.samples.get());
    round * u64::from(plan.rounds.get())
}

fn readings(session: &Session, measured: &Measured) -> Result<Readings, MeasureError> {
    let Measured { sampled, env, info, execution, .. } = measured;
    let mut readings = Readings::default();
    let told = [
        sampled.rtt.readings(Metric::Rtt),
        floor_readings(&session.floor, sampled.floor.as_ref()),
        observed(info),
        vec![(EXEC_MEAN, execution.mean.clone())],
        env.clone(),
    ];
    insert(&mut readings, told.concat())?;
    let shares = headroom::readings(&readings, &session.plan.load);
    insert(&mut readings, shares)?;
    Ok(readings)
}

fn insert(readings: &mut Readings, more: Vec<(Metric, Reading)>) -> Result<(), MeasureError> {
    more.into_iter()
        .try_for_each(|(metric, reading)| readings.insert(metric, reading))
        .map_err(MeasureError::bug)
}

/// What went wrong without ending the trial.
fn anomalies(session: &Session, measured: &Measured) -> Vec<String> {
    let Measured { sampled, pinned, execution, .. } = measured;
    let wanted = session.plan.pinning;
    let roles = [
        ("server", wanted.server, pinned.server),
        ("client", wanted.client, pinned.client),
        ("stand-in for the server", session.floor.cpu(), measured.stand_in_cpu),
    ];
    let elsewhere = roles.into_iter().filter_map(|(role, wanted, given)| {
        let cpu = wanted.filter(|_| wanted != given)?;
        Some(format!(
            "the {role} was to be kept on CPU {cpu}, and the kernel doesn't keep it there"
        ))
    });
    let command = names(&session.plan).join(", ");
    let others = (execution.calls_of_others > 0).then(|| {
        let calls = execution.calls_of_others;
        format!("server.exec.mean holds {calls} calls of {command} that others made meanwhile")
    });
    let nils = (sampled.rtt.nils() > 0).then(|| {
        let (nils, all) = (sampled.rtt.nils(), requests_in(&session.plan));
        format!(
            "{nils} of {all} replies, those of the warm-up included, said that there is no such key"
        )
    });
    let own = unsteady(sampled.rtt.rounds()).into_iter().chain(sampled.rtt.slipped()).chain(nils);
    own.chain(elsewhere).chain(others).collect()
}

/// HDR histogram, V2, deflated, base64.
fn encode(times: &Times) -> Result<String, MeasureError> {
    let mut bytes = Vec::new();
    V2DeflateSerializer::new().serialize(times, &mut bytes).map_err(MeasureError::bug)?;
    Ok(STANDARD.encode(bytes))
}

//! One trial, from a fresh server or fresh connections to its readings.

use std::num::NonZeroU64;
use std::time::{Instant, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};
use phasegate_model::{
    Command, Dimension, Pinning, Quantity, Readings, Round, TargetServer, Trial,
};

use crate::address::Address;
use crate::affinity::{Pinned, only_cpu};
use crate::connect::ConnectError;
use crate::connection::SampleError;
use crate::control::{Control, Refusal};
use crate::dataset::{Filling, settled_info};
use crate::error::MeasureError;
use crate::info::Info;
use crate::link::Link;
use crate::readings::{EXEC_MEAN, Execution, HEADROOM_EXEC, RTT_MEAN, headroom_exec, observed};
use crate::requests::Requests;
use crate::round::{Passes, RoundTimes, Times, histogram};
use crate::server::Server;
use crate::session::{Progress, Session, Subject};
use crate::statistics::{self, RoundSummary, time, unsteady};

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

    let Measured { times, rounds, pinned, info, execution } = measured;
    let anomalies = anomalies(session, &rounds, pinned, &execution);
    Ok(Trial {
        number,
        started_at: started_at.into(),
        duration_ms: u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX),
        pinned,
        readings: readings(&times, &rounds, &info, execution)?,
        rtt_histogram: encode(&times)?,
        rounds: rounds.into_iter().map(Round::from).collect(),
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
    times: Times,
    rounds: Vec<RoundSummary>,
    pinned: Pinning,
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
                    progress(Progress::Filling { dataset: dataset_now, goal: dataset.size });
                };
                let (address, terms) = (server.address(), &self.session.terms);
                let progress = &mut progress;
                let keys = Filling { control, address, terms, dataset, progress }.fill()?;
                Some((keys, dataset.value))
            }
            _ => None,
        };
        Ok(match (plan.command, filled) {
            (Command::Ping, _) => Requests::ping(),
            (Command::Get, None) => Requests::get_absent(),
            (Command::Get, Some((keys, value))) => get_dataset(keys, value.bytes())?,
        })
    }

    /// All rounds with `INFO` around them, the calling thread being on its CPU.
    fn measure(
        &self,
        control: &mut Control,
        requests: &Requests,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Measured, MeasureError> {
        let plan = &self.session.plan;
        let _on_its_cpu = Pinned::pin("client", plan.pinning.client)?;
        let pinned = Pinning {
            server: self.server.and_then(|server| only_cpu(server.process())),
            client: only_cpu(None),
        };
        let before = control.info(Some("commandstats"))?;
        let (times, rounds) = self.rounds(requests, progress)?;
        let after = control.info(Some("commandstats"))?;
        let passes = u64::from(plan.warmup) + u64::from(plan.samples.get());
        let calls = passes * u64::from(plan.rounds.get());
        let execution = Execution::between(&before, &after, plan.command.as_str(), calls);
        let info = match self.server {
            Some(_) => settled_info(control, &self.session.terms)?,
            // Others' connections come and go: there is nothing to wait for.
            None => control.info(None)?,
        };
        Ok(Measured { times, rounds, pinned, info, execution })
    }

    fn rounds(
        &self,
        requests: &Requests,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Times, Vec<RoundSummary>), MeasureError> {
        let (plan, terms) = (&self.session.plan, &self.session.terms);
        let passes = Passes { warmup: plan.warmup, samples: plan.samples.get() };
        let of = plan.rounds.get();
        let mut all = histogram().map_err(MeasureError::bug)?;
        let mut times = RoundTimes::new().map_err(MeasureError::bug)?;
        let mut cycle = requests.cycle();
        let mut summaries = Vec::new();
        progress(Progress::Rounds { done: 0, of, p99: None });
        for round in 1..=of {
            let link = Link::open(self.address()?, terms, requests.reply());
            let mut link = link.map_err(|error| self.link_error(round, error))?;
            times
                .measure(&mut link, &mut cycle, requests.reply(), &passes, terms)
                .map_err(|source| self.round_error(round, source))?;
            let mut whole = times.first.clone();
            whole.add(&times.second).map_err(MeasureError::bug)?;
            all.add(&whole).map_err(MeasureError::bug)?;
            summaries.push(RoundSummary::new(&times, &whole));
            let p99 = Some(time(all.value_at_quantile(0.99).into()));
            progress(Progress::Rounds { done: round, of, p99 });
        }
        Ok((all, summaries))
    }

    fn address(&self) -> Result<&Address, MeasureError> {
        match (self.server, &self.session.subject) {
            (Some(server), _) => Ok(server.address()),
            (None, Subject::Running(address)) => Ok(address),
            (None, Subject::Program(_)) => Err(MeasureError::bug("no server was started")),
        }
    }

    /// That a server of ours can't be reached any more says nothing about addresses, and its log may
    /// say why.
    fn link_error(&self, round: u32, error: ConnectError) -> MeasureError {
        let (ConnectError::Unreachable { words, .. } | ConnectError::Lost { words, .. }) = &error
        else {
            return error.into();
        };
        match self.server {
            Some(_) => self.round_error(round, SampleError::Closed(words.clone())),
            None => error.into(),
        }
    }

    fn round_error(&self, round: u32, source: SampleError) -> MeasureError {
        if source == SampleError::Interrupted {
            return MeasureError::Interrupted;
        }
        let server = match &self.session.target().server {
            TargetServer::Started(name) | TargetServer::Running(name) => name.clone(),
        };
        let source = match (source, &self.session.subject) {
            (SampleError::ErrorReply { words }, Subject::Running(address)) => {
                SampleError::ErrorReply { words: address.redact(&words) }
            }
            (source, _) => source,
        };
        let log = self.server.map(Server::last_words);
        MeasureError::Round { round, server, source, log }
    }
}

fn get_dataset(keys: NonZeroU64, value_bytes: u64) -> Result<Requests, MeasureError> {
    let length = usize::try_from(value_bytes).map_err(MeasureError::bug)?;
    Ok(Requests::get_dataset(keys, length))
}

fn readings(
    times: &Times,
    rounds: &[RoundSummary],
    info: &Result<Info, Refusal>,
    execution: Execution,
) -> Result<Readings, MeasureError> {
    let mut readings = Readings::default();
    let told = observed(info).into_iter().chain([(EXEC_MEAN, execution.mean)]);
    for (metric, reading) in statistics::readings(times, rounds).into_iter().chain(told) {
        readings.insert(metric, reading).map_err(MeasureError::bug)?;
    }
    if let (Some(execution), Some(mean)) = (readings.get(EXEC_MEAN), readings.get(RTT_MEAN)) {
        let share = headroom_exec(execution, mean);
        readings.insert(HEADROOM_EXEC, share).map_err(MeasureError::bug)?;
    }
    Ok(readings)
}

/// What went wrong without ending the trial.
fn anomalies(
    session: &Session,
    rounds: &[RoundSummary],
    pinned: Pinning,
    execution: &Execution,
) -> Vec<String> {
    let wanted = session.plan.pinning;
    let roles =
        [("server", wanted.server, pinned.server), ("client", wanted.client, pinned.client)];
    let elsewhere = roles.into_iter().filter_map(|(role, wanted, given)| {
        let cpu = wanted.filter(|_| wanted != given)?;
        Some(format!(
            "the {role} was to be kept on CPU {cpu}, and the kernel doesn't keep it there"
        ))
    });
    let command = session.plan.command.as_str();
    let others = (execution.calls_of_others > 0).then(|| {
        let calls = execution.calls_of_others;
        format!("server.exec.mean holds {calls} calls of {command} that others made meanwhile")
    });
    unsteady(rounds).into_iter().chain(elsewhere).chain(others).collect()
}

/// HDR histogram, V2, deflated, base64.
fn encode(times: &Times) -> Result<String, MeasureError> {
    let mut bytes = Vec::new();
    V2DeflateSerializer::new().serialize(times, &mut bytes).map_err(MeasureError::bug)?;
    Ok(STANDARD.encode(bytes))
}

//! A Redis server in one trial: its rounds, and what `INFO` says before and after them.

use std::time::Duration;

use phasegate_model::{
    Dimension, Environment, MeasurePlan, Metric, Missing, Quantity, Reading, Readings, Target,
};
use rustix::process::Pid;

use crate::floor::process::{Floor, FloorFailure, Listening};
use crate::redis::ask::reply::Reply;
use crate::redis::ask::requests::Requests;
use crate::redis::ask::workload::names;
use crate::redis::observed::headroom;
use crate::redis::observed::readings::{EXEC_MEAN, Execution, observed};
use crate::redis::reach::control::{Control, Refusal};
use crate::redis::reach::info::Info;
use crate::redis::send::connection::SampleError;
use crate::redis::send::connections::Connections;
use crate::redis::send::link::MeasuredConnection;
use crate::redis::send::one_at_a_time;
use crate::redis::server::cpu::Asked;
use crate::redis::server::dataset::{Filling, settled_info};
use crate::redis::server::error::ServerError;
use crate::redis::server::floor::{address_of, failure};
use crate::redis::server::private::PrivateServer;
use crate::redis::server::subject::RedisServer;
use crate::subject::{
    Account, CpuWork, Instance, MetricFamily, RoundPlan, Subject, SubjectError, TrialProgress,
};
use crate::times::round::{Passes, RoundTimes};
use crate::times::statistics::RoundSeries;

impl Subject for RedisServer {
    fn target(&self) -> &Target {
        &self.target
    }

    fn environment(&self) -> &Environment {
        &self.environment
    }

    fn rounds(&self) -> RoundPlan {
        let MeasurePlan { rounds, warmup, samples, load, pinning, .. } = &self.plan;
        RoundPlan {
            count: rounds.get(),
            passes: Passes { warmup: *warmup, samples: samples.get() },
            rate: load.rate,
            pinning: *pinning,
            // A run is to have a dozen trials at least, half of whose time may be this.
            cpu: self.plan.cpu.then(|| self.plan.budget.duration() / 24),
        }
    }

    fn family(&self) -> Option<MetricFamily> {
        Some(MetricFamily {
            sampled: Metric::Rtt,
            baseline: Metric::Baseline,
            improvement: Metric::Improvement,
            statistics: self.plan.statistics(),
        })
    }

    fn floor(&self) -> Option<&Floor> {
        Some(&self.floor)
    }

    fn is_still_there(&self) -> Result<(), SubjectError> {
        Ok(self.check_sentinels()?)
    }

    fn begin(
        &self,
        _number: u32,
        progress: &mut dyn FnMut(TrialProgress),
    ) -> Result<Box<dyn Instance + '_>, SubjectError> {
        Ok(Box::new(RedisInstance::begin(self, progress)?))
    }

    fn derived(&self, of: &Readings, _baseline: Option<&Account>) -> Vec<(Metric, Reading)> {
        headroom::readings(of, &self.plan.load)
    }
}

/// A server that answers, with all that the plan wants in it.
struct RedisInstance<'a> {
    server: &'a RedisServer,
    /// The process, if it is ours.
    private: Option<PrivateServer>,
    control: Control,
    requests: Requests,
    /// How many of the requests were sent so far: each round goes on where the last one ended.
    sent: u64,
    /// The statistics of commands before the first round.
    before: Option<Result<Info, Refusal>>,
}

impl<'a> RedisInstance<'a> {
    fn begin(
        server: &'a RedisServer,
        progress: &mut dyn FnMut(TrialProgress),
    ) -> Result<Self, ServerError> {
        let (private, mut control) = server.prepare()?;
        let filled = match (&private, &server.plan.dataset) {
            (Some(private), Some(dataset)) => {
                let mut progress = |bytes: u64| {
                    let dataset_now = Quantity::from_amount(Dimension::Bytes, bytes.into());
                    progress(TrialProgress::Filling { dataset: dataset_now, goal: dataset.extent });
                };
                let (address, terms, control) = (private.address(), &server.terms, &mut control);
                let progress = &mut progress;
                Some(Filling { control, address, terms, dataset, progress }.fill()?)
            }
            _ => None,
        };
        let requests = server.requests(filled)?;
        Ok(Self { server, private, control, requests, sent: 0, before: None })
    }

    fn commandstats(&mut self) -> Result<Result<Info, Refusal>, ServerError> {
        Ok(self.control.info(Some("commandstats"))?)
    }

    /// What the server says of itself once all is done.
    fn last_info(&mut self) -> Result<Result<Info, Refusal>, ServerError> {
        Ok(match self.private {
            Some(_) => settled_info(&mut self.control, &self.server.terms)?,
            // Others' connections come and go: there is nothing to wait for.
            None => self.control.info(None)?,
        })
    }

    /// One round over fresh connections.
    fn measure(
        &self,
        round: u32,
        passes: Passes,
        times: &mut RoundTimes,
    ) -> Result<(), ServerError> {
        let (server, private) = (self.server, self.private.as_ref());
        let (terms, load, address) = (&server.terms, server.plan.load, server.address(private)?);
        let round = Some(round);
        let mut cycle = self.requests.cycle_after(self.sent);
        // A mix has replies that aren't known to the byte, which only the other way can take.
        let alone = self.requests.reply().filter(|_| load.is_one_at_a_time());
        let measured = if let Some(reply) = alone {
            let link = MeasuredConnection::open(address, terms, reply);
            let mut link = link.map_err(|error| server.link_error(private, round, error))?;
            one_at_a_time::measure(&mut link, &mut cycle, reply, (passes, terms), times)
        } else {
            let expected = self.requests.expected();
            let connections = Connections::open(address, terms, expected, load);
            let mut connections =
                connections.map_err(|error| server.link_error(private, round, error))?;
            connections.measure(times, &mut cycle, passes)
        };
        measured.map_err(|source| server.round_error(private, round, source))
    }

    /// That others called the same commands meanwhile, which the server's mean contains.
    fn calls_of_others(&self, execution: &Execution) -> Option<String> {
        let command = names(&self.server.plan).join(", ");
        (execution.calls_of_others > 0).then(|| {
            let calls = execution.calls_of_others;
            format!("server.exec.mean holds {calls} calls of {command} that others made meanwhile")
        })
    }

    /// That replies said there is no such key, where one was to be there.
    fn absent_keys(&self, samples: &RoundSeries) -> Option<String> {
        let plan = &self.server.plan;
        let (nils, all) = (samples.nils(), requests_in(plan));
        let asked = !plan.mix.is_empty() || plan.dataset.is_some();
        (asked && nils > 0).then(|| {
            format!(
                "{nils} of {all} replies, those of the warm-up included, said that there is no such key"
            )
        })
    }

    fn account(&mut self, samples: &RoundSeries) -> Result<Account, ServerError> {
        let after = self.commandstats()?;
        let before =
            self.before.take().ok_or(ServerError::Bug("no statistics from before the rounds"))?;
        let plan = &self.server.plan;
        let execution = Execution::between(&before, &after, &names(plan), requests_in(plan));
        let anomalies =
            self.absent_keys(samples).into_iter().chain(self.calls_of_others(&execution)).collect();
        let mut readings = observed(&self.last_info()?);
        readings.push((EXEC_MEAN, execution.mean));
        Ok(Account { readings, anomalies, starts: Vec::new() })
    }
}

impl Instance for RedisInstance<'_> {
    fn before_rounds(&mut self) -> Result<(), SubjectError> {
        self.before = Some(self.commandstats()?);
        Ok(())
    }

    fn round(
        &mut self,
        round: u32,
        passes: Passes,
        times: &mut RoundTimes,
    ) -> Result<(), SubjectError> {
        self.measure(round, passes, times)?;
        self.sent += passes.requests();
        Ok(())
    }

    fn reply(&self) -> Option<&[u8]> {
        self.requests.reply().map(Reply::wire)
    }

    fn floor_round(
        &mut self,
        at: &Listening,
        passes: Passes,
        times: &mut RoundTimes,
    ) -> Result<(), FloorFailure> {
        let terms = &self.server.terms;
        let Some(reply) = self.requests.reply() else { return Ok(()) };
        let mut cycle = self.requests.cycle_after(self.sent);
        let made = MeasuredConnection::open(&address_of(at), terms, reply)
            .map_err(|error| SampleError::Closed(error.words()))
            .and_then(|mut link| {
                one_at_a_time::measure(&mut link, &mut cycle, reply, (passes, terms), times)
            });
        made.map_err(|error| failure(&error))?;
        self.sent += passes.requests();
        Ok(())
    }

    fn cpu_work(
        &mut self,
        limit: Duration,
    ) -> Result<Result<Box<dyn CpuWork + '_>, Missing>, SubjectError> {
        let asked = Asked {
            server: self.server,
            private: self.private.as_ref(),
            requests: &self.requests,
            sent: self.sent,
        };
        Ok(Ok(Box::new(asked.for_cpu_time(&mut self.control, limit)?)))
    }

    fn process(&self) -> Option<Pid> {
        self.private.as_ref().and_then(PrivateServer::process)
    }

    fn finish(&mut self, samples: &RoundSeries) -> Result<Account, SubjectError> {
        Ok(self.account(samples)?)
    }
}

/// How many requests a trial sends, those of its warm-ups included.
fn requests_in(plan: &MeasurePlan) -> u64 {
    let passes = Passes { warmup: plan.warmup, samples: plan.samples.get() };
    passes.requests() * u64::from(plan.rounds.get())
}

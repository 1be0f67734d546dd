//! All rounds of a trial, and the floor rounds between them.
use phasegate_model::{Metric, MissingReason, Reading, Statistic, TargetServer};

use crate::campaign::error::MeasureError;
use crate::campaign::pair::Partner;
use crate::campaign::progress::Progress;
use crate::floor::process::{Floor, Running};
use crate::machine::env::Preemptions;
use crate::redis::ask::reply::Reply;
use crate::redis::ask::requests::{RequestCycle, Requests};
use crate::redis::reach::address::Address;
use crate::redis::reach::connect::ConnectError;
use crate::redis::send::connection::SampleError;
use crate::redis::send::connections::Lanes;
use crate::redis::send::link::Link;
use crate::redis::server::private::Server;
use crate::redis::subject::{Side, Subject};
use crate::times::round::{Passes, RoundTimes};
use crate::times::statistics::{Series, time};

/// What is measured in a trial: a server that answers, and what stands in for it.
pub(crate) struct Rounds<'a> {
    pub(crate) side: &'a Side,
    /// The server, if it is ours.
    pub(crate) server: Option<&'a Server>,
    /// The stand-in, if there are floor rounds.
    pub(crate) stand_in: Option<&'a mut Running>,
    pub(crate) requests: &'a Requests,
}

/// What the rounds gave.
pub(crate) struct Sampled {
    /// Round trips to the server.
    pub(crate) rtt: Series,
    /// Round trips to the stand-in, if there were floor rounds.
    pub(crate) floor: Option<Series>,
    /// How often the client lost its CPU in the rounds, floor rounds not counted.
    pub(crate) preemptions: Preemptions,
}

impl Rounds<'_> {
    /// Makes all rounds. Before or after each comes one of the `partner`, if there is one, and after
    /// both a floor round, so that whatever changes the machine's pace changes that of all.
    pub(crate) fn make(
        mut self,
        mut partner: Option<&mut Partner<'_>>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Sampled, MeasureError> {
        let plan = &self.side.plan;
        let passes = Passes { warmup: plan.warmup, samples: plan.samples.get() };
        let of = plan.rounds.get();
        let mut rtt = Series::new().map_err(MeasureError::bug)?;
        let mut floor = match self.stand_in {
            Some(_) => Some(Series::new().map_err(MeasureError::bug)?),
            None => None,
        };
        let mut preemptions = Preemptions::none_yet();
        let mut times = RoundTimes::new(&plan.load).map_err(MeasureError::bug)?;
        let mut cycle = self.requests.cycle();
        progress(Progress::Rounds { done: 0, of, p99: None });
        for round in 1..=of {
            if let Some(partner) = &mut partner {
                partner.take_turn(round, true)?;
            }
            preemptions.count(|| self.round(round, &mut times, &mut cycle, &passes))?;
            rtt.add(&times).map_err(MeasureError::bug)?;
            if let Some(partner) = &mut partner {
                partner.take_turn(round, false)?;
            }
            if let Some(floor) = &mut floor {
                self.floor_round(round, &mut times, &mut cycle, &passes.of_floor())?;
                floor.add(&times).map_err(MeasureError::bug)?;
            }
            let p99 = Some(time(rtt.times().value_at_quantile(0.99).into()));
            progress(Progress::Rounds { done: round, of, p99 });
        }
        Ok(Sampled { rtt, floor, preemptions })
    }

    /// One round over a fresh connection.
    pub(crate) fn round(
        &self,
        round: u32,
        times: &mut RoundTimes,
        cycle: &mut RequestCycle<'_>,
        passes: &Passes,
    ) -> Result<(), MeasureError> {
        let (terms, load) = (&self.side.terms, self.side.plan.load);
        let alone = self.requests.reply().filter(|_| load.is_one_at_a_time());
        let measured = if let Some(reply) = alone {
            let link = Link::open(self.address()?, terms, reply);
            let mut link = link.map_err(|error| self.link_error(round, error))?;
            times.measure(&mut link, cycle, reply, passes, terms)
        } else {
            let expected = self.requests.expected();
            let lanes = Lanes::open(self.address()?, terms, expected, load);
            let mut lanes = lanes.map_err(|error| self.link_error(round, error))?;
            lanes.measure(times, cycle, passes)
        };
        measured.map_err(|source| self.round_error(round, source))
    }

    fn floor_round(
        &mut self,
        round: u32,
        times: &mut RoundTimes,
        cycle: &mut RequestCycle<'_>,
        passes: &Passes,
    ) -> Result<(), MeasureError> {
        let terms = &self.side.terms;
        let (Some(stand_in), Some(reply)) = (&mut self.stand_in, self.requests.reply()) else {
            return Ok(());
        };
        let link = Link::open(stand_in.address(), terms, reply);
        let measured = link
            .map_err(|error| SampleError::Closed(error.words()))
            .and_then(|mut link| times.measure(&mut link, cycle, reply, passes, terms));
        measured.map_err(|error| stand_in.explain(round, &error))
    }

    fn address(&self) -> Result<&Address, MeasureError> {
        match (self.server, &self.side.subject) {
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
        let server = match &self.side.target.server {
            TargetServer::Started(name)
            | TargetServer::Running(name)
            | TargetServer::Restarted(name)
            | TargetServer::Imported(name)
            | TargetServer::Command(name) => name.clone(),
        };
        let source = match (source, &self.side.subject) {
            (SampleError::ErrorReply { words }, Subject::Running(address)) => {
                SampleError::ErrorReply { words: address.redact(&words) }
            }
            (source, _) => source,
        };
        let log = self.server.map(Server::last_words);
        MeasureError::Round { round, server, source, log }
    }
}

/// A stand-in for this trial, unless there is to be no floor.
pub(crate) fn start_stand_in(
    floor: &Floor,
    reply: Option<&Reply>,
) -> Result<Option<Running>, MeasureError> {
    match (floor, reply) {
        (Floor::Measured(recipe), Some(reply)) => Running::start(recipe, reply.wire()).map(Some),
        (Floor::Missing(_), _) | (_, None) => Ok(None),
    }
}

/// All `floor.*` readings, missing with the reason if there were no floor rounds.
pub(crate) fn floor_readings(
    floor: &Floor,
    series: Option<&Series>,
    statistics: &[Statistic],
) -> Vec<(Metric, Reading)> {
    match (series, floor) {
        (Some(series), _) => series.readings(Metric::Floor, statistics),
        (None, Floor::Missing(reason)) => {
            let missing = Reading::missing(MissingReason::NotMeasured, reason);
            let floor = |statistic: &Statistic| (Metric::Floor(*statistic), missing.clone());
            statistics.iter().map(floor).collect()
        }
        (None, Floor::Measured(_)) => Vec::new(),
    }
}

//! Opens a campaign on Redis: from contenders to subjects.

use phasegate_model::MeasurePlan;

use crate::campaign::error::MeasureError;
use crate::campaign::session::Session;
use crate::floor::process::StandIn;
use crate::machine::folder;
use crate::machine::stop::Stop;
use crate::redis::cluster::error::ClusterError;
use crate::redis::cluster::nodes::Nodes;
use crate::redis::reach::source::{Contenders, ServerSource};
use crate::redis::server::error::ServerError;
use crate::redis::server::found::Found;
use crate::redis::server::subject::RedisServer;
use crate::subject::{Group, Subject, SubjectError};

impl Session {
    /// Looks at what is to be measured: finds the program and starts it once, or connects to the
    /// running server and gets an answer to `PING`; and checks that the plan's CPUs can be had.
    /// The same goes for the baseline, if there is one. If one of the two runs already, neither
    /// gets a dataset, so that both have the same to do.
    ///
    /// With a `stand_in`, floor rounds are made if the plan has them and the candidate is on this
    /// machine; without one, `floor.*` is missing.
    ///
    /// Raising the flag of `stop` makes this and every trial end with
    /// [`MeasureError::Interrupted`], within about a tenth of a second. A trial that is under way
    /// when its time is over is cut.
    ///
    /// # Errors
    /// If there is no such program, CPU or server, or it doesn't let us in. What is wrong with the
    /// baseline is a [`MeasureError::Baseline`].
    pub fn open(
        contenders: impl Into<Contenders>,
        plan: &MeasurePlan,
        stand_in: Option<&StandIn>,
        stop: impl Into<Stop>,
    ) -> Result<Self, MeasureError> {
        folder::sweep();
        let stop = stop.into();
        let session =
            open(&contenders.into(), plan, stand_in, stop.clone()).map_err(
                |error| match error {
                    // What a server does to a connection that is given up is none of its failures.
                    _ if stop.is_interrupted() => MeasureError::Interrupted,
                    error => error.into(),
                },
            )?;
        Ok(session.that_stops(stop))
    }
}

fn open(
    contenders: &Contenders,
    plan: &MeasurePlan,
    stand_in: Option<&StandIn>,
    stop: Stop,
) -> Result<Session, SubjectError> {
    let Contenders { candidate, baseline } = contenders;
    if baseline.as_ref().is_some_and(|it| it.cluster) && !candidate.cluster {
        return Err(ClusterError::OnlyBaseline.into());
    }
    let mut plan = plan.clone();
    let mut sources = baseline.iter().chain([candidate]).map(|contender| &contender.source);
    // What one of the two can't be filled with, the other one doesn't get either.
    if sources.any(|source| matches!(source, ServerSource::Running(_))) {
        plan.dataset = None;
    }
    let mut server = RedisServer::open(candidate, &plan, stand_in, stop.clone())?;
    let compared = baseline.as_ref().map(|it| RedisServer::open(it, &plan, None, stop));
    let mut compared = compared.transpose().map_err(of_baseline)?;
    let mut group: Option<Box<dyn Group>> = None;
    if let (true, Found::Running(seed)) = (candidate.cluster, &server.found) {
        let of_baseline = compared.as_ref().and_then(|it| match &it.found {
            Found::Running(address) => Some(address),
            Found::Program(_) => None,
        });
        let nodes = Nodes::find(contenders, (seed, of_baseline), &plan, stand_in, &server.terms)?;
        let described = format!("{} primaries", nodes.count());
        let is_cluster = baseline.as_ref().is_some_and(|it| it.cluster);
        let compared = compared.as_mut().filter(|_| is_cluster);
        for server in compared.into_iter().chain([&mut server]) {
            server.environment.0.insert("server.cluster".to_owned(), described.clone());
        }
        group = Some(Box::new(nodes));
    }
    let compared = compared.map(|it| Box::new(it) as Box<dyn Subject>);
    Ok(Session::new(Box::new(server), compared, group))
}

fn of_baseline(error: ServerError) -> SubjectError {
    SubjectError::from(error).of_baseline()
}

//! A campaign: what is measured, and the trials of it.
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use phasegate_model::{BaselineServer, Environment, MeasurePlan, Target, Trial};

use crate::campaign::error::MeasureError;
use crate::campaign::progress::Progress;
use crate::campaign::trial;
use crate::floor::process::{Floor, StandIn};
use crate::machine::folder;
use crate::redis::cluster::error::ClusterError;
use crate::redis::cluster::nodes::Primaries;
use crate::redis::source::{Contenders, Source};
use crate::redis::subject::{Side, Subject, plan_for};

/// An open campaign against one server, or against two in pairs, by one plan.
pub struct Session {
    pub(crate) candidate: Side,
    pub(crate) baseline: Option<Side>,
    pub(crate) floor: Floor,
    /// Of a cluster, a session with each primary; then the candidate is the node that was named.
    primaries: Option<Box<Primaries>>,
}

impl Session {
    /// Looks at what is to be measured: finds the program and starts it once, or connects to the
    /// running server and gets an answer to `PING`; and checks that the plan's CPUs can be had.
    /// The same goes for the baseline, if there is one. If one of the two runs already, neither
    /// gets a dataset, so that both have the same to do.
    ///
    /// With a `stand_in`, floor rounds are made if the plan has them and the candidate is on this
    /// machine; without one, `floor.*` is missing.
    ///
    /// Raising `interrupted` makes this and every trial end with [`MeasureError::Interrupted`],
    /// within about a tenth of a second while samples are taken, at the latest when the server's
    /// next answer is due.
    ///
    /// # Errors
    /// If there is no such program, CPU or server, or it doesn't let us in. What is wrong with the
    /// baseline is a [`MeasureError::Baseline`].
    pub fn open(
        contenders: impl Into<Contenders>,
        plan: &MeasurePlan,
        stand_in: Option<&StandIn>,
        interrupted: Arc<AtomicBool>,
    ) -> Result<Self, MeasureError> {
        folder::sweep();
        let contenders = contenders.into();
        let Contenders { candidate, baseline } = &contenders;
        if baseline.as_ref().is_some_and(|it| it.cluster) && !candidate.cluster {
            return Err(ClusterError::OnlyBaseline.into());
        }
        let mut plan = plan.clone();
        let mut sources = baseline.iter().chain([candidate]).map(|contender| &contender.source);
        if sources.any(|source| matches!(source, Source::Running(_))) {
            plan.dataset = None;
        }
        let mut side = Side::open(candidate, &plan, Arc::clone(&interrupted))?;
        let floor = Floor::of(&side.subject, &plan_for(candidate, &plan), stand_in);
        if let Some(told) = floor.describe(&side.subject) {
            side.environment.0.insert("floor.stand_in".to_owned(), told);
        }
        let baseline = baseline
            .as_ref()
            .map(|baseline| Side::open(baseline, &plan, interrupted))
            .transpose()
            .map_err(MeasureError::of_baseline)?;
        let mut session = Self { candidate: side, baseline, floor, primaries: None };
        let seed = |side: &Side| match &side.subject {
            Subject::Running(address) => Some(address.clone()),
            Subject::Program(_) => None,
        };
        if let (true, Some(address)) = (candidate.cluster, seed(&session.candidate)) {
            let terms = &session.candidate.terms;
            let of_baseline = session.baseline.as_ref().and_then(seed);
            let seeds = (&address, of_baseline.as_ref());
            let found = Primaries::find(&contenders, seeds, &plan, stand_in, terms)?;
            let told = format!("{} primaries", found.count());
            session.primaries = Some(Box::new(found));
            let baseline = contenders.baseline.as_ref().filter(|baseline| baseline.cluster);
            let baseline = session.baseline.as_mut().filter(|_| baseline.is_some());
            for side in baseline.into_iter().chain([&mut session.candidate]) {
                side.environment.0.insert("server.cluster".to_owned(), told.clone());
            }
        }
        Ok(session)
    }

    /// What is measured, and how it is reached.
    #[must_use]
    pub const fn target(&self) -> &Target {
        &self.candidate.target
    }

    /// The machine and the server.
    #[must_use]
    pub const fn environment(&self) -> &Environment {
        &self.candidate.environment
    }

    /// What it is compared with, if there is a baseline.
    #[must_use]
    pub fn baseline(&self) -> Option<BaselineServer> {
        let Side { target, environment, .. } = self.baseline.as_ref()?;
        Some(BaselineServer { target: target.clone(), environment: environment.clone() })
    }

    /// Makes one trial, which is `number` in the evidence. It starts a private server and stops it
    /// again, or opens fresh connections to the running one; the calling thread is kept on the
    /// plan's CPU meanwhile. With a baseline, a trial is a pair.
    ///
    /// # Errors
    /// If anything goes wrong before the last sample, or if by sentinels or cluster it is another
    /// server by now. Whatever was started is stopped then.
    pub fn trial(
        &mut self,
        number: u32,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Trial, MeasureError> {
        if let Some(primaries) = &mut self.primaries {
            return primaries.trial(&self.candidate.terms, number, progress);
        }
        self.are_still_there()?;
        let trial = trial::make(self, number, progress)?;
        // A server that was replaced meanwhile went on answering, and was no longer what was named.
        self.are_still_there()?;
        Ok(trial)
    }

    /// That sentinels still name the servers of the beginning.
    fn are_still_there(&self) -> Result<(), MeasureError> {
        self.candidate.is_still_there()?;
        let baseline = self.baseline.as_ref().map(Side::is_still_there).transpose();
        baseline.map(drop).map_err(MeasureError::of_baseline)
    }
}

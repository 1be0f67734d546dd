//! A campaign: what is measured, and the trials of it.

use phasegate_model::{BaselineServer, Environment, Target, Trial};

use crate::campaign::error::MeasureError;
use crate::campaign::fit::{Fit, Fitted};
use crate::campaign::nodes::worst;
use crate::campaign::trial::Pair;
use crate::machine::stop::Stop;
use crate::subject::{Group, Subject, TrialProgress};

/// An open campaign against one subject, or against two in pairs, by one plan.
pub struct Session {
    candidate: Box<dyn Subject>,
    baseline: Option<Box<dyn Subject>>,
    /// Who is measured instead of the two, if the candidate stands for several.
    group: Option<Box<dyn Group>>,
    stop: Stop,
    fit: Option<Fit>,
    /// What the rounds were shortened to, once that is known.
    fitted: Option<Fitted>,
}

impl Session {
    /// With what was looked at and is there.
    pub(crate) fn new(
        candidate: Box<dyn Subject>,
        baseline: Option<Box<dyn Subject>>,
        group: Option<Box<dyn Group>>,
    ) -> Self {
        Self { candidate, baseline, group, stop: Stop::default(), fit: None, fitted: None }
    }

    /// With what its subjects stop for.
    pub(crate) fn that_stops(self, stop: Stop) -> Self {
        Self { stop, ..self }
    }

    /// Shortens rounds so that enough trials fit into the time that there is. The first trial finds
    /// out how long requests take, before it takes samples.
    #[must_use]
    pub fn fitting(self, fit: Fit) -> Self {
        Self { fit: Some(fit), ..self }
    }

    /// What is measured, and how it is reached.
    #[must_use]
    pub fn target(&self) -> &Target {
        self.candidate.target()
    }

    /// The machine and the server.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        self.candidate.environment()
    }

    /// What it is compared with, if there is a baseline.
    #[must_use]
    pub fn baseline(&self) -> Option<BaselineServer> {
        let baseline = self.baseline.as_ref()?;
        let (target, environment) = (baseline.target().clone(), baseline.environment().clone());
        Some(BaselineServer { target, environment })
    }

    /// Makes one trial, which is `number` in the evidence. It starts a private server and stops it
    /// again, or opens fresh connections to the running one; the calling thread is kept on the
    /// plan's CPU meanwhile. With a baseline, a trial is a pair.
    ///
    /// # Errors
    /// If anything goes wrong before the last sample, or if by sentinels or cluster it is another
    /// server by now. Whatever was started is stopped then. [`MeasureError::OutOfTime`] if the time
    /// was over before the trial was.
    pub fn trial(
        &mut self,
        number: u32,
        progress: &mut dyn FnMut(TrialProgress),
    ) -> Result<Trial, MeasureError> {
        let made = self.make(number, progress);
        made.map_err(|error| error.or_stopped(&self.stop))
    }

    fn make(
        &mut self,
        number: u32,
        progress: &mut dyn FnMut(TrialProgress),
    ) -> Result<Trial, MeasureError> {
        let fit = self.fit.as_ref().and_then(|fit| Some((fit, self.stop.left()?)));
        let Some(group) = &mut self.group else {
            let (candidate, baseline) = (self.candidate.as_ref(), self.baseline.as_deref());
            let pair = Pair { candidate, baseline, fit };
            return pair.trial(number, &mut self.fitted, progress);
        };
        // A failover between two trials would otherwise measure another server under the same
        // name.
        group.begin()?;
        let mut trials = Vec::new();
        // One after the other: measured at once, they would share the client's CPU and disturb
        // each other.
        let members = group.members();
        let shared = fit.map(|(fit, left)| (fit.shared_by(members.len()), left));
        let fit = shared.as_ref().map(|(fit, left)| (fit, *left));
        for member in members {
            let pair = Pair { candidate: member.candidate, baseline: member.baseline, fit };
            trials.push((member.name, pair.trial(number, &mut self.fitted, progress)?));
        }
        worst(number, trials)
    }
}

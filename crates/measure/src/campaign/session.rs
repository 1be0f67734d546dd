//! A campaign: what is measured, and the trials of it.

use phasegate_model::{BaselineServer, Environment, Target, Trial};

use crate::campaign::error::MeasureError;
use crate::campaign::nodes::worst;
use crate::campaign::trial::Pair;
use crate::subject::{Group, Subject, TrialProgress};

/// An open campaign against one subject, or against two in pairs, by one plan.
pub struct Session {
    candidate: Box<dyn Subject>,
    baseline: Option<Box<dyn Subject>>,
    /// Who is measured instead of the two, if the candidate stands for several.
    group: Option<Box<dyn Group>>,
}

impl Session {
    /// With what was looked at and is there.
    pub(crate) fn new(
        candidate: Box<dyn Subject>,
        baseline: Option<Box<dyn Subject>>,
        group: Option<Box<dyn Group>>,
    ) -> Self {
        Self { candidate, baseline, group }
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
    /// server by now. Whatever was started is stopped then.
    pub fn trial(
        &mut self,
        number: u32,
        progress: &mut dyn FnMut(TrialProgress),
    ) -> Result<Trial, MeasureError> {
        let Some(group) = &mut self.group else {
            let (candidate, baseline) = (self.candidate.as_ref(), self.baseline.as_deref());
            return Pair { candidate, baseline }.trial(number, progress);
        };
        // A failover between two trials would otherwise measure another server under the same
        // name.
        group.begin()?;
        let mut trials = Vec::new();
        // One after the other: measured at once, they would share the client's CPU and disturb
        // each other.
        for member in group.members() {
            let pair = Pair { candidate: member.candidate, baseline: member.baseline };
            trials.push((member.name, pair.trial(number, progress)?));
        }
        worst(number, trials)
    }
}

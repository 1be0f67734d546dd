//! A command as a campaign measures it: a round is one start, so that in a pair the starts of the two
//! take turns.

use std::path::Path;

use phasegate_model::{
    CommandMetric, CommandPlan, Environment, MeasurePlan, Metric, Pinning, Reading, Readings,
    Start, Target, TargetServer,
};
use rustix::process::Pid;

use crate::campaign::error::MeasureError;
use crate::campaign::session::Session;
use crate::command::error::CommandError;
use crate::command::line::ProcessLimits;
use crate::command::readings::{improvements, of_baseline, of_starts};
use crate::command::start::Starter;
use crate::machine::launch::Launcher;
use crate::machine::layout;
use crate::machine::process::{DIGEST, digest, file_name};
use crate::machine::stop::Stop;
use crate::subject::{
    Account, Instance, MetricFamily, RoundPlan, Subject, SubjectError, TrialProgress,
};
use crate::times::round::{Passes, RoundTimes};
use crate::times::statistics::RoundSeries;

/// A command, and the one that it is compared with.
#[derive(Clone, Debug)]
pub struct CommandPair {
    /// The target of the plan.
    pub candidate: CommandPlan,
    /// The command that it is compared with, in pairs.
    pub baseline: Option<CommandPlan>,
    /// What starts them: a process whose `main` is [`start_command`](crate::start_command).
    pub launcher: Launcher,
}

impl Session {
    /// Finds the programs that are to be started. No start may take longer than the plan's budget.
    ///
    /// # Errors
    /// If a program, folder or file isn't there. What is wrong with the baseline is a
    /// [`MeasureError::Baseline`].
    pub fn of_commands(
        pair: &CommandPair,
        plan: &MeasurePlan,
        stop: impl Into<Stop>,
    ) -> Result<Self, MeasureError> {
        let stop = stop.into();
        let limits = ProcessLimits { stop: stop.clone(), limit: plan.budget.duration() };
        let open = |plan: &CommandPlan| -> Result<Box<dyn Subject>, SubjectError> {
            Ok(Box::new(CommandSubject::find(plan, &pair.launcher, limits.clone())?))
        };
        let candidate = open(&pair.candidate)?;
        let baseline = pair.baseline.as_ref().map(open).transpose();
        let baseline = baseline.map_err(SubjectError::of_baseline)?;
        Ok(Self::new(candidate, baseline, None).that_stops(stop))
    }
}

/// A command that was found.
struct CommandSubject {
    starter: Starter,
    starts: u32,
    target: Target,
    environment: Environment,
}

/// A command in one trial.
struct CommandTrial<'a> {
    starter: &'a Starter,
    starts: Vec<Start>,
}

impl CommandSubject {
    fn find(
        plan: &CommandPlan,
        launcher: &Launcher,
        limits: ProcessLimits,
    ) -> Result<Self, CommandError> {
        let starter = Starter::new(plan, launcher, limits)?;
        let target = target(plan, starter.program());
        let mut environment = Environment(layout::describe(Pinning::default()));
        let digest = digest(starter.program());
        environment.0.extend(digest.map(|digest| (DIGEST.to_owned(), digest)));
        Ok(Self { starter, starts: plan.starts.get(), target, environment })
    }
}

impl Subject for CommandSubject {
    fn target(&self) -> &Target {
        &self.target
    }

    fn environment(&self) -> &Environment {
        &self.environment
    }

    fn rounds(&self) -> RoundPlan {
        // One start a round lets the starts of a pair take turns; a longer round would put a
        // change of the machine's pace on one side.
        let passes = Passes { warmup: 0, samples: 1 };
        RoundPlan { count: self.starts, passes, rate: None, pinning: Pinning::default(), cpu: None }
    }

    // A start has more readings than its time.
    fn family(&self) -> Option<MetricFamily> {
        None
    }

    fn is_still_there(&self) -> Result<(), SubjectError> {
        Ok(self.starter.is_still_there()?)
    }

    fn begin(
        &self,
        _number: u32,
        _progress: &mut dyn FnMut(TrialProgress),
    ) -> Result<Box<dyn Instance + '_>, SubjectError> {
        Ok(Box::new(CommandTrial { starter: &self.starter, starts: Vec::new() }))
    }

    fn derived(&self, of: &Readings, baseline: Option<&Account>) -> Vec<(Metric, Reading)> {
        let Some(baseline) = baseline else { return Vec::new() };
        let told = of_baseline(&baseline.readings);
        let improvements = improvements(of, &told);
        [told, improvements].concat()
    }
}

impl Instance for CommandTrial<'_> {
    fn round(
        &mut self,
        _round: u32,
        passes: Passes,
        times: &mut RoundTimes,
    ) -> Result<(), SubjectError> {
        times.begin(passes);
        let start = self.starter.start()?;
        let wall = start.wall.amount().try_into().map_err(|_| bug("a wall time out of range"))?;
        times.first.saturating_record(wall);
        times.elapsed = std::time::Duration::from_nanos(wall);
        self.starts.push(start);
        Ok(())
    }

    fn process(&self) -> Option<Pid> {
        None
    }

    fn finish(&mut self, _samples: &RoundSeries) -> Result<Account, SubjectError> {
        let starts = std::mem::take(&mut self.starts);
        let readings = of_starts(&starts, &CommandMetric::ALL);
        Ok(Account { readings, anomalies: Vec::new(), starts })
    }
}

fn bug(words: &str) -> SubjectError {
    SubjectError::Bug(words.to_owned())
}

fn target(plan: &CommandPlan, program: &Path) -> Target {
    Target {
        server: TargetServer::Command(file_name(program)),
        transport: None,
        wait: None,
        command: plan.command.to_string(),
        load: None,
    }
}

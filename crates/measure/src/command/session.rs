//! A campaign of starts: what is measured, and the trials of it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Instant, SystemTime};

use phasegate_model::{
    BaselineServer, BaselineTrial, CommandMetric, CommandPlan, Environment, First, MeasurePlan,
    Metric, Pinning, Reading, Readings, Start, Target, TargetServer, Trial,
};

use crate::campaign::error::MeasureError;
use crate::campaign::progress::Progress;
use crate::command::error::CommandError;
use crate::command::line::Limits;
use crate::command::readings::{improvements, of_starts};
use crate::command::start::Starter;
use crate::machine::launch::Launcher;
use crate::machine::layout;
use crate::machine::process::file_name;

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

/// An open campaign of one command, or of two in pairs.
pub struct CommandSession {
    candidate: Side,
    baseline: Option<Side>,
    starts: u32,
}

/// One of the two.
struct Side {
    starter: Starter,
    target: Target,
    environment: Environment,
}

impl CommandSession {
    /// Finds what is to be started. No start may take longer than the plan's budget.
    ///
    /// # Errors
    /// If a program, folder or file isn't there. What is wrong with the baseline is a
    /// [`MeasureError::Baseline`].
    pub fn open(
        pair: &CommandPair,
        plan: &MeasurePlan,
        interrupted: Arc<AtomicBool>,
    ) -> Result<Self, MeasureError> {
        let limits = Limits { interrupted, limit: plan.budget.duration() };
        let open = |command| Side::open(command, &pair.launcher, limits.clone());
        let candidate = open(&pair.candidate)?;
        let baseline = pair.baseline.as_ref().map(open).transpose();
        let baseline = baseline.map_err(|error| MeasureError::from(error).of_baseline())?;
        Ok(Self { candidate, baseline, starts: pair.candidate.starts.get() })
    }

    /// What is measured.
    #[must_use]
    pub const fn target(&self) -> &Target {
        &self.candidate.target
    }

    /// The machine.
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

    /// Makes one trial: as many starts as the plan has. With a baseline, the starts of the two take
    /// turns, and so does which of them is first.
    ///
    /// # Errors
    /// If a start fails, or the program is another one by now. What was started is stopped then.
    pub fn trial(
        &mut self,
        number: u32,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Trial, MeasureError> {
        let (started_at, begin) = (SystemTime::now(), Instant::now());
        progress(Progress::Starting);
        self.candidate.starter.is_still_there()?;
        let first = First::Baseline.in_turn(number);
        let mut made = (Vec::new(), Vec::new());
        for start in 1..=self.starts {
            let baseline_first = first.in_turn(start) == First::Baseline;
            for of_baseline in [baseline_first, !baseline_first] {
                match (&self.baseline, of_baseline) {
                    (Some(baseline), true) => {
                        let start = baseline.starter.start().map_err(MeasureError::from);
                        made.1.push(start.map_err(MeasureError::of_baseline)?);
                    }
                    (None, true) => {}
                    (_, false) => made.0.push(self.candidate.starter.start()?),
                }
            }
            progress(Progress::Rounds { done: start, of: self.starts, p99: None });
        }
        let (starts, of_baseline) = made;
        let compared = self.baseline.is_some();
        let readings = readings(&starts, compared.then_some(&of_baseline))?;
        let baseline = compared.then(|| BaselineTrial {
            first,
            pinned: Pinning::default(),
            readings: Readings::default(),
            rounds: Vec::new(),
            rtt_histogram: String::new(),
            starts: of_baseline,
        });
        Ok(Trial {
            number,
            started_at: started_at.into(),
            duration_ms: u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX),
            pinned: Pinning::default(),
            readings,
            rounds: Vec::new(),
            rtt_histogram: String::new(),
            starts,
            floor_rounds: Vec::new(),
            floor_histogram: None,
            service_histogram: None,
            slip_histogram: None,
            baseline,
            nodes: Vec::new(),
            anomalies: Vec::new(),
        })
    }
}

impl Side {
    fn open(plan: &CommandPlan, launcher: &Launcher, limits: Limits) -> Result<Self, CommandError> {
        let starter = Starter::new(plan, launcher, limits)?;
        let target = target(plan, starter.program());
        let environment = Environment(layout::describe(Pinning::default()));
        Ok(Self { starter, target, environment })
    }
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

fn readings(starts: &[Start], baseline: Option<&Vec<Start>>) -> Result<Readings, MeasureError> {
    let mut readings = Readings::default();
    let mut told = of_starts(starts, Metric::Command, &CommandMetric::ALL);
    if let Some(baseline) = baseline {
        told.extend(of_starts(baseline, Metric::BaselineCommand, &CommandMetric::SAMPLED));
    }
    insert(&mut readings, told)?;
    if baseline.is_some() {
        let shares = improvements(&readings);
        insert(&mut readings, shares)?;
    }
    Ok(readings)
}

fn insert(readings: &mut Readings, more: Vec<(Metric, Reading)>) -> Result<(), MeasureError> {
    more.into_iter()
        .try_for_each(|(metric, reading)| readings.insert(metric, reading))
        .map_err(MeasureError::bug)
}

//! The earlier phase that a run compares with: what `previous.*` metrics are read from.

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use phasegate_history::{Recorded, Store};
use phasegate_model::{
    BaselineServer, Circumstances, ContinuedRun, Environment, Evidence, Metric, MissingReason,
    PhaseId, Plan, Previous, Question, Reading, Readings, Trial,
};
use phasegate_rules::typical_readings;

use crate::input::project::Project;
use crate::recorded::decision::{RecordedDecision, decision_of};

/// What a run compares with, as far as its matrix or its plan asks for that.
pub(crate) struct RunComparison {
    /// The `previous.*` metrics that conditions name.
    named: Vec<Metric>,
    earlier: Option<PreviousDecision>,
    /// The run that is gone on with, if one is.
    continued: Option<Continued>,
}

/// A run that another one goes on with.
pub(crate) struct Continued {
    pub(crate) run: ContinuedRun,
    pub(crate) evidence: Evidence,
}

impl RunComparison {
    /// Reads the ledger, if a condition names a `previous.*` metric.
    ///
    /// With `before`, only entries before that one count.
    pub(crate) fn of(
        project: &Project,
        store: &Store,
        before: Option<u64>,
    ) -> anyhow::Result<Self> {
        let mut named = project.matrix.metrics_with(&project.plan);
        named.retain(|metric| own(*metric).is_some());
        // A history is read only if a condition asks for it.
        let earlier = match named[..] {
            [] => None,
            _ => PreviousDecision::find(store, &project.plan.phase, before)
                .context("can't compare with an earlier phase, as `previous.*` asks for")?,
        };
        Ok(Self { named, earlier, continued: None })
    }

    /// With no earlier phase.
    pub(crate) const fn none() -> Self {
        Self { named: Vec::new(), earlier: None, continued: None }
    }

    /// Goes on with a run: what it compared with is compared with again.
    pub(crate) fn go_on_with(&mut self, continued: Continued) {
        self.continued = Some(continued);
    }

    pub(crate) fn continues(&self) -> Option<ContinuedRun> {
        self.continued.as_ref().map(|continued| continued.run.clone())
    }

    /// The trials that were made already.
    pub(crate) fn trials_before(&self) -> Vec<Trial> {
        self.continued.as_ref().map(|it| it.evidence.trials.clone()).unwrap_or_default()
    }

    /// When the run began that is gone on with.
    pub(crate) fn began(&self) -> Option<DateTime<Utc>> {
        self.continued.as_ref().map(|continued| continued.evidence.started_at)
    }

    /// Trials of another subject, of another machine or made in another way are no trials of the
    /// same run.
    pub(crate) fn must_go_on_with_the_same(
        &self,
        plan: &Plan,
        now: &Circumstances<'_>,
        baseline: Option<&BaselineServer>,
    ) -> anyhow::Result<()> {
        let Some(Continued { run, evidence }) = &self.continued else { return Ok(()) };
        let host = |environment: &Environment| environment.0.get("os.host").cloned();
        anyhow::ensure!(
            host(now.environment) == host(&evidence.environment)
                && Question::of_plan(plan, now, baseline) == Question::of(evidence),
            "can't go on with entry {}: subject, machine or way of measuring is another one now; \
             run without --continue",
            run.entry
        );
        Ok(())
    }

    /// The earlier phase, for a run under these circumstances.
    pub(crate) fn previous(&self, now: &Circumstances<'_>) -> Option<Previous> {
        if let Some(continued) = &self.continued {
            return continued.evidence.previous.clone();
        }
        self.earlier.as_ref().map(|earlier| earlier.previous(&self.named, now))
    }

    /// Without an earlier phase, a trial says why it has no reading of one.
    pub(crate) fn explain_missing(&self, trial: &mut Readings) {
        if self.earlier.is_none() {
            for metric in &self.named {
                let why = "no earlier decision is recorded";
                let missing = Reading::missing(MissingReason::NotMeasured, why);
                // The lack of a reading fits every metric.
                let _ = trial.insert(*metric, missing);
            }
        }
    }
}

/// The metric under whose own name an earlier phase has what a `previous.*` metric asks for.
const fn own(metric: Metric) -> Option<Metric> {
    match metric {
        Metric::PreviousRtt(statistic) => Some(Metric::Rtt(statistic)),
        Metric::PreviousMemory(memory) => Some(Metric::Memory(memory)),
        _ => None,
    }
}

/// A recorded decision and its evidence.
pub(crate) struct PreviousDecision {
    recorded: Recorded,
    evidence: Evidence,
}

impl PreviousDecision {
    /// What a run of a phase compares with: the newest decision of another phase, so that a phase
    /// that is run again compares with the same one as before, and not with itself. Where only
    /// this phase is recorded, as by a nightly run, it is its newest decision. With `before`, only
    /// entries before that one count.
    ///
    /// A history that can't be read that far is an error: what is behind the damage might be the
    /// one to compare with.
    pub(crate) fn find(
        store: &Store,
        phase: &PhaseId,
        before: Option<u64>,
    ) -> anyhow::Result<Option<Self>> {
        let newest = match before {
            Some(number) => number.saturating_sub(1),
            None => store.head()?.map_or(0, |head| head.number),
        };
        let mut newest_of_phase = None;
        // Backwards, because what is looked for is mostly among the last few.
        for number in (1..=newest).rev() {
            let recorded = store.entry(number)?;
            // What people added is no phase, and what they transcribed was not measured.
            if recorded.entry.decision().is_none() {
                continue;
            }
            if recorded.entry.phase() != Some(phase) {
                return Self::read(store, recorded).map(Some);
            }
            newest_of_phase = newest_of_phase.or(Some(recorded));
        }
        newest_of_phase.map(|recorded| Self::read(store, recorded)).transpose()
    }

    fn read(store: &Store, recorded: Recorded) -> anyhow::Result<Self> {
        let number = recorded.entry.number;
        let record = decision_of(&recorded.entry)?;
        let mut evidence = RecordedDecision::new(store, record)
            .evidence()
            .with_context(|| format!("can't use the evidence of entry {number}"))?;
        // As in its report: trials after the one that settled it don't count.
        let considered = usize::try_from(record.decision.trials).unwrap_or(usize::MAX);
        evidence.trials.truncate(considered);
        Ok(Self { recorded, evidence })
    }

    /// What it is to a run under these circumstances whose conditions name these `previous.*` metrics.
    pub(crate) fn previous(&self, named: &[Metric], now: &Circumstances<'_>) -> Previous {
        let Recorded { entry, digest } = &self.recorded;
        let typical = typical_readings(&self.evidence);
        let mut readings = Readings::default();
        let all = typical.iter().filter(|(metric, _)| compared(*metric));
        let all = all.map(|(metric, reading)| (metric, reading.clone()));
        let lacking = named.iter().filter_map(|metric| own(*metric));
        let lacking = lacking.filter(|metric| typical.get(*metric).is_none()).map(|metric| {
            let why = format!("not in entry {}", entry.number);
            (metric, Reading::missing(MissingReason::NotMeasured, why))
        });
        for (metric, reading) in all.chain(lacking) {
            // Readings that come from readings fit their metric, and so does the lack of one.
            let _ = readings.insert(metric, reading);
        }
        Previous::new((entry.number, digest.to_string()), &self.evidence, readings, now)
    }
}

/// Whether a metric has a `previous.*` metric.
const fn compared(metric: Metric) -> bool {
    matches!(metric, Metric::Rtt(_) | Metric::Memory(_))
}

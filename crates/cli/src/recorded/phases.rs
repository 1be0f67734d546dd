//! The phases of a history with their figures of one metric, for trajectories.

use phasegate_history::{Body, Entry, Recorded, Store};
use phasegate_model::{Circumstances, Decision, Evidence, Metric, PropertyChange, Statistic};
use phasegate_report::{Figures, Stage};

use crate::recorded::decision::RecordedDecision;
use crate::recorded::typical::{asserted, quantity, typical_and_rest};

/// How many phases a report looks back to, so that recording doesn't take longer with each.
const LOOK_BACK: u64 = 50;

/// Gathers stages, one entry after another.
pub(crate) struct Stages {
    metric: Metric,
    pub(crate) found: Vec<Stage>,
    /// How many phases have no figure of the metric.
    pub(crate) without: usize,
    /// The measurement before, without its trials.
    before: Option<Evidence>,
}

impl Stages {
    pub(crate) const fn of(metric: Metric) -> Self {
        Self { metric, found: Vec::new(), without: 0, before: None }
    }

    /// Adds an entry, if it is a phase.
    pub(crate) fn add(&mut self, store: &Store, entry: &Entry) -> anyhow::Result<()> {
        match &entry.body {
            Body::Decision(record) => {
                let evidence = RecordedDecision::new(store, record).evidence()?;
                self.add_measured(entry.number, &record.decision, evidence);
            }
            Body::Transcription(record) => {
                let transcription = &record.transcription;
                let (before, end) = asserted(transcription, self.metric);
                let Some(end) = end else {
                    self.without += 1;
                    return Ok(());
                };
                self.found.push(Stage {
                    entry: entry.number,
                    phase: transcription.phase.clone(),
                    title: transcription.title.clone(),
                    outcome: transcription.outcome,
                    figures: Figures::Asserted { before, end },
                });
            }
            Body::Addition(_) => (),
        }
        Ok(())
    }

    /// Adds a decision with its evidence.
    pub(crate) fn add_measured(&mut self, entry: u64, decision: &Decision, evidence: Evidence) {
        let (readings, bare) = typical_and_rest(decision, evidence);
        let Some(reading) = quantity(self.metric, &readings) else {
            self.without += 1;
            return;
        };
        let differing = self.before.as_ref().map(|before| differing(before, &bare));
        self.found.push(Stage {
            entry,
            phase: decision.phase.clone(),
            title: bare.plan.title.clone(),
            outcome: decision.outcome,
            figures: Figures::Measured { reading, differing: differing.unwrap_or_default() },
        });
        self.before = Some(bare);
    }
}

/// What differs between two measurements and makes their figures incomparable; none if nothing.
fn differing(before: &Evidence, now: &Evidence) -> Vec<String> {
    let changes = Circumstances::of(now).changes_since(&Circumstances::of(before));
    changes.into_iter().filter(PropertyChange::matters).map(|change| change.property).collect()
}

/// The stages of P99 up to an entry that is, or will be, a decision. What can't be read is left
/// out: `history verify` names it, and a measurement isn't lost over it.
pub(crate) fn stages_with(
    store: &Store,
    number: u64,
    decision: &Decision,
    evidence: &Evidence,
) -> Vec<Stage> {
    let mut stages = Stages::of(Metric::Rtt(Statistic::P99));
    for number in number.saturating_sub(LOOK_BACK).max(1)..number {
        // A report must not fail for damage in an earlier entry after a measurement was made.
        if let Ok(Recorded { entry, .. }) = store.entry(number) {
            let _ = stages.add(store, &entry);
        }
    }
    stages.add_measured(number, decision, evidence.clone());
    stages.found
}

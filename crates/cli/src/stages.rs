//! The phases of a history with their figures of one metric, for trajectories.

use phasegate_history::{Body, Entry, Recorded, Store};
use phasegate_model::{Decision, Environment, Evidence, Metric, Readings, Statistic};
use phasegate_report::{Figures, Stage};

use crate::recorded::recorded_evidence;
use crate::typical::{asserted, quantity, typical};

/// How many phases a report looks back to, so that recording doesn't take longer with each.
const LOOK_BACK: u64 = 50;

/// The properties of an environment without which latencies don't compare.
const MATTER: [&str; 12] = [
    "cpu.model",
    "cpu.arch",
    "cpu.hypervisor",
    "cpu.server_and_client",
    "cpu.governor",
    "os.kernel",
    "server.name",
    "server.version",
    "server.valkey_version",
    "server.io_threads",
    "server.appendonly",
    "container.cpu_max",
];

/// The properties that matter and differ between two measurements; none if they are comparable.
pub(crate) fn differing(one: &Evidence, other: &Evidence) -> Vec<String> {
    let mut differing = environments_differ(&one.environment, &other.environment);
    let (this, that) = (&one.target, &other.target);
    let mut compare =
        |name: &str, differs: bool| differing.extend(differs.then(|| name.to_owned()));
    compare("transport", this.transport != that.transport);
    compare("wait", this.wait != that.wait);
    compare("command", this.command != that.command);
    differing
}

fn environments_differ(one: &Environment, other: &Environment) -> Vec<String> {
    let differs = |name: &&str| one.0.get(*name) != other.0.get(*name);
    MATTER.into_iter().filter(differs).map(str::to_owned).collect()
}

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
                let evidence = recorded_evidence(store, record)?;
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
            Body::Waiver(_) | Body::Note(_) | Body::Revisit(_) => (),
        }
        Ok(())
    }

    /// Adds a decision with its evidence.
    pub(crate) fn add_measured(&mut self, entry: u64, decision: &Decision, evidence: Evidence) {
        let bare = Evidence { trials: Vec::new(), ..evidence.clone() };
        let readings: Readings = typical(decision, evidence);
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
        if let Ok(Recorded { entry, .. }) = store.entry(number) {
            let _ = stages.add(store, &entry);
        }
    }
    stages.add_measured(number, decision, evidence.clone());
    stages.found
}

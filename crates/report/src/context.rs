//! What a template may use. A change that could break a template raises [`Context::VERSION`];
//! new fields don't. `docs/TEMPLATES.md` says the same for those who write templates.
//!
//! All figures are formatted text. A field that may be missing is `null` then, which is false in
//! a template's `if`, as is an empty list.

mod sections;

use phasegate_model::{Metric, Statistic};
use serde::Serialize;

use crate::material::Material;
use crate::notes::NoteSection;
use crate::trajectory::{Trajectory, TrajectorySection};
use crate::waivers::WaiverSection;
use crate::{
    baseline, details, facts, headline, headroom, matrix, memory, next, notes, picture,
    predictions, previous, spectrum, summary, waivers,
};

pub use sections::{
    ChangeLine, DisturbanceLine, FactLine, HeadroomLine, HeadroomSection, MemoryFactor,
    MemorySection, MemorySetting, MemorySize, PictureLine, Pictures, PredictionLine,
    PredictionSection, PreviousLine, Spectrum, SpectrumLine,
};

/// Everything that a template may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Context {
    /// [`Context::VERSION`].
    pub version: u32,
    /// The phase.
    pub phase: PhaseLine,
    /// What the phase does.
    pub outcome: OutcomeLine,
    /// When and how long it was measured.
    pub run: Run,
    /// The summary's sentences, three of them.
    pub summary: Vec<String>,
    /// What was measured, as far as it matters to the decision.
    pub baseline: Baseline,
    /// Round-trip times by percentile.
    pub spectrum: Option<Spectrum>,
    /// The allocator and the memory.
    pub memory: Option<MemorySection>,
    /// How much of the round trip is the server's at all.
    pub headroom: Option<HeadroomSection>,
    /// The earlier phase that this one compares with.
    pub previous: Option<PreviousLine>,
    /// What was expected, and what became of it.
    pub predictions: Option<PredictionSection>,
    /// The decision matrix, row by row.
    pub matrix: MatrixTable,
    /// What the team asserts.
    pub facts: Vec<FactLine>,
    /// The exceptions; nothing in the report that is kept with the entry.
    pub waivers: Option<WaiverSection>,
    /// What was noted later; empty in the report that is kept with the entry.
    pub notes: NoteSection,
    /// P99 across the phases up to this one; nothing if it is the first that has one.
    pub trajectory: Option<TrajectorySection>,
    /// What is left open.
    pub obligations: Vec<ObligationLine>,
    /// What comes after.
    pub next: Next,
    /// What only some readers look for.
    pub details: Details,
    /// How the decision was recorded, and how to check it.
    pub record: RecordLines,
    /// The pictures; all their figures also stand in the other fields.
    pub pictures: Pictures,
}

impl Context {
    /// The version of the context that this code makes.
    pub const VERSION: u32 = 1;

    /// What a template may use of this material. The same material gives the same context.
    #[must_use]
    pub fn of(material: &Material<'_>) -> Self {
        let series = spectrum::series(material);
        // A command has no round trips, and phases may be of different commands.
        let stages =
            if material.evidence.target.server.is_command() { &[] } else { material.stages };
        let trajectory = Trajectory::of(Metric::Rtt(Statistic::P99), stages);
        let section = (trajectory.steps.len() > 1).then(|| trajectory.section());
        let picture =
            section.as_ref().and_then(|section| picture::trajectory(&trajectory, section));
        Self {
            version: Self::VERSION,
            phase: headline::phase(material),
            outcome: headline::outcome(material),
            run: headline::run(material),
            summary: summary::sentences(material),
            baseline: baseline::key(material),
            spectrum: spectrum::table(&series),
            memory: memory::section(material),
            headroom: headroom::section(material),
            previous: previous::line(material),
            predictions: predictions::section(material),
            matrix: matrix::table(material),
            facts: facts::lines(material),
            waivers: material
                .waivers
                .map(|granted| waivers::section(&granted, material.decision.outcome)),
            notes: notes::section(material.notes),
            trajectory: section,
            obligations: next::obligations(material),
            next: next::steps(material),
            details: details::details(material),
            record: details::record(material),
            pictures: Pictures { trajectory: picture, ..picture::pictures(material, &series) },
        }
    }
}

/// The phase that was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PhaseLine {
    /// Its name, `3A`.
    pub id: String,
    /// What it would do.
    pub title: String,
    /// What is decided about, `the allocator`.
    pub subject: String,
}

/// What the phase does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OutcomeLine {
    /// The outcome, `skip`.
    pub word: String,
    /// `open` or `closed`; nothing if undecided.
    pub gate: Option<String>,
    /// The phase that follows.
    pub next: Option<String>,
    /// What the outcome could still be, in words; nothing unless undecided.
    pub possible: Option<String>,
    /// Why no row is named as deciding, in a sentence; nothing if one is.
    pub no_row: Option<String>,
    /// The chance that any row is wrong, `5 %`.
    pub error_rate: String,
}

/// When and how long it was measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Run {
    /// When it began, `2026-11-23 05:12 UTC`.
    pub started: String,
    /// How long it took, `4 min 12 s`; nothing if the clock was set back meanwhile.
    pub duration: Option<String>,
    /// How many trials there were, `9 trials`.
    pub trials: String,
    /// The trials that the decision rests on, `the first 8 trials`, if there are others after it.
    pub decided_on: Option<String>,
    /// Why measuring ended.
    pub ended: String,
    /// What a reader has to know before anything else: measuring failed, or there is no trial.
    pub problem: Option<String>,
}

/// What was measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "a template asks which columns to leave out")]
pub struct Baseline {
    /// Metrics that each trial measures anew.
    pub sampled: Vec<SampledMetric>,
    /// Whether any of those has an interval.
    pub has_intervals: bool,
    /// Whether any of those has a range over rounds.
    pub has_rounds: bool,
    /// Whether a row compares any of those.
    pub has_limits: bool,
    /// Metrics that the server tells.
    pub observed: Vec<ObservedMetric>,
    /// Whether a row compares any of those.
    pub observed_has_limits: bool,
    /// Metrics without a reading in any trial.
    pub missing: Vec<MissingMetric>,
    /// Whether all of it is of a command and not of a server.
    pub of_command: bool,
}

/// A metric that each trial measures anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SampledMetric {
    /// Its name, `rtt.p99`.
    pub metric: String,
    /// The median of the trials' readings.
    pub median: String,
    /// The interval for the median trial, `9.67 to 10.1 us`.
    pub interval: Option<String>,
    /// The smallest and the largest reading.
    pub trials: String,
    /// The smallest and the largest over all rounds.
    pub rounds: Option<String>,
    /// How many trials have a reading.
    pub n: String,
    /// The conditions that compare it, as written.
    pub limits: Vec<String>,
}

/// A metric that the server tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ObservedMetric {
    /// Its name, `memory.dataset`.
    pub metric: String,
    /// What the server said: the median, or the different texts.
    pub value: String,
    /// How the trials differ, if they do.
    pub note: Option<String>,
    /// The conditions that compare it, as written.
    pub limits: Vec<String>,
}

/// A metric without a reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MissingMetric {
    /// Its name.
    pub metric: String,
    /// Why there is no reading.
    pub why: String,
}

/// The decision matrix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MatrixTable {
    /// Its id.
    pub id: String,
    /// Its title; may be empty.
    pub title: String,
    /// All rows, in the matrix's order.
    pub rows: Vec<RowLine>,
    /// The rows that gave the outcome, or would settle it.
    pub deciding: Vec<RowLine>,
    /// Every reading that a limit is known for, with that limit.
    pub sensitivity: Vec<SensitivityLine>,
    /// The smallest change of one metric that gives another outcome.
    pub closest_flip: Option<ClosestFlip>,
}

/// A reading and the limit where its row's finding flips.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SensitivityLine {
    /// The row.
    pub row: String,
    /// The metric.
    pub metric: String,
    /// Its median.
    pub reading: String,
    /// The interval for the median trial.
    pub interval: Option<String>,
    /// The limit.
    pub limit: String,
    /// How far that is, as in [`RowLine::margin`].
    pub distance: String,
    /// The row's finding.
    pub finding: String,
}

/// One row of the matrix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowLine {
    /// Its name.
    pub id: String,
    /// The line of the matrix file where it begins.
    pub line: String,
    /// The condition as written.
    pub condition: String,
    /// The condition in full.
    pub normalized: String,
    /// The condition that limits the row, as written.
    pub given: Option<String>,
    /// Why the row is there, as written.
    pub why: Option<String>,
    /// What the trials said.
    pub readings: Vec<RowReading>,
    /// `met`, `not met`, `not applicable` or `undecided`.
    pub finding: String,
    /// Whether the row gave the outcome, or would settle it.
    pub decides: bool,
    /// A sign for the finding; never without the word.
    pub symbol: String,
    /// Why it is undecided.
    pub reason: Option<String>,
    /// What an undecided row needs to be decided.
    pub needs: Option<String>,
    /// How the trials voted, `9 of 9 trials`; nothing for a row without votes.
    pub votes: Option<String>,
    /// How strong the votes for the finding are, as evidence, `280 (60 needed)`.
    pub evidence: Option<String>,
    /// What follows.
    pub action: Option<String>,
    /// How far the median is from where the finding flips, and what share of that limit this is,
    /// `2.07 us (17.2 %)`.
    pub margin: Option<String>,
}

/// What the trials said of one metric that a row compares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowReading {
    /// The metric's name.
    pub metric: String,
    /// The metric's name if the row compares several, so that it has to be said.
    pub label: Option<String>,
    /// The median, the text, or why there is none.
    pub value: String,
    /// The interval for the median trial.
    pub interval: Option<String>,
}

/// The smallest change of one metric that gives another outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClosestFlip {
    /// The metric.
    pub metric: String,
    /// Its median now.
    pub from: String,
    /// Where the outcome changes.
    pub to: String,
    /// How far that is, as in [`RowLine::margin`].
    pub distance: String,
    /// What the outcome would be.
    pub outcome: String,
}

/// What a `defer` left open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ObligationLine {
    /// The row that deferred.
    pub row: String,
    /// What is owed.
    pub action: String,
    /// When it is due.
    pub condition: String,
    /// How far it is until then; nothing if a reading is missing.
    pub distance: Option<String>,
}

/// What comes after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Next {
    /// What could be done next, as the plan has it.
    pub options: Vec<NextChoice>,
    /// What the phase delivers, as the plan has it.
    pub deliverables: Vec<String>,
    /// What was learned, as the plan has it.
    pub lessons: Vec<String>,
    /// Planned effort less the time spent; only if the gate stays closed.
    pub time_saved: Option<String>,
}

/// Something that could be done next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NextChoice {
    /// In a few words.
    pub title: String,
    /// Whether it is recommended: the team does so, and its condition is met if it has one.
    pub recommended: bool,
    /// Whether the team would recommend it, but its condition isn't met.
    pub withheld: bool,
    /// The condition without which it isn't recommended, as written.
    pub when: Option<String>,
    /// What the evidence says of that condition, `not met` or `undecided: too few trials`.
    pub finding: Option<String>,
    /// What the trials said of its metrics.
    pub readings: Vec<RowReading>,
}

/// What only some readers look for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Details {
    /// What was measured and how, by name.
    pub target: Vec<Property>,
    /// The machine and the server, by name.
    pub environment: Vec<Property>,
    /// How a finding comes about, in two sentences.
    pub method: Vec<String>,
    /// How machine, server and way of measuring changed since the earlier phase.
    pub changes: Vec<ChangeLine>,
    /// What most likely disturbed the run, the worst first.
    pub disturbances: Vec<DisturbanceLine>,
    /// What went wrong in a trial without ending it.
    pub anomalies: Vec<String>,
    /// Each trial.
    pub trials: Vec<TrialLine>,
    /// The metrics that are not in `baseline`.
    pub metrics: Baseline,
}

/// A named property.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Property {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

/// One trial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrialLine {
    /// Counted from one.
    pub number: String,
    /// How long it took.
    pub duration: String,
    /// Its median round trip; empty if there is none, as the next two.
    pub p50: String,
    /// Its 99th percentile.
    pub p99: String,
    /// Its largest round trip.
    pub max: String,
}

/// How the decision was recorded, and how to check it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordLines {
    /// The entry's number.
    pub number: String,
    /// The ledger's head before the entry; nothing for the first entry.
    pub head_before: Option<String>,
    /// When it was recorded.
    pub recorded: String,
    /// Who recorded it.
    pub recorded_by: String,
    /// The program that recorded it, with its version.
    pub tool: String,
    /// The digests of evidence, matrix and plan, by name.
    pub digests: Vec<Property>,
    /// The command that decides again from the recorded evidence.
    pub reproduce: String,
    /// The command that measures and decides anew.
    pub measure_again: String,
    /// The command that verifies the ledger.
    pub verify: String,
}

//! What a template may use. A change that could break a template raises [`Context::VERSION`];
//! new fields don't. `docs/templates/` says the same for those who write templates.
//!
//! All figures are formatted text. A field that may be missing is `null` then, which is false in
//! a template's `if`, as is an empty list.

use phasegate_model::{Metric, Statistic};
use serde::Serialize;

use crate::additions::notes::NoteSection;
use crate::additions::waivers::WaiverSection;
use crate::additions::{notes, waivers};
use crate::decision::certainty::Certainty;
use crate::decision::details::{Details, FactLine, RecordLines};
use crate::decision::headline::{OutcomeLine, PhaseLine, Run};
use crate::decision::matrix::MatrixTable;
use crate::decision::next::{Next, ObligationLine};
use crate::decision::predictions::PredictionSection;
use crate::decision::{certainty, details, headline, matrix, next, predictions, summary};
use crate::material::Material;
use crate::measured::baseline::Baseline;
use crate::measured::headroom::HeadroomSection;
use crate::measured::memory::MemorySection;
use crate::measured::previous::PreviousLine;
use crate::measured::spectrum::Spectrum;
use crate::measured::{baseline, headroom, memory, previous, spectrum};
use crate::phases::trajectory::Trajectory;
use crate::phases::trajectory_section::TrajectorySection;
use crate::picture;
use crate::picture::{PictureLine, Pictures};
use crate::template::render::{Report, ReportKind};

/// Everything that a template may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Context {
    /// [`Context::VERSION`].
    pub version: u32,
    /// The phase.
    pub phase: PhaseLine,
    /// What the phase does.
    pub outcome: OutcomeLine,
    /// Of what it is certain, and what other runs said.
    pub certainty: Certainty,
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
        // Read once, since table and picture are of the same times.
        let series = spectrum::series(material);
        // A command has no round trips, and phases may be of different commands.
        let stages =
            if material.evidence.target.server.is_command() { &[] } else { material.stages };
        let trajectory = Trajectory::of(Metric::Rtt(Statistic::P99), stages);
        // One figure is no trajectory: there is nothing that it could have come from.
        let section = (trajectory.steps.len() > 1).then(|| trajectory.section());
        let picture =
            section.as_ref().and_then(|section| picture::trajectory(&trajectory, section));
        Self {
            version: Self::VERSION,
            phase: headline::phase(material),
            outcome: headline::outcome(material),
            certainty: certainty::certainty(material),
            run: headline::run(material),
            summary: summary::sentences(material),
            baseline: baseline::key(material),
            spectrum: spectrum::table(&series),
            memory: memory::section(material),
            headroom: headroom::section(material),
            previous: previous::line(material),
            predictions: predictions::section(material),
            matrix: matrix::table(material),
            facts: details::fact_lines(material),
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

impl Report for Context {
    const KIND: ReportKind = ReportKind::Decision;

    fn pictures(&self) -> Vec<&PictureLine> {
        self.pictures.all().collect()
    }
}

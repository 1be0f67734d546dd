//! Decisions rendered for readers: a decision, its evidence and its record in, text out.
//!
//! This crate computes every figure that a report shows and hands them, formatted, to a
//! [Tera](https://keats.github.io/tera/) template. What a template may use is one versioned type,
//! [`Context`]; `docs/templates/` lists it for those who write templates. A template never
//! computes, and text that people or servers wrote can't break the document: it is escaped unless
//! the template says otherwise.
//!
//! It is not where anything is decided, measured or recorded, and it does no I/O: a template is
//! passed in as text, and so is everything that depends on the clock or the machine. The same
//! material renders to the same bytes, anywhere.
//!
//! ```
//! use phasegate_report::{Form, RenderError, ReportKind};
//!
//! // A broken template is an error that points at the place.
//! assert!(ReportKind::Decision.built_in(Form::Markdown).contains("outcome.word"));
//! let broken = "# Phase {{ phase.id";
//! let error = phasegate_report::check(ReportKind::Decision, Form::Markdown, broken).unwrap_err();
//! assert!(matches!(error, RenderError::Load { .. }));
//! assert!(error.to_string().contains("report.md:1:"));
//! ```

mod additions;
mod context;
mod decision;
mod material;
mod measured;
mod phases;
mod picture;
mod site;
mod template;
mod text;
mod transcription;

pub use crate::additions::notes::{NoteLine, NoteSection, RecordedNote};
pub use crate::additions::waivers::{WaiverLine, WaiverSection, Waivers};
pub use crate::context::Context;
pub use crate::decision::certainty::{Certainty, RunsLine};
pub use crate::decision::details::{
    Details, DisturbanceLine, FactLine, Property, RecordLines, TrialLine,
};
pub use crate::decision::ended::{Ended, ended};
pub use crate::decision::headline::{OutcomeLine, PhaseLine, Run};
pub use crate::decision::matrix::{
    ClosestFlip, MatrixTable, RowLine, RowReading, SensitivityLine, needs,
};
pub use crate::decision::next::{Next, NextChoice, ObligationLine};
pub use crate::decision::predictions::{PredictionLine, PredictionSection};
pub use crate::material::{Disturbance, Material, Record};
pub use crate::measured::baseline::{Baseline, MissingMetric, ObservedMetric, SampledMetric};
pub use crate::measured::headroom::{HeadroomLine, HeadroomSection};
pub use crate::measured::memory::{MemoryFactor, MemorySection, MemorySetting, MemorySize};
pub use crate::measured::previous::{ChangeLine, PreviousLine};
pub use crate::measured::spectrum::{Spectrum, SpectrumLine};
pub use crate::phases::forecast::{FORESIGHT, Forecast, forecast};
pub use crate::phases::trajectory::{Effect, Figures, Stage, Step, Total, Trajectory};
pub use crate::phases::trajectory_section::{TrajectoryLine, TrajectorySection, TrajectoryTotal};
pub use crate::picture::{PictureLine, Pictures};
pub use crate::site::{
    Cell, EntryLine, EntryLink, EntryPage, IndexPage, List, OwedLine, Site, SiteEntry, SiteMatter,
    SitePage, SiteTemplate, SiteTrajectory, SiteWaiver, Table,
};
pub use crate::template::render::{Form, RenderError, Report, ReportKind, Template, check, render};
pub use crate::transcription::{
    TranscribedChoice, TranscribedContext, TranscribedFigure, TranscribedMaterial,
    TranscribedObligation, TranscribedPredictionLine, TranscribedRowLine,
};

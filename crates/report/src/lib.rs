//! Decisions rendered for readers: a decision, its evidence and its record in, text out.
//!
//! This crate computes every figure that a report shows and hands them, formatted, to a
//! [Tera](https://keats.github.io/tera/) template. What a template may use is one versioned type,
//! [`Context`]; `docs/TEMPLATES.md` lists it for those who write templates. A template never
//! computes, and text that people or servers wrote can't break the document: it is escaped unless
//! the template says otherwise.
//!
//! It is not where anything is decided, measured or recorded, and it does no I/O: a template is
//! passed in as text, and so is everything that depends on the clock or the machine. The same
//! material renders to the same bytes, anywhere.
//!
//! ```
//! use phasegate_report::{Form, RenderError};
//!
//! // A broken template is an error that points at the place.
//! assert!(Form::Markdown.built_in().contains("outcome.word"));
//! let error = phasegate_report::check(Form::Markdown, "# Phase {{ phase.id").unwrap_err();
//! assert!(matches!(error, RenderError::Load { .. }));
//! assert!(error.to_string().contains("report.md:1:"));
//! ```

mod baseline;
mod context;
mod details;
mod escape;
mod facts;
mod figures;
mod forecast;
mod headline;
mod headroom;
mod judged;
mod material;
mod matrix;
mod memory;
mod needs;
mod next;
mod notes;
mod picture;
mod policy;
mod predictions;
mod previous;
mod render;
mod site;
mod spectrum;
mod summary;
mod trajectory;
mod transcription;
mod waivers;

pub use context::{
    Baseline, ChangeLine, ClosestFlip, Context, Details, DisturbanceLine, FactLine, HeadroomLine,
    HeadroomSection, MatrixTable, MemoryFactor, MemorySection, MemorySetting, MemorySize,
    MissingMetric, Next, NextChoice, ObligationLine, ObservedMetric, OutcomeLine, PhaseLine,
    PictureLine, Pictures, PredictionLine, PredictionSection, PreviousLine, Property, RecordLines,
    RowLine, RowReading, Run, SampledMetric, SensitivityLine, Spectrum, SpectrumLine, TrialLine,
};
pub use forecast::{FORESIGHT, Forecast, forecast};
pub use material::{Disturbance, Material, Record};
pub use needs::needs;
pub use notes::{NoteLine, NoteSection, RecordedNote};
pub use render::{Form, RenderError, Template, check, render};
pub use site::{
    Cell, EntryLine, EntryLink, EntryPage, IndexPage, List, OwedLine, Site, SiteEntry, SiteMatter,
    SitePage, SiteTemplate, SiteTrajectory, SiteWaiver, Table,
};
pub use trajectory::{
    Effect, Figures, Stage, Step, Total, Trajectory, TrajectoryLine, TrajectorySection,
    TrajectoryTotal,
};
pub use transcription::{
    TranscribedChoice, TranscribedContext, TranscribedFigure, TranscribedForm, TranscribedMaterial,
    TranscribedObligation, TranscribedPredictionLine, TranscribedRowLine,
};
pub use waivers::{WaiverLine, WaiverSection, Waivers};

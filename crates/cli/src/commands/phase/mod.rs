//! Deciding about a phase: measure, compare, decide, record, report.

pub(crate) mod compare;
pub(crate) mod compare_evidence;
pub(crate) mod decide;
pub(crate) mod measure;
pub(crate) mod plan;
pub(crate) mod report;
pub(crate) mod revisit;
pub(crate) mod run;

//! One file for each command.

pub(crate) mod check;
pub(crate) mod compare;
pub(crate) mod compare_evidence;
pub(crate) mod decide;
pub(crate) mod diff;
pub(crate) mod evidence;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod fmt;
pub(crate) mod import;
pub(crate) mod import_measured;
pub(crate) mod list;
pub(crate) mod manual;
pub(crate) mod measure;
pub(crate) mod plan;
pub(crate) mod rebase;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod show;
pub(crate) mod sign;
pub(crate) mod template;
pub(crate) mod trajectory;
pub(crate) mod verify;
pub(crate) mod waive;
pub(crate) mod whatif;

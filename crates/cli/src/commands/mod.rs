//! One file for each command.

pub(crate) mod check;
pub(crate) mod decide;
pub(crate) mod history;
pub(crate) mod measure;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod template;

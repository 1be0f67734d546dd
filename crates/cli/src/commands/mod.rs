//! One file for each command.

pub(crate) mod check;
pub(crate) mod decide;
pub(crate) mod explain;
pub(crate) mod fmt;
pub(crate) mod history;
pub(crate) mod manual;
pub(crate) mod measure;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod site;
pub(crate) mod template;
pub(crate) mod whatif;

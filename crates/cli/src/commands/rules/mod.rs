//! The files of rules, and what helps to write them.

pub(crate) mod check;
pub(crate) mod fmt;
pub(crate) mod init;
pub(crate) mod manual;
pub(crate) mod metrics;
pub(crate) mod schema;
pub(crate) mod template;

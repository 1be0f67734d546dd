//! A server's life: a program found, started, filled, restarted and stopped. For the subject and the cluster.

pub(crate) mod cpu;
pub(crate) mod dataset;
pub(crate) mod error;
pub(crate) mod floor;
pub(crate) mod found;
pub(crate) mod instance;
pub(crate) mod private;
pub(crate) mod program;
pub(crate) mod records;
pub(crate) mod restart;
pub(crate) mod subject;

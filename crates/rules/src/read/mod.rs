//! Each kind of file to its checked type, all problems at once; it decides nothing.

pub(crate) mod command;
pub(crate) mod dataset;
pub(crate) mod extends;
pub(crate) mod fact_uses;
pub(crate) mod facts;
pub(crate) mod load;
pub(crate) mod matrix_file;
pub(crate) mod plan;
pub(crate) mod target;
pub(crate) mod tests_of_matrix;
pub(crate) mod transcription;

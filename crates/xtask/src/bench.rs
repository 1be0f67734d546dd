//! `cargo xtask bench`: the benchmarks, against a real server.

use std::process::ExitCode;

use crate::command::{CommandLine, passed_on};
use crate::install;
use crate::workspace::Workspace;

/// Runs the round-trip benchmark.
pub(crate) fn run(workspace: &Workspace, options: Vec<String>) -> Result<ExitCode, String> {
    install::ensure_server()?;
    let bench = CommandLine::new("cargo bench --package phasegate-measure --bench round_trip --");
    bench.and(options).run_in(&workspace.root).map(passed_on)
}

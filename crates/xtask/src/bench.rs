//! `cargo xtask bench`: the benchmarks, of reports and against a real server.

use std::process::ExitCode;

use crate::command::{CommandLine, passed_on};
use crate::install;
use crate::workspace::Workspace;

/// Runs the benchmark of reports, then that of round trips, which takes the options.
pub(crate) fn run(workspace: &Workspace, options: Vec<String>) -> Result<ExitCode, String> {
    install::ensure_server()?;
    let render = CommandLine::new("cargo bench --package phasegate-report --bench render");
    let status = render.run_in(&workspace.root)?;
    if !status.success() {
        return Ok(passed_on(status));
    }
    let bench = CommandLine::new("cargo bench --package phasegate-measure --bench round_trip --");
    bench.and(options).run_in(&workspace.root).map(passed_on)
}

//! `cargo xtask bench`: the benchmarks, of deciding, of reports, of the ledger, and against a real server.

use std::process::ExitCode;

use crate::command::{Invocation, passed_on};
use crate::needs::install;
use crate::workspace::Workspace;

/// Runs the benchmarks that need no server, then that of round trips, which takes the options.
pub(crate) fn run(workspace: &Workspace, options: Vec<String>) -> Result<ExitCode, String> {
    install::ensure_server()?;
    for bench in [
        "cargo bench --package phasegate-rules --bench decide",
        "cargo bench --package phasegate-rules --bench verify",
        "cargo bench --package phasegate-report --bench render",
        "cargo bench --package phasegate-history --bench ledger",
        "cargo bench --package phasegate --bench site",
        "cargo bench --package phasegate-measure --bench floor",
        "cargo bench --package phasegate-measure --bench memory",
    ] {
        let status = Invocation::new(bench).run_in(&workspace.root)?;
        // The status of what failed, so that a script sees it as if it had run it alone.
        if !status.success() {
            return Ok(passed_on(status));
        }
    }
    let bench = Invocation::new("cargo bench --package phasegate-measure --bench round_trip --");
    bench.and(options).run_in(&workspace.root).map(passed_on)
}

/// Runs other engines beside ours. They are outside the workspace, as they take long to build.
pub(crate) fn peers(workspace: &Workspace) -> Result<ExitCode, String> {
    eprintln!("building other engines, which takes about a quarter of an hour the first time");
    Invocation::new("cargo run --release --manifest-path benchmarks/Cargo.toml")
        .run_in(&workspace.root)
        .map(passed_on)
}

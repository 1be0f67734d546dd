//! `cargo xtask demo`: from a fresh machine to a report of phase 3A.

use std::process::ExitCode;

use crate::command::{Invocation, passed_on};
use crate::needs::install;
use crate::workspace::Workspace;

/// Builds phasegate and runs phase 3A. The last line on standard output is the report's path,
/// which `phasegate run` prints; so nothing is printed after it.
pub(crate) fn run(workspace: &Workspace, options: Vec<String>) -> Result<ExitCode, String> {
    install::ensure_server()?;
    // Its history is in a folder: a newcomer need not wait for the clients of buckets.
    let build = Invocation::new("cargo build --release --package phasegate --no-default-features");
    eprintln!("building phasegate: {build}");
    let status = build.run_in(&workspace.root)?;
    if !status.success() {
        return Err(format!("phasegate did not build ({status}); `{build}` shows it again"));
    }
    // `cargo run` knows where the binary is, whatever target or folder the user configured.
    let reports = workspace.target.join("demo").join("reports");
    let run = "cargo run --quiet --release --package phasegate --no-default-features -- run 3a";
    let phase = Invocation::new(run)
        .and(["--reports".to_owned(), reports.to_string_lossy().into_owned()])
        .and(options)
        // The demo measures a private server, whatever this user's environment names.
        .with("REDIS_URL", "");
    eprintln!("measuring and deciding phase 3A: {phase}");
    phase.run_in(&workspace.root).map(passed_on)
}

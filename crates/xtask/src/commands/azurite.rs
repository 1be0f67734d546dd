//! The tests of a history in Azure Blob Storage: what they need, and how they are run.

use std::process::ExitCode;

use crate::command::Invocation;
use crate::needs::install::{from_npm, is_on_path};
use crate::workspace::Workspace;

/// Microsoft's emulator of the service, in a version that the tests were tried with.
const PACKAGE: &str = "azurite@3.37.0";

/// Fetches the emulator, unless it is there, and runs the tests.
pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode, String> {
    if !is_on_path("node") || !is_on_path("npm") {
        return Err("`node` and `npm` aren't on PATH; install Node.js".to_owned());
    }
    let folder = workspace.target.join("tools/azurite");
    let script = from_npm(PACKAGE, &folder, "azurite/dist/src/blob/main.js")?;
    let tests = Invocation::new("cargo test --workspace --lib azure -- --ignored");
    let tests = tests.with("PHASEGATE_AZURITE", script.display().to_string());
    let status = tests.run_in(&workspace.root)?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

//! `cargo xtask outputs`: the outputs in README and docs, written anew.

use std::process::ExitCode;

use crate::command::{Invocation, passed_on};
use crate::workspace::Workspace;

/// Has the test that compares them write them instead, so that both make them in the same way.
pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode, String> {
    Invocation::new("cargo test --quiet --package phasegate --test phasegate outputs::")
        .with("UPDATE_OUTPUTS", "1")
        .run_in(&workspace.root)
        .map(passed_on)
}

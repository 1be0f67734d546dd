//! `phasegate init`: the files that a team keeps, to begin with.

use std::path::PathBuf;

use phasegate_rules::{FileKind, json_schema};

use crate::args::InitArgs;
use crate::input::files::write_new_files;
use crate::output::streams::{Exit, say};

const MATRIX: &str = include_str!("../../../../../rules/allocator.toml");
const PLAN: &str = include_str!("../../../../../rules/phases/3a.toml");
/// Without it git might convert line ends, and digests are over bytes.
const ATTRIBUTES: &str = include_str!("../../../../../reports/.gitattributes");

/// Writes a matrix, a plan, their schemas for editors, and the folder of the history. What is there
/// already is never replaced; then nothing is written at all.
pub(crate) fn run(args: &InitArgs) -> anyhow::Result<Exit> {
    let files = [
        ("rules/allocator.toml", MATRIX.to_owned()),
        ("rules/phases/3a.toml", PLAN.to_owned()),
        ("rules/schema/matrix.json", json_schema(FileKind::Matrix)),
        ("rules/schema/plan.json", json_schema(FileKind::Plan)),
        ("reports/.gitattributes", ATTRIBUTES.to_owned()),
    ];
    let files: Vec<(PathBuf, String)> =
        files.into_iter().map(|(name, text)| (args.folder.join(name), text)).collect();
    write_new_files(files)?;
    say("edit the matrix and the plan, then run `phasegate check` and `phasegate run 3a`");
    Ok(Exit::Done)
}

//! `phasegate schema`: what editors need to complete and to warn.

use phasegate_rules::{FileKind, json_schema};

use crate::args::{SchemaArgs, SchemaOf};
use crate::output::streams::{Exit, print};

pub(crate) fn run(args: &SchemaArgs) -> anyhow::Result<Exit> {
    print(&json_schema(match args.of {
        SchemaOf::Matrix => FileKind::Matrix,
        SchemaOf::Plan => FileKind::Plan,
    }))?;
    Ok(Exit::Done)
}

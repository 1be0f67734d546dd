//! `phasegate history pack`: old entries in few files.

use phasegate_history::{PackEffect, Packed};
use serde::Serialize;

use crate::args::{Format, PackArgs};
use crate::output::streams::{Exit, print, print_json, say};

pub(crate) fn run(args: &PackArgs) -> anyhow::Result<Exit> {
    let store = args.history.place.open_present()?;
    let effect = if args.dry_run { PackEffect::Tried } else { PackEffect::Packed };
    let packed = phasegate_history::pack(&store, effect)?;
    if args.history.format == Format::Json {
        let packed: Vec<PackedJson> = packed.iter().map(PackedJson::of).collect();
        print_json(&PackingJson { dry_run: args.dry_run, packed })?;
        return Ok(Exit::Done);
    }
    for done in &packed {
        print(&line(done, effect))?;
    }
    if packed.is_empty() {
        say("there is nothing to pack: no ten thousand entries are all older than the newest");
    }
    Ok(Exit::Done)
}

fn line(packed: &Packed, effect: PackEffect) -> String {
    let Packed { first, last, files, resumed } = packed;
    let replaced = if *files == 1 { "1 file".to_owned() } else { format!("{files} files") };
    match (effect, resumed) {
        (PackEffect::Packed, false) => format!("packed entries {first} to {last}: {replaced}\n"),
        (PackEffect::Packed, true) => {
            format!("finished packing entries {first} to {last}: {replaced}\n")
        }
        (PackEffect::Tried, false) => {
            format!("would pack entries {first} to {last}: {replaced}\n")
        }
        (PackEffect::Tried, true) => {
            format!("would finish packing entries {first} to {last}: {replaced}\n")
        }
    }
}

/// What was packed, for programs. Fields are only ever added.
#[derive(Serialize)]
struct PackingJson {
    /// Whether nothing was changed.
    dry_run: bool,
    packed: Vec<PackedJson>,
}

#[derive(Serialize)]
struct PackedJson {
    first: u64,
    last: u64,
    /// How many files the pack replaces.
    files: u64,
    /// Whether the pack was there already.
    resumed: bool,
}

impl PackedJson {
    const fn of(packed: &Packed) -> Self {
        let Packed { first, last, files, resumed } = *packed;
        Self { first, last, files, resumed }
    }
}

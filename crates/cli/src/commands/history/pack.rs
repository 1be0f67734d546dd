//! `phasegate history pack`: old entries in few files.

use phasegate_history::{PackEffect, Packed};

use crate::args::{Format, PackArgs};
use crate::output::streams::{Exit, object, print, print_json, say};

pub(crate) fn run(args: &PackArgs) -> anyhow::Result<Exit> {
    let store = args.history.place.open_present()?;
    let effect = if args.dry_run { PackEffect::Tried } else { PackEffect::Packed };
    let packed = phasegate_history::pack(&store, effect)?;
    if args.history.format == Format::Json {
        let of = |Packed { first, last, files, resumed }: &Packed| {
            // How many files the pack replaces, and whether it was there already.
            object! { first: *first, last: *last, files: *files, resumed: *resumed }
        };
        let packed = packed.iter().map(of).collect::<Vec<_>>();
        print_json(&object! { dry_run: args.dry_run, packed: packed })?;
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

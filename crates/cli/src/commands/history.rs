//! `phasegate history verify`: whether what was recorded still stands.

use phasegate_history::{Entry, Objects, Store};
use serde::Serialize;

use crate::args::{Format, VerifyArgs};
use crate::output::{Exit, print, print_json};
use crate::recorded::decision_of;
use crate::replay::{decide_again, must_be_as_recorded, must_compare_with_its_entry};

pub(crate) fn verify(args: &VerifyArgs) -> anyhow::Result<Exit> {
    let store = Store::open(&args.history.reports)?;
    let found = phasegate_history::verify(&store, args.head.as_ref(), &mut |entry, objects| {
        replay(&store, entry, objects).map_err(|error| format!("{error:#}"))
    });
    let problems: Vec<String> = found.problems.iter().map(ToString::to_string).collect();
    let head = found.head.as_ref().map(ToString::to_string);
    match args.history.format {
        Format::Json => print_json(&VerificationJson {
            entries: found.entries,
            head: head.as_deref(),
            problems: &problems,
        })?,
        Format::Text => {
            for problem in &problems {
                print(&format!("problem: {problem}\n"))?;
            }
            let verdict = if found.is_sound() {
                "every digest, link, object and report is as recorded, every decision replays"
            } else {
                "the history is not as it was recorded"
            };
            let entries = if found.entries == 1 { "entry" } else { "entries" };
            print(&format!("{} {entries}: {verdict}\n", found.entries))?;
            if let Some(head) = &head {
                print(&format!("head {head}\n"))?;
            }
        }
    }
    Ok(if problems.is_empty() { Exit::Done } else { Exit::Error })
}

/// What verifying found, for programs.
#[derive(Serialize)]
struct VerificationJson<'a> {
    entries: u64,
    head: Option<&'a str>,
    problems: &'a [String],
}

/// Decides again on the recorded evidence and matrix: the same bytes must come out.
fn replay(store: &Store, entry: &Entry, objects: &Objects) -> anyhow::Result<()> {
    let again = decide_again(objects)?;
    must_be_as_recorded(&decision_of(entry)?.decision, &again.decision)?;
    again
        .evidence
        .previous
        .iter()
        .try_for_each(|previous| must_compare_with_its_entry(store, entry.number, previous))
}

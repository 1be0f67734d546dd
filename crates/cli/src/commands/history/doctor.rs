//! `phasegate history doctor`: whether the place of the history keeps the promises that it needs.

use phasegate_history::{Check, CheckVerdict};

use crate::args::{Format, HistoryArgs};
use crate::output::streams::{Exit, object, print, print_json};
use crate::program::now;
use crate::recorded::history_place;

pub(crate) fn run(args: &HistoryArgs) -> anyhow::Result<Exit> {
    let location = args.place.location()?;
    let checks = phasegate_history::examine(&history_place::open(&location)?, now());
    let refused = checks.iter().any(|check| check.verdict == CheckVerdict::Bad);
    match args.format {
        Format::Json => {
            let check = |Check { name, verdict, text }: &Check| {
                object! { name: *name, verdict: verdict.as_str(), text: text.clone() }
            };
            print_json(&object! {
                store: location.to_string(),
                usable: !refused,
                checks: checks.iter().map(check).collect::<Vec<_>>(),
            })?;
        }
        Format::Text => {
            for Check { name, verdict, text } in &checks {
                print(&format!("{verdict:<8}{name}: {text}\n"))?;
            }
            let verdict = if refused { "can't" } else { "can" };
            print(&format!("a history {verdict} be kept in {location}\n"))?;
        }
    }
    Ok(if refused { Exit::Error } else { Exit::Done })
}

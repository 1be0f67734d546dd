//! `phasegate history doctor`: whether the place of the history keeps the promises that it needs.

use phasegate_history::{Check, CheckVerdict};
use serde::Serialize;

use crate::args::{Format, HistoryArgs};
use crate::output::streams::{Exit, print, print_json};
use crate::program::now;
use crate::recorded::history_place;

pub(crate) fn run(args: &HistoryArgs) -> anyhow::Result<Exit> {
    let location = args.place.location()?;
    let checks = phasegate_history::examine(&history_place::open(&location)?, now());
    let refused = checks.iter().any(|check| check.verdict == CheckVerdict::Bad);
    match args.format {
        Format::Json => print_json(&ExaminationJson {
            store: location.to_string(),
            usable: !refused,
            checks: checks.iter().map(CheckJson::of).collect(),
        })?,
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

/// What was found, for programs. Fields are only ever added.
#[derive(Serialize)]
struct ExaminationJson<'a> {
    store: String,
    /// Whether a history can be kept there.
    usable: bool,
    checks: Vec<CheckJson<'a>>,
}

#[derive(Serialize)]
struct CheckJson<'a> {
    name: &'a str,
    verdict: &'a str,
    text: &'a str,
}

impl<'a> CheckJson<'a> {
    fn of(check: &'a Check) -> Self {
        Self { name: check.name, verdict: check.verdict.as_str(), text: &check.text }
    }
}

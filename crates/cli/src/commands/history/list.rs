//! `phasegate history list`: the entries, as far as they are asked for.

use phasegate_history::{Digest, EntrySummary, Line, Medians, ReadError, Recorded, Store};
use phasegate_model::{EntryKind, Outcome, PhaseId, Readings, RowId};
use phasegate_rules::condition::{Condition, Truth};
use phasegate_rules::{Effective, Source, parse_filter};
use serde::Serialize;

use crate::args::day::today;
use crate::args::{Format, ListArgs};
use crate::input::diagnostics::Trouble;
use crate::input::diagnostics::report;
use crate::output::layout::{Layout, plain};
use crate::output::listing::{Columns, NewestItems, OutputLines, Problems};
use crate::output::streams::{Exit, say};
use crate::recorded::candidates::Candidates;
use crate::recorded::history_place::nothing_recorded;
use crate::recorded::typical::typical_among;
use crate::recorded::waivers::{RecordedWaivers, outcome_with};

pub(crate) fn run(args: &ListArgs) -> anyhow::Result<Exit> {
    // Before the history is opened: for a slip in the condition nothing need be read.
    let condition = args.condition.as_deref().map(condition).transpose()?;
    let store = args.history.place.open_present()?;
    let mut problems = Problems::default();
    let Candidates { numbers, waivers, all } = Candidates::find(args, &store, &mut problems)?;
    let condition = condition.map(|condition| {
        let medians = Medians::of(&condition.metrics());
        (condition, medians)
    });
    let search = EntryFilter { args, condition, waivers, store: &store };
    let mut shown = ListOutput::new(args.history.format);
    let mut newest = NewestItems::new(args.limit.map(std::num::NonZero::get));
    let mut unknown = 0;
    for line in store.lines_numbered(numbers)? {
        let glimpse = line.and_then(|line| search.glimpse(&line));
        let Some(Some(glimpse)) = problems.tell(glimpse) else { continue };
        let Some(found) = search.look_at(glimpse, &mut problems, &mut unknown) else { continue };
        if let Some(found) = newest.take(found) {
            shown.show(&found)?;
        }
        // Nobody reads any more, so nothing more need be read from the history either.
        if shown.lines.is_closed() {
            break;
        }
    }
    for found in newest.rest() {
        shown.show(&found)?;
    }
    let count = shown.count;
    shown.finish()?;
    if count == 0 && all == 0 && problems.count == 0 {
        say(&nothing_recorded(&args.history.place.location()?));
    } else if count == 0 && all > 0 {
        say("no entry matches");
    }
    if unknown > 0 {
        let (entries, have) = if unknown == 1 { ("entry", "has") } else { ("entries", "have") };
        say(&format!("{unknown} {entries} {have} no reading for --where and can't match"));
    }
    Ok(if problems.count == 0 { Exit::Done } else { Exit::Error })
}

/// The condition of `--where`; its problems are printed.
fn condition(text: &str) -> anyhow::Result<Condition> {
    parse_filter(text).map_err(|problems| {
        let source = Source { name: "--where".to_owned(), text: text.to_owned() };
        report(&Trouble { sources: vec![source], problems })
    })
}

/// What is looked for.
struct EntryFilter<'a> {
    args: &'a ListArgs,
    condition: Option<(Condition, Medians)>,
    waivers: RecordedWaivers,
    store: &'a Store,
}

/// What was read of an entry, as little of it as tells whether it is asked for.
struct Glimpse {
    summary: EntrySummary,
    /// Of which programs are told.
    digest: Option<Digest>,
    /// Those that the condition compares, if the line was enough to know them.
    medians: Option<Readings>,
    /// Where less isn't enough.
    whole: Option<Recorded>,
}

/// An entry that was found.
struct FoundEntry {
    summary: EntrySummary,
    digest: Option<Digest>,
    whole: Option<Recorded>,
    effective: Option<Effective>,
}

impl EntryFilter<'_> {
    /// Reads what is needed of an entry; nothing if it surely isn't asked for.
    fn glimpse(&self, line: &Line) -> Result<Option<Glimpse>, ReadError> {
        let is_waived = self.waivers.concern(line.number());
        let mut medians = None;
        if let Some((condition, wanted)) = &self.condition {
            medians = line.medians(wanted)?;
            let truth = medians.as_ref().map(|medians| condition.holds(medians));
            if truth == Some(Truth::False) && !is_waived {
                return Ok(None);
            }
        }
        let summary = line.summary()?;
        let lacks_medians = self.condition.is_some() && medians.is_none();
        // An entry without an outcome is told in words, and those need all of it.
        let is_short = summary.outcome.is_none();
        let needs_whole = is_waived || lacks_medians || is_short;
        let whole = needs_whole.then(|| line.recorded()).transpose()?;
        let digest = (self.args.history.format == Format::Json).then(|| line.digest());
        Ok(Some(Glimpse { summary, digest, medians, whole }))
    }

    fn look_at(
        &self,
        glimpse: Glimpse,
        problems: &mut Problems,
        unknown: &mut usize,
    ) -> Option<FoundEntry> {
        let Glimpse { summary, digest, medians, whole } = glimpse;
        if self.args.by.as_ref().is_some_and(|by| *by != summary.recorded_by) {
            return None;
        }
        let day = self.args.as_of.map_or_else(today, |day| day.0);
        let effective = whole.as_ref().and_then(|recorded| {
            problems.tell(self.waivers.effective(self.store, recorded, day)).flatten()
        });
        let found = FoundEntry { summary, digest, whole, effective };
        if !found.has_outcome(self.args.outcome) {
            return None;
        }
        let Some((condition, wanted)) = &self.condition else { return Some(found) };
        let readings = match (medians, &found.whole) {
            (None, Some(whole)) => {
                problems.tell(typical_among(self.store, &whole.entry, wanted)).flatten()?
            }
            (medians, _) => medians?,
        };
        // What isn't known is no match.
        match condition.holds(&readings) {
            Truth::True => Some(found),
            Truth::False => None,
            Truth::Unknown(_) => {
                *unknown += 1;
                None
            }
        }
    }
}

impl FoundEntry {
    /// Whether earlier runs contradict its outcome.
    fn is_unsettled(&self) -> bool {
        self.summary.settled == Some(false) && self.summary.outcome != Some(Outcome::Undecided)
    }

    /// Whether this is its outcome, as recorded or with its waivers.
    fn has_outcome(&self, outcome: Option<Outcome>) -> bool {
        let Some(outcome) = outcome else { return true };
        self.summary.outcome == Some(outcome)
            || self.effective.as_ref().is_some_and(|effective| effective.outcome == outcome)
    }
}

/// What was shown so far.
struct ListOutput {
    format: Format,
    lines: OutputLines,
    columns: Columns<7>,
    count: usize,
}

impl ListOutput {
    fn new(format: Format) -> Self {
        let header = ["entry", "kind", "phase", "outcome", "decided by", "recorded", "by"];
        Self {
            format,
            lines: OutputLines::to_stdout(),
            columns: Columns::new(header, Layout::of_stdout()),
            count: 0,
        }
    }

    fn show(&mut self, found: &FoundEntry) -> anyhow::Result<()> {
        self.count += 1;
        match self.format {
            Format::Json => {
                let before = if self.count == 1 { "[\n" } else { ",\n" };
                let entry = serde_json::to_string(&EntryJson::of(found))?;
                self.lines.write(&format!("{before}  {entry}"))
            }
            Format::Text => self.columns.row(row(found), &mut self.lines),
        }
    }

    fn finish(mut self) -> anyhow::Result<()> {
        match (self.format, self.count) {
            // Programs get an empty list, because no output at all would be no JSON.
            (Format::Json, 0) => self.lines.write("[]\n")?,
            (Format::Json, _) => self.lines.write("\n]\n")?,
            (Format::Text, _) => self.columns.finish(&mut self.lines)?,
        }
        self.lines.finish()
    }
}

fn row(found: &FoundEntry) -> [String; 7] {
    let summary = &found.summary;
    let deciding: Vec<&str> = summary.deciding.iter().map(RowId::as_str).collect();
    [
        summary.number.to_string(),
        summary.kind.to_string(),
        summary.phase.as_ref().map(ToString::to_string).unwrap_or_default(),
        outcome(found),
        deciding.join(", "),
        summary.recorded_at.format("%Y-%m-%d %H:%M:%SZ").to_string(),
        plain(&summary.recorded_by),
    ]
}

/// The outcome, or in a few words what the entry says of others.
fn outcome(found: &FoundEntry) -> String {
    if let Some(outcome) = found.summary.outcome {
        return match found.summary.kind {
            EntryKind::Transcription => format!("{outcome} (asserted)"),
            _ if found.is_unsettled() => {
                format!("{}, unsettled", outcome_with(outcome, found.effective.as_ref()))
            }
            _ => outcome_with(outcome, found.effective.as_ref()),
        };
    }
    found.whole.as_ref().map(|whole| whole.entry.body.words()).unwrap_or_default()
}

/// An entry, for programs. Fields are only ever added.
#[derive(Serialize)]
struct EntryJson<'a> {
    number: u64,
    digest: String,
    kind: &'a str,
    phase: Option<&'a str>,
    outcome: Option<&'a str>,
    next: Option<&'a str>,
    deciding: &'a [RowId],
    recorded_at: String,
    recorded_by: &'a str,
    /// The outcome with the waivers that are valid; nothing without any.
    #[serde(skip_serializing_if = "Option::is_none")]
    effective: Option<&'a str>,
    /// Whether the outcome is decided and no earlier run contradicts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    settled: Option<bool>,
    /// The number of the entry that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<u64>,
}

impl<'a> EntryJson<'a> {
    fn of(found: &'a FoundEntry) -> Self {
        let summary = &found.summary;
        Self {
            number: summary.number,
            digest: found.digest.map(|digest| digest.to_string()).unwrap_or_default(),
            kind: summary.kind.as_str(),
            phase: summary.phase.as_ref().map(PhaseId::as_str),
            outcome: summary.outcome.map(Outcome::as_str),
            next: summary.next.as_ref().map(PhaseId::as_str),
            deciding: &summary.deciding,
            recorded_at: summary.recorded_at.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            recorded_by: &summary.recorded_by,
            effective: found.effective.as_ref().map(|effective| effective.outcome.as_str()),
            settled: summary.settled,
            of: found.whole.as_ref().and_then(|whole| whole.entry.body.of()).map(|of| of.number),
        }
    }
}

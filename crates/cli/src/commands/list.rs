//! `phasegate history list`: the entries, as far as they are asked for.

use phasegate_history::{Body, Kind, Outline, Recorded, Store};
use phasegate_model::{Finding, Outcome, PhaseId, RowId};
use phasegate_rules::condition::{Condition, Truth};
use phasegate_rules::{Effective, Source, parse_filter};
use serde::Serialize;

use crate::args::{Format, ListArgs};
use crate::diagnostics::report;
use crate::layout::plain;
use crate::lines::{Columns, Lines, Newest, Problems};
use crate::output::{Exit, say};
use crate::project::Trouble;
use crate::typical::typical_among;
use crate::waivers::{Waivers, outcome_with, today};

pub(crate) fn run(args: &ListArgs) -> anyhow::Result<Exit> {
    let condition = args.condition.as_deref().map(condition).transpose()?;
    let store = args.history.place.open()?;
    let mut search = Search {
        args,
        condition,
        waivers: Waivers::default(),
        store: &store,
        unknown: 0,
        all: 0,
        problems: Problems::default(),
    };
    let numbers = search.candidates()?;
    let mut shown = Shown::new(args.history.format);
    let mut newest = Newest::new(args.limit.map(std::num::NonZero::get));
    for recorded in store.entries_numbered(numbers)? {
        let Some(recorded) = search.problems.tell(recorded) else { continue };
        let Some(found) = search.look_at(recorded) else { continue };
        if let Some(found) = newest.take(found) {
            shown.show(&found)?;
        }
        if shown.lines.is_closed() {
            break;
        }
    }
    for found in newest.rest() {
        shown.show(&found)?;
    }
    let count = shown.count;
    shown.finish()?;
    if count == 0 && search.all == 0 && search.problems.count == 0 {
        say(&format!("no decisions are recorded in `{}`", args.history.place.location()?));
    } else if count == 0 && search.all > 0 {
        say("no entry matches");
    }
    if search.unknown > 0 {
        let (entries, have) =
            if search.unknown == 1 { ("entry", "has") } else { ("entries", "have") };
        say(&format!("{} {entries} {have} no reading for --where and can't match", search.unknown));
    }
    Ok(if search.problems.count == 0 { Exit::Done } else { Exit::Error })
}

/// The condition of `--where`; its problems are printed.
fn condition(text: &str) -> anyhow::Result<Condition> {
    parse_filter(text).map_err(|problems| {
        let source = Source { name: "--where".to_owned(), text: text.to_owned() };
        report(&Trouble { sources: vec![source], problems })
    })
}

/// What is looked for.
struct Search<'a> {
    args: &'a ListArgs,
    condition: Option<Condition>,
    waivers: Waivers,
    store: &'a Store,
    /// How many entries don't tell whether they match.
    unknown: usize,
    all: usize,
    problems: Problems,
}

/// An entry that was found.
struct Found {
    recorded: Recorded,
    effective: Option<Effective>,
}

impl Search<'_> {
    /// The numbers of the entries that may be asked for, by what can be told of them at a glance;
    /// the waivers are read on the way, because they come after what they are about. A number is
    /// all that is kept of an entry.
    fn candidates(&mut self) -> anyhow::Result<Vec<u64>> {
        let args = self.args;
        let (mut numbers, mut waived_only) = (Vec::new(), Vec::new());
        let mut all = 0;
        let waivers = self.store.entries_that(|outline| {
            all += 1;
            if is_asked_for(args, outline) {
                let as_recorded = args.outcome.is_none_or(|of| outline.outcome == Some(of));
                if as_recorded { &mut numbers } else { &mut waived_only }.push(outline.number);
            }
            outline.kind == Kind::Waiver
        })?;
        for waiver in waivers {
            if let Some(waiver) = self.problems.tell(waiver) {
                self.waivers.add(&waiver);
            }
        }
        self.all = all;
        // What isn't of that outcome may be with its waivers.
        waived_only.retain(|number| self.waivers.concern(*number));
        if !waived_only.is_empty() {
            numbers.append(&mut waived_only);
            numbers.sort_unstable();
        }
        if let Some(limit) = args.limit.filter(|_| self.glance_is_enough()) {
            numbers.drain(..numbers.len().saturating_sub(limit.get()));
        }
        Ok(numbers)
    }

    /// Whether every candidate is surely asked for.
    fn glance_is_enough(&self) -> bool {
        self.args.by.is_none() && self.condition.is_none() && self.args.outcome.is_none()
    }

    fn look_at(&mut self, recorded: Recorded) -> Option<Found> {
        if self.args.by.as_ref().is_some_and(|by| *by != recorded.entry.recorded_by) {
            return None;
        }
        let day = self.args.as_of.map_or_else(today, |day| day.0);
        let effective = self.waivers.effective(self.store, &recorded, day);
        let effective = self.problems.tell(effective).flatten();
        let found = Found { recorded, effective };
        (found.has_outcome(self.args.outcome) && self.holds(&found.recorded)).then_some(found)
    }

    /// Whether the condition is surely met. What isn't known is no match.
    fn holds(&mut self, recorded: &Recorded) -> bool {
        let Some(condition) = &self.condition else { return true };
        let readings = typical_among(self.store, &recorded.entry, &condition.metrics());
        let Some(Some(readings)) = self.problems.tell(readings) else { return false };
        match condition.holds(&readings) {
            Truth::True => true,
            Truth::False => false,
            Truth::Unknown(_) => {
                self.unknown += 1;
                false
            }
        }
    }
}

fn is_asked_for(args: &ListArgs, outline: &Outline<'_>) -> bool {
    let day = outline.recorded_at.date_naive();
    let phase =
        |phase: &PhaseId| outline.phase.is_some_and(|of| of.eq_ignore_ascii_case(phase.as_str()));
    args.phase.as_ref().is_none_or(phase)
        && args.kind.is_none_or(|kind| kind == outline.kind)
        && args.since.is_none_or(|since| since.0 <= day)
        && args.until.is_none_or(|until| day <= until.0)
}

impl Found {
    /// Whether this is its outcome, as recorded or with its waivers.
    fn has_outcome(&self, outcome: Option<Outcome>) -> bool {
        let Some(outcome) = outcome else { return true };
        self.recorded.entry.outcome() == Some(outcome)
            || self.effective.as_ref().is_some_and(|effective| effective.outcome == outcome)
    }
}

/// What was shown so far.
struct Shown {
    format: Format,
    lines: Lines,
    columns: Columns<7>,
    count: usize,
}

impl Shown {
    fn new(format: Format) -> Self {
        let header = ["entry", "kind", "phase", "outcome", "decided by", "recorded", "by"];
        Self { format, lines: Lines::to_stdout(), columns: Columns::new(header), count: 0 }
    }

    fn show(&mut self, found: &Found) -> anyhow::Result<()> {
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
            (Format::Json, 0) => self.lines.write("[]\n")?,
            (Format::Json, _) => self.lines.write("\n]\n")?,
            (Format::Text, _) => self.columns.finish(&mut self.lines)?,
        }
        self.lines.finish()
    }
}

fn row(found: &Found) -> [String; 7] {
    let entry = &found.recorded.entry;
    let deciding = entry.decision().map_or(&[][..], |record| &record.decision.deciding);
    let deciding: Vec<&str> = deciding.iter().map(RowId::as_str).collect();
    [
        entry.number.to_string(),
        entry.kind().to_string(),
        entry.phase().map(ToString::to_string).unwrap_or_default(),
        outcome(found),
        deciding.join(", "),
        entry.recorded_at.format("%Y-%m-%d %H:%M:%SZ").to_string(),
        plain(&entry.recorded_by),
    ]
}

/// The outcome, or in a few words what the entry says of others.
fn outcome(found: &Found) -> String {
    match &found.recorded.entry.body {
        Body::Decision(record) => outcome_with(record.decision.outcome, found.effective.as_ref()),
        Body::Transcription(record) => format!("{} (asserted)", record.transcription.outcome),
        Body::Waiver(record) => {
            let waiver = &record.waiver;
            format!("row {} of entry {} until {}", waiver.row, record.of.number, waiver.expires)
        }
        Body::Note(record) => format!("on entry {}", record.of.number),
        Body::Revisit(revisit) => {
            let due = revisit.obligations.iter().filter(|owed| owed.finding == Finding::Met);
            format!("{} of {} due", due.count(), revisit.obligations.len())
        }
    }
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
    /// The number of the entry that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<u64>,
}

impl<'a> EntryJson<'a> {
    fn of(found: &'a Found) -> Self {
        let Recorded { entry, digest, .. } = &found.recorded;
        let decision = entry.decision().map(|record| &record.decision);
        let transcription = entry.transcription().map(|record| &record.transcription);
        let next = decision.and_then(|decision| decision.next.as_ref());
        let next = next.or_else(|| transcription.and_then(|told| told.next.as_ref()));
        Self {
            number: entry.number,
            digest: digest.to_string(),
            kind: entry.kind().as_str(),
            phase: entry.phase().map(PhaseId::as_str),
            outcome: entry.outcome().map(Outcome::as_str),
            next: next.map(PhaseId::as_str),
            deciding: decision.map_or(&[], |decision| &decision.deciding),
            recorded_at: entry.recorded_at.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            recorded_by: &entry.recorded_by,
            effective: found.effective.as_ref().map(|effective| effective.outcome.as_str()),
            of: entry.body.of().map(|of| of.number),
        }
    }
}

/// The kind of that name.
pub(crate) fn kind(text: &str) -> Result<Kind, String> {
    Kind::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| {
        let names = Kind::ALL.map(Kind::as_str).join(", ");
        let near = phasegate_model::nearest(text, Kind::ALL.map(Kind::as_str));
        match near {
            Some(near) => format!("there is no kind `{text}`; did you mean `{near}`?"),
            None => format!("there is no kind `{text}`; use one of {names}"),
        }
    })
}

//! Which obligations are open, how far they are from falling due, and when they will.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use phasegate_model::{
    Addition, Change, Decimal, Decision, Finding, Metric, Obligation, PhaseId, Quantity, RowId,
    Summary,
};

use crate::phases::forecast::{Forecast, forecast};
use crate::site::context::{EntryLink, OwedLine};
use crate::site::material::{SiteEntry, SiteMatter};
use crate::text::figures::{count, distance, ends, quantity, text};

/// Obligations and what was read since, while a history is walked through.
#[derive(Debug, Default)]
pub(crate) struct Obligations {
    /// All that ever were left open, in the order of their entries.
    owed: Vec<RecordedObligation>,
    looks: Vec<EntryReadings>,
}

/// An obligation as it was left open.
#[derive(Debug)]
struct RecordedObligation {
    entry: u64,
    phase: PhaseId,
    obligation: Obligation,
    /// The one change that makes it due; nothing if it takes several, or a reading is missing.
    change: Option<Change>,
}

/// What an entry read.
#[derive(Debug)]
struct EntryReadings {
    entry: u64,
    at: DateTime<Utc>,
    figures: BTreeMap<Metric, Quantity>,
    /// Whom it asked and what it found of obligations, if it is a revisit.
    revisit: Option<Revisited>,
}

#[derive(Debug)]
struct Revisited {
    server: String,
    findings: Vec<(u64, RowId, Finding)>,
}

impl Obligations {
    /// Adds what an entry leaves open, and what it read.
    pub(crate) fn add(&mut self, entry: &SiteEntry<'_>) {
        let (number, at) = (entry.number, entry.recorded_at);
        match &entry.matter {
            SiteMatter::Decision(decision) => {
                let owed = decision.obligations.iter().map(|obligation| RecordedObligation {
                    entry: number,
                    phase: decision.phase.clone(),
                    obligation: obligation.clone(),
                    change: only_change(decision, &obligation.row),
                });
                self.owed.extend(owed);
                let figures = figures(decision);
                self.looks.push(EntryReadings { entry: number, at, figures, revisit: None });
            }
            SiteMatter::Transcription(transcription) => {
                let owed = transcription.obligations.iter().map(|obligation| RecordedObligation {
                    entry: number,
                    phase: transcription.phase.clone(),
                    obligation: obligation.clone(),
                    // A document tells no margin, so how far it is can't be told either.
                    change: None,
                });
                self.owed.extend(owed);
            }
            SiteMatter::Addition { addition: Addition::Revisit(revisit), .. } => {
                let figures = revisit.readings.iter().filter_map(|(metric, reading)| {
                    Some((metric, quantity(metric, reading.number()?.value())?))
                });
                let found = |owed: &phasegate_model::RevisitedObligation| {
                    (owed.entry, owed.row.clone(), owed.finding.clone())
                };
                let findings = revisit.obligations.iter().map(found).collect();
                self.looks.push(EntryReadings {
                    entry: number,
                    at: revisit.read_at.unwrap_or(at),
                    figures: figures.collect(),
                    revisit: Some(Revisited { server: revisit.server.clone(), findings }),
                });
            }
            SiteMatter::Addition { .. } => (),
        }
    }

    /// Those that are open, by their entries and rows, in the order in which they came.
    pub(crate) fn lines(
        &self,
        open: &BTreeSet<(u64, RowId)>,
        link: &dyn Fn(u64) -> EntryLink,
    ) -> Vec<OwedLine> {
        let is_open =
            |owed: &&RecordedObligation| open.contains(&(owed.entry, owed.obligation.row.clone()));
        self.owed.iter().filter(is_open).map(|owed| self.line(owed, link)).collect()
    }

    fn line(&self, owed: &RecordedObligation, link: &dyn Fn(u64) -> EntryLink) -> OwedLine {
        let RecordedObligation { entry, phase, obligation, change } = owed;
        let newest = change.as_ref().and_then(|then| {
            let (number, figure) = self.newest(*entry, then.metric)?;
            Some((number, then, moved(then, figure)?))
        });
        let placed = newest.as_ref().map(|(number, then, now)| (*number, place(then, now)));
        OwedLine {
            entry: link(*entry),
            phase: phase.to_string(),
            row: obligation.row.to_string(),
            action: text(obligation.action.as_str()),
            condition: text(&obligation.condition),
            state: self.state(owed, placed).to_owned(),
            distance: newest.as_ref().map(|(_, then, now)| to_go(then, now)),
            seen: newest.as_ref().map(|(number, _, _)| link(*number)),
            forecast: change.as_ref().and_then(|change| self.forecast(*entry, change)),
        }
    }

    /// From what revisits read since, as they are made to look at just this; of the server that the
    /// newest of them asked.
    fn forecast(&self, entry: u64, change: &Change) -> Option<String> {
        let asked = |look: &EntryReadings| Some(look.revisit.as_ref()?.server.clone());
        let newest = self.since(entry).filter_map(asked).last()?;
        let sample = |look: &EntryReadings| {
            // Readings of another server would show as growth that never was.
            let is_of_it = look.revisit.as_ref().is_some_and(|asked| asked.server == newest);
            let figure = look.figures.get(&change.metric).filter(|_| is_of_it)?;
            Some((look.at, figure.amount()))
        };
        let samples: Vec<(DateTime<Utc>, Decimal)> = self.since(entry).filter_map(sample).collect();
        let looks = count(samples.len(), "revisit", "revisits");
        let day = |time: DateTime<Utc>| time.date_naive();
        Some(match forecast(&samples, change.to.amount()) {
            Forecast::TooFewReadings => return None,
            Forecast::Reached => format!("by {looks}, now"),
            Forecast::At(time) => format!("by {looks}, about {}", day(time)),
            Forecast::NotBefore(time) => format!("by {looks}, not before {}", day(time)),
            Forecast::Never => format!("by {looks} it doesn't get nearer"),
        })
    }

    /// By the newest revisit that looked at it, or a still newer reading at or beyond its limit;
    /// before there is either, a deferred row isn't due.
    fn state(&self, owed: &RecordedObligation, newest: Option<(u64, Ordering)>) -> &'static str {
        let found = |look: &EntryReadings| {
            let about = |(entry, row, _): &&(u64, RowId, Finding)| {
                *entry == owed.entry && *row == owed.obligation.row
            };
            let (_, _, finding) = look.revisit.as_ref()?.findings.iter().find(about)?;
            Some((look.entry, finding.clone()))
        };
        let revisit = self.since(owed.entry).filter_map(found).last();
        let judged = revisit.as_ref().map_or(owed.entry, |(revisit, _)| *revisit);
        let newer = |(number, _): &(u64, Ordering)| *number > judged;
        match (newest.filter(newer), &revisit) {
            (Some((_, Ordering::Greater)), _) | (_, Some((_, Finding::Met))) => "due",
            // Whether the limit itself counts, the condition alone knows.
            (Some((_, Ordering::Equal)), _) | (_, Some((_, Finding::Undecided(_)))) => "unknown",
            _ => "not due",
        }
    }

    fn newest(&self, entry: u64, metric: Metric) -> Option<(u64, Quantity)> {
        let read =
            self.since(entry).filter_map(|look| Some((look.entry, *look.figures.get(&metric)?)));
        read.last()
    }

    /// From the entry on that left it open.
    fn since(&self, entry: u64) -> impl Iterator<Item = &EntryReadings> {
        self.looks.iter().filter(move |look| look.entry >= entry)
    }
}

fn only_change(decision: &Decision, row: &RowId) -> Option<Change> {
    match decision.row(row)?.margin.as_ref()?.changes.as_slice() {
        [only] => Some(only.clone()),
        _ => None,
    }
}

/// The medians of a decision.
fn figures(decision: &Decision) -> BTreeMap<Metric, Quantity> {
    let readings = decision.rows.iter().flat_map(|row| &row.readings);
    let medians = readings.filter_map(|reading| match &reading.summary {
        Summary::Number { median, .. } => Some((reading.metric, *median)),
        Summary::Text { .. } | Summary::Missing { .. } => None,
    });
    medians.collect()
}

/// The change that is left, from another reading. Nothing if the two don't compare.
fn moved(change: &Change, from: Quantity) -> Option<Change> {
    if !from.fits(change.to.dimension()) {
        return None;
    }
    let absolute = change.to.amount().checked_sub(from.amount())?.abs();
    let relative = absolute.checked_div(change.to.amount().abs()).map(Quantity::percent);
    let absolute = Quantity::from_amount(change.to.dimension(), absolute);
    Some(Change { metric: change.metric, from, to: change.to, absolute, relative })
}

/// Where a reading is: less than the limit, at it, or beyond it. `then` is the change as it was
/// when the row deferred, which tells the direction.
fn place(then: &Change, now: &Change) -> Ordering {
    let place = now.from.amount().cmp(&now.to.amount());
    if grows(then) { place } else { place.reverse() }
}

fn grows(then: &Change) -> bool {
    then.from.amount() <= then.to.amount()
}

/// `memory.dataset has to grow by 48.2 MB (96.4 %), from 1.80 MB to 50.0 MB`.
fn to_go(then: &Change, now: &Change) -> String {
    let (from, to) = ends(now);
    let metric = now.metric;
    match place(then, now) {
        Ordering::Less => {
            let direction = if grows(then) { "grow" } else { "fall" };
            format!("{metric} has to {direction} by {}, from {from} to {to}", distance(now))
        }
        Ordering::Equal | Ordering::Greater => format!("{metric} is {from}; the limit is {to}"),
    }
}

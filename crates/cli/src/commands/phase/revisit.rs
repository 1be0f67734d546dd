//! `phasegate revisit`: which of the open obligations are due by now.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use phasegate_history::{Recorded, Store};
use phasegate_model::{
    Addition, Domain, FactName, FactUsed, Finding, Margin, Metric, MetricSummary, Quantity, Reason,
    Revisit, RevisitedObligation, Summary, Verdict,
};
use phasegate_report::{FORESIGHT, Forecast};
use serde::Serialize;

use crate::args::{AssertedFact, Format, RevisitArgs, Verbosity};
use crate::commands::history::additions::append;
use crate::measuring::later_look::{JudgedObligation, LaterReading, readings_of};
use crate::output::layout::{Layout, plain};
use crate::output::listing::{Columns, OutputLines, Problems};
use crate::output::streams::{Exit, print, print_json, say};
use crate::output::table::{distance, human};
use crate::recorded::history_place::nothing_recorded;
use crate::recorded::open_obligations::{EarlierReading, ObligationsAndReadings};

pub(crate) fn run(args: &RevisitArgs, verbosity: Verbosity) -> anyhow::Result<Exit> {
    let store = args.history.place.open_present()?;
    let mut problems = Problems::default();
    let ledger = ObligationsAndReadings::read(&store, &mut problems)?;
    // Nothing owed is nothing to ask.
    let look = if ledger.count() == 0 { None } else { Some(LaterReading::take(args, verbosity)?) };
    if look.is_none() && verbosity > Verbosity::Quiet && store.head()?.is_none() {
        say(&nothing_recorded(&args.history.place.location()?));
    }
    let judged = match &look {
        Some(look) => look.judge(&ledger, args, verbosity)?,
        None => Vec::new(),
    };
    let asserted = asserted(args, &judged)?;
    let told = RevisitAnswer {
        look: look.as_ref(),
        judged: &judged,
        counts: ObligationCounts::of(&judged),
    };
    let recorded = match &look {
        // A look at part of a history would leave out what is owed in the rest.
        Some(look) if args.record && problems.count == 0 => {
            Some(record(&store, look, &judged, asserted)?)
        }
        _ => None,
    };
    if args.record && problems.count > 0 {
        say(
            "nothing is recorded, because the history has problems; run `phasegate history verify`",
        );
    }
    match args.history.format {
        Format::Json => print_json(&told.json(recorded.as_ref()))?,
        Format::Text if verbosity == Verbosity::Quiet => print(&told.summary(recorded.as_ref()))?,
        Format::Text => told.print(recorded.as_ref())?,
    }
    Ok(match told.counts {
        // What can't be read may owe something, so no other status may hide it.
        _ if problems.count > 0 => Exit::Error,
        _ if !args.exit_code => Exit::Done,
        // What is due is due, whatever else isn't known.
        ObligationCounts { due: 1.., .. } => Exit::GateOpen,
        ObligationCounts { unknown: 1.., .. } => Exit::Undecided,
        _ => Exit::Done,
    })
}

/// The facts that are asserted anew. Each must be one that an open obligation names: a slip in the
/// name would change nothing, and nobody would notice.
fn asserted(args: &RevisitArgs, judged: &[JudgedObligation<'_>]) -> anyhow::Result<Vec<FactUsed>> {
    let used = |name: &FactName| {
        judged.iter().flat_map(|judged| &judged.verdict.facts).find(|fact| fact.name == *name)
    };
    let facts = args.facts.facts.iter().map(|AssertedFact { name, .. }| {
        let used = used(name).cloned();
        used.ok_or_else(|| anyhow::anyhow!("no open obligation names {name}"))
    });
    facts.collect()
}

fn record(
    store: &Store,
    look: &LaterReading,
    judged: &[JudgedObligation<'_>],
    facts: Vec<FactUsed>,
) -> anyhow::Result<Recorded> {
    let found = |judged: &JudgedObligation<'_>| RevisitedObligation {
        entry: judged.open.entry,
        row: judged.open.obligation.row.clone(),
        finding: judged.verdict.finding.clone(),
    };
    let revisit = Addition::Revisit(Revisit {
        server: look.server.clone(),
        read_at: look.read_at(),
        readings: readings_of(judged),
        facts,
        obligations: judged.iter().map(found).collect(),
    });
    append(store, None, revisit)
}

/// How many obligations there are of each kind.
#[derive(Clone, Copy, Default, Serialize)]
struct ObligationCounts {
    open: usize,
    due: usize,
    not_due: usize,
    unknown: usize,
}

impl ObligationCounts {
    fn of(judged: &[JudgedObligation<'_>]) -> Self {
        let count = |word: &str| judged.iter().filter(|of| status(&of.verdict) == word).count();
        Self {
            open: judged.len(),
            due: count("due"),
            not_due: count("not due"),
            unknown: count("unknown"),
        }
    }
}

const fn status(verdict: &Verdict) -> &'static str {
    match verdict.finding {
        Finding::Met => "due",
        Finding::NotMet => "not due",
        Finding::NotApplicable | Finding::Undecided(_) => "unknown",
    }
}

const fn reason(verdict: &Verdict) -> Option<&Reason> {
    match &verdict.finding {
        Finding::Undecided(reason) => Some(reason),
        _ => None,
    }
}

/// All that is told.
struct RevisitAnswer<'a> {
    look: Option<&'a LaterReading>,
    judged: &'a [JudgedObligation<'a>],
    counts: ObligationCounts,
}

impl RevisitAnswer<'_> {
    fn print(&self, recorded: Option<&Recorded>) -> anyhow::Result<()> {
        let mut lines = OutputLines::to_stdout();
        let mut columns = Columns::new(
            ["entry", "phase", "row", "owed", "when", "now", "status", "how far", "forecast"],
            Layout::of_stdout(),
        );
        for judged in self.judged {
            columns.row(row(judged), &mut lines)?;
        }
        columns.finish(&mut lines)?;
        for judged in self.judged {
            for note in notes(judged) {
                let (entry, row) = (judged.open.entry, &judged.open.obligation.row);
                lines.write(&format!("entry {entry}, {row}: {}\n", plain(&note)))?;
            }
        }
        lines.write(&self.summary(recorded))?;
        lines.finish()
    }

    /// One line, the last.
    fn summary(&self, recorded: Option<&Recorded>) -> String {
        let Some(look) = self.look else { return "nothing is owed\n".to_owned() };
        let ObligationCounts { open, due, not_due, unknown } = self.counts;
        let recorded = recorded.map(|it| format!("; recorded as entry {}", it.entry.number));
        format!(
            "{open} open: {due} due, {not_due} not due, {unknown} unknown, by {} at {}{}\n",
            plain(&look.server),
            time(look.at),
            recorded.unwrap_or_default()
        )
    }

    fn json(&self, recorded: Option<&Recorded>) -> RevisitJson<'_> {
        RevisitJson {
            server: self.look.map(|look| look.server.as_str()),
            at: self.look.map(|look| time(look.at)),
            counts: self.counts,
            obligations: self.judged.iter().map(ObligationJson::of).collect(),
            entry: recorded.map(|recorded| recorded.entry.number),
            head: recorded.map(|recorded| recorded.head().to_string()),
        }
    }
}

fn row(judged: &JudgedObligation<'_>) -> [String; 9] {
    let (open, verdict) = (judged.open, &judged.verdict);
    [
        open.entry.to_string(),
        plain(open.phase.as_str()),
        open.obligation.row.to_string(),
        plain(open.obligation.action.as_str()),
        plain(&open.obligation.condition),
        plain(&now_in_words(&verdict.readings)),
        status(verdict).to_owned(),
        verdict.margin.as_ref().map(far).unwrap_or_default(),
        judged.forecast.map(forecast_in_words).unwrap_or_default(),
    ]
}

fn now_in_words(readings: &[MetricSummary]) -> String {
    let one = |of: &MetricSummary| {
        let value = match &of.summary {
            Summary::Number { median, .. } => human(of.metric, median),
            Summary::Text { values, .. } => values.join(", "),
            Summary::Missing { .. } => "no reading".to_owned(),
        };
        if readings.len() == 1 { value } else { format!("{}: {value}", of.metric) }
    };
    readings.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn far(margin: &Margin) -> String {
    let one = |change| match margin.changes.len() {
        1 => distance(change),
        _ => format!("{}: {}", change.metric, distance(change)),
    };
    margin.changes.iter().map(one).collect::<Vec<_>>().join(" and ")
}

fn forecast_in_words(forecast: Forecast) -> String {
    match forecast {
        Forecast::At(at) => format!("about {}", at.format("%Y-%m-%d")),
        Forecast::NotBefore(at) => format!("not before {}", at.format("%Y-%m-%d")),
        Forecast::Never => "never, as it moves".to_owned(),
        Forecast::Reached => "at the limit".to_owned(),
        Forecast::TooFewReadings => String::new(),
    }
}

/// What doesn't fit a table: why something isn't known, what it rests on, where a forecast is from.
fn notes(judged: &JudgedObligation<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(reason(&judged.verdict).map(|reason| format!("unknown: {reason}")));
    for fact in &judged.verdict.facts {
        let (name, value) = (&fact.name, &fact.value);
        notes.push(format!("{name} is {value}, says {} on {}", fact.author, fact.date));
    }
    match judged.forecast {
        Some(Forecast::NotBefore(_)) => notes.push(format!(
            "the forecast ends at {FORESIGHT} times as long as was observed; it isn't due before"
        )),
        Some(Forecast::TooFewReadings) => notes.push(
            "no forecast: it takes readings of this server at two times; record them with --record"
                .to_owned(),
        ),
        Some(Forecast::At(_) | Forecast::Never | Forecast::Reached) => {
            notes.push(format!("the forecast is from {} readings of this server", judged.counted));
        }
        None => (),
    }
    notes.extend(elsewhere(&judged.elsewhere));
    notes
}

/// The newest of the readings of each other server.
fn elsewhere(readings: &[&EarlierReading]) -> Vec<String> {
    let mut newest: BTreeMap<(&str, Metric), &EarlierReading> = BTreeMap::new();
    for earlier in readings {
        let kept = newest.entry((&earlier.server, earlier.metric)).or_insert(earlier);
        if kept.at <= earlier.at {
            *kept = earlier;
        }
    }
    let tell = |earlier: &EarlierReading| {
        let EarlierReading { entry, at, server, metric, .. } = earlier;
        let (amount, day) = (amount(earlier), at.format("%Y-%m-%d"));
        format!("not in the forecast: {metric} was {amount} on {day}, {server} (entry {entry})")
    };
    newest.into_values().map(tell).collect()
}

fn amount(earlier: &EarlierReading) -> String {
    match earlier.metric.domain() {
        Domain::Number(dimension) => {
            human(earlier.metric, &Quantity::from_amount(dimension, earlier.value))
        }
        _ => earlier.value.to_string(),
    }
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The same, for programs. Fields are only ever added.
#[derive(Serialize)]
struct RevisitJson<'a> {
    server: Option<&'a str>,
    at: Option<String>,
    #[serde(flatten)]
    counts: ObligationCounts,
    obligations: Vec<ObligationJson<'a>>,
    /// The entry that it was recorded as.
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<String>,
}

#[derive(Serialize)]
struct ObligationJson<'a> {
    entry: u64,
    phase: &'a phasegate_model::PhaseId,
    row: &'a phasegate_model::RowId,
    action: &'a phasegate_model::Action,
    condition: &'a str,
    /// `due`, `not due` or `unknown`.
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    readings: &'a [MetricSummary],
    margin: Option<&'a Margin>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    facts: &'a [phasegate_model::FactUsed],
    /// Of what isn't due.
    #[serde(skip_serializing_if = "Option::is_none")]
    forecast: Option<ForecastJson>,
}

/// `at` a time, `not before` a time, `never`, `reached`, or `too few readings`.
#[derive(Serialize)]
struct ForecastJson {
    due: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    /// How many readings it is from, this one included.
    readings: usize,
}

impl<'a> ObligationJson<'a> {
    fn of(judged: &'a JudgedObligation<'a>) -> Self {
        let (open, verdict) = (judged.open, &judged.verdict);
        Self {
            entry: open.entry,
            phase: &open.phase,
            row: &open.obligation.row,
            action: &open.obligation.action,
            condition: &open.obligation.condition,
            status: status(verdict),
            reason: reason(verdict).map(ToString::to_string),
            readings: &verdict.readings,
            margin: verdict.margin.as_ref(),
            facts: &verdict.facts,
            forecast: judged.forecast.map(|forecast| {
                let (due, at) = match forecast {
                    Forecast::At(at) => ("at", Some(at)),
                    Forecast::NotBefore(at) => ("not before", Some(at)),
                    Forecast::Never => ("never", None),
                    Forecast::Reached => ("reached", None),
                    Forecast::TooFewReadings => ("too few readings", None),
                };
                ForecastJson { due, time: at.map(time), readings: judged.counted }
            }),
        }
    }
}

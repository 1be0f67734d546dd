//! `phasegate history diff`: what two recorded phases have in common, and what not.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_history::{DecisionRecord, Digest, Entry, ObjectKind, Recorded, Store};
use phasegate_model::{
    Decision, Domain, Environment, Metric, Outcome, Quantity, Reading, Readings, RowId,
};
use serde::Serialize;
use similar::TextDiff;

use crate::args::{DiffArgs, Format};
use crate::output::layout::plain;
use crate::output::streams::{Exit, print, print_json};
use crate::output::table::human;
use crate::recorded::decision::{RecordedDecision, text};
use crate::recorded::typical::{typical, typical_of};

pub(crate) fn run(args: &DiffArgs) -> anyhow::Result<Exit> {
    let store = args.history.place.open()?;
    let (one, other) = (store.entry(args.one)?, store.entry(args.other)?);
    let difference = EntryDifference::of(
        ComparedEntry::read(&store, &one)?,
        ComparedEntry::read(&store, &other)?,
    );
    match args.history.format {
        Format::Json => print_json(&difference)?,
        Format::Text => print(&difference.text())?,
    }
    Ok(Exit::Done)
}

/// All that is compared of an entry.
struct ComparedEntry {
    number: u64,
    phase: String,
    outcome: Outcome,
    readings: Readings,
    /// The rows' findings and actions.
    rows: BTreeMap<RowId, String>,
    /// Matrix, bases and plan as text, with their names.
    texts: Vec<(String, String)>,
    /// Nothing for a transcription, which has none.
    environment: Option<Environment>,
}

impl ComparedEntry {
    fn read(store: &Store, recorded: &Recorded) -> anyhow::Result<Self> {
        let entry = &recorded.entry;
        let (Some(phase), Some(outcome)) = (entry.phase(), entry.outcome()) else {
            anyhow::bail!(
                "entry {} is a {}; only decisions and transcriptions can be compared",
                entry.number,
                entry.kind()
            );
        };
        let mut side = Self {
            number: entry.number,
            phase: phase.to_string(),
            outcome,
            readings: Readings::default(),
            rows: BTreeMap::new(),
            texts: Vec::new(),
            environment: None,
        };
        match entry.decision() {
            Some(record) => side.read_decision(store, record)?,
            None => side.read_transcription(store, entry)?,
        }
        Ok(side)
    }

    fn read_decision(&mut self, store: &Store, record: &DecisionRecord) -> anyhow::Result<()> {
        let evidence = RecordedDecision::new(store, record).evidence()?;
        self.environment = Some(evidence.environment.clone());
        self.readings = typical(&record.decision, evidence);
        self.rows = rows(&record.decision);
        let object = |digest: &Digest, kind| text(store.object(digest, kind)?, kind);
        self.texts.push(("matrix".to_owned(), object(&record.matrix, ObjectKind::Matrix)?));
        for (at, base) in record.bases.iter().enumerate() {
            self.texts.push((format!("base {}", at + 1), object(base, ObjectKind::Base)?));
        }
        self.texts.push(("plan".to_owned(), object(&record.plan, ObjectKind::Plan)?));
        Ok(())
    }

    fn read_transcription(&mut self, store: &Store, entry: &Entry) -> anyhow::Result<()> {
        self.readings = typical_of(store, entry)?.unwrap_or_default();
        if let Some(record) = entry.transcription() {
            let rows = record.transcription.rows.iter();
            self.rows =
                rows.map(|row| (row.id.clone(), format!("asserted ({})", row.action))).collect();
        }
        Ok(())
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.texts.iter().find(|(of, _)| of == name).map(|(_, text)| text.as_str())
    }
}

/// `not met (skip)` for each row.
fn rows(decision: &Decision) -> BTreeMap<RowId, String> {
    let said = |row: &phasegate_model::RowDecision| match &row.action {
        Some(action) => format!("{} ({action})", row.finding),
        None => row.finding.to_string(),
    };
    decision.rows.iter().map(|row| (row.id.clone(), said(row))).collect()
}

/// What differs. Fields are only ever added.
#[derive(Serialize)]
struct EntryDifference {
    one: EntryHeading,
    other: EntryHeading,
    /// The rows that came out differently, or that only one has.
    rows: Vec<FieldChange>,
    readings: Vec<ReadingChange>,
    environment: Vec<FieldChange>,
    /// Why environments weren't compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    environment_unknown: Option<&'static str>,
    /// Matrix, bases and plan that differ, as unified diffs.
    texts: BTreeMap<String, String>,
    /// Those that are the same, byte for byte.
    same: Vec<String>,
}

#[derive(Serialize)]
struct EntryHeading {
    entry: u64,
    phase: String,
    outcome: Outcome,
}

#[derive(Serialize)]
struct FieldChange {
    name: String,
    one: Option<String>,
    other: Option<String>,
}

#[derive(Serialize)]
struct ReadingChange {
    metric: Metric,
    one: Option<String>,
    other: Option<String>,
    /// In percent of the first, where both are numbers and neither is below zero.
    change: Option<Quantity>,
}

impl EntryDifference {
    fn of(one: ComparedEntry, other: ComparedEntry) -> Self {
        let (mut texts, mut same) = (BTreeMap::new(), Vec::new());
        let names: BTreeSet<&String> =
            one.texts.iter().chain(&other.texts).map(|(name, _)| name).collect();
        for name in names {
            match (one.text(name), other.text(name)) {
                (Some(this), Some(that)) if this == that => same.push(name.clone()),
                (this, that) => {
                    let label = |side: &ComparedEntry| format!("entry {} {name}", side.number);
                    let (this, that) = (this.unwrap_or_default(), that.unwrap_or_default());
                    let unified = TextDiff::from_lines(this, that)
                        .unified_diff()
                        .header(&label(&one), &label(&other))
                        .to_string();
                    texts.insert(name.clone(), unified);
                }
            }
        }
        let (environment, environment_unknown) = match (&one.environment, &other.environment) {
            (Some(this), Some(that)) => (changes(&this.0, &that.0), None),
            _ => (Vec::new(), Some("a transcription has no environment")),
        };
        Self {
            rows: changes(&one.rows, &other.rows),
            readings: readings(&one.readings, &other.readings),
            environment,
            environment_unknown,
            texts,
            same,
            one: EntryHeading { entry: one.number, phase: one.phase, outcome: one.outcome },
            other: EntryHeading { entry: other.number, phase: other.phase, outcome: other.outcome },
        }
    }

    fn text(&self) -> String {
        let (one, other) = (&self.one, &self.other);
        let name = |head: &EntryHeading| {
            format!("entry {} (phase {}, {})", head.entry, head.phase, head.outcome)
        };
        let mut out = format!("{} and {}\n", name(one), name(other));
        let mut line = |text: String| {
            out.push_str(&text);
            out.push('\n');
        };
        let verdict =
            if one.outcome == other.outcome { "the same outcome" } else { "another outcome" };
        line(format!("\noutcome  {verdict}: {} and {}", one.outcome, other.outcome));
        section(&mut line, "rows that came out differently", &self.rows);
        if !self.readings.is_empty() {
            line("\nreadings".to_owned());
        }
        let width = self.readings.iter().map(|r| r.metric.to_string().len()).max().unwrap_or(0);
        for reading in &self.readings {
            let change = reading.change.map(|change| format!(" ({})", signed(change)));
            line(format!(
                "  {:width$}  {} → {}{}",
                reading.metric.to_string(),
                reading.one.as_deref().unwrap_or("no reading"),
                reading.other.as_deref().unwrap_or("no reading"),
                change.unwrap_or_default()
            ));
        }
        match self.environment_unknown {
            Some(why) => line(format!("\nenvironment  not compared: {why}")),
            None => section(&mut line, "environment", &self.environment),
        }
        for name in &self.same {
            line(format!("\n{name}  the same, byte for byte"));
        }
        for (name, unified) in &self.texts {
            line(format!("\n{name}\n{}", unified.trim_end()));
        }
        out
    }
}

fn section(line: &mut impl FnMut(String), title: &str, changes: &[FieldChange]) {
    if changes.is_empty() {
        line(format!("\n{title}  none"));
        return;
    }
    line(format!("\n{title}"));
    let width = changes.iter().map(|change| change.name.chars().count()).max().unwrap_or(0);
    for FieldChange { name, one, other } in changes {
        let side = |text: &Option<String>| text.as_deref().map_or("not there".to_owned(), plain);
        line(format!("  {name:width$}  {} → {}", side(one), side(other)));
    }
}

/// What differs between two maps.
fn changes<K: Ord + ToString>(
    one: &BTreeMap<K, String>,
    other: &BTreeMap<K, String>,
) -> Vec<FieldChange> {
    let keys: BTreeSet<&K> = one.keys().chain(other.keys()).collect();
    keys.into_iter()
        .filter(|key| one.get(key) != other.get(key))
        .map(|key| FieldChange {
            name: key.to_string(),
            one: one.get(key).cloned(),
            other: other.get(key).cloned(),
        })
        .collect()
}

/// Every reading that either has, side by side.
fn readings(one: &Readings, other: &Readings) -> Vec<ReadingChange> {
    let metrics: BTreeSet<Metric> =
        one.iter().chain(other.iter()).map(|(metric, _)| metric).collect();
    let mut changes = Vec::new();
    for metric in metrics {
        let (this, that) = (shown(metric, one), shown(metric, other));
        if this.is_some() || that.is_some() {
            let change = change(metric, one, other);
            changes.push(ReadingChange { metric, one: this, other: that, change });
        }
    }
    changes
}

fn shown(metric: Metric, readings: &Readings) -> Option<String> {
    match readings.get(metric)? {
        Reading::Number(measured) => {
            let Domain::Number(dimension) = metric.domain() else { return None };
            Some(human(metric, &Quantity::from_amount(dimension, measured.value())))
        }
        Reading::Text(text) => Some(plain(text)),
        Reading::Version(version) => Some(version.to_string()),
        Reading::Missing(_) => None,
    }
}

fn change(metric: Metric, one: &Readings, other: &Readings) -> Option<Quantity> {
    let amount = |readings: &Readings| Some(readings.get(metric)?.number()?.value());
    let (this, that) = (amount(one)?, amount(other)?);
    // Percents of what is below zero have the wrong sign, and an improvement may be.
    if this.is_sign_negative() || that.is_sign_negative() {
        return None;
    }
    let share = that.checked_sub(this)?.checked_div(this)?;
    Some(Quantity::percent(share.round_dp(6)))
}

/// `+8.3 %`
fn signed(change: Quantity) -> String {
    if change.amount().is_zero() {
        return "the same".to_owned();
    }
    let percent = change.amount() * phasegate_model::Decimal::ONE_HUNDRED;
    format!("{:+.1} %", percent.round_dp(1))
}

#[cfg(test)]
mod tests {
    use phasegate_model::Reading;

    use super::*;

    #[test]
    fn only_what_is_not_below_zero_has_a_percentage() {
        let metric: Metric = "improvement.rtt.p99".parse().unwrap();
        let with = |value: &str| {
            let mut readings = Readings::default();
            readings.insert(metric, Reading::parse(metric, value).unwrap()).unwrap();
            readings
        };
        let told = |one: &str, other: &str| change(metric, &with(one), &with(other)).map(signed);
        assert_eq!(told("10%", "15%").as_deref(), Some("+50.0 %"));
        assert_eq!(told("-40%", "10%"), None);
        assert_eq!(told("10%", "-40%"), None);
        assert_eq!(told("0%", "10%"), None);
    }
}

//! `phasegate metrics`: what conditions can name, without a look into the documentation.

use phasegate_model::{Kind, Metric, MetricRow, SubjectKind};
use serde::Serialize;

use crate::args::{Format, MetricsArgs};
use crate::output::streams::{Exit, print, print_json};
use crate::output::table::new_table;

pub(crate) fn run(args: &MetricsArgs) -> anyhow::Result<Exit> {
    match (args.format, args.name) {
        (Format::Json, Some(metric)) => print_json(&MetricJson::of(metric.described()))?,
        (Format::Json, None) => {
            print_json(&Metric::catalogue().map(MetricJson::of).collect::<Vec<_>>())?;
        }
        (Format::Text, Some(metric)) => print(&details(&metric.described()))?,
        (Format::Text, None) => {
            let mut table = new_table();
            table.set_header(["metric", "short", "unit", "kind", "better", "of", "meaning"]);
            for row in Metric::catalogue() {
                let MetricJson { name, aliases, unit, kind, better, subject, meaning } =
                    MetricJson::of(row);
                let told = [unit, kind, better, subject].map(str::to_owned);
                let [unit, kind, better, subject] = told;
                table.add_row([name, aliases.join(", "), unit, kind, better, subject, meaning]);
            }
            print(&format!("{}\n", table.trim_fmt()))?;
        }
    }
    Ok(Exit::Done)
}

/// What the catalogue says of a metric.
#[derive(Serialize)]
struct MetricJson {
    name: String,
    aliases: Vec<String>,
    unit: &'static str,
    kind: &'static str,
    better: &'static str,
    /// Which subjects have it.
    subject: &'static str,
    meaning: String,
}

impl MetricJson {
    fn of(row: MetricRow) -> Self {
        let MetricRow { name, aliases, unit, kind, better, meaning, subject, .. } = row;
        let (kind, better, subject) = (kind.as_str(), better.as_str(), key(subject));
        Self { name, aliases, unit, kind, better, subject, meaning }
    }
}

/// The subject's name in a plan.
const fn key(subject: SubjectKind) -> &'static str {
    match subject {
        SubjectKind::Redis => "redis",
        SubjectKind::Command => "command",
    }
}

fn details(row: &MetricRow) -> String {
    let decided = match row.kind {
        Kind::Sampled => "sampled: measured anew in each trial, decided by votes",
        Kind::Observed => "observed: told by the subject, decided when all trials agree",
    };
    let aliases = if row.aliases.is_empty() { "none".to_owned() } else { row.aliases.join(", ") };
    let lines = [
        ("metric", &*row.name),
        ("short", &aliases),
        ("unit", row.unit),
        ("values", row.metric.domain().describe()),
        ("kind", decided),
        ("better", row.better.as_str()),
        ("of", key(row.subject)),
        ("meaning", &row.meaning),
    ];
    lines.map(|(name, value)| format!("{name:<9}{value}\n")).concat()
}

//! `phasegate metrics`: what conditions can name, without a look into the documentation.

use phasegate_model::{Better, Dimension, Domain, Headroom, Kind, Metric};
use serde::Serialize;

use crate::args::{Format, MetricsArgs};
use crate::output::streams::{Exit, print, print_json};
use crate::output::table::new_table;

pub(crate) fn run(args: &MetricsArgs) -> anyhow::Result<Exit> {
    let described: Vec<Described> = match args.name {
        Some(metric) => vec![Described::of(metric)],
        None => Metric::all().map(Described::of).collect(),
    };
    match (args.format, args.name, described.first()) {
        (Format::Json, Some(_), Some(one)) => print_json(one)?,
        (Format::Json, ..) => print_json(&described)?,
        (Format::Text, Some(metric), Some(one)) => print(&one.details(metric))?,
        (Format::Text, ..) => {
            let mut table = new_table();
            table.set_header(["metric", "aliases", "unit", "kind", "better", "subject", "meaning"]);
            for one in &described {
                let aliases = one.aliases.join(", ");
                let cells = [&*one.name, &aliases, one.unit, one.kind, one.better, one.subject];
                table.add_row(cells.into_iter().chain([&*one.meaning]));
            }
            print(&format!("{table}\n"))?;
        }
    }
    Ok(Exit::Done)
}

/// What the catalogue says of a metric.
#[derive(Serialize)]
struct Described {
    name: String,
    aliases: Vec<&'static str>,
    unit: &'static str,
    kind: &'static str,
    better: &'static str,
    /// Which subjects have it: `any`, or `redis` alone.
    subject: &'static str,
    meaning: String,
}

impl Described {
    fn of(metric: Metric) -> Self {
        let aliases = Metric::aliases().filter(|(_, of)| *of == metric);
        let of_redis = matches!(
            metric,
            Metric::Server(_)
                | Metric::Memory(_)
                | Metric::PreviousMemory(_)
                | Metric::Headroom(Headroom::Exec)
        );
        Self {
            name: metric.to_string(),
            aliases: aliases.map(|(alias, _)| alias).collect(),
            unit: match metric.domain() {
                Domain::Number(Dimension::Time) => "time",
                Domain::Number(Dimension::Bytes) => "bytes",
                Domain::Number(Dimension::Ratio) => "ratio",
                Domain::Number(_) if metric.to_string().ends_with("throughput") => "rate",
                Domain::Number(_) => "count",
                Domain::Text => "text",
                Domain::Version => "version",
            },
            kind: match metric.kind() {
                Kind::Sampled => "sampled",
                Kind::Observed => "observed",
            },
            better: match metric.better() {
                Better::Lower => "lower",
                Better::Higher => "higher",
                Better::Neither => "neither",
            },
            subject: if of_redis { "redis" } else { "any" },
            meaning: meaning(metric),
        }
    }

    fn details(&self, metric: Metric) -> String {
        let decided = match metric.kind() {
            Kind::Sampled => "measured anew in each trial, and decided by votes",
            Kind::Observed => "told by the server or an earlier phase, and decided when all agree",
        };
        let aliases =
            if self.aliases.is_empty() { "none".to_owned() } else { self.aliases.join(", ") };
        let values = metric.domain().describe();
        let lines = [
            ("metric", &*self.name),
            ("aliases", &aliases),
            ("unit", self.unit),
            ("values", values),
            ("kind", self.kind),
            ("", decided),
            ("better", self.better),
            ("subject", self.subject),
            ("meaning", &self.meaning),
        ];
        lines.map(|(name, value)| format!("{name:<9}{value}\n")).concat()
    }
}

/// What a metric is about, in a few words.
fn meaning(metric: Metric) -> String {
    let text = match metric {
        Metric::Rtt(_) => "round trips to the server under test",
        Metric::Floor(_) => "round trips to a server that does nothing",
        Metric::Headroom(Headroom::Exec) => "the command's own share of the mean round trip",
        Metric::Headroom(_) => "the share of the round trip that is above the floor",
        Metric::Baseline(_) => "round trips to the plan's baseline, in turn with the target's",
        Metric::Improvement(_) => "1 - candidate / baseline of a pair",
        Metric::PreviousRtt(_) | Metric::PreviousMemory(_) => {
            return format!(
                "{}, as an earlier phase had it",
                metric.to_string().replacen("previous.", "", 1)
            );
        }
        Metric::Server(_) => "what the server says of itself",
        Metric::Memory(_) => "what the server says of its memory",
        Metric::Env(_) => "what disturbed the measurement on this machine",
    };
    text.to_owned()
}

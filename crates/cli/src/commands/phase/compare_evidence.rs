//! `phasegate compare A.json B.json`: what two campaigns read, side by side. They were not measured
//! in turn, so nothing is decided here.

use std::path::Path;

use phasegate_model::{
    Circumstances, CommandMetric, Evidence, Headroom, Memory, Metric, PropertyChange, Statistic,
};
use serde_json::json;

use crate::args::{CompareArgs, Format};
use crate::input::files::evidence_in;
use crate::measuring::progress::percent;
use crate::output::comparing::Figure;
use crate::output::streams::{Exit, print, print_json};
use crate::output::table::new_table;

/// What is compared, as far as both have it.
const METRICS: [Metric; 16] = [
    Metric::Rtt(Statistic::P50),
    Metric::Rtt(Statistic::P90),
    Metric::Rtt(Statistic::P99),
    Metric::Rtt(Statistic::P999),
    Metric::Rtt(Statistic::Mean),
    Metric::Rtt(Statistic::Throughput),
    Metric::Floor(Statistic::P99),
    Metric::Headroom(Headroom::Exec),
    Metric::Memory(Memory::Used),
    Metric::Memory(Memory::AllocatorFragRatio),
    Metric::Command(CommandMetric::WallP50),
    Metric::Command(CommandMetric::WallMean),
    Metric::Command(CommandMetric::WallMax),
    Metric::Command(CommandMetric::CpuUser),
    Metric::Command(CommandMetric::CpuSys),
    Metric::Command(CommandMetric::RssPeak),
];

/// Why nothing is decided.
const NOT_INTERLEAVED: &str = "not interleaved: A and B were measured at different times, so a \
    difference may be the machine's; to decide, measure both in pairs: phasegate compare SERVER SERVER";

pub(crate) fn run(args: &CompareArgs, first: &Path, second: &Path) -> anyhow::Result<Exit> {
    let (a, b) = (evidence_in(first)?, evidence_in(second)?);
    let Differences { servers, differing } = Differences::between(&a, &b);
    // Between machines a difference of times says nothing of the servers.
    anyhow::ensure!(
        differing.is_empty() || args.allow_different_environments,
        "`{}` and `{}` don't compare: {}; measure both in the same way on the same machine, or give --allow-different-environments",
        first.display(),
        second.display(),
        list(&differing)
    );
    let lines: Vec<EvidenceLine> =
        METRICS.iter().filter_map(|metric| EvidenceLine::of(*metric, &a, &b)).collect();
    match args.format {
        Format::Text => print(&text(&lines, (&a, &b), &servers, &differing))?,
        Format::Json => print_json(&as_json(&lines, &servers, &differing))?,
    }
    Ok(Exit::Done)
}

/// What A and B have differently, besides what they read.
struct Differences {
    /// Of the servers themselves: mostly what is to be compared.
    servers: Vec<PropertyChange>,
    /// Of the machine and the way of measuring: across these, times don't compare.
    differing: Vec<PropertyChange>,
}

impl Differences {
    fn between(a: &Evidence, b: &Evidence) -> Self {
        let mut changes = Circumstances::of(b).changes_since(&Circumstances::of(a));
        // Two servers are compared here, so that they have two addresses doesn't count.
        changes.retain(|change| {
            a.target.server.is_started() != b.target.server.is_started()
                || !change.is_of_the_subject()
        });
        let (differing, servers) = changes.into_iter().partition(PropertyChange::matters);
        Self { servers, differing }
    }
}

fn list(differences: &[PropertyChange]) -> String {
    let told = |told: &Option<String>| {
        told.as_ref().map_or_else(|| "nothing".to_owned(), |told| format!("`{told}`"))
    };
    let in_words = |it: &PropertyChange| {
        format!("{} is {} and {}", it.property, told(&it.before), told(&it.now))
    };
    differences.iter().map(in_words).collect::<Vec<_>>().join("; ")
}

struct EvidenceLine {
    metric: Metric,
    first: Figure,
    second: Figure,
}

impl EvidenceLine {
    fn of(metric: Metric, a: &Evidence, b: &Evidence) -> Option<Self> {
        let (first, second) = (Figure::of(metric, &a.trials)?, Figure::of(metric, &b.trials)?);
        Some(Self { metric, first, second })
    }

    /// What the intervals say, in a few words. What is observed has none.
    fn standing(&self) -> &'static str {
        match self.first.overlaps(&self.second) {
            Some(true) => "intervals overlap: may be chance",
            Some(false) => "intervals apart",
            None if self.metric.kind() == phasegate_model::Kind::Observed => "",
            None => "too few trials for intervals",
        }
    }

    fn cell(figure: &Figure) -> String {
        match figure.interval {
            Some(_) => format!("{} ({})", figure.median(), figure.interval()),
            None => figure.median(),
        }
    }

    fn change(&self) -> String {
        self.first.change_to(&self.second).map_or_else(String::new, |share| {
            let share =
                phasegate_model::Quantity::from_amount(phasegate_model::Dimension::Ratio, share);
            let sign = if share.amount() > phasegate_model::Decimal::ZERO { "+" } else { "" };
            format!("{sign}{}", percent(&share))
        })
    }
}

fn text(
    lines: &[EvidenceLine],
    (a, b): (&Evidence, &Evidence),
    servers: &[PropertyChange],
    differing: &[PropertyChange],
) -> String {
    let mut table = new_table();
    table.set_header(["metric", "A", "B", "change", "standing"]);
    for line in lines {
        table.add_row([
            line.metric.to_string(),
            EvidenceLine::cell(&line.first),
            EvidenceLine::cell(&line.second),
            line.change(),
            line.standing().to_owned(),
        ]);
    }
    let of = |name: &str, evidence: &Evidence| {
        format!(
            "{name}: {}, {} trials, {}\n",
            evidence.target.server,
            evidence.trials.len(),
            evidence.started_at.format("%Y-%m-%d %H:%M:%SZ")
        )
    };
    let mut text = format!("{}{}{}\n{NOT_INTERLEAVED}\n", of("A", a), of("B", b), table.trim_fmt());
    if !servers.is_empty() {
        text.extend(["the servers differ: ", &list(servers), "\n"]);
    }
    if !differing.is_empty() {
        text.extend(["the environments differ: ", &list(differing), "\n"]);
    }
    text
}

fn as_json(
    lines: &[EvidenceLine],
    servers: &[PropertyChange],
    differing: &[PropertyChange],
) -> serde_json::Value {
    let differences = |differences: &[PropertyChange]| -> Vec<_> {
        let entry =
            |it: &PropertyChange| json!({ "property": it.property, "a": it.before, "b": it.now });
        differences.iter().map(entry).collect()
    };
    let metric = |line: &EvidenceLine| {
        let EvidenceLine { metric, first, second } = line;
        let change = first.change_to(second).map(phasegate_model::Quantity::percent);
        let figures =
            json!({ "a": first, "b": second, "change": change, "overlap": first.overlaps(second) });
        (metric.to_string(), figures)
    };
    json!({
        "kind": "evidence",
        "interleaved": false,
        "metrics": lines.iter().map(metric).collect::<serde_json::Map<_, _>>(),
        "servers_differ": differences(servers),
        "environments_differ": differences(differing),
    })
}

//! What only some readers look for: target, environment, method, anomalies, each trial; and how
//! the decision was recorded.

use std::collections::BTreeMap;

use phasegate_model::{
    BaselineServer, CommandMetric, CpuTimes, DataType, Decimal, Dimension, Evidence, Extent, Fact,
    FactName, Metric, Pinning, Quantity, Reading, Readings, Setup, Statistic, SubjectPlan,
    TargetServer, Trial,
};
use serde::Serialize;

use crate::decision::matrix::fact_value;
use crate::material::{Disturbance, Material};
use crate::measured::baseline::Baseline;
use crate::measured::previous::ChangeLine;
use crate::measured::{baseline, previous};
use crate::text::figures::{
    TableUnits, as_written, capitalized, list, moment, quantity, text, whole,
};

/// What only some readers look for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Details {
    /// What was measured and how, by name.
    pub target: Vec<Property>,
    /// The machine and the server, by name.
    pub environment: Vec<Property>,
    /// How a finding comes about, in two sentences.
    pub method: Vec<String>,
    /// How machine, server and way of measuring changed since the earlier phase.
    pub changes: Vec<ChangeLine>,
    /// What most likely disturbed the run, the worst first.
    pub disturbances: Vec<DisturbanceLine>,
    /// What went wrong in a trial without ending it.
    pub anomalies: Vec<String>,
    /// Each trial.
    pub trials: Vec<TrialLine>,
    /// The metrics that are not in `baseline`.
    pub metrics: Baseline,
}

/// A named property.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Property {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

/// One trial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrialLine {
    /// Counted from one.
    pub number: String,
    /// How long it took.
    pub duration: String,
    /// Its median round trip; empty if there is none, as the next two.
    pub p50: String,
    /// Its 99th percentile.
    pub p99: String,
    /// Its largest round trip.
    pub max: String,
}

/// How the decision was recorded, and how to check it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordLines {
    /// The entry's number.
    pub number: String,
    /// The ledger's head before the entry; nothing for the first entry.
    pub head_before: Option<String>,
    /// When it was recorded.
    pub recorded: String,
    /// Who recorded it.
    pub recorded_by: String,
    /// The program that recorded it, with its version.
    pub tool: String,
    /// The digests of evidence, matrix and plan, by name.
    pub digests: Vec<Property>,
    /// The command that decides again from the recorded evidence.
    pub reproduce: String,
    /// The command that measures and decides anew.
    pub measure_again: String,
    /// The command that verifies the ledger.
    pub verify: String,
}

/// Something that most likely disturbed the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DisturbanceLine {
    /// What it is, as a sentence without a period.
    pub what: String,
    /// How to fix it, likewise.
    pub fix: String,
}

/// What the team asserts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FactLine {
    /// Its name, `fact.order_budget`.
    pub name: String,
    /// What it says.
    pub value: String,
    /// Who says so.
    pub author: String,
    /// The day on which it was true, `2026-11-01`.
    pub date: String,
    /// How long it may be relied on.
    pub max_age: Option<String>,
    /// How old it was when measuring began, if that was too old to be relied on.
    pub stale: Option<String>,
}

pub(crate) fn details(material: &Material<'_>) -> Details {
    let evidence = material.evidence;
    Details {
        target: target(evidence),
        environment: environment(evidence),
        method: method(material),
        changes: previous::changes(material),
        disturbances: material.disturbances.iter().map(disturbance).collect(),
        anomalies: anomalies(evidence),
        trials: trials(evidence),
        metrics: baseline::rest(material),
    }
}

fn property(name: &str, value: impl Into<String>) -> Property {
    Property { name: name.to_owned(), value: value.into() }
}

fn target(evidence: &Evidence) -> Vec<Property> {
    let (target, plan) = (&evidence.target, &evidence.plan.measure);
    let whose = if target.server.is_command() { "Program" } else { "Server" };
    let mut lines = vec![property(whose, text(&target.server.to_string()))];
    let setup = setup(evidence.plan.target.as_ref(), &target.server);
    lines.extend(setup.map(|setup| property("Set up with", text(&setup.to_string()))));
    lines.extend(version(evidence).map(|version| property("Version", text(&version))));
    lines.extend(target.transport.map(|transport| property("Transport", transport.to_string())));
    lines.extend(target.wait.map(|wait| property("Client waits", wait.to_string())));
    lines.push(property("Command", text(&target.command)));
    lines.extend(target.load.as_deref().map(|load| property("Load", text(load))));
    if let Some(baseline) = &evidence.baseline {
        lines.push(property("Compared with", compared_with(evidence, baseline)));
    }
    lines.extend(nodes(evidence).map(|nodes| property("Nodes", nodes)));
    if target.server.is_imported() {
        // The plan asks for more, but nobody followed it.
        lines.push(property("Imported with", text(&evidence.tool)));
        return lines;
    }
    let cpus = cpus(evidence);
    if !cpus.is_empty() && !target.server.is_command() {
        lines.push(property("CPUs", cpus));
    }
    // Only a server of ours is filled; what another one holds was there before.
    if let (Some(dataset), TargetServer::Started(_)) = (&plan.dataset, &target.server) {
        let filled = match (dataset.extent, dataset.kind, dataset.churn) {
            (Extent::Size(size), DataType::String, 0) => {
                let (size, value) = (size.quantity(), dataset.value.quantity());
                format!("{} in values of {}", as_written(size), as_written(value))
            }
            _ => text(&dataset.to_string()),
        };
        lines.push(property("Filled with", filled));
    }
    lines.push(property("A trial", trial(evidence)));
    lines.extend(CpuTimes::way_of(&evidence.trials).map(|way| property("CPU time", way)));
    let budget = as_written(plan.budget.quantity());
    lines.push(property("Limits", format!("at most {} trials or {budget}", plan.trials)));
    lines.push(property("Ended because", text(&evidence.end.to_string())));
    lines.push(property("Measured with", text(&evidence.tool)));
    lines
}

/// What is done in each trial.
fn trial(evidence: &Evidence) -> String {
    let plan = &evidence.plan.measure;
    if let Some(command) = evidence.plan.target.as_ref().and_then(SubjectPlan::command) {
        return match command.starts.get() {
            1 => "1 start".to_owned(),
            starts => format!("{} starts", whole(starts.into())),
        };
    }
    let warmup = match plan.warmup {
        0 => String::new(),
        warmup => format!(", each after {} of warm-up", whole(warmup.into())),
    };
    let rounds = match plan.rounds.get() {
        1 => "1 round".to_owned(),
        rounds => format!("{rounds} rounds"),
    };
    format!("{rounds} of {} samples{warmup}", whole(plan.samples.get().into()))
}

/// How a server of ours differs from one that is started without further ado.
fn setup<'p>(plan: Option<&'p SubjectPlan>, server: &TargetServer) -> Option<&'p Setup> {
    let setup = &plan?.server()?.setup;
    (matches!(server, TargetServer::Started(_)) && !setup.is_plain()).then_some(setup)
}

/// Which server it is, and as which Redis it answers if it is another one.
fn version(evidence: &Evidence) -> Option<String> {
    let told = |name: &str| evidence.environment.0.get(name);
    let product = told("server.product")?;
    // Redis answers as what it is, and said twice its version would look like another product's.
    let answers_as = told("server.version").filter(|it| !product.ends_with(it.as_str()));
    Some(match answers_as {
        Some(version) => format!("{product}, which answers as Redis {version}"),
        None => product.clone(),
    })
}

/// The baseline, how it was set up, and what its settings are where they aren't the target's.
fn compared_with(evidence: &Evidence, baseline: &BaselineServer) -> String {
    let target = &evidence.environment.0;
    // What both sides have alike explains no difference between them.
    let other = baseline
        .environment
        .0
        .iter()
        .filter(|(name, told)| name.starts_with("server.") && target.get(*name) != Some(told));
    let other: Vec<String> = other.map(|(name, told)| format!("{name} = {told}")).collect();
    let setup = setup(evidence.plan.baseline.as_ref(), &baseline.target.server);
    let setup = setup.map_or_else(String::new, |setup| format!("; set up with {setup}"));
    let command = match baseline.target.server {
        TargetServer::Command(_) => format!(" ({})", baseline.target.command),
        _ => String::new(),
    };
    let server = format!("{}{command}, in pairs{setup}", baseline.target.server);
    if other.is_empty() { text(&server) } else { text(&format!("{server}; {}", other.join(", "))) }
}

/// The CPUs that the kernel gave, each different answer once.
fn cpus(evidence: &Evidence) -> String {
    let mut answers: Vec<String> = Vec::new();
    for trial in &evidence.trials {
        let answer = pinning(trial.pinned);
        if !answers.contains(&answer) {
            answers.push(answer);
        }
    }
    answers.join("; ")
}

fn pinning(pinned: Pinning) -> String {
    match (pinned.server, pinned.client) {
        (Some(server), Some(client)) => format!("server on {server}, client on {client}"),
        (Some(server), None) => format!("server on {server}, client where the scheduler put it"),
        (None, Some(client)) => format!("client on {client}, server where the scheduler put it"),
        (None, None) => "where the scheduler put server and client".to_owned(),
    }
}

fn environment(evidence: &Evidence) -> Vec<Property> {
    let properties = evidence.environment.0.iter();
    properties.map(|(name, value)| property(&text(name), text(value))).collect()
}

/// How a finding comes about, in two sentences.
fn method(material: &Material<'_>) -> Vec<String> {
    let trial = match material.evidence.target.server {
        TargetServer::Started(_) | TargetServer::Restarted(_) => "restart of the server",
        TargetServer::Running(_) => "fresh set of connections",
        TargetServer::Imported(_) => "imported result (nobody knows whether of a restart)",
        TargetServer::Command(_) => "set of starts of the command",
    };
    let told_by = match material.evidence.target.server {
        TargetServer::Command(_) => "the exit status",
        _ => "what the server tells",
    };
    let rate = as_written(material.decision.error_rate);
    let share = match material.decision.voted_conditions {
        0 => "No condition is put to the vote here".to_owned(),
        1 => format!("The chance that the one voted condition is found wrongly is at most {rate}"),
        many => format!(
            "The chance that any finding is wrong is at most {rate}, shared by {many} voted conditions"
        ),
    };
    vec![
        format!(
            "Each {trial} is one trial and has one vote on each condition over sampled metrics, \
             and such a row is decided as soon as the votes are evidence enough of what holds in \
             a typical trial."
        ),
        format!(
            "{share}, however often one looks and whenever one stops; conditions over \
             {told_by} are decided when all trials agree."
        ),
    ]
}

/// Of a cluster, each primary with its smallest and largest P99, and how often it was the slowest.
fn nodes(evidence: &Evidence) -> Option<String> {
    let metric = Metric::Rtt(Statistic::P99);
    let p99 = |readings: &Readings| Some(readings.get(metric)?.number()?.value());
    let of_all = evidence.trials.iter().flat_map(|trial| {
        trial.nodes.iter().map(move |node| (node.address.as_str(), p99(&node.readings), trial))
    });
    let mut told: BTreeMap<&str, (Vec<Decimal>, usize)> = BTreeMap::new();
    for (address, of_node, trial) in of_all {
        let (all, worst) = told.entry(address).or_default();
        all.extend(of_node);
        *worst += usize::from(of_node.is_some() && of_node == p99(&trial.readings));
    }
    let trials = evidence.trials.len();
    let in_words = |(address, (all, worst)): (&str, (Vec<Decimal>, usize))| {
        let shown = |amount: Option<&Decimal>| Some(as_written(quantity(metric, *amount?)?));
        let range = match (shown(all.iter().min()), shown(all.iter().max())) {
            (Some(low), Some(high)) => format!("P99 {low} to {high}"),
            _ => "P99 missing".to_owned(),
        };
        format!("{} ({range}, the slowest in {worst} of {trials} trials)", text(address))
    };
    let lines: Vec<String> = told.into_iter().map(in_words).collect();
    (!lines.is_empty()).then(|| lines.join(", "))
}

fn disturbance(disturbance: &Disturbance) -> DisturbanceLine {
    DisturbanceLine { what: capitalized(&text(&disturbance.what)), fix: text(&disturbance.fix) }
}

/// What went wrong, each text once with the trials where it did.
fn anomalies(evidence: &Evidence) -> Vec<String> {
    let mut grouped: Vec<(String, Vec<String>)> = Vec::new();
    for trial in &evidence.trials {
        for anomaly in &trial.anomalies {
            let anomaly = text(anomaly);
            let number = trial.number.to_string();
            match grouped.iter_mut().find(|(known, _)| *known == anomaly) {
                Some((_, numbers)) => numbers.push(number),
                None => grouped.push((anomaly, vec![number])),
            }
        }
    }
    let line = |(anomaly, numbers): (String, Vec<String>)| {
        if numbers.len() == 1 {
            format!("Trial {}: {anomaly}", list(&numbers, "and"))
        } else if numbers.len() == evidence.trials.len() {
            format!("Every trial: {anomaly}")
        } else {
            format!("Trials {}: {anomaly}", list(&numbers, "and"))
        }
    };
    grouped.into_iter().map(line).collect()
}

fn trials(evidence: &Evidence) -> Vec<TrialLine> {
    let is_command = evidence.target.server.is_command();
    let figure = |trial: &Trial, statistic| {
        let metric = match statistic {
            Statistic::P50 if is_command => Metric::Command(CommandMetric::WallP50),
            Statistic::P99 if is_command => Metric::Command(CommandMetric::WallP99),
            _ if is_command => Metric::Command(CommandMetric::WallMax),
            _ => Metric::Rtt(statistic),
        };
        let amount = trial.readings.get(metric).and_then(Reading::number)?.value();
        quantity(metric, amount).map(|figure| (metric, figure))
    };
    let all = evidence.trials.iter();
    // The P99 of a command takes a hundred starts.
    let shown = if is_command { Statistic::P50 } else { Statistic::P99 };
    let units = TableUnits::of(all.filter_map(|t| figure(t, shown)).map(|(_, q)| q));
    let cell = |trial: &Trial, statistic| {
        figure(trial, statistic)
            .map(|(metric, figure)| figure.human_in(units.unit(metric, figure)))
            .unwrap_or_default()
    };
    let line = |trial: &Trial| TrialLine {
        number: trial.number.to_string(),
        duration: milliseconds(trial.duration_ms),
        p50: cell(trial, Statistic::P50),
        p99: cell(trial, Statistic::P99),
        max: cell(trial, Statistic::Max),
    };
    evidence.trials.iter().map(line).collect()
}

fn milliseconds(duration_ms: u64) -> String {
    let nanoseconds = Decimal::from(duration_ms) * Decimal::from(1_000_000);
    Quantity::from_amount(Dimension::Time, nanoseconds).human()
}

pub(crate) fn record(material: &Material<'_>) -> RecordLines {
    let record = &material.record;
    let digests = [
        ("Evidence", record.evidence_digest),
        ("Matrix", record.matrix_digest),
        ("Plan", record.plan_digest),
    ];
    RecordLines {
        number: record.number.to_string(),
        head_before: record.head_before.map(text),
        recorded: moment(record.recorded_at),
        recorded_by: text(record.recorded_by),
        tool: text(record.tool),
        digests: digests.map(|(name, digest)| property(name, text(digest))).into(),
        reproduce: record.reproduce.to_owned(),
        measure_again: record.measure_again.to_owned(),
        verify: record.verify.to_owned(),
    }
}

/// What the team asserts, and whether it was still to be relied on.
pub(crate) fn fact_lines(material: &Material<'_>) -> Vec<FactLine> {
    // The day of measuring: a report that is rendered later must not age what was asserted.
    let day = material.evidence.started_at.date_naive();
    let line = |(name, fact): (&FactName, &Fact)| FactLine {
        name: name.to_string(),
        value: fact_value(&fact.value),
        author: text(&fact.author),
        date: fact.date.to_string(),
        max_age: fact.max_age.map(|age| as_written(age.quantity())),
        stale: fact.too_old_on(day).map(|(age, _)| as_written(age.quantity())),
    };
    material.evidence.plan.facts.iter().map(line).collect()
}

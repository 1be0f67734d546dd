//! `phasegate compare`: two servers in pairs, or two evidence files.

use std::path::PathBuf;

use anyhow::Context;
use phasegate_measure::{Contender, Contenders, ServerSource};
use phasegate_model::{
    Cpu, CpuTimes, Decision, Evidence, Finding, Metric, Plan, Reading, Statistic, Trial,
};
use phasegate_rules::{Compared, Comparison, Diagnostic, Least, parse_plan};
use serde::Serialize;
use serde_json::json;

use crate::args::{CompareArgs, Format, TlsOptions, Verbosity};
use crate::commands::phase::compare_evidence;
use crate::input::files::{can_write, evidence_in, write_whole};
use crate::input::project::load_plan;
use crate::measuring::campaign::{self, CampaignResult, CampaignSubjects};
use crate::measuring::previous_phase;
use crate::measuring::secret::holds_secret;
use crate::measuring::servers::{endpoint, endpoint_of};
use crate::output::comparing::Figure;
use crate::output::streams::{Exit, object, print, print_json, say};
use crate::output::table::new_table;

/// What decides, in this order: round trips, and CPU time, which evidence of older versions lacks.
pub(crate) const COMPARED: [Metric; 2] =
    [Metric::Improvement(Statistic::P99), Metric::Cpu(Cpu::Improvement)];

/// What is shown, in this order.
const SHOWN: [Statistic; 4] = [Statistic::P50, Statistic::P90, Statistic::P99, Statistic::Mean];

/// How to measure if no phase's plan says it.
const PLAN: &str = "schema = 1\n[phase]\nid = \"compare\"\ntitle = \"a candidate against a baseline\"\n\
    subject = \"the candidate\"\nmatrix = \"built in\"\n";

/// What an argument names.
enum Named {
    Evidence(PathBuf),
    Server(ServerSource),
}

pub(crate) fn run(args: &CompareArgs, verbosity: Verbosity) -> anyhow::Result<Exit> {
    let Some(candidate) = &args.candidate else { return again(args) };
    match (named(&args.baseline, &args.tls)?, named(candidate, &args.tls)?) {
        (Named::Evidence(baseline), Named::Evidence(candidate)) => {
            args.tls.ensure_used([])?;
            compare_evidence::run(args, &baseline, &candidate)
        }
        (Named::Server(baseline), Named::Server(candidate)) => {
            measure(args, &baseline, &candidate, verbosity)
        }
        _ => anyhow::bail!(
            "an evidence file doesn't compare with a server: give two files or two servers"
        ),
    }
}

fn named(argument: &str, tls: &TlsOptions) -> anyhow::Result<Named> {
    // The name of a variable may stand in a process list, a URL with a password may not.
    if let Some(variable) = argument.strip_prefix("env:") {
        let url = std::env::var(variable)
            .with_context(|| format!("can't read the environment variable `{variable}`"))?;
        return Ok(Named::Server(ServerSource::Running(
            tls.apply(endpoint(&url, variable)?, None)?.0,
        )));
    }
    if argument.contains("://") {
        anyhow::ensure!(
            !holds_secret(argument.as_ref()),
            "a password in an argument is visible to every user of this machine; give the URL in an environment variable, and its name here: `env:NAME`"
        );
        return Ok(Named::Server(ServerSource::Running(
            tls.apply(endpoint(argument, "the arguments")?, None)?.0,
        )));
    }
    let path = PathBuf::from(argument);
    if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("json")) {
        return Ok(Named::Evidence(path));
    }
    Ok(Named::Server(ServerSource::Start { program: Some(path) }))
}

/// Tells what became of pairs that were measured before.
fn again(args: &CompareArgs) -> anyhow::Result<Exit> {
    let Named::Evidence(path) = named(&args.baseline, &args.tls)? else {
        anyhow::bail!("one server compares with nothing: give a second one");
    };
    let evidence = evidence_in(&path)?;
    anyhow::ensure!(
        evidence.baseline.is_some(),
        "`{}` has no pairs, because it was measured without a baseline; give a second file",
        path.display()
    );
    anyhow::ensure!(
        !evidence.target.server.is_command(),
        "`{}` is of a command, and this compares the P99 of round trips; decide it by a matrix with `improvement.command.*`: phasegate decide PHASE --evidence {}",
        path.display(),
        path.display()
    );
    tell(args, &Comparisons::of(args)?, &evidence)
}

fn measure(
    args: &CompareArgs,
    baseline: &ServerSource,
    candidate: &ServerSource,
    verbosity: Verbosity,
) -> anyhow::Result<Exit> {
    args.tls.ensure_used([baseline, candidate].into_iter().filter_map(endpoint_of))?;
    let plan = plan(args)?;
    let comparisons = Comparisons::of(args)?;
    // Before minutes of measuring, not after them.
    if let Some(output) = &args.output {
        can_write(output)?;
    }
    let subjects = CampaignSubjects::Servers(Box::new(Contenders {
        candidate: Contender::from(candidate),
        baseline: Some(Contender::from(baseline)),
    }));
    let CampaignResult { evidence, failure } = campaign::measure(
        &subjects,
        &plan,
        &|trials| comparisons.for_trials(&plan, trials).matrix(),
        &previous_phase::RunComparison::none(),
        verbosity,
    )?;
    // Even after a failure: the pairs before it are evidence.
    if let Some(output) = args.output.as_deref().filter(|_| !evidence.trials.is_empty()) {
        write_whole(output, &evidence.to_json()?)?;
    }
    if let Some(failure) = failure {
        return Err(failure.into());
    }
    tell(args, &comparisons, &evidence)
}

/// By round trips alone, and by both: a server whose CPU time can't be known must not keep the run
/// from ending, and rows that nobody can decide would have their share of the error rate.
struct Comparisons {
    round_trips: Comparison,
    both: Comparison,
}

impl Comparisons {
    fn of(args: &CompareArgs) -> anyhow::Result<Self> {
        let of = |by: &[Metric]| {
            Comparison::of(by, args.least).map_err(|problems| contradiction(&problems))
        };
        let [round_trips, _] = COMPARED;
        Ok(Self { round_trips: of(&[round_trips])?, both: of(&COMPARED)? })
    }

    /// As the plan asks, and as the first trial could tell.
    fn for_trials(&self, plan: &Plan, trials: &[Trial]) -> &Comparison {
        let told = trials.first().is_none_or(|trial| trial.cpu.is_some());
        if plan.measure.cpu && told { &self.both } else { &self.round_trips }
    }
}

fn tell(args: &CompareArgs, by: &Comparisons, evidence: &Evidence) -> anyhow::Result<Exit> {
    let comparison = by.for_trials(&evidence.plan, &evidence.trials);
    tell_of_unlike_ways(evidence);
    let (compared, decision) = comparison.judge(evidence);
    let channels: Vec<Channel> = COMPARED
        .into_iter()
        .zip(compared)
        .map(|(metric, compared)| Channel::of(metric, compared, args.least, &decision))
        .collect();
    match args.format {
        Format::Text => print(&text(evidence, &channels))?,
        Format::Json => print_json(&pairs_json(evidence, args.least, &channels))?,
    }
    Ok(Exit::Done)
}

/// The phase's plan, or a built-in one, with the options of the command line.
fn plan(args: &CompareArgs) -> anyhow::Result<Plan> {
    let mut plan = if let Some(phase) = &args.phase {
        load_plan(phase)?
    } else {
        let source = phasegate_rules::Source { name: String::new(), text: PLAN.to_owned() };
        parse_plan(&source).map_err(|problems| contradiction(&problems))?
    };
    // The arguments name both servers, whatever the phase measures.
    (plan.target, plan.baseline) = (None, None);
    plan.measure.trials = args.trials.unwrap_or(plan.measure.trials);
    plan.measure.budget = args.budget.unwrap_or(plan.measure.budget);
    plan.measure.cpu = true;
    Ok(plan)
}

/// For what no input can bring about.
fn contradiction(problems: &[Diagnostic]) -> anyhow::Error {
    anyhow::anyhow!("phasegate contradicts itself ({problems:?}); please report this")
}

fn tell_of_unlike_ways(evidence: &Evidence) {
    let Some(baseline) = &evidence.baseline else { return };
    let (a, b) = (&baseline.target, &evidence.target);
    if (a.transport, a.wait) != (b.transport, b.wait) {
        say(&format!(
            "A is reached over {}, B over {}: that is part of the difference",
            a.way(),
            b.way()
        ));
    }
}

/// What became of a comparison by one metric.
struct Channel {
    compared: Compared,
    /// For people.
    sentence: String,
}

impl Channel {
    fn of(metric: Metric, compared: Compared, least: Least, decision: &Decision) -> Self {
        let what = match metric {
            Metric::Cpu(_) => "CPU time for a request",
            _ => "P99",
        };
        Self { compared, sentence: sentence(what, metric, (compared, least), decision) }
    }
}

fn sentence(
    what: &str,
    metric: Metric,
    (compared, least): (Compared, Least),
    decision: &Decision,
) -> String {
    let pairs = match decision.trials {
        1 => "1 pair".to_owned(),
        many => format!("{many} pairs"),
    };
    let claim = match compared {
        Compared::Better => {
            format!("B is better: in a typical pair its {what} is at least {least} lower than A's")
        }
        Compared::Worse => {
            format!("B is worse: in a typical pair its {what} is at least {least} higher than A's")
        }
        Compared::NoDifference => format!(
            "no improvement found: in a typical pair the {what} of A and B differs by less than {least}"
        ),
        Compared::NotBetter => format!(
            "no improvement found: B's {what} is not {least} lower in a typical pair; whether it is \
             {least} higher is undecided"
        ),
        Compared::NotWorse => format!(
            "no improvement found: B's {what} is not {least} higher in a typical pair; whether it is \
             {least} lower is undecided"
        ),
        Compared::Undecided => {
            return format!(
                "no improvement found in {what}, and none of {least} ruled out: undecided after {pairs}{}; \
                 measure more pairs with --trials and --budget, or a calmer machine",
                why(metric, decision)
            );
        }
    };
    format!("{claim} ({pairs}; the chance that this is wrong is at most {})", decision.error_rate)
}

/// Why the first open row over the metric is undecided.
fn why(metric: Metric, decision: &Decision) -> String {
    let mut rows =
        decision.rows.iter().filter(|row| row.readings.iter().any(|it| it.metric == metric));
    let reason = rows.find_map(|row| match &row.finding {
        Finding::Undecided(reason) => Some(reason.to_string()),
        _ => None,
    });
    reason.map_or_else(String::new, |reason| format!(" ({reason})"))
}

/// A metric of both servers, and the improvement from pair to pair.
struct Line {
    metric: Metric,
    baseline: Option<Figure>,
    candidate: Option<Figure>,
    improvement: Option<Figure>,
}

fn lines(evidence: &Evidence) -> Vec<Line> {
    let figure = |metric: Metric| Figure::of(metric, &evidence.trials);
    let statistic = |statistic| Line {
        metric: Metric::Rtt(statistic),
        baseline: figure(Metric::Baseline(statistic)),
        candidate: figure(Metric::Rtt(statistic)),
        improvement: figure(Metric::Improvement(statistic)),
    };
    let cpu_time = || Line {
        metric: Metric::Cpu(Cpu::Server),
        baseline: figure(Metric::Cpu(Cpu::Baseline)),
        candidate: figure(Metric::Cpu(Cpu::Server)),
        improvement: figure(Metric::Cpu(Cpu::Improvement)),
    };
    let has_cpu_time = evidence.trials.iter().any(|trial| trial.cpu.is_some());
    SHOWN.map(statistic).into_iter().chain(has_cpu_time.then(cpu_time)).collect()
}

fn text(evidence: &Evidence, channels: &[Channel]) -> String {
    let mut table = new_table();
    table.set_header(["metric", "A", "B", "improvement", "interval"]);
    for line in lines(evidence) {
        let median = |figure: &Option<Figure>| {
            figure.as_ref().map_or_else(|| "not measured".to_owned(), Figure::median)
        };
        table.add_row([
            line.metric.to_string(),
            median(&line.baseline),
            median(&line.candidate),
            median(&line.improvement),
            line.improvement.as_ref().map_or_else(String::new, Figure::interval),
        ]);
    }
    let server = |server: Option<&phasegate_model::Target>| {
        server.map_or_else(String::new, |target| target.server.to_string())
    };
    let way = CpuTimes::way_of(&evidence.trials);
    let way = way.or_else(|| not_compared(evidence));
    let way = way.map_or_else(String::new, |way| format!("CPU time: {way}\n"));
    let sentences: Vec<&str> = channels.iter().map(|channel| channel.sentence.as_str()).collect();
    format!(
        "A: {}\nB: {}\n{}\n{way}{}\n",
        server(evidence.baseline.as_ref().map(|baseline| &baseline.target)),
        server(Some(&evidence.target)),
        table.trim_fmt(),
        sentences.join("\n")
    )
}

/// Why CPU time was asked for and isn't there.
fn not_compared(evidence: &Evidence) -> Option<String> {
    let readings = &evidence.trials.first()?.readings;
    match readings.get(Metric::Cpu(Cpu::Improvement))? {
        Reading::Missing(why) => Some(format!("not compared, {why}")),
        _ => None,
    }
}

/// The result for programs. Verdict and sentence are of round trips, and those of CPU time stand
/// beside them where it was asked for.
fn pairs_json(evidence: &Evidence, least: Least, channels: &[Channel]) -> impl Serialize {
    let metric = |line: Line| {
        let Line { metric, baseline, candidate, improvement } = line;
        let figures = json!({ "a": baseline, "b": candidate, "improvement": improvement });
        (metric.to_string(), figures)
    };
    let mut channels = channels.iter();
    let round_trips = channels.next();
    let cpu_time = channels.next().map(
        |channel| json!({ "verdict": verdict(channel.compared), "sentence": channel.sentence }),
    );
    object! {
        kind: "pairs",
        interleaved: true,
        verdict: round_trips.map_or("undecided", |channel| verdict(channel.compared)),
        sentence: round_trips.map_or_else(String::new, |channel| channel.sentence.clone()),
        cpu_time: cpu_time,
        least: least.to_string(),
        pairs: evidence.trials.len(),
        metrics: lines(evidence).into_iter().map(metric).collect::<serde_json::Map<_, _>>(),
    }
}

const fn verdict(compared: Compared) -> &'static str {
    match compared {
        Compared::Better => "better",
        Compared::Worse => "worse",
        Compared::NoDifference => "no difference",
        Compared::NotBetter => "not better",
        Compared::NotWorse => "not worse",
        Compared::Undecided => "undecided",
    }
}

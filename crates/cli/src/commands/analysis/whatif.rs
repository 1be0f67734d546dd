//! `phasegate whatif`: what would the matrix decide if some readings were others?

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use phasegate_history::Recorded;
use phasegate_model::{
    Circumstances, Decision, Dimension, Domain, Evidence, Metric, Outcome, Plan, Quantity, Reading,
    RowDecision, RowId,
};
use phasegate_rules::typical_readings;
use serde::Serialize;

use crate::args::imagined_reading::Setting;
use crate::args::{Format, WhatIfArgs};
use crate::input::files::evidence_in;
use crate::input::project::Project;
use crate::measuring::previous_phase::RunComparison;
use crate::output::layout::Layout;
use crate::output::streams::{Exit, object, print, print_json, say};
use crate::output::table;
use crate::recorded::decision::{RecordedDecision, decision_of, newest_decision};

pub(crate) fn run(args: &WhatIfArgs) -> anyhow::Result<Exit> {
    let project = Project::load(&args.phase, args.matrix.as_deref(), &args.facts)?;
    let base = base(args, &project)?;
    anyhow::ensure!(
        base.is_some() || !args.set.is_empty() || !args.facts.facts.is_empty(),
        "no evidence of phase {} is recorded in `{}`, and nothing is set; \
         give --set METRIC=VALUE or --evidence FILE",
        project.plan.phase,
        args.place.location()?
    );
    let mut readings =
        base.as_ref().map(|base| typical_readings(&base.evidence)).unwrap_or_default();
    let before = readings.clone();
    let metrics = project.matrix.metrics();
    let mut set = BTreeMap::new();
    for Setting { metric, reading, written } in &args.set {
        readings.insert(*metric, reading.clone())?;
        let twice = set.insert(*metric, written.as_str()).is_some();
        anyhow::ensure!(!twice, "{metric} is set twice; which value should it have?");
        // Without a word a slip in the name would look like a change that changes nothing.
        if !metrics.contains(metric) {
            say(&format!("no condition of the matrix names {metric}, so it changes nothing"));
        }
    }
    let now = base.as_ref().map(|base| project.matrix.decide(&base.evidence));
    let then = project.matrix.what_if(&project.plan, &readings);
    if let (Some(base), Some(now)) = (&base, &now) {
        base.say_if_recorded_otherwise(now.outcome);
    }
    let told = WhatIfAnswer {
        plan: &project.plan,
        base: base.as_ref(),
        changed: changed(now.as_ref(), &then),
        now: now.as_ref().map(|decision| decision.outcome),
        then: &then,
        set,
    };
    match args.format {
        Format::Json => print_json(&told.json())?,
        Format::Text => print(&told.text(
            &|metric| before.get(metric).and_then(|reading| in_words(metric, reading)),
            Layout::of_stdout(),
        ))?,
    }
    Ok(Exit::of(then.outcome, args.exit_code))
}

/// The evidence from which to imagine, and where it is from.
struct ImaginedFrom {
    evidence: Evidence,
    recorded: Option<Recorded>,
}

/// The evidence that is named, or the newest that is recorded of the phase, or nothing.
fn base(args: &WhatIfArgs, project: &Project) -> anyhow::Result<Option<ImaginedFrom>> {
    let plan = &project.plan;
    if let Some(path) = &args.evidence {
        let evidence = evidence_file(path, plan)?;
        return Ok(Some(ImaginedFrom { evidence, recorded: None }));
    }
    let store = args.place.open()?;
    let Some(recorded) = newest_decision(&store, Some(&plan.phase))? else { return Ok(None) };
    let number = recorded.entry.number;
    let mut evidence = RecordedDecision::new(&store, decision_of(&recorded.entry)?)
        .evidence()
        .with_context(|| format!("can't use the evidence of entry {number}"))?;
    if evidence.previous.is_none() {
        // The matrix of then may not have asked for it.
        let comparison = RunComparison::of(project, &store, Some(number))?;
        let previous = comparison.previous(&Circumstances::of(&evidence));
        evidence.previous = previous;
    }
    Ok(Some(ImaginedFrom { evidence, recorded: Some(recorded) }))
}

fn evidence_file(path: &Path, plan: &Plan) -> anyhow::Result<Evidence> {
    let shown = path.display();
    let evidence = evidence_in(path)?;
    anyhow::ensure!(
        evidence.plan.phase == plan.phase,
        "`{shown}` is evidence of phase {}, not of phase {}",
        evidence.plan.phase,
        plan.phase
    );
    Ok(evidence)
}

impl ImaginedFrom {
    fn say_if_recorded_otherwise(&self, now: Outcome) {
        let Some(Recorded { entry, .. }) = &self.recorded else { return };
        if let Some(outcome) = entry.outcome()
            && outcome != now
        {
            say(&format!(
                "entry {} was decided as {outcome}; with the matrix as it is now its evidence \
                 gives {now}",
                entry.number
            ));
        }
    }

    fn in_words(&self) -> String {
        let trials = match self.evidence.trials.len() {
            1 => "1 trial".to_owned(),
            n => format!("{n} trials"),
        };
        match &self.recorded {
            Some(recorded) => format!("as in entry {} ({trials})", recorded.entry.number),
            None => format!("as in the evidence ({trials})"),
        }
    }
}

/// A reading for people; nothing for one that is missing.
fn in_words(metric: Metric, reading: &Reading) -> Option<String> {
    match (reading, metric.domain()) {
        (Reading::Number(number), Domain::Number(dimension)) => {
            Some(human(metric, dimension, number.value()))
        }
        (Reading::Text(text), _) => Some(text.clone()),
        (Reading::Version(version), _) => Some(version.to_string()),
        _ => None,
    }
}

fn human(metric: Metric, dimension: Dimension, amount: phasegate_model::Decimal) -> String {
    table::human(metric, &Quantity::from_amount(dimension, amount))
}

/// A row that comes out otherwise.
#[derive(Serialize)]
struct Changed<'d> {
    row: &'d RowId,
    now: String,
    then: String,
}

fn changed<'d>(now: Option<&Decision>, then: &'d Decision) -> Vec<Changed<'d>> {
    let said = |row: &RowDecision| {
        let action = row.action.as_ref().map(|action| format!(" ({action})"));
        format!("{}{}", row.finding, action.unwrap_or_default())
    };
    let rows = then.rows.iter().filter_map(|row| Some((now?.row(&row.id)?, row)));
    rows.map(|(now, then)| Changed { row: &then.id, now: said(now), then: said(then) })
        .filter(|row| row.now != row.then)
        .collect()
}

/// All that is told.
struct WhatIfAnswer<'a> {
    plan: &'a Plan,
    base: Option<&'a ImaginedFrom>,
    set: BTreeMap<Metric, &'a str>,
    now: Option<Outcome>,
    then: &'a Decision,
    changed: Vec<Changed<'a>>,
}

impl WhatIfAnswer<'_> {
    /// The same, for programs.
    fn json(&self) -> impl Serialize {
        let recorded = self.base.and_then(|base| base.recorded.as_ref());
        object! {
            phase: &self.plan.phase,
            set: &self.set,
            // The entry whose evidence the other readings are the medians of.
            entry: recorded.map(|recorded| recorded.entry.number),
            now: self.now,
            then: self.then.outcome,
            changed: &self.changed,
            // What would be decided, as `decide` has it; its trials are imagined.
            decision: self.then,
        }
    }

    fn text(&self, before: &dyn Fn(Metric) -> Option<String>, layout: Layout) -> String {
        let mut text = table::matrix(self.plan, self.then);
        let mut line = |name: &str, value: &str| text += &layout.line(name, value);
        for (metric, written) in &self.set {
            let instead = before(*metric).map(|was| format!(" instead of {was}"));
            line("if", &format!("{metric} were {written}{}", instead.unwrap_or_default()));
        }
        line("others", &self.base.map_or("not measured".to_owned(), ImaginedFrom::in_words));
        for row in &self.changed {
            line("changed", &format!("{}: {}; then {}", row.row, row.now, row.then));
        }
        for (name, value) in table::conclusion(self.then) {
            line(name, &value);
        }
        let now = self.now.map(|now| format!("now: {now}; ")).unwrap_or_default();
        format!("{text}{now}then: {}\n", self.then.outcome)
    }
}

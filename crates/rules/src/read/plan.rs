//! Reads phase plans: TOML to [`Plan`], all problems at once.
//!
//! ```toml
//! schema = 1
//!
//! [phase]
//! id = "3A"
//! title = "jemalloc analysis"
//! subject = "the allocator"
//! matrix = "../allocator.toml"
//!
//! [measure]
//! wait = "spin"
//! budget = "60s"
//! ```

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::ops::Range;

use phasegate_model::{
    Command, FactName, Keys, Load, MeasurePlan, NextOption, NextPhases, Pinning, Plan, Prediction,
    SubjectPlan, Timespan, Transport, Until, Wait, Writes,
};

use crate::document::diagnostic::{Diagnostic, Source};
use crate::document::sections::{FileProblems, Section, Text, read_document};
use crate::matrix::Written;
use crate::read::command as command_file;
use crate::read::dataset::{check_type, dataset};
use crate::read::facts as fact_file;
use crate::read::load::{command, keys, load, mix, writes};
use crate::read::matrix_file::{condition_at, schema, scope};
use crate::read::target as target_file;

const ROUNDS: NonZeroU32 = NonZeroU32::new(5).unwrap();
const SAMPLES: NonZeroU32 = NonZeroU32::new(10_000).unwrap();
const WARMUP: u32 = 1_000;
const TRIALS: NonZeroU32 = NonZeroU32::new(30).unwrap();
const BUDGET_SECONDS: u32 = 60;

/// A checked plan file, with the places that problems point to.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanFile {
    /// The plan.
    pub plan: Plan,
    /// The name of the file.
    pub name: String,
    /// Where each fact's value is written.
    pub(crate) places: BTreeMap<FactName, Range<usize>>,
    /// The conditions in the plan itself.
    pub(crate) conditions: Vec<Written>,
}

impl PlanFile {
    /// Reads a phase plan, like [`parse_plan`].
    ///
    /// # Errors
    /// All problems of the file, in the order of their places.
    pub fn parse(source: &Source) -> Result<Self, Vec<Diagnostic>> {
        read_document(source, |top| {
            schema(top)?;
            read_plan(top)
        })
    }
}

/// Reads a phase plan. What isn't written has a default: 30 trials and 60 s at most, 5 rounds of
/// 10 000 samples after 1 000 requests of warm-up with floor rounds between them, GET over a unix
/// socket, blocking, not pinned.
///
/// # Errors
/// All problems of the file, in the order of their places.
pub fn parse_plan(source: &Source) -> Result<Plan, Vec<Diagnostic>> {
    PlanFile::parse(source).map(|file| file.plan)
}

fn read_plan(top: &mut Section<'_>) -> Option<PlanFile> {
    let phase = top.required_section("phase");
    let target = command_file::subject(top, "target", None);
    let baseline = command_file::subject(top, "baseline", target.as_ref());
    let measure = match top.section("measure") {
        Some(mut section) => {
            if matches!(target, Some(SubjectPlan::Command(_))) {
                command_file::refuse_requests(&mut section);
            }
            let measure = read_measure(&mut section);
            section.finish();
            measure
        }
        None => default_measure(),
    };
    let mut conditions = Vec::new();
    let next_options = next_options(top, &mut conditions);
    let predictions = predictions(top, &mut conditions);
    let facts = fact_file::facts(top);
    let places = facts.iter().map(|(name, (_, span))| (name.clone(), span.clone())).collect();
    // Missed only now, so that the other tables' problems are told as well.
    let mut phase = phase?;
    let plan = read_phase(&mut phase, measure, next_options);
    phase.finish();
    let facts = facts.into_iter().map(|(name, (fact, _))| (name, fact)).collect();
    let plan = Plan { target, baseline, facts, predictions, ..plan? };
    let name = top.source().name.clone();
    let file = PlanFile { plan, name, places, conditions };
    // Problems of the one file that was given don't name it.
    let own = file.misfits(&file.conditions.iter().collect::<Vec<_>>());
    top.problems.extend(own.into_iter().map(|problem| Diagnostic { file: None, ..problem }));
    Some(file)
}

fn predictions(top: &mut Section<'_>, conditions: &mut Vec<Written>) -> Vec<Prediction> {
    let mut predictions = Vec::new();
    for mut section in top.sections("prediction") {
        let text = section.required("text");
        let claim = section.required_text("claim");
        let claim = condition(section.source(), claim, conditions, top.problems);
        let by = section.required("by");
        let on = fact_file::date(&mut section, "on");
        section.finish();
        let prediction = || Some(Prediction { text: text?, claim: claim?, by: by?, on: on? });
        predictions.extend(prediction());
    }
    predictions
}

/// A condition's text, once it is known to be one.
fn condition(
    source: &Source,
    text: Option<Text<'_>>,
    conditions: &mut Vec<Written>,
    problems: &FileProblems,
) -> Option<String> {
    let text = text?;
    let written = condition_at(source, &text, 0..text.text.len(), problems)?;
    let text = written.text.to_string();
    conditions.push(written);
    Some(text)
}

fn read_phase(
    phase: &mut Section<'_>,
    measure: MeasurePlan,
    next_options: Vec<NextOption>,
) -> Option<Plan> {
    let id = phase.required("id");
    let title = phase.required("title");
    let subject = phase.required("subject");
    let matrix = phase.required("matrix");
    let planned_effort = phase.parsed("planned_effort");
    let next = match phase.section("next") {
        Some(mut section) => {
            let next =
                NextPhases { closed: section.parsed("closed"), open: section.parsed("open") };
            section.finish();
            next
        }
        None => NextPhases::default(),
    };
    let mut list = |key| phase.texts(key).into_iter().map(|text| text.text.to_owned()).collect();
    let (deliverables, lessons) = (list("deliverables"), list("lessons"));
    Some(Plan {
        phase: id?,
        title: title?,
        subject: subject?,
        matrix: matrix?,
        next,
        planned_effort,
        measure,
        // Tables of their own, which whoever called has read already.
        target: None,
        baseline: None,
        next_options,
        deliverables,
        lessons,
        facts: BTreeMap::new(),
        predictions: Vec::new(),
    })
}

/// How is measured if a plan doesn't say.
pub(crate) fn default_measure() -> MeasurePlan {
    MeasurePlan {
        transport: Transport::Unix,
        wait: Wait::Block,
        command: Command::Get,
        mix: Vec::new(),
        keys: Keys::default(),
        writes: Writes::Forbidden,
        load: Load::default(),
        pinning: Pinning::default(),
        rounds: ROUNDS,
        samples: SAMPLES,
        warmup: WARMUP,
        floor: true,
        trials: TRIALS,
        budget: Timespan::from_secs(BUDGET_SECONDS),
        scope: None,
        span: None,
        at_random: false,
        until: Until::Outcome,
        quantiles: Vec::new(),
        cpu: false,
        dataset: None,
    }
}

fn read_measure(section: &mut Section<'_>) -> MeasurePlan {
    let default = default_measure();
    let transports = [("unix", Transport::Unix), ("tcp", Transport::Tcp)];
    let waits = [("spin", Wait::Spin), ("block", Wait::Block)];
    let untils = [("outcome", Until::Outcome), ("rows", Until::Rows)];
    // Whether the dataset's type suits depends on what is sent, so that is read before it.
    let (command, mix) = (command(section), mix(section));
    let command = command.unwrap_or(default.command);
    let dataset = dataset(section);
    // `PING` names no key, so there is none whose type could be wrong.
    if let Some(dataset) = &dataset
        && mix.is_empty()
        && command != Command::Ping
    {
        check_type(section, dataset);
    }
    MeasurePlan {
        transport: section.choice("transport", &transports).unwrap_or(default.transport),
        wait: section.choice("wait", &waits).unwrap_or(default.wait),
        command,
        mix,
        keys: keys(section),
        writes: writes(section),
        load: load(section),
        pinning: target_file::pinning(section).unwrap_or_default(),
        rounds: section.positive("rounds").unwrap_or(default.rounds),
        samples: section.positive("samples").unwrap_or(default.samples),
        warmup: section.whole("warmup").unwrap_or(default.warmup),
        floor: section.flag("floor").unwrap_or(default.floor),
        trials: section.positive("trials").unwrap_or(default.trials),
        budget: section.parsed("budget").unwrap_or(default.budget),
        scope: scope(section),
        span: section.parsed("span"),
        at_random: section.flag("at_random").unwrap_or(false),
        until: section.choice("until", &untils).unwrap_or(default.until),
        quantiles: Vec::new(),
        cpu: false,
        dataset,
    }
}

fn next_options(top: &mut Section<'_>, conditions: &mut Vec<Written>) -> Vec<NextOption> {
    let mut options = Vec::new();
    for mut section in top.sections("next_option") {
        let title = section.required("title");
        let recommended = section.flag("recommended").unwrap_or(false);
        let when = section.text("when");
        let when = condition(section.source(), when, conditions, top.problems);
        section.finish();
        options.extend(title.map(|title| NextOption { title, recommended, when }));
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Plan, Vec<String>> {
        let source = Source { name: "3a.toml".to_owned(), text: text.to_owned() };
        parse_plan(&source).map_err(|problems| {
            problems.into_iter().map(|p| format!("{}: {}", p.code, p.message)).collect()
        })
    }

    const SMALLEST: &str =
        "schema = 1\n[phase]\nid = \"3A\"\ntitle = \"t\"\nsubject = \"s\"\nmatrix = \"m.toml\"\n";

    #[test]
    fn what_is_not_written_has_a_default() {
        let plan = parse(SMALLEST).unwrap();
        assert_eq!(plan.measure, default_measure());
        assert_eq!(plan.measure.samples.get(), 10_000);
        assert!(plan.measure.dataset.is_none());
    }

    #[test]
    fn floor_rounds_can_be_left_out() {
        let floor = |line: &str| parse(&format!("{SMALLEST}[measure]\n{line}\n"));
        assert!(floor("").unwrap().measure.floor);
        assert!(!floor("floor = false").unwrap().measure.floor);
        let problem = "wrong-type: `floor` must be true or false";
        assert_eq!(floor("floor = 0").unwrap_err(), [problem]);
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let text = format!(
            "{SMALLEST}planned_effort = \"7 sheep\"\n[measure]\nrounds = 0\nwait = \"spinn\"\nbudget = \"5MB\"\nspeed = 1\n[measure.dataset]\nvalue = \"1B\"\n"
        );
        assert_eq!(
            parse(&text).unwrap_err(),
            [
                "bad-value: unknown unit `sheep`; the units are ns, us, ms, s, min, h, d, B, kB, MB, \
                 GB, KiB, MiB, GiB, %, /s",
                "bad-value: `rounds` must be at least 1",
                "bad-value: `spinn` can't be the wait; use spin or block",
                "bad-value: `5MB` is not a time, such as `12us`",
                "unknown-key: unknown key `speed` in `measure`",
                "missing-key: `dataset` has no `size`",
            ]
        );
    }

    #[test]
    fn an_empty_file_says_what_is_missing() {
        assert_eq!(
            parse("").unwrap_err(),
            [
                "unknown-schema: the file does not name its schema; begin with `schema = 1`",
                "missing-key: the file has no `phase`",
            ]
        );
    }
}

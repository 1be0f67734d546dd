//! Conditions of the plan itself: predictions, and what next options depend on.
//!
//! They are decided like rows, on the trials that the decision took into account, but as families
//! of their own: the error rate is shared out among the conditions of a family, and no row's
//! finding changes because a plan predicts something.

use phasegate_model::{
    Evidence, Finding, Metric, OptionResult, Plan, PredictionResult, Quantity, Readings, Reason,
    RowId, Rule, Verdict,
};

use crate::condition::check::{Checked, checked_with_facts};
use crate::decide::assess::{Assessment, RowState, Settling, first_settled};
use crate::decide::background::{Background, completed_or, facts_used};
use crate::decide::summary::{Samples, ordered_metrics};
use crate::decide::threshold::Bar;
use crate::margin::point::Point;
use crate::matrix::{FactUse, Matrix, Row, RowPlaces, Written};

/// How the plan's predictions stand that were made before measuring: a run goes on for them.
pub(crate) struct Expected {
    /// After how many trials all of them are decided; nothing if they aren't.
    pub(crate) settled: Option<usize>,
    /// Whether none that is open can be decided any more, if that was asked.
    pub(crate) is_futile: bool,
}

/// What the trials say of the predictions that were made before measuring, where there can be `most`
/// in all.
pub(crate) fn expected(
    background: &Background<'_>,
    error_rate: Quantity,
    trials: &[&Readings],
    most: Option<u32>,
) -> Expected {
    let nothing = Expected { settled: Some(0), is_futile: true };
    let predictions = background.plan.map_or(&[][..], |plan| plan.predictions.as_slice());
    if !predictions.iter().any(|prediction| prediction.on <= background.day) {
        return nothing;
    }
    // All share the error rate, whenever they were made, as where they are told.
    let read = predictions.iter().map(|prediction| (prediction, row(&prediction.claim)));
    let (before, rows): (Vec<bool>, Vec<Row>) = read
        .filter_map(|(prediction, row)| Some((prediction.on <= background.day, row.ok()?)))
        .unzip();
    let Some(family) = Matrix::of_rows(rows, Some(error_rate)) else { return nothing };
    let completed = background.complete(trials, &family.metrics());
    let trials = completed_or(completed.as_ref(), trials);
    let bound = family.bound(background);
    let bar = Bar::of(&bound, background.rule);
    let assessment = Assessment::of(&bound, &trials, bar, Settling::ROWS);
    let awaited = assessment.rows.iter().zip(before).filter(|(_, before)| *before);
    let awaited: Vec<&RowState<'_>> = awaited.map(|(row, _)| row).collect();
    Expected {
        settled: first_settled(awaited.iter().copied(), trials.len()),
        is_futile: most.is_some_and(|most| {
            awaited.iter().all(|row| row.is_settled() || row.is_futile(most, bar))
        }),
    }
}

/// What became of the plan's predictions.
pub(crate) fn predictions(
    evidence: &Evidence,
    matrix: &Matrix,
    rule: Rule,
    considered: usize,
) -> Vec<PredictionResult> {
    let plan = &evidence.plan.predictions;
    let claims: Vec<&str> = plan.iter().map(|prediction| prediction.claim.as_str()).collect();
    let day = evidence.started_at.date_naive();
    let result = |(prediction, verdict): (&phasegate_model::Prediction, Verdict)| {
        // A day is all that is written, so what was said on the day itself counts as said before.
        let (made_before, prediction) = (prediction.on <= day, prediction.clone());
        PredictionResult { prediction, made_before, verdict }
    };
    plan.iter()
        .zip(decide(&claims, evidence, matrix.error_rate, rule, considered))
        .map(result)
        .collect()
}

/// What became of the plan's next options that depend on a condition.
pub(crate) fn next_options(
    evidence: &Evidence,
    matrix: &Matrix,
    rule: Rule,
    considered: usize,
) -> Vec<OptionResult> {
    let options = evidence.plan.next_options.iter();
    let options: Vec<_> =
        options.filter_map(|option| Some((option, option.when.as_deref()?))).collect();
    let conditions: Vec<&str> = options.iter().map(|(_, when)| *when).collect();
    let verdicts = decide(&conditions, evidence, matrix.error_rate, rule, considered);
    let result =
        |((option, when), verdict): ((&phasegate_model::NextOption, &str), Verdict)| OptionResult {
            title: option.title.clone(),
            when: when.to_owned(),
            // What depends on a condition is recommended once that is met, not while it is open.
            recommended: option.recommended && verdict.finding == Finding::Met,
            verdict,
        };
    options.into_iter().zip(verdicts).map(result).collect()
}

/// The metrics that the plan's own conditions name. A condition that can't be read names none.
pub(crate) fn metrics(plan: &Plan) -> Vec<Metric> {
    let claims = plan.predictions.iter().map(|prediction| prediction.claim.as_str());
    let options = plan.next_options.iter().filter_map(|option| option.when.as_deref());
    let read = claims.chain(options).filter_map(|text| checked_with_facts(text).ok());
    read.flat_map(|checked| checked.condition.metrics()).collect()
}

/// A verdict for each condition of the plan.
fn decide(
    conditions: &[&str],
    evidence: &Evidence,
    error_rate: Quantity,
    rule: Rule,
    considered: usize,
) -> Vec<Verdict> {
    if conditions.is_empty() {
        return Vec::new();
    }
    // Trials that no row looked at decide no prediction either: both tell of the same run.
    let trials: Vec<&Readings> =
        evidence.trials.iter().take(considered).map(|trial| &trial.readings).collect();
    let background = Background { rule, ..Background::of(evidence) };
    judge(conditions, Some(error_rate), &background, &trials)
}

/// What the trials say of conditions that stand in no matrix: a verdict for each, in their order.
///
/// They are decided like rows, and share the error rate among those of them that name a sampled
/// metric. Without an error rate it is that of a matrix which states none. A condition that can't be
/// read is undecided.
#[must_use]
pub fn judge(
    conditions: &[&str],
    error_rate: Option<Quantity>,
    background: &Background<'_>,
    trials: &[&Readings],
) -> Vec<Verdict> {
    if conditions.is_empty() {
        return Vec::new();
    }
    let read: Vec<Result<Row, String>> = conditions.iter().map(|text| row(text)).collect();
    // What can't be read isn't put to the vote, and takes no share of the error rate.
    let rows = read.iter().filter_map(|row| row.as_ref().ok()).cloned().collect();
    let family = Matrix::of_rows(rows, error_rate);
    let verdicts = family.map(|family| verdicts(&family, background, trials));
    let mut verdicts = verdicts.unwrap_or_default().into_iter();
    let unreadable = |problem: &String| Verdict {
        finding: Finding::Undecided(Reason::ConditionUnreadable { problem: problem.clone() }),
        votes: None,
        readings: Vec::new(),
        margin: None,
        facts: Vec::new(),
    };
    let verdict = |row: &Result<Row, String>| match row {
        Ok(_) => verdicts.next(),
        Err(problem) => Some(unreadable(problem)),
    };
    read.iter().filter_map(verdict).collect()
}

fn verdicts(family: &Matrix, background: &Background<'_>, trials: &[&Readings]) -> Vec<Verdict> {
    let metrics = family.metrics();
    let completed = background.complete(trials, &metrics);
    let trials = completed_or(completed.as_ref(), trials);
    let bound = family.bound(background);
    let bar = Bar::of(&bound, background.rule);
    let assessment = Assessment::of(&bound, &trials, bar, Settling::ROWS);
    let nothing = Readings::default();
    let samples = Samples::of(&metrics, &trials);
    // Texts and versions have no median: the first trial speaks for them.
    let point = Point::new(
        samples.medians(),
        trials.first().copied().unwrap_or(&nothing),
        background.rule != Rule::First,
    );
    let verdict = |state: &RowState<'_>| {
        let margin = point.margin(&state.row.when.condition);
        let readings = ordered_metrics(state.row, &state.row.when.condition, margin.as_ref());
        Verdict {
            finding: state.finding(),
            votes: assessment.votes(state),
            readings: readings.into_iter().map(|metric| samples.summarize(metric, bar)).collect(),
            margin,
            facts: facts_used(state.row, background.facts()),
        }
    };
    assessment.rows.iter().map(verdict).collect()
}

fn row(text: &str) -> Result<Row, String> {
    let unreadable = |problems: Vec<crate::Diagnostic>| {
        problems.into_iter().next().map_or_else(String::new, |problem| problem.message)
    };
    let Checked { condition, facts } = checked_with_facts(text).map_err(unreadable)?;
    let kinds = condition.facts();
    let used = |(name, span): (phasegate_model::FactName, std::ops::Range<usize>)| FactUse {
        kinds: kinds.get(&name).copied().unwrap_or(crate::condition::kinds::Kinds::ANY),
        name,
        file: String::new(),
        span,
        line: 1,
    };
    let facts = facts.into_iter().map(used).collect();
    // Nobody points into rows that aren't written in a matrix.
    let when = Written {
        text: text.into(),
        normalized: condition.to_string().into(),
        condition,
        facts,
        place: 0..0,
        comparisons: Vec::new(),
    };
    // A row has to have an id and an action; the verdict shows neither.
    let id: RowId = "condition".parse().map_err(|error| format!("{error}"))?;
    let then = "no action".parse().map_err(|error| format!("{error}"))?;
    let places = RowPlaces { row: 0..0, then: 0..0, otherwise: None, sentence: false };
    Ok(Row {
        id,
        file: None,
        line: 1,
        when,
        given: None,
        then,
        otherwise: None,
        scope: None,
        why: None,
        places,
    })
}

//! What is known beside the trials: the plan's facts, and an earlier phase.

use std::borrow::Cow;
use std::collections::BTreeMap;

use phasegate_model::{
    Evidence, Fact, FactName, FactUsed, Metric, NaiveDate, Plan, Previous, Readings, Rule, Until,
};

use crate::condition::facts::Facts;
use crate::condition::term::FactProblem;
use crate::matrix::{Matrix, Row, Written};

/// What is known beside the trials. It is the same for each of them.
#[derive(Clone, Copy, Debug)]
pub struct Background<'b> {
    /// The plan: its facts, its predictions, and until when a run goes on.
    pub plan: Option<&'b Plan>,
    /// The day on which measuring began; facts must not be too old on it.
    pub day: NaiveDate,
    /// The earlier phase that `previous.*` metrics are read from. Without one they are read from
    /// the trials.
    pub previous: Option<&'b Previous>,
    /// By which rule votes become findings.
    pub rule: Rule,
}

impl<'b> Background<'b> {
    /// Nothing is known.
    pub const NOTHING: Self =
        Self { plan: None, day: NaiveDate::MIN, previous: None, rule: Rule::CURRENT };

    /// What the evidence has.
    #[must_use]
    pub fn of(evidence: &'b Evidence) -> Self {
        Self {
            plan: Some(&evidence.plan),
            // The day of measuring, not today: decided again years later, no fact may have aged.
            day: evidence.started_at.date_naive(),
            previous: evidence.previous.as_ref(),
            rule: Rule::CURRENT,
        }
    }

    /// What the plan asserts.
    pub(crate) fn facts(&self) -> Option<&'b BTreeMap<FactName, Fact>> {
        self.plan.map(|plan| &plan.facts)
    }

    /// Until when the run went on; without a plan until every row was decided.
    pub(crate) fn until(&self) -> Until {
        self.plan.map_or(Until::Rows, |plan| plan.measure.until)
    }

    /// Each fact's value, or why it can't be used.
    pub(crate) fn values(&self) -> Facts {
        let value = |fact: &Fact| match fact.too_old_on(self.day) {
            Some((age, max_age)) => Err(FactProblem::Stale { age, max_age }),
            None => Ok(fact.value.clone()),
        };
        let facts = self.facts().into_iter().flatten();
        facts.map(|(name, fact)| (name.clone(), value(fact))).collect()
    }

    /// The trials with the earlier phase's readings among their own, where one of these metrics
    /// asks for them; nothing if none does, so that the trials stay as they are.
    pub(crate) fn complete(
        &self,
        trials: &[&Readings],
        metrics: &[Metric],
    ) -> Option<Vec<Readings>> {
        let previous = self.previous?;
        let mut earlier = Readings::default();
        for metric in metrics {
            if let Some(reading) = previous.reading(*metric) {
                // What doesn't fit its metric stays out: then it is missing.
                let _ = earlier.insert(*metric, reading);
            }
        }
        // With nothing to add, the trials needn't be copied.
        earlier.iter().next()?;
        let complete = |trial: &&Readings| {
            let mut trial = Readings::clone(trial);
            trial.extend(earlier.clone());
            trial
        };
        Some(trials.iter().map(complete).collect())
    }
}

/// The trials that were completed, or else those that there are.
pub(crate) fn completed_or<'t>(
    completed: Option<&'t Vec<Readings>>,
    trials: &[&'t Readings],
) -> Vec<&'t Readings> {
    completed.map_or_else(|| trials.to_vec(), |completed| completed.iter().collect())
}

impl Matrix {
    /// The matrix with facts in their places; itself, if it names none.
    pub(crate) fn bound(&self, background: &Background<'_>) -> Cow<'_, Self> {
        // Borrowed where it can be: a run asks after each trial.
        if self.fact_uses().next().is_none() {
            return Cow::Borrowed(self);
        }
        let facts = background.values();
        let rows = self.rows.iter().map(|row| row.bound(&facts)).collect();
        Cow::Owned(Self { rows, ..self.clone() })
    }
}

impl Row {
    fn bound(&self, facts: &Facts) -> Self {
        let given = self.given.as_ref().map(|given| given.bound(facts));
        Self { when: self.when.bound(facts), given, ..self.clone() }
    }
}

impl Written {
    pub(crate) fn bound(&self, facts: &Facts) -> Self {
        Self { condition: self.condition.bound(facts), ..self.clone() }
    }
}

/// The facts that a row names, as far as the plan has them.
pub(crate) fn facts_used(row: &Row, facts: Option<&BTreeMap<FactName, Fact>>) -> Vec<FactUsed> {
    let Some(facts) = facts else { return Vec::new() };
    let mut used: Vec<FactUsed> = Vec::new();
    for name in row.written().flat_map(|written| &written.facts).map(|used| &used.name) {
        let Some(fact) = facts.get(name) else { continue };
        if used.iter().all(|other| other.name != *name) {
            used.push(FactUsed {
                name: name.clone(),
                value: fact.value.clone(),
                author: fact.author.clone(),
                date: fact.date,
            });
        }
    }
    used
}

//! The decision: every row's finding, the outcome, and what is left open.

use phasegate_model::{
    Action, Decision, Evidence, FactUsed, Finding, Metric, Obligation, Outcome, Plan, Readings,
    Reason, RowDecision, RowId, Rule, ScopeKind, Until, Verb,
};

use crate::condition::term::Condition;
use crate::decide::assess::{Assessment, RowState, Settling};
use crate::decide::background::{Background, completed_or, facts_used};
use crate::decide::claims;
use crate::decide::drift::LEAST_TRIALS;
use crate::decide::summary::{Samples, ordered_metrics};
use crate::decide::threshold::Bar;
use crate::margin::point::Point;
use crate::matrix::{HitPolicy, Matrix, Row};
use crate::outcome::{Possible, possible_outcomes};

impl Matrix {
    /// Decides on the trials of one run, whatever other runs say.
    pub(crate) fn decide_run(&self, rule: Rule, evidence: &Evidence) -> Decision {
        let background = Background { rule, ..Background::of(evidence) };
        let measured: Vec<&Readings> =
            evidence.trials.iter().map(|trial| &trial.readings).collect();
        let metrics = self.metrics();
        let completed = background.complete(&measured, &metrics);
        let trials = completed_or(completed.as_ref(), &measured);
        self.bound(&background).decide_on(evidence, &background, &trials, &metrics)
    }

    /// Decides with facts in their places, and with what is known of an earlier phase.
    fn decide_on(
        &self,
        evidence: &Evidence,
        background: &Background<'_>,
        trials: &[&Readings],
        metrics: &[Metric],
    ) -> Decision {
        let rule = background.rule;
        let assessment = self.assess(background, trials);
        // What readers are shown is of the trials that counted, or it could contradict the finding.
        let considered = trials.get(..assessment.considered).unwrap_or(trials);
        let nothing = Readings::default();
        // Texts and versions have no median: the first trial speaks for them.
        let first = considered.first().copied().unwrap_or(&nothing);
        let samples = Samples::of(metrics, considered);
        let point = Point::new(samples.medians(), first, rule != Rule::First);

        let mut findings: Vec<Finding> = assessment.rows.iter().map(RowState::finding).collect();
        let possible: Vec<Possible> = assessment.rows.iter().map(RowState::possible).collect();
        let resolution = self.resolve(&findings, &possible);
        for finding in &mut findings {
            if assessment.is_needless(finding, resolution.outcome) {
                *finding = Finding::Undecided(Reason::NotNeeded);
            }
        }
        let row = |(state, finding): (&RowState<'_>, &Finding)| {
            let facts = facts_used(state.row, Some(&evidence.plan.facts));
            row_decision(state, finding, &assessment, &samples, &point, facts)
        };
        Decision {
            schema: Decision::schema_of(rule),
            rule,
            phase: evidence.plan.phase.clone(),
            matrix: self.id.clone(),
            error_rate: self.error_rate,
            voted_conditions: self.voted_conditions(),
            trials: u32::try_from(considered.len()).unwrap_or(u32::MAX),
            outcome: resolution.outcome,
            next: resolution
                .outcome
                .gate()
                .and_then(|gate| evidence.plan.next.after(gate))
                .cloned(),
            deciding: resolution.deciding,
            rows: assessment.rows.iter().zip(&findings).map(row).collect(),
            obligations: self.obligations(&findings),
            closest_flip: match resolution.outcome {
                // Nothing is decided, so there is nothing that could flip.
                Outcome::Undecided => None,
                decided @ Outcome::Decided(_) => point.flip(self, decided),
            },
            possible: resolution.possible,
            predictions: claims::predictions(evidence, self, rule, considered.len()),
            next_options: claims::next_options(evidence, self, rule, considered.len()),
            scope: None,
            continues: None,
            runs: Vec::new(),
            settled: None,
        }
    }

    /// What the trials say of every row, until the run is settled.
    pub(crate) fn assess(
        &self,
        background: &Background<'_>,
        trials: &[&Readings],
    ) -> Assessment<'_> {
        let until = background.until();
        let others = match until {
            Until::Rows | Until::Trials => Some(0),
            Until::Outcome => claims::expected(background, self.error_rate, trials, None).settled,
        };
        // A run of fewer trials has no vote where runs decide.
        let votes = |plan: &Plan| {
            let mut sampled =
                self.rows.iter().filter(|row| row.conditions().any(Condition::is_sampled));
            sampled.any(|row| self.scope_of(row, plan) == ScopeKind::Standing)
        };
        let least = if background.plan.is_some_and(votes) { LEAST_TRIALS } else { 0 };
        let others = others.map(|others| others.max(usize::try_from(least).unwrap_or(0)));
        let bar = Bar::of(self, background.rule);
        Assessment::of(self, trials, bar, Settling { until, others })
    }

    /// Every metric that a condition names, in the catalogue's order.
    #[must_use]
    pub fn metrics(&self) -> Vec<Metric> {
        let conditions = self.rows.iter().flat_map(Row::conditions);
        let mut metrics: Vec<Metric> = Vec::new();
        conditions.for_each(|condition| condition.walk(&mut |metric| metrics.push(metric)));
        // A metric may stand in many rows, and its readings are to be sorted once.
        metrics.sort_unstable();
        metrics.dedup();
        metrics
    }

    /// Every metric that a condition of the matrix or of the plan itself names, in the catalogue's
    /// order.
    #[must_use]
    pub fn metrics_with(&self, plan: &Plan) -> Vec<Metric> {
        let mut metrics = self.metrics();
        metrics.extend(claims::metrics(plan));
        metrics.sort_unstable();
        metrics.dedup();
        metrics
    }

    /// The outcome that follows from findings, and the rows that gave it.
    pub(crate) fn resolve(&self, findings: &[Finding], possible: &[Possible]) -> Resolution {
        let default = self.default.as_ref().map(Action::verb);
        let outcomes = possible_outcomes(self.hit_policy, default, possible.iter().copied());
        match outcomes[..] {
            // Rows may still be open, but whatever comes of them gives the same outcome.
            [outcome] => Resolution {
                outcome,
                possible: Vec::new(),
                deciding: self.giving(outcome, possible),
            },
            _ => Resolution {
                outcome: Outcome::Undecided,
                deciding: self.open(findings, &outcomes, possible),
                possible: outcomes,
            },
        }
    }

    /// The rows that ask for the outcome, whatever comes of those that are undecided.
    fn giving(&self, outcome: Outcome, possible: &[Possible]) -> Vec<RowId> {
        let Outcome::Decided(verb) = outcome else { return Vec::new() };
        let rows = self.rows.iter().zip(possible).filter(|(_, asked)| asked.is_surely(verb));
        let ids = rows.map(|(row, _)| row.id.clone());
        match self.hit_policy {
            HitPolicy::Priority => ids.collect(),
            // Under this policy the first row that spoke gave the outcome, and no other.
            HitPolicy::First => ids.take(1).collect(),
        }
    }

    /// The undecided rows that could still give one of the outcomes.
    fn open(
        &self,
        findings: &[Finding],
        outcomes: &[Outcome],
        possible: &[Possible],
    ) -> Vec<RowId> {
        self.rows
            .iter()
            .zip(findings)
            .zip(possible)
            .filter(|((_, finding), asked)| {
                let could_give = outcomes.iter().any(|outcome| match outcome {
                    Outcome::Decided(verb) => asked.may_be(*verb),
                    Outcome::Undecided => false,
                });
                matches!(finding, Finding::Undecided(_)) && could_give
            })
            .map(|((row, _), _)| row.id.clone())
            .collect()
    }

    /// What the rows that defer leave open: the row's other action, once its condition turns.
    pub(crate) fn obligations(&self, findings: &[Finding]) -> Vec<Obligation> {
        let owed = |(row, finding): (&Row, &Finding)| {
            let deferred = row.action(finding).filter(|action| action.verb() == Verb::Defer)?;
            let when = &row.when.normalized;
            let (other, condition) = match finding {
                Finding::Met => (row.otherwise.as_ref(), format!("not ({when})")),
                _ => (Some(&row.then), when.to_string()),
            };
            // Without another side there is nothing to come back to but what was put off.
            let action = other.unwrap_or(deferred).clone();
            Some(Obligation { row: row.id.clone(), action, condition })
        };
        self.rows.iter().zip(findings).filter_map(owed).collect()
    }
}

fn row_decision(
    state: &RowState<'_>,
    finding: &Finding,
    assessment: &Assessment<'_>,
    samples: &Samples<'_>,
    point: &Point<'_>,
    facts: Vec<FactUsed>,
) -> RowDecision {
    let row = state.row;
    // A row without a say flips when its `given` does.
    let decisive = match (finding, &row.given) {
        (Finding::NotApplicable, Some(given)) => &given.condition,
        _ => &row.when.condition,
    };
    let margin = point.margin(decisive);
    let metrics = ordered_metrics(row, decisive, margin.as_ref());
    RowDecision {
        id: row.id.clone(),
        line: row.line,
        file: row.file.clone(),
        when: row.when.text.clone(),
        normalized: row.when.normalized.clone(),
        given: row.given.as_ref().map(|given| given.text.clone()),
        given_verdict: assessment.given(state, point),
        why: row.why.clone(),
        finding: finding.clone(),
        action: row.action(finding).cloned(),
        then: row.then.clone(),
        otherwise: row.otherwise.clone(),
        votes: assessment.votes(state),
        readings: metrics
            .into_iter()
            .map(|metric| samples.summarize(metric, assessment.bar()))
            .collect(),
        margin,
        facts,
    }
}

/// What findings amount to.
pub(crate) struct Resolution {
    pub(crate) outcome: Outcome,
    pub(crate) possible: Vec<Outcome>,
    pub(crate) deciding: Vec<RowId>,
}

//! One point: each metric at its median over the trials, or moved from there; and what conditions
//! say at it.

use phasegate_model::{Decimal, Domain, Metric, Reading, Readings};

use super::moves::{Move, Place};
use super::solve::{Solution, solve};
use crate::condition::{Comparison, Condition, Term, Truth, Unknown, Value, compare};
use crate::exact;

/// The medians of the numeric metrics, and one trial's readings for everything else.
pub(crate) struct Point<'r> {
    medians: Vec<(Metric, Decimal)>,
    others: &'r Readings,
}

impl<'r> Point<'r> {
    pub(crate) const fn new(medians: Vec<(Metric, Decimal)>, others: &'r Readings) -> Self {
        Self { medians, others }
    }

    pub(super) fn median(&self, metric: Metric) -> Option<Decimal> {
        self.medians.iter().find(|(other, _)| *other == metric).map(|(_, median)| *median)
    }

    pub(super) fn truth(&self, condition: &Condition, moves: &[Move]) -> Option<bool> {
        let truth = condition.evaluate(&mut |comparison| self.compare(comparison, moves));
        match truth {
            Truth::True => Some(true),
            Truth::False => Some(false),
            Truth::Unknown(_) => None,
        }
    }

    pub(super) fn compare(&self, comparison: &Comparison, moves: &[Move]) -> Truth {
        if comparison.is_computed() {
            return self
                .compare_computed(comparison, moves)
                .unwrap_or(Truth::Unknown(Unknown::Tie));
        }
        let places = (self.place(&comparison.left, moves), self.place(&comparison.right, moves));
        let (Some(left), Some(right)) = places else {
            let numeric =
                comparison.metrics().any(|metric| matches!(metric.domain(), Domain::Number(_)));
            return if numeric {
                Truth::Unknown(Unknown::Tie)
            } else {
                comparison.holds(self.others)
            };
        };
        let order = exact::compare(left.0, right.0).then(left.1.cmp(&right.1));
        truth(comparison.operator.holds(order))
    }

    /// Compares with every metric in its place; nothing if the sides can't be told apart.
    fn compare_computed(&self, comparison: &Comparison, moves: &[Move]) -> Option<Truth> {
        let mut readings = Readings::default();
        let mut sides = Vec::new();
        for metric in comparison.metrics() {
            let (amount, side) = self.place(&Term::Metric(metric), moves)?;
            readings.insert(metric, Reading::exact(amount)).ok()?;
            sides.extend((side != 0).then_some((metric, amount, side)));
        }
        let (left, right) = (comparison.left.value(&readings), comparison.right.value(&readings));
        let (Ok(Value::Number(_, left)), Ok(Value::Number(_, right))) = (left, right) else {
            return None;
        };
        let apart = left.high() < right.low() || left.low() > right.high();
        if apart || sides.is_empty() {
            return compare(&left, comparison.operator, &right).map(truth);
        }
        // The sides are equal, or differ by what was rounded: the steps aside decide.
        let mut steps = sides.into_iter().map(|(metric, amount, side)| {
            let root = self.solution(comparison, metric)?.root?;
            let on_the_limit = root.told(self.median(metric)?)? == amount;
            let rises = if root.rises { side } else { -side };
            on_the_limit.then_some(rises.cmp(&0))
        });
        let first = steps.next()??;
        let agree = steps.all(|step| step == Some(first));
        agree.then(|| truth(comparison.operator.holds(first)))
    }

    pub(super) fn solution(&self, comparison: &Comparison, metric: Metric) -> Option<Solution> {
        solve(comparison, metric, &|other| self.median(other))
    }

    pub(super) fn place(&self, term: &Term, moves: &[Move]) -> Option<Place> {
        match term {
            Term::Metric(metric) => {
                let moved = moves.iter().find(|moved| moved.metric == *metric);
                let median = || self.median(*metric).map(|median| (median, 0));
                moved.map(|moved| moved.to).or_else(median)
            }
            Term::Number { amount, .. } => Some((*amount, 0)),
            Term::Fact(fact) => self.place(fact.value.as_ref().ok()?, moves),
            Term::Text(_) | Term::Version(_) | Term::Negated(_) | Term::Arithmetic(_) => None,
        }
    }
}

pub(super) const fn truth(value: bool) -> Truth {
    if value { Truth::True } else { Truth::False }
}

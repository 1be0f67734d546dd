//! A matrix made ready for evaluation: conditions taken apart once, so that very many trials can
//! be looked at. Deciding counts the votes; looking at recorded trials can do with them alone.

use std::cmp::Ordering;
use std::sync::Arc;

use phasegate_model::{Decimal, Measured, MetricPlace, Outcome, Readings};

use crate::condition::evaluate::Truth;
use crate::condition::lexer::Operator;
use crate::condition::limit::Limit;
use crate::condition::term::{Comparison, Condition};
use crate::decide::columns::Columns;
use crate::decide::drift::is_far_from;
use crate::decide::votes::format_evidence;
use crate::exact;
use crate::exact::Digits;
use crate::matrix::{Matrix, Row};
use crate::outcome::{Asks, certain_outcome};

/// A matrix made ready for voting. Facts have to be in their places; one that isn't leaves its
/// rows unknown.
pub struct Ballot<'m> {
    pub(crate) matrix: &'m Matrix,
    pub(crate) rows: Vec<RowBallot<'m>>,
    /// Conditions that name a sampled metric, among which the error rate is shared out.
    pub(crate) voted: u32,
    /// What evidence has to reach: voted conditions / error rate.
    pub(crate) threshold: f64,
    /// The same for readers.
    pub(crate) threshold_shown: Arc<str>,
}

pub(crate) struct RowBallot<'m> {
    pub(crate) row: &'m Row,
    pub(crate) asks: Asks,
    pub(crate) when: ConditionBallot<'m>,
    pub(crate) given: Option<ConditionBallot<'m>>,
}

/// A condition made ready.
pub(crate) struct ConditionBallot<'m> {
    pub(crate) condition: &'m Condition,
    node: Node<'m>,
    /// Its comparisons that name a sampled metric; none if the condition isn't put to the vote.
    pub(crate) sampled: Vec<Sampled<'m>>,
}

/// A comparison that names a sampled metric.
pub(crate) struct Sampled<'m> {
    pub(crate) comparison: &'m Comparison,
    limit: Option<Limit>,
}

/// A condition, with comparisons of a metric and a constant taken apart.
enum Node<'m> {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Limit(Threshold),
    Other(&'m Comparison),
}

/// A limit made ready.
#[derive(Clone, Copy)]
struct Threshold {
    limit: Limit,
    /// Where readings have the metric.
    place: MetricPlace,
    digits: Option<Digits>,
    /// Whether the comparison holds of a reading below the limit, at it, and above it.
    holds: [bool; 3],
}

/// What one trial says of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vote {
    /// Whether the condition holds; nothing if the readings don't tell.
    pub holds: Option<bool>,
    /// Whether the row has a say; nothing if the readings don't tell.
    pub applies: Option<bool>,
    /// How far the reading is from the limit that decided, in the metric's base unit; nothing if
    /// no limit did.
    pub margin: Option<Decimal>,
}

impl Matrix {
    /// Makes the matrix ready for voting on very many trials.
    #[must_use]
    pub fn ballot(&self) -> Ballot<'_> {
        let rows: Vec<RowBallot<'_>> = self.rows.iter().map(RowBallot::of).collect();
        let conditions = rows.iter().flat_map(|row| row.given.iter().chain([&row.when]));
        let voted = conditions.filter(|condition| condition.is_sampled()).count();
        let voted = u32::try_from(voted).unwrap_or(u32::MAX);
        let error_rate = f64::try_from(self.error_rate.amount()).unwrap_or(f64::MIN_POSITIVE);
        let threshold = f64::from(voted.max(1)) / error_rate;
        let threshold_shown = format_evidence(threshold).into();
        Ballot { matrix: self, rows, voted, threshold, threshold_shown }
    }
}

impl<'m> RowBallot<'m> {
    fn of(row: &'m Row) -> Self {
        let given = row.given.as_ref().map(|given| ConditionBallot::of(&given.condition));
        Self { row, asks: Asks::of(row), when: ConditionBallot::of(&row.when.condition), given }
    }
}

impl Ballot<'_> {
    /// One trial's votes, one for each row in the matrix's order. `votes` is filled anew, so that
    /// its room can be used again.
    pub fn vote(&self, readings: &Readings, votes: &mut Vec<Vote>) {
        votes.clear();
        votes.extend(self.rows.iter().map(|row| {
            let (holds, margin) = row.when.node.look_with_margin(readings);
            Vote { holds, applies: row.applies(readings), margin }
        }));
    }

    /// The outcome if every trial voted so; undecided if the readings don't tell.
    #[must_use]
    pub fn outcome(&self, votes: &[Vote]) -> Outcome {
        let possible =
            |(row, vote): (&RowBallot<'_>, &Vote)| row.asks.possible(vote.applies, vote.holds);
        certain_outcome(self.matrix, self.rows.iter().zip(votes).map(possible))
            .unwrap_or(Outcome::Undecided)
    }

    /// The outcome if every trial had these readings: the same as that of the votes, without
    /// margins.
    pub(crate) fn outcome_at(&self, readings: &Readings) -> Outcome {
        let possible = |row: &RowBallot<'_>| {
            row.asks.possible(row.applies(readings), row.when.holds(readings))
        };
        certain_outcome(self.matrix, self.rows.iter().map(possible)).unwrap_or(Outcome::Undecided)
    }
}

impl RowBallot<'_> {
    fn applies(&self, readings: &Readings) -> Option<bool> {
        match &self.given {
            Some(given) => given.holds(readings),
            None => Some(true),
        }
    }
}

impl<'m> ConditionBallot<'m> {
    fn of(condition: &'m Condition) -> Self {
        let mut sampled = Vec::new();
        condition.visit(&mut |comparison| {
            if comparison.is_sampled() {
                sampled.push(Sampled { comparison, limit: limit_of(comparison) });
            }
        });
        Self { condition, node: Node::of(condition), sampled }
    }

    /// Whether it is put to the vote.
    pub(crate) const fn is_sampled(&self) -> bool {
        !self.sampled.is_empty()
    }

    /// How each of the trials votes; nothing where its readings don't tell.
    pub(crate) fn votes(&self, columns: &Columns<'_>) -> Vec<Option<bool>> {
        self.node.votes(columns)
    }

    /// Whether it holds; nothing if the readings don't tell.
    #[inline]
    pub(crate) fn holds(&self, readings: &Readings) -> Option<bool> {
        self.node.look(readings).0
    }
}

impl Sampled<'_> {
    /// The comparison's sides in a trial, the metric first if the other one is a constant; nothing
    /// if they aren't both numbers.
    pub(crate) fn sides(&self, readings: &Readings) -> Option<(Decimal, Decimal)> {
        match &self.limit {
            Some(limit) => Some((readings.get(limit.metric)?.number()?.value(), limit.amount)),
            None => self.comparison.sides(readings),
        }
    }

    /// Whether a constant side lies far outside all readings of so many of the first trials;
    /// nothing if that isn't told so easily.
    pub(crate) fn is_far(&self, columns: &Columns<'_>, trials: usize) -> Option<bool> {
        let Limit { metric, amount, .. } = self.limit?;
        is_far_from(columns.get(metric)?.range(trials)?, amount)
    }
}

/// The limit of a comparison with a constant. Fewer digits compare faster; the amount is the same.
fn limit_of(comparison: &Comparison) -> Option<Limit> {
    comparison.limit().map(|limit| Limit { amount: exact::normalize(limit.amount), ..limit })
}

/// Whether a condition holds, and the limit that decided: small enough to stay in registers.
type Looked<'n> = (Option<bool>, Option<&'n Threshold>);

impl<'m> Node<'m> {
    fn of(condition: &'m Condition) -> Self {
        match condition {
            Condition::All(parts) => Self::All(parts.iter().map(Self::of).collect()),
            Condition::Any(parts) => Self::Any(parts.iter().map(Self::of).collect()),
            Condition::Not(inner) => Self::Not(Box::new(Self::of(inner))),
            Condition::Compare(comparison) => limit_of(comparison)
                .map_or(Self::Other(comparison), |limit| Self::Limit(Threshold::of(limit))),
        }
    }

    /// Whether it holds, and the limit that decided.
    #[inline]
    fn look(&self, readings: &Readings) -> Looked<'_> {
        match self {
            Self::Limit(threshold) => threshold.look(readings),
            _ => self.look_inside(readings),
        }
    }

    /// Whether it holds, and how far the reading is from the limit that decided.
    #[inline]
    fn look_with_margin(&self, readings: &Readings) -> (Option<bool>, Option<Decimal>) {
        if let Self::Limit(threshold) = self {
            return threshold.look_with_margin(readings);
        }
        let (holds, decided) = self.look_inside(readings);
        (holds, decided.and_then(|threshold| threshold.distance(readings)))
    }

    /// How each of the trials votes: the same as looking at one after the other.
    fn votes(&self, columns: &Columns<'_>) -> Vec<Option<bool>> {
        match self {
            Self::Limit(threshold) => threshold.votes(columns),
            Self::All(parts) => joined_votes(parts, columns, false),
            Self::Any(parts) => joined_votes(parts, columns, true),
            _ => columns.trials().iter().map(|readings| self.look(readings).0).collect(),
        }
    }

    fn look_inside(&self, readings: &Readings) -> Looked<'_> {
        match self {
            Self::Limit(threshold) => threshold.look(readings),
            Self::Other(comparison) => match comparison.holds(readings) {
                Truth::True => (Some(true), None),
                Truth::False => (Some(false), None),
                Truth::Unknown(_) => (None, None),
            },
            Self::Not(inner) => {
                let (holds, decided) = inner.look(readings);
                (holds.map(|holds| !holds), decided)
            }
            Self::All(parts) => joined(parts, readings, false),
            Self::Any(parts) => joined(parts, readings, true),
        }
    }
}

/// Strong Kleene: the first part that decides does so alone.
fn joined<'n>(parts: &'n [Node<'_>], readings: &Readings, decisive: bool) -> Looked<'n> {
    let mut last = (Some(!decisive), None);
    for part in parts {
        match part.look(readings) {
            (Some(holds), decided) if holds == decisive => return (Some(holds), decided),
            (Some(_), decided) if last.0.is_some() => last.1 = decided,
            (Some(_), _) => {}
            (None, _) => last = (None, None),
        }
    }
    last
}

/// The same for all trials.
fn joined_votes(parts: &[Node<'_>], columns: &Columns<'_>, decisive: bool) -> Vec<Option<bool>> {
    let mut joined = vec![Some(!decisive); columns.trials().len()];
    for part in parts {
        for (joined, vote) in joined.iter_mut().zip(part.votes(columns)) {
            if vote == Some(decisive) || *joined == Some(!decisive) {
                *joined = vote;
            }
        }
    }
    joined
}

impl Threshold {
    fn of(limit: Limit) -> Self {
        let orders = [Ordering::Less, Ordering::Equal, Ordering::Greater];
        Self {
            limit,
            place: limit.metric.place(),
            digits: Digits::of(limit.amount),
            holds: orders.map(|order| limit.operator.holds(order)),
        }
    }

    #[inline]
    fn measured<'r>(&self, readings: &'r Readings) -> Option<&'r Measured> {
        readings.at(self.place)?.number()
    }

    #[inline]
    const fn holds(&self, order: Ordering) -> bool {
        let [below, at, above] = self.holds;
        match order {
            Ordering::Less => below,
            Ordering::Equal => at,
            Ordering::Greater => above,
        }
    }

    /// How each of the trials votes: by its digits, if they are at hand at the limit's scale.
    fn votes(&self, columns: &Columns<'_>) -> Vec<Option<bool>> {
        let column = columns.get(self.limit.metric);
        let limit = column.zip(self.digits).and_then(|(it, limit)| limit.at_scale(it.scale()));
        let (Some(column), Some(limit)) = (column, limit) else {
            return columns.trials().iter().map(|readings| self.look(readings).0).collect();
        };
        if let Some(digits) = column.exact() {
            return digits.iter().map(|digits| Some(self.holds(digits.cmp(&limit)))).collect();
        }
        let vote = |(low, high): &(i64, i64)| self.agreed(low.cmp(&limit), high.cmp(&limit));
        column.ends().iter().map(vote).collect()
    }

    #[inline]
    fn look(&self, readings: &Readings) -> Looked<'_> {
        let holds = self.measured(readings).and_then(|measured| self.compare(measured));
        (holds, holds.map(|_| self))
    }

    /// The same with the distance to the limit: of an exact reading, one step tells both.
    #[inline]
    fn look_with_margin(&self, readings: &Readings) -> (Option<bool>, Option<Decimal>) {
        let Some(measured) = self.measured(readings) else { return (None, None) };
        if measured.is_exact()
            && let (Some(value), Some(limit)) = (Digits::of(measured.value()), self.digits)
            && let Some((order, distance)) = value.against(limit)
        {
            return (Some(self.holds(order)), Some(distance));
        }
        match self.compare(measured) {
            Some(holds) => (Some(holds), self.distance(readings)),
            None => (None, None),
        }
    }

    #[inline]
    fn compare(&self, measured: &Measured) -> Option<bool> {
        if measured.is_exact()
            && let Some(order) = exact::compare_digits(Digits::of(measured.value()), self.digits)
        {
            return Some(self.holds(order));
        }
        self.compare_interval(measured)
    }

    fn compare_interval(&self, measured: &Measured) -> Option<bool> {
        self.agreed(self.order(measured.low()), self.order(measured.high()))
    }

    /// Known only if both ends of the interval agree with each other.
    #[inline]
    fn agreed(&self, at_low: Ordering, at_high: Ordering) -> Option<bool> {
        let agree = match self.limit.operator {
            // Of an interval around the limit neither is known.
            Operator::Equal | Operator::NotEqual => at_low == at_high,
            _ => self.holds(at_low) == self.holds(at_high),
        };
        agree.then(|| self.holds(at_low))
    }

    #[inline]
    fn order(&self, amount: Decimal) -> Ordering {
        let order = exact::compare_digits(Digits::of(amount), self.digits);
        order.unwrap_or_else(|| exact::compare_slowly(amount, self.limit.amount))
    }

    /// How far the reading is from the limit; nothing without a reading, or if that is too large.
    #[inline]
    fn distance(&self, readings: &Readings) -> Option<Decimal> {
        let value = self.measured(readings)?.value();
        exact::distance_of(value, Digits::of(value), self.limit.amount, self.digits)
    }
}

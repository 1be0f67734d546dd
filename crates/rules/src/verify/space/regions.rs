//! The space of all readings that a matrix can tell apart, and conditions as regions of it.
//!
//! Each metric that is compared with a constant is an axis, cut at its constants. Every other
//! comparison is an axis of its own with three cells: less, equal, greater. That makes more points
//! than there are readings, so what holds at no point holds of no reading; what is found at a point
//! is believed only once the evaluator has confirmed it on readings.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_model::{Decimal, Metric};

use crate::condition::lexer::Operator;
use crate::condition::term::{Condition, Term, TermComparison};
use crate::matrix::{Matrix, Row};
use crate::verify::space::axis::{Axis, AxisValue};
use crate::verify::space::blocks::{Block, CellRun};
use crate::verify::space::domain::ReadingRange;
use crate::verify::space::order::Order;

/// The most blocks that a row's conditions, and all rows together, may come to. A row of more is
/// taken as one unknown.
const MOST_BLOCKS: usize = 256;
const MOST_BLOCKS_OF_ALL: usize = 32_768;

/// What an axis is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum AxisSubject {
    /// A metric's reading.
    Metric(Metric),
    /// How two terms compare that are not a metric and a constant.
    Terms(String, String),
    /// Whether a condition holds that has too many cases to be taken apart.
    Condition(String),
}

/// A comparison as the analysis sees it: a subject beside a constant.
pub(crate) struct Atom {
    pub(crate) subject: AxisSubject,
    pub(crate) operator: Operator,
    pub(crate) limit: AxisValue,
}

impl Atom {
    pub(crate) fn of(comparison: &TermComparison) -> Self {
        let (left, right) = (&comparison.left, &comparison.right);
        match (left.metric(), constant(right), constant(left), right.metric()) {
            (Some(metric), Some(limit), ..) => {
                Self { subject: AxisSubject::Metric(metric), operator: comparison.operator, limit }
            }
            (.., Some(limit), Some(metric)) => Self {
                subject: AxisSubject::Metric(metric),
                operator: swapped(comparison.operator),
                limit,
            },
            _ => Self::of_terms(left.to_string(), comparison.operator, right.to_string()),
        }
    }

    fn of_terms(left: String, operator: Operator, right: String) -> Self {
        let limit = AxisValue::Number(Decimal::ZERO);
        // Sides in one order, so that `a < b` and `b > a` are cells of the same axis.
        if left <= right {
            Self { subject: AxisSubject::Terms(left, right), operator, limit }
        } else {
            Self { subject: AxisSubject::Terms(right, left), operator: swapped(operator), limit }
        }
    }

    /// The metric and its limit, if that is what is compared and it is a number.
    pub(crate) const fn number(&self) -> Option<(Metric, Decimal)> {
        match (&self.subject, &self.limit) {
            (AxisSubject::Metric(metric), AxisValue::Number(limit)) => Some((*metric, *limit)),
            _ => None,
        }
    }
}

fn constant(term: &Term) -> Option<AxisValue> {
    match term {
        Term::Text(text) => Some(AxisValue::Text(text.clone())),
        Term::Version(version) => Some(AxisValue::Version(version.clone())),
        Term::Metric(_) | Term::Fact(_) => None,
        Term::Number { .. } | Term::Negated(_) | Term::Arithmetic(_) => {
            term.constant().map(AxisValue::Number)
        }
    }
}

/// The operator that says the same with its sides swapped.
const fn swapped(operator: Operator) -> Operator {
    match operator {
        Operator::Less => Operator::Greater,
        Operator::LessOrEqual => Operator::GreaterOrEqual,
        Operator::Greater => Operator::Less,
        Operator::GreaterOrEqual => Operator::LessOrEqual,
        Operator::Equal => Operator::Equal,
        Operator::NotEqual => Operator::NotEqual,
    }
}

/// All axes of a matrix.
pub(crate) struct Space {
    axes: Vec<(AxisSubject, Axis)>,
    places: BTreeMap<AxisSubject, usize>,
    /// Conditions that are an axis of their own.
    complex: BTreeSet<String>,
    /// Which axes never read more than which others.
    orders: Vec<Order>,
}

impl Space {
    pub(crate) fn of(matrix: &Matrix) -> Self {
        let mut limits: BTreeMap<AxisSubject, BTreeSet<AxisValue>> = BTreeMap::new();
        let mut complex = BTreeSet::new();
        let most = most_blocks(matrix);
        for row in matrix.rows.iter().filter(|row| blocks_of(row) > most) {
            complex.extend(row.conditions().map(ToString::to_string));
        }
        let conditions = matrix.rows.iter().flat_map(Row::conditions);
        for comparison in conditions.flat_map(Condition::comparisons) {
            let atom = Atom::of(comparison);
            limits.entry(atom.subject).or_default().insert(atom.limit);
        }
        limits.extend(
            complex.iter().map(|text| (AxisSubject::Condition(text.clone()), BTreeSet::new())),
        );
        let axes: Vec<(AxisSubject, Axis)> =
            limits.into_iter().map(|(subject, limits)| axis(subject, &limits)).collect();
        let places =
            axes.iter().enumerate().map(|(at, (subject, _))| (subject.clone(), at)).collect();
        let mut space = Self { axes, places, complex, orders: Vec::new() };
        let metrics = space.axes.iter().enumerate().filter_map(|(at, (subject, axis))| {
            let AxisSubject::Metric(metric) = subject else { return None };
            Some((at, *metric, axis))
        });
        space.orders = Order::all(&space.whole(), &metrics.collect::<Vec<_>>());
        space
    }

    pub(crate) fn axes(&self) -> impl Iterator<Item = &(AxisSubject, Axis)> {
        self.axes.iter()
    }

    /// Which axes never read more than which others.
    pub(crate) fn orders(&self) -> &[Order] {
        &self.orders
    }

    /// Where a metric's axis is.
    pub(crate) fn place(&self, subject: &AxisSubject) -> Option<(usize, &Axis)> {
        let at = *self.places.get(subject)?;
        self.axes.get(at).map(|(_, axis)| (at, axis))
    }

    /// All of it.
    pub(crate) fn whole(&self) -> Block {
        Block::new(self.axes.iter().map(|(_, axis)| axis.whole()))
    }

    /// Whether a condition is taken as one unknown.
    pub(crate) fn is_complex(&self, condition: &Condition) -> bool {
        !self.complex.is_empty() && self.complex.contains(&condition.to_string())
    }

    /// Where the condition holds, or where it doesn't.
    pub(crate) fn region(&self, condition: &Condition, holds: bool) -> Vec<Block> {
        if self.is_complex(condition) {
            let cell = u32::from(holds);
            let place = self.place(&AxisSubject::Condition(condition.to_string()));
            let run = CellRun { from: cell, to: cell + 1 };
            return place.map(|(at, _)| self.whole().with(at, run)).into_iter().collect();
        }
        self.possible(self.narrowed(condition, holds, vec![self.whole()]))
    }

    /// Those blocks in which some readings lie: not all that is no contradiction keeps the order
    /// of the metrics.
    pub(crate) fn possible(&self, mut blocks: Vec<Block>) -> Vec<Block> {
        blocks.retain(|block| self.orders.iter().all(|order| order.allows(block)));
        blocks
    }

    /// What of these blocks lies where the condition holds, or where it doesn't.
    fn narrowed(&self, condition: &Condition, holds: bool, mut blocks: Vec<Block>) -> Vec<Block> {
        match (condition, holds) {
            (Condition::Compare(comparison), _) => {
                let atom = Atom::of(comparison);
                let Some((at, axis)) = self.place(&atom.subject) else { return Vec::new() };
                let operator = if holds { atom.operator } else { opposite(atom.operator) };
                let runs = axis.runs(operator, &atom.limit);
                if let [run] = runs.as_slice() {
                    blocks.retain_mut(|block| block.narrow(at, *run));
                    return blocks;
                }
                let parts = blocks.iter().flat_map(|block| {
                    runs.iter().filter_map(|run| {
                        let mut part = block.clone();
                        part.narrow(at, *run).then_some(part)
                    })
                });
                parts.collect()
            }
            (Condition::Not(inner), _) => self.narrowed(inner, !holds, blocks),
            (Condition::All(parts), true) | (Condition::Any(parts), false) => {
                parts.iter().fold(blocks, |blocks, part| self.narrowed(part, holds, blocks))
            }
            (Condition::Any(parts), true) | (Condition::All(parts), false) => {
                // These blocks may overlap; whoever asks what is covered doesn't mind.
                let either = blocks.iter().flat_map(|block| {
                    parts.iter().flat_map(|part| self.narrowed(part, holds, vec![block.clone()]))
                });
                either.collect()
            }
        }
    }
}

fn axis(subject: AxisSubject, limits: &BTreeSet<AxisValue>) -> (AxisSubject, Axis) {
    let axis = match &subject {
        AxisSubject::Metric(metric) => Axis::new(limits, ReadingRange::of(*metric)),
        // Compared with itself a term is always equal, so there is nothing to cut.
        AxisSubject::Terms(left, right) if left == right => Axis::of_numbers([0]),
        AxisSubject::Terms(left, right) => {
            let metric = |name: &String| name.parse::<Metric>().ok();
            match metric(left).zip(metric(right)) {
                Some((left, right)) if left.is_at_most(right) => Axis::of_numbers([-1, 0]),
                Some((left, right)) if right.is_at_most(left) => Axis::of_numbers([0, 1]),
                _ => Axis::of_numbers([-1, 0, 1]),
            }
        }
        AxisSubject::Condition(_) => Axis::of_numbers([0, 1]),
    };
    (subject, axis)
}

const fn opposite(operator: Operator) -> Operator {
    match operator {
        Operator::Less => Operator::GreaterOrEqual,
        Operator::LessOrEqual => Operator::Greater,
        Operator::Greater => Operator::LessOrEqual,
        Operator::GreaterOrEqual => Operator::Less,
        Operator::Equal => Operator::NotEqual,
        Operator::NotEqual => Operator::Equal,
    }
}

/// The common part of two regions.
pub(crate) fn meet(one: &[Block], other: &[Block]) -> Vec<Block> {
    one.iter().flat_map(|a| other.iter().filter_map(|b| a.intersection(b))).collect()
}

/// How many blocks a row may come to, so that all rows together stay within what can be compared
/// pair by pair.
fn most_blocks(matrix: &Matrix) -> usize {
    let sizes: Vec<usize> = matrix.rows.iter().map(blocks_of).collect();
    let mut most = MOST_BLOCKS;
    let total = |most: usize| {
        sizes
            .iter()
            .filter(|size| **size <= most)
            .fold(0, |sum: usize, size| sum.saturating_add(*size))
    };
    // A row of plain comparisons joined by `and` is one block: that much always fits.
    while most > 1 && total(most) > MOST_BLOCKS_OF_ALL {
        most /= 2;
    }
    most
}

/// At most how many blocks a row has to say.
fn blocks_of(row: &Row) -> usize {
    let given = row.given.as_ref().map_or(1, |given| count(&given.condition, true));
    let when = |holds| count(&row.when.condition, holds);
    let otherwise = if row.otherwise.is_some() { when(false) } else { 0 };
    given.saturating_mul(when(true).saturating_add(otherwise))
}

/// At most how many blocks a condition comes to.
fn count(condition: &Condition, holds: bool) -> usize {
    match (condition, holds) {
        (Condition::Compare(comparison), _) => {
            let unequal = if holds { Operator::NotEqual } else { Operator::Equal };
            1 + usize::from(comparison.operator == unequal)
        }
        (Condition::Not(inner), _) => count(inner, !holds),
        (Condition::All(parts), true) | (Condition::Any(parts), false) => {
            // Factors grow out of all bounds, and that it is too many is all that has to be known.
            parts.iter().map(|part| count(part, holds)).fold(1, usize::saturating_mul)
        }
        (Condition::Any(parts), true) | (Condition::All(parts), false) => {
            parts.iter().map(|part| count(part, holds)).fold(0, usize::saturating_add)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::diagnostic::Source;

    #[test]
    fn rows_that_are_too_many_together_are_taken_as_unknown() {
        let clause = |at: usize| format!("(P99 < {at}us or dataset > {at}MB)");
        let when = (1..8).map(clause).collect::<Vec<_>>().join(" and ");
        let most = |rows: usize| {
            let rule = |_| format!("\"{when} → act\"");
            let rules = (0..rows).map(rule).collect::<Vec<_>>().join(", ");
            let text =
                format!("schema = 1\nrules = [{rules}]\n[matrix]\nid = \"t\"\ntitle = \"t\"\n");
            let source = Source { name: "t.toml".to_owned(), text };
            most_blocks(&Matrix::parse(&source).unwrap())
        };
        assert_eq!((most(256), most(257)), (256, 64));
    }
}

//! How far it is until a finding, or the outcome, flips.
//!
//! Everything here looks at one point: each metric at its median over the trials. From there one
//! metric moves at a time to each limit it is compared with, and just beyond either side of it;
//! nothing in between can make a difference. In a comparison with arithmetic the limit is where
//! its two sides become equal; a metric for which that place can't be told doesn't move.

use std::collections::BTreeMap;

use phasegate_model::{
    Change, Decimal, Dimension, Domain, Flip, Margin, Metric, Outcome, Quantity, Reading, Readings,
};

use super::outcome::{Asks, Possible, certain_outcome};
use super::solve::{Solution, solve};
use crate::condition::{Comparison, Condition, Limit, Term, Truth, Unknown, Value, compare};
use crate::exact;
use crate::matrix::{Matrix, Row};

/// Just below, at, and just above an amount.
const SIDES: [i8; 3] = [-1, 0, 1];

/// An amount in base units, and on which side of it.
type Place = (Decimal, i8);

/// The medians of the numeric metrics, and one trial's readings for everything else.
pub(crate) struct Point<'r> {
    medians: BTreeMap<Metric, Decimal>,
    others: &'r Readings,
}

/// A metric moved to a place.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Move {
    metric: Metric,
    from: Decimal,
    to: Place,
}

impl Move {
    fn distance(&self) -> Decimal {
        exact::distance(self.to.0, self.from).unwrap_or(Decimal::MAX)
    }

    /// The distance as a share of the limit; nothing if the limit is zero.
    fn relative(&self) -> Option<Decimal> {
        self.distance().checked_div(self.to.0.abs())
    }

    /// Orders moves of different metrics: by their share of the limit. A limit of zero is far.
    fn rank(&self) -> Decimal {
        self.relative().unwrap_or(Decimal::MAX)
    }

    fn change(&self) -> Change {
        let dimension = match self.metric.domain() {
            Domain::Number(dimension) => dimension,
            Domain::Text | Domain::Version => Dimension::Count,
        };
        let exact = |amount| Quantity::from_amount(dimension, amount);
        Change {
            metric: self.metric,
            from: exact(self.from),
            to: exact(self.to.0),
            absolute: exact(self.distance()),
            relative: exact::share(self.distance(), self.to.0.abs(), 4).map(Quantity::percent),
        }
    }
}

impl<'r> Point<'r> {
    pub(crate) const fn new(medians: BTreeMap<Metric, Decimal>, others: &'r Readings) -> Self {
        Self { medians, others }
    }

    fn truth(&self, condition: &Condition, moves: &[Move]) -> Option<bool> {
        let truth = condition.evaluate(&mut |comparison| self.compare(comparison, moves));
        match truth {
            Truth::True => Some(true),
            Truth::False => Some(false),
            Truth::Unknown(_) => None,
        }
    }

    fn compare(&self, comparison: &Comparison, moves: &[Move]) -> Truth {
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
            let on_the_limit = root.told(self.medians.get(&metric).copied()?)? == amount;
            let rises = if root.rises { side } else { -side };
            on_the_limit.then_some(rises.cmp(&0))
        });
        let first = steps.next()??;
        let agree = steps.all(|step| step == Some(first));
        agree.then(|| truth(comparison.operator.holds(first)))
    }

    fn solution(&self, comparison: &Comparison, metric: Metric) -> Option<Solution> {
        solve(comparison, metric, &|other| self.medians.get(&other).copied())
    }

    fn place(&self, term: &Term, moves: &[Move]) -> Option<Place> {
        match term {
            Term::Metric(metric) => {
                let moved = moves.iter().find(|moved| moved.metric == *metric);
                let median = || self.medians.get(metric).map(|median| (*median, 0));
                moved.map(|moved| moved.to).or_else(median)
            }
            Term::Number { amount, .. } => Some((*amount, 0)),
            Term::Fact(fact) => self.place(fact.value.as_ref().ok()?, moves),
            Term::Text(_) | Term::Version(_) | Term::Negated(_) | Term::Arithmetic(_) => None,
        }
    }

    /// Every move of a metric to a limit that the conditions compare it with, as long as nothing
    /// on the way could make a difference that isn't known.
    fn moves<'c>(&self, conditions: impl Iterator<Item = &'c Condition>) -> Vec<Move> {
        let comparisons: Vec<&Comparison> = conditions.flat_map(Condition::comparisons).collect();
        let mut moves: Vec<Move> =
            comparisons.iter().flat_map(|comparison| self.moves_of(comparison)).collect();
        for comparison in comparisons.into_iter().filter(|comparison| comparison.is_computed()) {
            moves.retain(|moved| self.is_free(comparison, moved));
        }
        moves
    }

    /// Whether the comparison has no unknown place between the metric's median and where it moves.
    fn is_free(&self, comparison: &Comparison, moved: &Move) -> bool {
        if !comparison.metrics().any(|metric| metric == moved.metric) {
            return true;
        }
        let (low, high) = (moved.from.min(moved.to.0), moved.from.max(moved.to.0));
        self.solution(comparison, moved.metric).is_some_and(|solution| {
            !solution.poles.iter().any(|pole| low <= *pole && *pole <= high)
        })
    }

    fn moves_of(&self, comparison: &Comparison) -> Vec<Move> {
        if comparison.is_computed() {
            let limit = |metric| {
                let from = self.medians.get(&metric).copied()?;
                let to = self.solution(comparison, metric)?.root?.told(from)?;
                Some(SIDES.map(|side| Move { metric, from, to: (to, side) }))
            };
            let moves = comparison.metrics().filter_map(limit).flatten();
            return moves.filter(|moved| self.is_free(comparison, moved)).collect();
        }
        let sides = [(&comparison.left, &comparison.right), (&comparison.right, &comparison.left)];
        let mut moves = Vec::new();
        for (moving, limit) in sides {
            let Some(metric) = moving.metric() else { continue };
            let from = self.medians.get(&metric).copied();
            let to = self.place(limit, &[]).map(|(amount, _)| amount);
            if let (Some(from), Some(to)) = (from, to) {
                moves.extend(SIDES.map(|side| Move { metric, from, to: (to, side) }));
            }
        }
        moves
    }

    /// How far it is until the condition flips: by one metric if one is enough, else by the
    /// smallest set of comparisons that flips it together.
    pub(crate) fn margin(&self, condition: &Condition) -> Option<Margin> {
        let limits = match condition {
            Condition::Compare(_) => self.margin_of_limits(std::slice::from_ref(condition), true),
            Condition::All(parts) => self.margin_of_limits(parts, true),
            Condition::Any(parts) => self.margin_of_limits(parts, false),
            Condition::Not(_) => None,
        };
        limits.or_else(|| self.margin_of_any(condition))
    }

    /// The same for limits of different metrics that are joined: moving a metric to its limit, or
    /// just beyond it, always flips its own comparison and no other. If all come to `unanimous`,
    /// one of them that turns is enough; else all that don't come to it have to.
    fn margin_of_limits(&self, parts: &[Condition], unanimous: bool) -> Option<Margin> {
        let mut all: Vec<Move> = Vec::with_capacity(parts.len());
        let mut dissenting: Vec<Move> = Vec::new();
        for part in parts {
            let (holds, moved) = self.limit_of(part)?;
            // With several limits of one metric it has to be looked which of them flip together.
            all.iter().all(|other| other.metric != moved.metric).then_some(())?;
            all.push(moved);
            dissenting.extend((holds != unanimous).then_some(moved));
        }
        if dissenting.is_empty() {
            let nearest = match all.as_slice() {
                [only] => Some(only),
                several => several.iter().min_by_key(|moved| (moved.rank(), moved.distance())),
            };
            return Some(Margin { changes: vec![nearest?.change()] });
        }
        if dissenting.len() > 1 {
            dissenting.sort_by_cached_key(|moved| std::cmp::Reverse(moved.rank()));
        }
        Some(Margin { changes: dissenting.iter().map(Move::change).collect() })
    }

    /// Whether a metric is on its limit's side, and its move to the limit; nothing if the condition
    /// is anything else.
    fn limit_of(&self, condition: &Condition) -> Option<(bool, Move)> {
        let Condition::Compare(comparison) = condition else { return None };
        let Limit { metric, operator, amount } =
            comparison.limit().filter(|_| !comparison.is_computed())?;
        let from = self.medians.get(&metric).copied()?;
        let holds = operator.holds(exact::compare(from, amount));
        Some((holds, Move { metric, from, to: (amount, 0) }))
    }

    fn margin_of_any(&self, condition: &Condition) -> Option<Margin> {
        let base = self.truth(condition, &[])?;
        let flips = |moves: &[Move]| self.truth(condition, moves) == Some(!base);
        let allowed = self.moves(std::iter::once(condition));
        let alone: Vec<Move> =
            allowed.iter().filter(|moved| flips(std::slice::from_ref(moved))).copied().collect();
        let alone = first_on_their_way(&alone).min_by_key(|moved| (moved.rank(), moved.distance()));
        if let Some(moved) = alone {
            return Some(Margin { changes: vec![moved.change()] });
        }
        let mut moves = self.joint(condition, base, &allowed).filter(|moves| flips(moves))?;
        moves.sort_by_cached_key(|moved| std::cmp::Reverse(moved.rank()));
        Some(Margin { changes: moves.iter().map(Move::change).collect() })
    }

    /// The moves that together turn the condition into `!now`, following its structure.
    fn joint(&self, condition: &Condition, now: bool, allowed: &[Move]) -> Option<Vec<Move>> {
        match condition {
            Condition::Not(inner) => self.joint(inner, !now, allowed),
            Condition::Compare(comparison) => self
                .moves_of(comparison)
                .into_iter()
                .filter(|moved| allowed.contains(moved))
                .find(|moved| self.compare(comparison, &[*moved]) == truth(!now))
                .map(|moved| vec![moved]),
            Condition::All(parts) if now => self.easiest(parts, now, allowed),
            Condition::Any(parts) if !now => self.easiest(parts, now, allowed),
            Condition::All(parts) | Condition::Any(parts) => {
                let mut moves = Vec::new();
                for part in parts {
                    if self.truth(part, &[])? == now {
                        moves.extend(self.joint(part, now, allowed)?);
                    }
                }
                Some(moves)
            }
        }
    }

    fn easiest(&self, parts: &[Condition], now: bool, allowed: &[Move]) -> Option<Vec<Move>> {
        let hardest = |moves: &[Move]| moves.iter().map(Move::rank).max();
        parts
            .iter()
            .filter_map(|part| self.joint(part, now, allowed))
            .min_by_key(|moves| hardest(moves))
    }

    /// The smallest change of one metric, relative to its limit, that gives another outcome than
    /// `now`; nothing if the point itself doesn't give that outcome.
    pub(crate) fn flip(&self, matrix: &Matrix, now: Outcome) -> Option<Flip> {
        let unmoved: Vec<Possible> =
            matrix.rows.iter().map(|row| self.possible(row, &[])).collect();
        if certain_outcome(matrix, unmoved.iter().copied()) != Some(now) {
            return None;
        }
        let outcome = |moved: &Move| {
            let rows = matrix.rows.iter().zip(&unmoved).map(|(row, unmoved)| {
                if row.names(moved.metric) { self.possible(row, &[*moved]) } else { *unmoved }
            });
            certain_outcome(matrix, rows).filter(|then| *then != now)
        };
        let mut moves = self.moves(matrix.rows.iter().flat_map(Row::conditions));
        moves.retain(|moved| outcome(moved).is_some());
        let smallest = first_on_their_way(&moves)
            .min_by_key(|moved| (moved.rank(), moved.distance(), moved.metric))?;
        Some(Flip { change: smallest.change(), outcome: outcome(&smallest)? })
    }

    fn possible(&self, row: &Row, moves: &[Move]) -> Possible {
        let applies =
            row.given.as_ref().map_or(Some(true), |given| self.truth(&given.condition, moves));
        Asks::of(row).possible(applies, self.truth(&row.when.condition, moves))
    }
}

/// The moves before which no other move goes the same way. (The share of the limit alone doesn't
/// tell: of two limits below zero the farther one is the smaller share away.)
fn first_on_their_way(moves: &[Move]) -> impl Iterator<Item = Move> {
    let way = |moved: &Move| (moved.metric, moved.to.0 < moved.from);
    let mut shortest: BTreeMap<(Metric, bool), Decimal> = BTreeMap::new();
    for moved in moves {
        let distance = moved.distance();
        let least = shortest.entry(way(moved)).or_insert(distance);
        *least = distance.min(*least);
    }
    let first = move |moved: &&Move| shortest.get(&way(moved)) == Some(&moved.distance());
    moves.iter().filter(first).copied()
}

const fn truth(value: bool) -> Truth {
    if value { Truth::True } else { Truth::False }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::condition::checked;

    /// The point with these medians of four metrics, where there are any.
    fn point(medians: [Option<u32>; 4], readings: &Readings) -> Point<'_> {
        let metrics = METRICS.map(|name| name.parse().unwrap());
        let median = |(metric, median): (Metric, Option<u32>)| {
            median.map(|median| (metric, Decimal::from(1_000 * median)))
        };
        Point::new(metrics.into_iter().zip(medians).filter_map(median).collect(), readings)
    }

    const METRICS: [&str; 4] = ["P50", "P90", "P99", "floor.p99"];

    fn operator() -> impl Strategy<Value = &'static str> {
        prop_oneof![Just("<"), Just("<="), Just(">"), Just(">="), Just("=="), Just("!=")]
    }

    proptest! {
        #[test]
        fn joined_limits_have_the_margin_that_any_condition_has(
            medians in proptest::array::uniform4(proptest::option::weighted(0.95, 0..6_u32)),
            limits in proptest::collection::vec((0..4_usize, operator(), 0..6_u32), 2..5),
            joined in prop_oneof![Just(" and "), Just(" or ")],
        ) {
            let parts = limits.iter().map(|(metric, operator, limit)| {
                format!("{} {operator} {limit}us", METRICS[*metric])
            });
            let condition = checked(&parts.collect::<Vec<_>>().join(joined)).unwrap();
            let readings = Readings::default();
            let point = point(medians, &readings);
            prop_assert_eq!(point.margin(&condition), point.margin_of_any(&condition));
        }

        #[test]
        fn a_limit_alone_has_the_margin_that_any_condition_has(
            reading in 0..12_u32, limit in 0..12_u32, mirrored in any::<bool>(),
            operator in operator(),
        ) {
            let text = if mirrored {
                format!("{limit}us {operator} P99")
            } else {
                format!("P99 {operator} {limit}us")
            };
            let condition = checked(&text).unwrap();
            let readings = Readings::default();
            let median = Decimal::from(1_000 * reading);
            let point = Point::new(BTreeMap::from([("P99".parse().unwrap(), median)]), &readings);
            let margin = point.margin(&condition);
            prop_assert!(margin.is_some());
            prop_assert_eq!(margin, point.margin_of_any(&condition));
        }
    }
}

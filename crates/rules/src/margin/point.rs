//! One point: each metric at its median over the trials, or moved from there; and what conditions
//! say at it.

use std::collections::BTreeMap;

use phasegate_model::{Change, Decimal, Dimension, Domain, Metric, Quantity, Reading, Readings};

use crate::condition::evaluate::{TermValue, Truth, Unknown, compare};
use crate::condition::term::{Condition, Term, TermComparison};
use crate::margin::exact;
use crate::margin::solve::{Solution, solve};

/// The medians of the numeric metrics, and one trial's readings for everything else.
pub(crate) struct Point<'r> {
    medians: Vec<(Metric, Decimal)>,
    others: &'r Readings,
    /// Whether counts move by whole numbers only. In decisions of before they moved just beyond a
    /// limit, which no count can.
    whole_counts: bool,
}

impl<'r> Point<'r> {
    pub(crate) const fn new(
        medians: Vec<(Metric, Decimal)>,
        others: &'r Readings,
        whole_counts: bool,
    ) -> Self {
        Self { medians, others, whole_counts }
    }

    /// Whether a metric moves by whole numbers only.
    pub(crate) fn is_whole(&self, metric: Metric) -> bool {
        self.whole_counts && metric.domain() == Domain::Number(Dimension::Count)
    }

    /// Where a metric can be at a limit, or just beside it.
    fn places_at(&self, metric: Metric, limit: Decimal) -> Vec<AmountSide> {
        if !self.is_whole(metric) {
            return SIDES.map(|side| (limit, side)).to_vec();
        }
        let below = limit.ceil().checked_sub(Decimal::ONE);
        let above = limit.floor().checked_add(Decimal::ONE);
        let at = Some(limit).filter(|limit| limit.fract().is_zero());
        let possible = |count: &Decimal| !count.is_sign_negative() || count.is_zero();
        let counts = [below, at, above].into_iter().flatten().filter(possible);
        counts.map(|count| (count, 0)).collect()
    }

    pub(crate) fn median(&self, metric: Metric) -> Option<Decimal> {
        self.medians.iter().find(|(other, _)| *other == metric).map(|(_, median)| *median)
    }

    pub(crate) fn truth(&self, condition: &Condition, moves: &[Move]) -> Option<bool> {
        let truth = condition.evaluate(&mut |comparison| self.compare(comparison, moves));
        match truth {
            Truth::True => Some(true),
            Truth::False => Some(false),
            Truth::Unknown(_) => None,
        }
    }

    pub(crate) fn compare(&self, comparison: &TermComparison, moves: &[Move]) -> Truth {
        if comparison.is_computed() {
            return self
                .compare_computed(comparison, moves)
                .unwrap_or(Truth::Unknown(Unknown::Tie));
        }
        let places = (self.place(&comparison.left, moves), self.place(&comparison.right, moves));
        let (Some(left), Some(right)) = places else {
            // Texts and versions have no median and don't move: one trial's readings speak for
            // them.
            let numeric =
                comparison.metrics().any(|metric| matches!(metric.domain(), Domain::Number(_)));
            return if numeric {
                Truth::Unknown(Unknown::Tie)
            } else {
                comparison.holds(self.others)
            };
        };
        let order = left.0.cmp(&right.0).then(left.1.cmp(&right.1));
        truth(comparison.operator.holds(order))
    }

    /// Compares with every metric in its place; nothing if the sides can't be told apart.
    fn compare_computed(&self, comparison: &TermComparison, moves: &[Move]) -> Option<Truth> {
        let mut readings = Readings::default();
        let mut sides = Vec::new();
        for metric in comparison.metrics() {
            let (amount, side) = self.place(&Term::Metric(metric), moves)?;
            readings.insert(metric, Reading::exact(amount)).ok()?;
            sides.extend((side != 0).then_some((metric, amount, side)));
        }
        let (left, right) = (comparison.left.value(&readings), comparison.right.value(&readings));
        let (Ok(TermValue::Number(_, left)), Ok(TermValue::Number(_, right))) = (left, right)
        else {
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
        // Steps that pull apart leave open which side comes out larger.
        let agree = steps.all(|step| step == Some(first));
        agree.then(|| truth(comparison.operator.holds(first)))
    }

    pub(crate) fn solution(&self, comparison: &TermComparison, metric: Metric) -> Option<Solution> {
        solve(comparison, metric, &|other| self.median(other))
    }

    pub(crate) fn place(&self, term: &Term, moves: &[Move]) -> Option<AmountSide> {
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

pub(crate) const fn truth(value: bool) -> Truth {
    if value { Truth::True } else { Truth::False }
}

/// Just below, at, and just above an amount.
const SIDES: [i8; 3] = [-1, 0, 1];

/// An amount in base units, and on which side of it.
pub(crate) type AmountSide = (Decimal, i8);

/// A metric moved to a place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Move {
    pub(crate) metric: Metric,
    pub(crate) from: Decimal,
    pub(crate) to: AmountSide,
}

impl Move {
    pub(crate) fn distance(&self) -> Decimal {
        // A distance that no decimal holds is as far as can be.
        exact::distance(self.to.0, self.from).unwrap_or(Decimal::MAX)
    }

    /// The distance as a share of the limit; nothing if the limit is zero.
    fn relative(&self) -> Option<Decimal> {
        self.distance().checked_div(self.to.0.abs())
    }

    /// Orders moves of different metrics: by their share of the limit. A limit of zero is far.
    pub(crate) fn rank(&self) -> Decimal {
        self.relative().unwrap_or(Decimal::MAX)
    }

    pub(crate) fn change(&self) -> Change {
        let dimension = match self.metric.domain() {
            Domain::Number(dimension) => dimension,
            // Only numbers have a median to move from, so nothing else gets here.
            Domain::Text | Domain::Version => Dimension::Count,
        };
        let exact = |amount| Quantity::from_amount(dimension, amount);
        let distance = self.distance();
        Change {
            metric: self.metric,
            from: exact(self.from),
            to: exact(self.to.0),
            absolute: exact(distance),
            // Four places of a share are hundredths of a percent, finer than margins are read.
            relative: exact::share(distance, self.to.0.abs(), 4).map(Quantity::percent),
        }
    }
}

impl Point<'_> {
    /// Every move of a metric to a limit that the conditions compare it with, as long as nothing
    /// on the way could make a difference that isn't known.
    pub(crate) fn moves<'c>(&self, conditions: impl Iterator<Item = &'c Condition>) -> Vec<Move> {
        let comparisons: Vec<&TermComparison> =
            conditions.flat_map(Condition::comparisons).collect();
        let mut moves: Vec<Move> =
            comparisons.iter().flat_map(|comparison| self.moves_of(comparison)).collect();
        // Between median and limit a divisor may be zero, where the condition could flip unseen.
        for comparison in comparisons.into_iter().filter(|comparison| comparison.is_computed()) {
            moves.retain(|moved| self.is_free(comparison, moved));
        }
        moves
    }

    /// Whether the comparison has no unknown place between the metric's median and where it moves.
    fn is_free(&self, comparison: &TermComparison, moved: &Move) -> bool {
        if !comparison.metrics().any(|metric| metric == moved.metric) {
            return true;
        }
        let (low, high) = (moved.from.min(moved.to.0), moved.from.max(moved.to.0));
        self.solution(comparison, moved.metric).is_some_and(|solution| {
            !solution.poles.iter().any(|pole| low <= *pole && *pole <= high)
        })
    }

    pub(crate) fn moves_of(&self, comparison: &TermComparison) -> Vec<Move> {
        if comparison.is_computed() {
            let limit = |metric| {
                let from = self.median(metric)?;
                let to = self.solution(comparison, metric)?.root?.told(from)?;
                let places = self.places_at(metric, to).into_iter();
                Some(places.map(move |to| Move { metric, from, to }))
            };
            let moves = comparison.metrics().filter_map(limit).flatten();
            return moves.filter(|moved| self.is_free(comparison, moved)).collect();
        }
        let sides = [(&comparison.left, &comparison.right), (&comparison.right, &comparison.left)];
        let mut moves = Vec::new();
        for (moving, limit) in sides {
            let Some(metric) = moving.metric() else { continue };
            let from = self.median(metric);
            let to = self.place(limit, &[]).map(|(amount, _)| amount);
            if let (Some(from), Some(to)) = (from, to) {
                let places = self.places_at(metric, to).into_iter();
                moves.extend(places.map(|to| Move { metric, from, to }));
            }
        }
        moves
    }
}

/// The moves before which no other move goes the same way. (The share of the limit alone doesn't
/// tell: of two limits below zero the farther one is the smaller share away.)
pub(crate) fn first_on_their_way(moves: &[Move]) -> impl Iterator<Item = Move> {
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

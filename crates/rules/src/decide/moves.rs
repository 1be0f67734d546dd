//! Moves of one metric from its median to a limit, and just beyond it.

use std::collections::BTreeMap;

use phasegate_model::{Change, Decimal, Dimension, Domain, Metric, Quantity};

use super::point::Point;
use crate::condition::{Comparison, Condition};
use crate::exact;

/// Just below, at, and just above an amount.
const SIDES: [i8; 3] = [-1, 0, 1];

/// An amount in base units, and on which side of it.
pub(super) type Place = (Decimal, i8);

/// A metric moved to a place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Move {
    pub(super) metric: Metric,
    pub(super) from: Decimal,
    pub(super) to: Place,
}

impl Move {
    pub(super) fn distance(&self) -> Decimal {
        exact::distance(self.to.0, self.from).unwrap_or(Decimal::MAX)
    }

    /// The distance as a share of the limit; nothing if the limit is zero.
    fn relative(&self) -> Option<Decimal> {
        self.distance().checked_div(self.to.0.abs())
    }

    /// Orders moves of different metrics: by their share of the limit. A limit of zero is far.
    pub(super) fn rank(&self) -> Decimal {
        self.relative().unwrap_or(Decimal::MAX)
    }

    pub(super) fn change(&self) -> Change {
        let dimension = match self.metric.domain() {
            Domain::Number(dimension) => dimension,
            Domain::Text | Domain::Version => Dimension::Count,
        };
        let exact = |amount| Quantity::from_amount(dimension, amount);
        let distance = self.distance();
        Change {
            metric: self.metric,
            from: exact(self.from),
            to: exact(self.to.0),
            absolute: exact(distance),
            relative: exact::share(distance, self.to.0.abs(), 4).map(Quantity::percent),
        }
    }
}

impl Point<'_> {
    /// Every move of a metric to a limit that the conditions compare it with, as long as nothing
    /// on the way could make a difference that isn't known.
    pub(super) fn moves<'c>(&self, conditions: impl Iterator<Item = &'c Condition>) -> Vec<Move> {
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

    pub(super) fn moves_of(&self, comparison: &Comparison) -> Vec<Move> {
        if comparison.is_computed() {
            let limit = |metric| {
                let from = self.median(metric)?;
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
            let from = self.median(metric);
            let to = self.place(limit, &[]).map(|(amount, _)| amount);
            if let (Some(from), Some(to)) = (from, to) {
                moves.extend(SIDES.map(|side| Move { metric, from, to: (to, side) }));
            }
        }
        moves
    }
}

/// The moves before which no other move goes the same way. (The share of the limit alone doesn't
/// tell: of two limits below zero the farther one is the smaller share away.)
pub(super) fn first_on_their_way(moves: &[Move]) -> impl Iterator<Item = Move> {
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

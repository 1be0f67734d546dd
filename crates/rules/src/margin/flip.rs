//! How far it is until a finding, or the outcome, flips.
//!
//! Everything here looks at one point: each metric at its median over the trials. From there one
//! metric moves at a time to each limit it is compared with, and just beyond either side of it;
//! nothing in between can make a difference. In a comparison with arithmetic the limit is where
//! its two sides become equal; a metric for which that place can't be told doesn't move.

use phasegate_model::{Flip, Margin, Outcome};

use crate::condition::limit::Limit;
use crate::condition::term::Condition;
use crate::margin::point::{Move, first_on_their_way};
use crate::margin::point::{Point, truth};
use crate::matrix::{Matrix, Row};
use crate::outcome::{Asks, Possible, certain_outcome};

impl Point<'_> {
    /// How far it is until the condition flips: by one metric if one is enough, else by the
    /// smallest set of comparisons that flips it together.
    pub(crate) fn margin(&self, condition: &Condition) -> Option<Margin> {
        let limits = match condition {
            Condition::Compare(_) => {
                self.limit_of(condition).map(|(_, moved)| Margin { changes: vec![moved.change()] })
            }
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
            let nearest = all.iter().min_by_key(|moved| (moved.rank(), moved.distance()));
            return Some(Margin { changes: vec![nearest?.change()] });
        }
        // The farthest first: without it the others flip nothing, and it is what readers see.
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
        // The count where the comparison flips may be one beside the limit.
        if self.is_whole(metric) {
            return None;
        }
        let from = self.median(metric)?;
        let holds = operator.holds(from.cmp(&amount));
        Some((holds, Move { metric, from, to: (amount, 0) }))
    }

    fn margin_of_any(&self, condition: &Condition) -> Option<Margin> {
        // A condition that the medians leave open has nothing to flip from.
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
        // Medians may say otherwise than the votes did; then no way leads from them.
        if certain_outcome(matrix, unmoved.iter().copied()) != Some(now) {
            return None;
        }
        let outcome = |moved: &Move| {
            let rows = matrix.rows.iter().zip(&unmoved).map(|(row, unmoved)| {
                // A metric that a row doesn't name can't change it, and there may be very many
                // rows.
                if row.names(moved.metric) { self.possible(row, &[*moved]) } else { *unmoved }
            });
            certain_outcome(matrix, rows).filter(|then| *then != now)
        };
        let mut moves = self.moves(matrix.rows.iter().flat_map(Row::conditions));
        moves.retain(|moved| outcome(moved).is_some());
        let smallest = first_on_their_way(&moves)
            // The catalogue's order breaks a tie, so that the same evidence names the same flip.
            .min_by_key(|moved| (moved.rank(), moved.distance(), moved.metric))?;
        Some(Flip { change: smallest.change(), outcome: outcome(&smallest)? })
    }

    fn possible(&self, row: &Row, moves: &[Move]) -> Possible {
        let applies =
            row.given.as_ref().map_or(Some(true), |given| self.truth(&given.condition, moves));
        Asks::of(row).possible(applies, self.truth(&row.when.condition, moves))
    }
}

#[cfg(test)]
mod tests {
    use phasegate_model::{Decimal, Metric, Readings};
    use proptest::prelude::*;

    use super::*;
    use crate::condition::check::checked;

    /// The point with these medians of four metrics, where there are any.
    fn point(medians: [Option<u32>; 4], readings: &Readings) -> Point<'_> {
        let metrics = METRICS.map(|name| name.parse().unwrap());
        let median = |(metric, median): (Metric, Option<u32>)| {
            median.map(|median| (metric, Decimal::from(1_000 * median)))
        };
        Point::new(metrics.into_iter().zip(medians).filter_map(median).collect(), readings, true)
    }

    const METRICS: [&str; 4] = ["P50", "P90", "P99", "floor.p99"];

    /// Where a condition over the number of keys flips; `evicted` are the evicted ones.
    fn flips_at(condition: &str, keys: u32, evicted: u32) -> Option<Vec<String>> {
        let readings = Readings::default();
        let median = |name: &str, count: u32| (name.parse().unwrap(), Decimal::from(count));
        let medians = vec![median("server.keys", keys), median("server.evicted_keys", evicted)];
        let margin = Point::new(medians, &readings, true).margin(&checked(condition).unwrap())?;
        let shown = |change: &phasegate_model::Change| format!("{} to {}", change.from, change.to);
        Some(margin.changes.iter().map(shown).collect())
    }

    #[test]
    fn counts_flip_at_whole_numbers() {
        for (condition, flips) in [
            ("server.evicted_keys > 0", "0 to 1"),
            ("server.evicted_keys == 0", "0 to 1"),
            ("server.evicted_keys >= 1", "0 to 1"),
            ("server.keys > 10", "20 to 10"),
            ("server.keys >= 10", "20 to 9"),
            ("server.keys < 30", "20 to 30"),
            ("server.keys <= 30", "20 to 31"),
            ("server.keys <= 30.5", "20 to 31"),
            ("server.keys == 30", "20 to 30"),
            ("server.keys != 20", "20 to 21"),
            ("server.keys * 2 > 50", "20 to 26"),
            ("server.keys * 3 >= 50", "20 to 16"),
        ] {
            assert_eq!(flips_at(condition, 20, 0).unwrap(), [flips], "{condition}");
        }
        assert_eq!(
            flips_at("server.keys > 30 and server.evicted_keys > 0", 20, 0).unwrap().len(),
            2
        );
    }

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
            let point = Point::new(vec![("P99".parse().unwrap(), median)], &readings, true);
            let margin = point.margin(&condition);
            prop_assert!(margin.is_some());
            prop_assert_eq!(margin, point.margin_of_any(&condition));
        }
    }
}

//! The one question that is asked of regions: is a block covered by others, and if not, where is a
//! hole?
//!
//! The search cuts space only where a block ends, takes parts apart that have no axis in common,
//! and stops at the first hole. It never walks through all cells.

use std::cell::Cell;

use crate::verify::space::blocks::{Block, CellPoint, CellRun, Relation, axis_bit};
use crate::verify::space::order::Order;

/// A block that cuts into the target, and on which axes.
type Near<'b> = (&'b Block, u128);

/// A block that takes at least this share of the target's cells is worth cutting along.
const LARGE: f64 = 0.15;

/// The search took more steps than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GaveUp;

/// Runs that a whole verification may look at, and one question: a few seconds.
const STEPS: u64 = 1_000_000_000;
const STEPS_PER_QUESTION: u64 = 200_000_000;

/// Cuts within cuts: deeper would use up the stack.
const DEEPEST: u32 = 400;

/// Looks for holes, with a limit on the work: the question is NP-hard when there are many axes.
#[derive(Debug)]
pub(crate) struct Search {
    left: Cell<u64>,
    gave_up: Cell<bool>,
    /// What points break is no hole: no readings are like that.
    orders: Vec<Order>,
}

impl Search {
    /// Among points that keep these orders.
    pub(crate) const fn new(orders: Vec<Order>) -> Self {
        Self { left: Cell::new(STEPS), gave_up: Cell::new(false), orders }
    }

    /// Whether some question was left without an answer.
    pub(crate) fn gave_up(&self) -> bool {
        self.gave_up.get()
    }

    /// A cell of `target` that none of `cover` holds; nothing if there is none.
    pub(crate) fn hole<'b>(
        &'b self,
        target: &Block,
        cover: impl IntoIterator<Item = &'b Block>,
    ) -> Result<Option<CellPoint>, GaveUp> {
        let all = self.left.get();
        // A part of what is left, so that one hard question doesn't take it from all others.
        let mut steps = Steps { left: all.min(STEPS_PER_QUESTION), taken: 0 };
        let broken = self.orders.iter().flat_map(|order| order.broken_in(target));
        let found = steps.hole(target, cover.into_iter().chain(broken), DEEPEST);
        self.left.set(all.saturating_sub(steps.taken));
        self.gave_up.set(self.gave_up.get() || found.is_err());
        found
    }

    /// A cell of any of `targets` that none of `cover` holds.
    pub(crate) fn hole_in_any(
        &self,
        targets: &[Block],
        cover: &[&Block],
    ) -> Result<Option<CellPoint>, GaveUp> {
        let mut answer = Ok(None);
        for target in targets {
            match self.hole(target, cover.iter().copied()) {
                Ok(Some(point)) => return Ok(Some(point)),
                Ok(None) => {}
                // Another target may still have a hole that is easy to find.
                Err(GaveUp) => answer = Err(GaveUp),
            }
        }
        answer
    }
}

struct Steps {
    left: u64,
    taken: u64,
}

impl Steps {
    fn hole<'b>(
        &mut self,
        target: &Block,
        cover: impl Iterator<Item = &'b Block>,
        depth: u32,
    ) -> Result<Option<CellPoint>, GaveUp> {
        let relations = cover.map(|block| (block, block.relation(target)));
        match self.near(target, relations) {
            Some(near) => self.hole_beside(target, &near, depth),
            None => Ok(None),
        }
    }

    /// The blocks that cut into the target; nothing if one covers it.
    fn near<'b>(
        &mut self,
        target: &Block,
        relations: impl Iterator<Item = (&'b Block, Relation)>,
    ) -> Option<Vec<Near<'b>>> {
        // Work is counted and not timed: what is found must not depend on the machine.
        let axes = target.runs().count() as u64;
        let mut near = Vec::with_capacity(relations.size_hint().0);
        for (block, relation) in relations {
            self.taken += axes;
            match relation {
                Relation::Apart => {}
                Relation::Covers => return None,
                Relation::Cuts(axes) => near.push((block, axes)),
            }
        }
        // To find a place to cut takes several looks at each.
        self.taken += 4 * axes * near.len() as u64;
        Some(near)
    }

    fn hole_beside(
        &mut self,
        target: &Block,
        near: &[Near<'_>],
        depth: u32,
    ) -> Result<Option<CellPoint>, GaveUp> {
        if self.taken > self.left || depth == 0 {
            return Err(GaveUp);
        }
        // If the middle happens to be free, nothing has to be cut.
        let mut point = target.middle();
        if !near.iter().any(|(block, _)| block.holds(&point)) {
            return Ok(Some(point));
        }
        for (axes, part) in independent_parts(near) {
            // The rest of space has a hole wherever it likes: a point is a hole only if it is one
            // in every part.
            let Some(found) = self.hole_of_part(target, axes, &part, depth)? else {
                return Ok(None);
            };
            for (axis, (own, its)) in point.iter_mut().zip(found).enumerate() {
                if axes & axis_bit(axis) != 0 {
                    *own = its;
                }
            }
        }
        Ok(Some(point))
    }

    fn hole_of_part(
        &mut self,
        target: &Block,
        axes: u128,
        near: &[Near<'_>],
        depth: u32,
    ) -> Result<Option<CellPoint>, GaveUp> {
        // The last bit stands for many axes, so alone it is no single one to walk along.
        let only = axes.trailing_zeros() as usize;
        if axes.is_power_of_two() && only < 127 {
            return Ok(hole_on_axis(target, only, near));
        }
        let large = cut_along_large(target, near);
        let Some(cut) = large.or_else(|| best_cut(target, axes, near)) else {
            return Ok(Some(target.middle()));
        };
        let below = CellRun { from: cut.run.from, to: cut.at };
        let above = CellRun { from: cut.at, to: cut.run.to };
        // A hole is likelier where there are fewer blocks.
        let (few_below, few_above) = beside(near, cut.axis, cut.at);
        let sides = if few_below <= few_above { [below, above] } else { [above, below] };
        for run in sides {
            let side = target.with(cut.axis, run);
            // On the other axes blocks lie as they did.
            let relations = near
                .iter()
                .map(|(block, axes)| (*block, block.relation_on(cut.axis, &side, *axes)));
            let Some(near) = self.near(&side, relations) else { continue };
            let found = self.hole_beside(&side, &near, depth - 1)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}

/// How many blocks reach below a place on one axis, and how many above it.
fn beside(near: &[Near<'_>], axis: usize, at: u32) -> (u64, u64) {
    let runs = near.iter().filter_map(|(block, _)| block.run(axis));
    runs.fold((0, 0), |(below, above), run| {
        (below + u64::from(run.from < at), above + u64::from(run.to > at))
    })
}

/// Groups blocks by the axes they cut: groups have no axis in common.
fn independent_parts<'b>(near: &[Near<'b>]) -> Vec<(u128, Vec<Near<'b>>)> {
    let mut groups: Vec<u128> = Vec::new();
    for (_, axes) in near {
        let mut joined = *axes;
        groups.retain(|group| {
            let overlaps = group & joined != 0;
            joined |= if overlaps { *group } else { 0 };
            !overlaps
        });
        groups.push(joined);
    }
    let part =
        |group: u128| (group, near.iter().filter(|(_, axes)| axes & group != 0).copied().collect());
    let mut parts: Vec<(u128, Vec<Near<'b>>)> = groups.into_iter().map(part).collect();
    // The smallest part first: if it has no hole, the others needn't be searched.
    parts.sort_by_key(|(_, part)| part.len());
    parts
}

/// Blocks that cut one axis only: walk along it.
fn hole_on_axis(target: &Block, axis: usize, near: &[Near<'_>]) -> Option<CellPoint> {
    let run = target.run(axis)?;
    let mut runs: Vec<CellRun> = near.iter().filter_map(|(block, _)| block.run(axis)).collect();
    runs.sort_unstable();
    let mut at = run.from;
    for covered in runs {
        if covered.from > at {
            break;
        }
        at = at.max(covered.to);
    }
    (at < run.to).then(|| {
        let mut point = target.middle();
        if let Some(own) = point.get_mut(axis) {
            *own = at;
        }
        point
    })
}

struct Cut {
    axis: usize,
    at: u32,
    run: CellRun,
}

/// A side of the largest block, if that is large: once all its sides are cut along, what it holds
/// is done with.
fn cut_along_large(target: &Block, near: &[Near<'_>]) -> Option<Cut> {
    let shares = near.iter().map(|(block, axes)| (block.share(target, *axes), block, *axes));
    let (share, largest, axes) = shares.max_by(|(a, ..), (b, ..)| a.total_cmp(b))?;
    if share < LARGE {
        return None;
    }
    let cut_axes = largest.runs().zip(target.runs()).enumerate();
    let sides = cut_axes
        .filter(|(axis, _)| axes & axis_bit(*axis) != 0)
        .flat_map(|(axis, (own, run))| [own.from, own.to].map(|at| Cut { axis, at, run }));
    let inside = sides.filter(|cut| cut.run.from < cut.at && cut.at < cut.run.to);
    inside.min_by_key(|cut| {
        let (below, above) = beside(near, cut.axis, cut.at);
        below * below + above * above
    })
}

/// The place that parts the blocks best: few on either side, few cut in two.
fn best_cut(target: &Block, axes: u128, near: &[Near<'_>]) -> Option<Cut> {
    let mut best: Option<(u64, Cut)> = None;
    let (mut starts, mut ends) = (Vec::new(), Vec::new());
    for (axis, run) in target.runs().enumerate() {
        if axes & axis_bit(axis) == 0 {
            continue;
        }
        starts.clear();
        ends.clear();
        for own in near.iter().filter_map(|(block, _)| block.run(axis)) {
            starts.push(own.from.max(run.from));
            ends.push(own.to.min(run.to));
        }
        starts.sort_unstable();
        ends.sort_unstable();
        let (cost, at) = best_place(run, &starts, &ends);
        // A cut where the run begins parts nothing, and would be made again for ever.
        if run.from < at && best.as_ref().is_none_or(|(least, _)| cost < *least) {
            best = Some((cost, Cut { axis, at, run }));
        }
    }
    best.map(|(_, cut)| cut)
}

/// Where to cut a run, and what it costs; its beginning if there is no place. Blocks start and end
/// at these places, in their order.
fn best_place(run: CellRun, starts: &[u32], ends: &[u32]) -> (u64, u32) {
    let mut best = (u64::MAX, run.from);
    let (mut started, mut ended) = (0_u64, 0_u64);
    let all = ends.len() as u64;
    let (mut starts, mut ends) = (starts.iter().peekable(), ends.iter().peekable());
    loop {
        let next = match (starts.peek(), ends.peek()) {
            (Some(start), Some(end)) => **start.min(end),
            (Some(only), None) | (None, Some(only)) => **only,
            (None, None) => return best,
        };
        while ends.next_if(|end| **end <= next).is_some() {
            ended += 1;
        }
        let (below, above) = (started, all - ended);
        // Both sides may have to be searched, and squares make a lopsided cut dear.
        let cost = below * below + above * above;
        if run.from < next && next < run.to && cost < best.0 {
            best = (cost, next);
        }
        while starts.next_if(|start| **start <= next).is_some() {
            started += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SIDE: u32 = 5;

    fn block() -> impl Strategy<Value = Block> {
        let run = (0..SIDE, 1..=SIDE)
            .prop_map(|(a, length)| CellRun { from: a, to: (a + length).min(SIDE) });
        proptest::collection::vec(run, 3).prop_map(Block::new)
    }

    fn holds(block: &Block, point: &[u32]) -> bool {
        block.runs().zip(point).all(|(run, cell)| run.from <= *cell && *cell < run.to)
    }

    proptest! {
        #[test]
        fn a_hole_is_found_exactly_if_there_is_one(
            target in block(),
            cover in proptest::collection::vec(block(), 0..12),
        ) {
            let all = (0..SIDE * SIDE * SIDE)
                .map(|at| [at % SIDE, at / SIDE % SIDE, at / SIDE / SIDE]);
            let is_hole = |point: &[u32]| {
                holds(&target, point) && !cover.iter().any(|block| holds(block, point))
            };
            let expected = all.into_iter().any(|point| is_hole(&point));
            let found = Search::new(Vec::new()).hole(&target, &cover).unwrap();
            prop_assert_eq!(found.is_some(), expected);
            if let Some(point) = found {
                prop_assert!(is_hole(&point));
            }
        }
    }

    #[test]
    fn parts_that_have_no_axis_in_common_are_searched_one_by_one() {
        // 40 axes, each with a block in its middle: cutting them all would be 3^40 pieces.
        let whole = Block::new((0..40).map(|_| CellRun { from: 0, to: 3 }));
        let middles: Vec<Block> =
            (0..40).map(|axis| whole.with(axis, CellRun { from: 1, to: 2 })).collect();
        assert!(Search::new(Vec::new()).hole(&whole, &middles).unwrap().is_some());
    }

    #[test]
    fn a_long_staircase_is_no_deep_search() {
        // Two axes, 3000 steps: covered below and above the diagonal, but for one cell of it.
        let side = 3_000;
        let whole = Block::new([CellRun { from: 0, to: side }; 2]);
        let steps = |hole: Option<u32>| -> Vec<Block> {
            let below =
                (1..side).map(|at| [CellRun { from: at, to: at + 1 }, CellRun { from: 0, to: at }]);
            let above = (0..side)
                .map(|at| [CellRun { from: at, to: at + 1 }, CellRun { from: at, to: side }]);
            let missing = |step: &[CellRun; 2]| hole == Some(step[0].from) && step[1].to == side;
            below.chain(above).filter(|step| !missing(step)).map(Block::new).collect()
        };
        assert_eq!(Search::new(Vec::new()).hole(&whole, &steps(None)), Ok(None));
        let found = Search::new(Vec::new()).hole(&whole, &steps(Some(1_234))).unwrap().unwrap();
        assert!(found[0] == 1_234 && found[1] >= 1_234);
    }

    #[test]
    fn a_question_that_takes_too_long_is_given_up() {
        // Random 3-clauses over 60 axes of two cells, too many to be met.
        let whole = Block::new((0..60).map(|_| CellRun { from: 0, to: 2 }));
        let mut seed = 1_u64;
        let mut next = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            usize::try_from((seed >> 33) % below).unwrap()
        };
        let clauses: Vec<Block> = (0..2_000)
            .map(|_| {
                (0..8).fold(whole.clone(), |block, _| {
                    let cell = u32::try_from(next(2)).unwrap();
                    block.with(next(60), CellRun { from: cell, to: cell + 1 })
                })
            })
            .collect();
        let search = Search::new(Vec::new());
        let answer = search.hole(&whole, &clauses);
        assert_eq!(search.gave_up(), answer.is_err());
    }
}

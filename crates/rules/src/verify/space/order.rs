//! The order that metrics of one trial have, such as P50 <= P99: which cells of two axes never hold
//! the readings of one trial.

use phasegate_model::{Decimal, Metric};

use crate::verify::space::axis::{Axis, End};
use crate::verify::space::blocks::{Block, CellRun};

/// Steps of one order that are laid out exactly: each question looks at all of them.
const MOST_STEPS: usize = 32;

/// Two axes of which the first never reads more than the second.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) lower: usize,
    pub(crate) upper: usize,
    /// For each cell of the lower axis, the first of the upper axis that may stand beside it.
    from: Vec<u32>,
    /// Blocks that together hold all points that break the order.
    broken: Vec<Block>,
}

impl Order {
    /// All orders among metrics and their axes; also what follows from two others, so that blocks can be looked
    /// at pair by pair.
    pub(crate) fn all(whole: &Block, metrics: &[(usize, Metric, &Axis)]) -> Vec<Self> {
        let orders = metrics.iter().flat_map(|(lower, metric, low)| {
            let above = metrics.iter().filter(|(_, other, _)| metric.is_at_most(*other));
            above.map(|(upper, _, high)| Self::of(whole, (*lower, *low), (*upper, *high)))
        });
        orders.collect()
    }

    fn of(whole: &Block, (lower, low): (usize, &Axis), (upper, high): (usize, &Axis)) -> Self {
        let (end, last) = (low.whole().to, high.whole().to);
        let mut first = 0;
        let mut from = Vec::new();
        let mut broken = Vec::new();
        for cell in 0..end {
            let before = first;
            while first < last && !may_be_at_most(low, cell, high, first) {
                first += 1;
            }
            // Whatever is too large for a cell is too large for all that lie above it, too.
            if first > before {
                let block = whole.with(lower, CellRun { from: cell, to: end });
                broken.push(block.with(upper, CellRun { from: 0, to: first }));
            }
            from.push(first);
        }
        // Some of the steps exclude less, so that more is looked at than can be, and never less.
        let every = broken.len().div_ceil(MOST_STEPS).max(1);
        let broken = broken.into_iter().step_by(every).collect();
        Self { lower, upper, from, broken }
    }

    /// Whether any point of the block keeps the order.
    pub(crate) fn allows(&self, block: &Block) -> bool {
        self.corner(block, |lower| lower.from, |upper| upper.to.saturating_sub(1))
    }

    /// What may break the order within a block.
    pub(crate) fn broken_in(&self, block: &Block) -> &[Block] {
        let kept = self.corner(block, |lower| lower.to.saturating_sub(1), |upper| upper.from);
        if kept { &[] } else { &self.broken }
    }

    /// Whether one corner of the block keeps the order.
    fn corner(&self, block: &Block, lower: fn(CellRun) -> u32, upper: fn(CellRun) -> u32) -> bool {
        let runs = block.run(self.lower).zip(block.run(self.upper));
        runs.is_none_or(|(low, high)| {
            let first = usize::try_from(lower(low)).ok().and_then(|cell| self.from.get(cell));
            first.is_none_or(|first| upper(high) >= *first)
        })
    }
}

/// Whether some reading of one cell is at most some reading of the other.
fn may_be_at_most(low: &Axis, cell: u32, high: &Axis, other: u32) -> bool {
    let (Some(least), Some(greatest)) = (low.ends(cell).0, high.ends(other).1) else { return true };
    let step = if low.is_whole() { Decimal::ONE } else { Decimal::ZERO };
    let inner =
        |end: End, step: Decimal| if end.open { end.at.checked_add(step) } else { Some(end.at) };
    let (Some(from), Some(to)) = (inner(least, step), inner(greatest, -step)) else { return true };
    let exact = low.is_whole() || !(least.open || greatest.open);
    from < to || (exact && from == to)
}

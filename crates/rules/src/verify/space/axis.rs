//! One metric's readings cut into cells: within a cell every condition of the matrix says the same.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use phasegate_model::{Decimal, Version};

use crate::condition::lexer::Operator;
use crate::verify::space::blocks::CellRun;
use crate::verify::space::domain::ReadingRange;

/// What a reading is compared with, or could be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum AxisValue {
    Number(Decimal),
    Text(String),
    Version(Version),
}

impl AxisValue {
    /// As `self.cmp(limit)`: each limit of a matrix is looked for among all others.
    fn compare(&self, limit: &Self) -> Ordering {
        match (self, limit) {
            (Self::Number(own), Self::Number(limit)) => own.cmp(limit),
            _ => self.cmp(limit),
        }
    }
}

/// A single value, or all between two of them.
#[derive(Clone, Debug, PartialEq, Eq)]
enum AxisCell {
    At(AxisValue),
    Between(Option<AxisValue>, Option<AxisValue>),
}

impl AxisCell {
    fn is_below(&self, limit: &AxisValue) -> bool {
        match self {
            Self::At(value) => value.compare(limit).is_lt(),
            Self::Between(_, high) => high.as_ref().is_some_and(|high| high.compare(limit).is_le()),
        }
    }

    fn is_above(&self, limit: &AxisValue) -> bool {
        match self {
            Self::At(value) => value.compare(limit).is_gt(),
            Self::Between(low, _) => low.as_ref().is_some_and(|low| low.compare(limit).is_ge()),
        }
    }
}

/// Where a cell ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) at: Decimal,
    /// Whether the value itself lies outside.
    pub(crate) open: bool,
}

impl End {
    /// The one that leaves less above it; what has no end leaves all.
    pub(crate) fn higher(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        one.into_iter().chain(other).max_by_key(|end| (end.at, end.open))
    }

    /// The one that leaves less below it.
    pub(crate) fn lower(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        one.into_iter().chain(other).min_by_key(|end| (end.at, !end.open))
    }
}

/// All cells of one metric, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Axis {
    cells: Vec<AxisCell>,
    bounds: ReadingRange,
}

impl Axis {
    /// Cuts what lies within `bounds` at the limits.
    pub(crate) fn new(limits: &BTreeSet<AxisValue>, bounds: ReadingRange) -> Self {
        let low = bounds.low.map(AxisValue::Number);
        let high = bounds.high.map(AxisValue::Number);
        let inside = |limit: &&AxisValue| {
            low.as_ref().is_none_or(|low| *limit >= low)
                && high.as_ref().is_none_or(|high| *limit <= high)
        };
        let mut cuts: BTreeSet<AxisValue> = limits.iter().filter(inside).cloned().collect();
        // Cut at the ends of the domain, too, so that no cell lies half outside of it.
        cuts.extend(low.iter().chain(&high).cloned());
        if cuts.iter().any(|cut| matches!(cut, AxisValue::Version(_))) {
            cuts.extend("0".parse().ok().map(AxisValue::Version));
        }
        let mut cells = Vec::with_capacity(2 * cuts.len() + 1);
        let mut before: Option<AxisValue> = None;
        for cut in cuts {
            cells.push(AxisCell::Between(before.take(), Some(cut.clone())));
            cells.push(AxisCell::At(cut.clone()));
            before = Some(cut);
        }
        cells.push(AxisCell::Between(before, None));
        cells.retain(|cell| bounds.allows(cell, low.as_ref(), high.as_ref()));
        Self { cells, bounds }
    }

    /// An axis with these numbers and nothing between them.
    pub(crate) fn of_numbers(numbers: impl IntoIterator<Item = i64>) -> Self {
        let cells =
            numbers.into_iter().map(|number| AxisCell::At(AxisValue::Number(number.into())));
        Self { cells: cells.collect(), bounds: ReadingRange::NONE }
    }

    pub(crate) fn whole(&self) -> CellRun {
        CellRun { from: 0, to: index(self.cells.len()) }
    }

    /// The cells whose readings compare so with the limit: none, one or two runs.
    pub(crate) fn runs(&self, operator: Operator, limit: &AxisValue) -> Vec<CellRun> {
        // Cells are in order, so the place is found by halving: each limit of a long matrix asks.
        let below = self.cells.partition_point(|cell| cell.is_below(limit));
        let from_there = self.cells.get(below..).unwrap_or_default();
        let not_above = below + from_there.iter().take_while(|cell| !cell.is_above(limit)).count();
        let (below, not_above) = (index(below), index(not_above));
        let end = index(self.cells.len());
        let runs = match operator {
            Operator::Less => [(0, below), (0, 0)],
            Operator::LessOrEqual => [(0, not_above), (0, 0)],
            Operator::Greater => [(not_above, end), (0, 0)],
            Operator::GreaterOrEqual => [(below, end), (0, 0)],
            Operator::Equal => [(below, not_above), (0, 0)],
            Operator::NotEqual => [(0, below), (not_above, end)],
        };
        let runs = runs.into_iter().map(|(from, to)| CellRun { from, to });
        runs.filter(|run| run.from < run.to).collect()
    }

    /// Some values of a cell, the plainest first.
    pub(crate) fn values(&self, cell: u32) -> Vec<AxisValue> {
        match usize::try_from(cell).ok().and_then(|cell| self.cells.get(cell)) {
            Some(AxisCell::At(value)) => vec![value.clone()],
            Some(AxisCell::Between(low, high)) => self.between(low.as_ref(), high.as_ref()),
            None => Vec::new(),
        }
    }

    /// Whether readings are whole numbers.
    pub(crate) const fn is_whole(&self) -> bool {
        self.bounds.whole
    }

    /// Where a cell of numbers begins and ends; nothing where it goes on for ever.
    pub(crate) fn ends(&self, cell: u32) -> (Option<End>, Option<End>) {
        let end = |value: Option<&AxisValue>, open| match value {
            Some(AxisValue::Number(at)) => Some(End { at: *at, open }),
            _ => None,
        };
        match usize::try_from(cell).ok().and_then(|cell| self.cells.get(cell)) {
            Some(AxisCell::At(value)) => (end(Some(value), false), end(Some(value), false)),
            Some(AxisCell::Between(low, high)) => {
                (end(low.as_ref(), true), end(high.as_ref(), true))
            }
            None => (None, None),
        }
    }

    /// Some values of what lies between two ends, the plainest first.
    pub(crate) fn values_between(&self, low: Option<End>, high: Option<End>) -> Vec<AxisValue> {
        let at = |end: Option<End>| end.map(|end| end.at);
        let mut numbers = self.bounds.between(at(low), at(high));
        let ends = low.into_iter().chain(high).filter(|end| !end.open);
        numbers.extend(ends.map(|end| end.at));
        numbers.into_iter().map(AxisValue::Number).collect()
    }

    fn between(&self, low: Option<&AxisValue>, high: Option<&AxisValue>) -> Vec<AxisValue> {
        match (low, high) {
            (Some(AxisValue::Text(_)), _) | (_, Some(AxisValue::Text(_))) => {
                vec![self.other_text()]
            }
            (Some(AxisValue::Version(low)), high) => {
                let high = match high {
                    Some(AxisValue::Version(high)) => Some(high),
                    _ => None,
                };
                version_between(low, high).into_iter().map(AxisValue::Version).collect()
            }
            _ => {
                let number = |value: Option<&AxisValue>| match value {
                    Some(AxisValue::Number(number)) => Some(*number),
                    _ => None,
                };
                let numbers = self.bounds.between(number(low), number(high));
                numbers.into_iter().map(AxisValue::Number).collect()
            }
        }
    }

    fn other_text(&self) -> AxisValue {
        // Any text that no limit names: `other`, or `another` where that is taken.
        let mut text = "other".to_owned();
        while self
            .cells
            .iter()
            .any(|cell| matches!(cell, AxisCell::At(AxisValue::Text(t)) if *t == text))
        {
            text.insert_str(0, "an");
        }
        AxisValue::Text(text)
    }
}

impl ReadingRange {
    /// Whether any reading lies in the cell.
    fn allows(&self, cell: &AxisCell, low: Option<&AxisValue>, high: Option<&AxisValue>) -> bool {
        match cell {
            // No count reads 2.5, so a limit between whole numbers is a cell without readings.
            AxisCell::At(AxisValue::Number(number)) => !self.whole || number.fract().is_zero(),
            AxisCell::At(_) => true,
            // Texts have no order: all that are not named are one cell, the last. And nothing is
            // below version 0.
            AxisCell::Between(_, Some(AxisValue::Text(_)))
            | AxisCell::Between(None, Some(AxisValue::Version(_))) => false,
            AxisCell::Between(above, below) => {
                let outside =
                    (above.is_none() && low.is_some()) || (below.is_none() && high.is_some());
                let empty = match (above, below) {
                    (Some(AxisValue::Number(above)), Some(AxisValue::Number(below))) => {
                        self.whole
                            && above
                                .floor()
                                .checked_add(Decimal::ONE)
                                .is_none_or(|next| next >= *below)
                    }
                    _ => false,
                };
                !outside && !empty
            }
        }
    }
}

fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// A plain version above `low` and below `high`.
fn version_between(low: &Version, high: Option<&Version>) -> Option<Version> {
    let parts = |version: &Version| -> Vec<u64> {
        version.to_string().split('.').filter_map(|part| part.parse().ok()).collect()
    };
    let written = |parts: &[u64]| -> Option<Version> {
        let texts: Vec<String> = parts.iter().map(u64::to_string).collect();
        texts.join(".").parse().ok()
    };
    let mut padded = parts(low);
    padded.resize(padded.len().max(high.map_or(0, |high| parts(high).len())), 0);
    // Raise the first part if that fits, else the second, and so on; a further part always fits.
    let raised = (0..padded.len()).filter_map(|at| {
        let mut candidate: Vec<u64> = padded.iter().take(at + 1).copied().collect();
        let last = candidate.last_mut()?;
        *last = last.checked_add(1)?;
        written(&candidate)
    });
    let longer = written(&padded.iter().copied().chain([1]).collect::<Vec<_>>());
    raised.chain(longer).find(|version| version > low && high.is_none_or(|high| version < high))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn there_is_always_a_version_between_two() {
        for (low, high, between) in [
            ("7.0.15", Some("9"), "8"),
            ("7.0.15", Some("8"), "7.1"),
            ("7.0.15", Some("7.0.16"), "7.0.15.1"),
            ("7", Some("7.0.1"), "7.0.0.1"),
            ("7.0.15", None, "8"),
        ] {
            let found = version_between(&version(low), high.map(version).as_ref()).unwrap();
            assert_eq!(found.to_string(), between);
        }
    }

    #[test]
    fn whole_numbers_leave_no_cell_between_neighbours() {
        let limits = [4, 5, 7].map(|number| AxisValue::Number(number.into())).into();
        let bounds = ReadingRange { low: Some(Decimal::ZERO), high: None, whole: true };
        let axis = Axis::new(&limits, bounds);
        let values: Vec<Vec<AxisValue>> =
            (0..axis.whole().to).map(|cell| axis.values(cell)).collect();
        let first: Vec<String> = values
            .iter()
            .map(|values| match &values[0] {
                AxisValue::Number(number) => number.to_string(),
                other => format!("{other:?}"),
            })
            .collect();
        assert_eq!(first, ["0", "1", "4", "5", "6", "7", "14"]);
    }

    #[test]
    fn texts_that_are_not_named_are_one_cell() {
        let limits = ["libc", "other"].map(|text| AxisValue::Text(text.to_owned())).into();
        let axis = Axis::new(&limits, ReadingRange::NONE);
        assert_eq!(axis.whole().to, 3);
        assert_eq!(axis.values(2), [AxisValue::Text("another".to_owned())]);
        let libc = AxisValue::Text("libc".to_owned());
        assert_eq!(axis.runs(Operator::Equal, &libc), [CellRun { from: 0, to: 1 }]);
        assert_eq!(axis.runs(Operator::NotEqual, &libc), [CellRun { from: 1, to: 3 }]);
    }
}

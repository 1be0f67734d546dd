//! What every check looks at: the space, where each row says what, and how a point of the space
//! becomes readings that show something.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_model::{
    Action, Decimal, Dimension, Domain, Finding, Metric, Outcome, Quantity, Reading, Readings,
    Unit, Verb,
};

use crate::ask::test_cases::settled;
use crate::condition::facts::Facts;
use crate::condition::term::Condition;
use crate::document::diagnostic::Witness;
use crate::matrix::{HitPolicy, Matrix, Row};
use crate::verify::space::axis::{Axis, AxisValue, End};
use crate::verify::space::blocks::{Block, CellPoint};
use crate::verify::space::cover::Search;
use crate::verify::space::domain::ReadingRange;
use crate::verify::space::regions::{Atom, AxisSubject, Space, meet};

/// Combinations of values that are tried for metrics that are compared with each other.
const MOST_TRIES: usize = 4_096;

/// Where a row says what.
pub(crate) struct Regions {
    /// Where it applies and its condition holds.
    pub(crate) met: Vec<Block>,
    /// Where it applies.
    pub(crate) given: Vec<Block>,
    /// Where its `else` follows; nowhere if it has none.
    pub(crate) not_met: Vec<Block>,
    /// Where it has an action.
    pub(crate) speaks: Vec<Block>,
}

/// A matrix taken apart.
pub(crate) struct Analysis<'m> {
    pub(crate) matrix: &'m Matrix,
    pub(crate) space: Space,
    pub(crate) search: Search,
    /// One for each row.
    pub(crate) regions: Vec<Regions>,
    /// For each row the others that have an action near it, in their order. Rows that are not
    /// neighbours never speak of the same readings.
    pub(crate) neighbours: Vec<Vec<usize>>,
    /// Metrics that are compared with something else than a constant.
    entangled: BTreeSet<Metric>,
    /// Metrics of which the first never reads more than the second.
    ordered: Vec<(Metric, Metric)>,
}

impl<'m> Analysis<'m> {
    pub(crate) fn of(matrix: &'m Matrix) -> Self {
        let space = Space::of(matrix);
        let regions: Vec<Regions> = matrix.rows.iter().map(|row| regions(&space, row)).collect();
        let neighbours = neighbours(&regions);
        let mut entangled = BTreeSet::new();
        for condition in matrix.rows.iter().flat_map(Row::conditions) {
            let complex = space.is_complex(condition);
            for comparison in condition.comparisons() {
                if complex || matches!(Atom::of(comparison).subject, AxisSubject::Terms(..)) {
                    entangled.extend(comparison.metrics());
                }
            }
        }
        let metrics = matrix.metrics();
        let orders = |lower: &Metric| {
            let upper = metrics.iter().filter(|upper| lower.is_at_most(**upper));
            upper.map(|upper| (*lower, *upper)).collect::<Vec<_>>()
        };
        let ordered = metrics.iter().flat_map(orders).collect();
        let search = Search::new(space.orders().to_vec());
        Self { matrix, space, search, regions, neighbours, entangled, ordered }
    }

    /// Rows with their regions, in the order of the file.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (usize, &'m Row, &Regions)> {
        let rows = self.matrix.rows.iter().zip(&self.regions).enumerate();
        rows.map(|(at, (row, regions))| (at, row, regions))
    }

    /// The neighbours of a row that come before another, with where they speak.
    pub(crate) fn speakers_near(
        &self,
        at: usize,
        before: usize,
    ) -> impl Iterator<Item = (usize, &[Block])> {
        let near = self.neighbours.get(at).into_iter().flatten().copied();
        // Neighbours are in the order of the file, so the first one behind ends them.
        near.take_while(move |row| *row < before)
            .filter_map(|row| self.regions.get(row).map(|own| (row, own.speaks.as_slice())))
    }

    /// Readings at a point of which `claim` holds, and no more of them than it needs.
    pub(crate) fn readings(
        &self,
        point: &CellPoint,
        claim: impl Fn(&Readings) -> bool,
    ) -> Option<Readings> {
        let values = self.values(point);
        let mut tries = values.values().map(Vec::len).fold(1, usize::saturating_mul);
        tries = tries.min(MOST_TRIES);
        let shows = |found: &Readings| self.are_possible(found) && claim(found);
        let found = (0..tries).map(|number| nth(&values, number)).find(shows)?;
        let mut needed: Vec<(Metric, Reading)> =
            found.iter().map(|(metric, reading)| (metric, reading.clone())).collect();
        // Readings that the claim does without would only distract from those that show it.
        for (metric, _) in found.iter() {
            let fewer: Vec<_> =
                needed.iter().filter(|(other, _)| *other != metric).cloned().collect();
            if claim(&collected(&fewer)) {
                needed = fewer;
            }
        }
        Some(collected(&needed))
    }

    /// The same, in words.
    pub(crate) fn witness(
        &self,
        point: &CellPoint,
        claim: impl Fn(&Readings) -> bool,
        text: &str,
    ) -> Option<Witness> {
        self.readings(point, claim).map(|readings| witness(readings, text))
    }

    /// Whether readings keep the order that their metrics have.
    fn are_possible(&self, readings: &Readings) -> bool {
        let number = |metric| readings.get(metric).and_then(Reading::number);
        self.ordered.iter().all(|(lower, upper)| {
            number(*lower)
                .zip(number(*upper))
                .is_none_or(|(lower, upper)| lower.value() <= upper.value())
        })
    }

    /// The values of one axis at a point, as far as they keep the order with what was `taken` of
    /// axes that never read more, and with the cells of those that never read less.
    fn values_at(
        &self,
        at: usize,
        axis: &Axis,
        point: &CellPoint,
        taken: &BTreeMap<usize, Decimal>,
    ) -> Vec<AxisValue> {
        let Some(cell) = point.get(at) else { return Vec::new() };
        let (mut low, mut high) = axis.ends(*cell);
        for order in self.space.orders() {
            if order.upper == at {
                let taken = taken.get(&order.lower).map(|at| End { at: *at, open: false });
                low = End::higher(low, taken);
            } else if order.lower == at {
                let upper = self.space.axes().nth(order.upper).zip(point.get(order.upper));
                high = End::lower(high, upper.and_then(|((_, axis), cell)| axis.ends(*cell).1));
            }
        }
        if (low, high) == axis.ends(*cell) {
            axis.values(*cell)
        } else {
            axis.values_between(low, high)
        }
    }

    /// What each metric could read at a point: one value, or several where metrics are compared
    /// with each other.
    fn values(&self, point: &CellPoint) -> BTreeMap<Metric, Vec<AxisValue>> {
        let mut values = BTreeMap::new();
        let mut taken = BTreeMap::new();
        let mut axes: Vec<(usize, &(AxisSubject, Axis))> = self.space.axes().enumerate().collect();
        // What never reads more goes first.
        let lower = |at: usize| self.space.orders().iter().filter(|it| it.upper == at).count();
        axes.sort_by_cached_key(|(at, _)| lower(*at));
        for (at, (subject, axis)) in axes {
            if let AxisSubject::Metric(metric) = subject {
                let mut found = self.values_at(at, axis, point, &taken);
                if let Some(AxisValue::Number(first)) = found.first() {
                    taken.insert(at, *first);
                }
                // Within a cell all conditions say the same, so one value stands for it.
                if !self.entangled.contains(metric) {
                    found.truncate(1);
                }
                values.insert(*metric, found);
            }
        }
        let free: Vec<Metric> =
            self.entangled.iter().copied().filter(|m| !values.contains_key(m)).collect();
        for metric in free {
            let pool = self.pool(metric, &values);
            values.insert(metric, pool);
        }
        values.retain(|_, found| !found.is_empty());
        values
    }

    /// Values near those of the metrics that this one may be compared with.
    fn pool(&self, metric: Metric, known: &BTreeMap<Metric, Vec<AxisValue>>) -> Vec<AxisValue> {
        let Domain::Number(dimension) = metric.domain() else { return Vec::new() };
        let mut anchors: Vec<Decimal> = vec![typical(dimension)];
        for (other, values) in known {
            if self.entangled.contains(other) && other.domain() == metric.domain() {
                anchors.extend(values.iter().filter_map(|value| match value {
                    AxisValue::Number(number) => Some(*number),
                    _ => None,
                }));
            }
        }
        let bounds = ReadingRange::of(metric);
        let mut pool: Vec<Decimal> = anchors
            .iter()
            .flat_map(|anchor| {
                // As large, larger and smaller than an anchor: the three ways in which two metrics
                // compare.
                [Decimal::ONE, Decimal::TWO, Decimal::new(5, 1)]
                    .map(|factor| anchor.checked_mul(factor).unwrap_or(*anchor))
            })
            .filter(|number| bounds.contain(*number))
            .collect();
        pool.sort_unstable();
        pool.dedup();
        // Combinations multiply, and no more than a few thousand of them are tried.
        pool.truncate(16);
        pool.into_iter().map(AxisValue::Number).collect()
    }

    /// Whether it is certain that a row says nothing of any readings at a point, nor of fewer.
    pub(crate) fn is_silent_at(&self, row: usize, point: &CellPoint) -> bool {
        let speaks = self.regions.get(row).into_iter().flat_map(|own| &own.speaks);
        // Where metrics are compared with each other, points are more than readings: nothing is
        // sure.
        self.entangled.is_empty() && !speaks.into_iter().any(|block| block.holds(point))
    }

    /// What some rows, which are in their order, say of these readings; nothing if the readings
    /// don't tell.
    pub(crate) fn said(&self, rows: &[usize], readings: &Readings) -> Option<Vec<(usize, Verb)>> {
        let mut verbs = Vec::new();
        for (at, row) in rows.iter().filter_map(|at| Some((*at, self.matrix.rows.get(*at)?))) {
            verbs.extend(says(row, readings)?.map(|action| (at, action.verb())));
        }
        Some(verbs)
    }

    /// The outcome of what rows say, in their order.
    pub(crate) fn outcome(&self, mut verbs: impl Iterator<Item = Verb>) -> Outcome {
        let verb = match self.matrix.hit_policy {
            HitPolicy::Priority => verbs.max(),
            HitPolicy::First => verbs.next(),
        };
        let default = self.matrix.default.as_ref().map(Action::verb);
        verb.or(default).map_or(Outcome::Undecided, Outcome::Decided)
    }
}

fn regions(space: &Space, row: &Row) -> Regions {
    let given = row
        .given
        .as_ref()
        .map_or_else(|| vec![space.whole()], |given| space.region(&given.condition, true));
    let when = |holds| space.possible(meet(&given, &space.region(&row.when.condition, holds)));
    let met = when(true);
    let (not_met, speaks) = if row.otherwise.is_some() {
        (when(false), given.clone())
    } else {
        (Vec::new(), met.clone())
    };
    Regions { met, given, not_met, speaks }
}

fn neighbours(regions: &[Regions]) -> Vec<Vec<usize>> {
    // One box for each row rules out most of the very many pairs at little cost.
    let hulls: Vec<Option<Block>> = regions.iter().map(|own| hull(&own.speaks)).collect();
    let mut neighbours = vec![Vec::new(); regions.len()];
    for (at, own) in hulls.iter().enumerate() {
        let Some(own) = own else { continue };
        for (before, other) in hulls.iter().enumerate().take(at) {
            if other.as_ref().is_some_and(|other| !own.is_apart_from(other)) {
                // Both are there: the list is as long as that of the hulls.
                neighbours.get_mut(at).into_iter().for_each(|near| near.push(before));
                neighbours.get_mut(before).into_iter().for_each(|near| near.push(at));
            }
        }
    }
    neighbours
}

/// The smallest block that holds a region; nothing if the region is empty.
pub(crate) fn hull(region: &[Block]) -> Option<Block> {
    let (first, rest) = region.split_first()?;
    Some(rest.iter().fold(first.clone(), |hull, block| hull.hull(block)))
}

/// What a row says of readings: unknown, nothing, or an action.
#[expect(clippy::option_option, reason = "unknown, nothing and an action are three things")]
pub(crate) fn says<'r>(row: &'r Row, readings: &Readings) -> Option<Option<&'r Action>> {
    match settled(row, readings, &Facts::new()).finding {
        Finding::Undecided(_) => None,
        finding => Some(row.action(&finding)),
    }
}

/// What a condition says of readings; nothing if they don't tell.
pub(crate) fn truth(condition: &Condition, readings: &Readings) -> Option<bool> {
    match condition.holds(readings) {
        crate::condition::evaluate::Truth::True => Some(true),
        crate::condition::evaluate::Truth::False => Some(false),
        crate::condition::evaluate::Truth::Unknown(_) => None,
    }
}

/// The `number`th combination of values.
fn nth(values: &BTreeMap<Metric, Vec<AxisValue>>, number: usize) -> Readings {
    let mut rest = number;
    let mut readings = Readings::default();
    for (metric, values) in values {
        let value = values.get(rest % values.len());
        rest /= values.len();
        let reading = value.map(|value| match value {
            AxisValue::Number(number) => Reading::exact(number.normalize()),
            AxisValue::Text(text) => Reading::Text(text.clone()),
            AxisValue::Version(version) => Reading::Version(version.clone()),
        });
        // A value that doesn't fit its metric is left out, and then shows nothing.
        let _ = reading.map(|reading| readings.insert(*metric, reading));
    }
    readings
}

fn collected(pairs: &[(Metric, Reading)]) -> Readings {
    let mut readings = Readings::default();
    for (metric, reading) in pairs {
        let _ = readings.insert(*metric, reading.clone());
    }
    readings
}

/// Something to try where nothing is known.
fn typical(dimension: Dimension) -> Decimal {
    match dimension {
        Dimension::Time => Decimal::from(10_000),
        Dimension::Bytes => Decimal::from(1_000_000),
        Dimension::Ratio => Decimal::new(75, 2),
        Dimension::Count | Dimension::Rate => Decimal::from(1_000),
    }
}

/// Readings in words, and what comes of them.
pub(crate) fn witness(readings: Readings, text: &str) -> Witness {
    let shown: Vec<String> = readings
        .iter()
        .map(|(metric, reading)| format!("{metric} = {}", shown(metric, reading)))
        .collect();
    let shown = if shown.is_empty() { "any readings".to_owned() } else { shown.join(", ") };
    Witness { readings, text: format!("{shown}: {text}") }
}

/// A witness that is none of readings.
pub(crate) fn told(text: String) -> Witness {
    Witness { readings: Readings::default(), text }
}

fn shown(metric: Metric, reading: &Reading) -> String {
    match reading {
        Reading::Number(measured) => amount(metric, measured.value()),
        Reading::Text(text) => format!("\"{text}\""),
        Reading::Version(version) => version.to_string(),
        Reading::Missing(missing) => missing.to_string(),
    }
}

/// An amount of a metric as people write it.
pub(crate) fn amount(metric: Metric, amount: Decimal) -> String {
    match (metric.display_unit(), metric.domain()) {
        (Some(Unit::Percent), _) => Quantity::percent(amount).to_string(),
        (_, Domain::Number(dimension)) => Quantity::from_amount(dimension, amount).to_string(),
        _ => amount.to_string(),
    }
}

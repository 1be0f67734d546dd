//! What the trials say of one metric, for readers.

use phasegate_model::{
    Decimal, Dimension, Domain, Kind, Margin, Measured, Metric, MetricSummary, Missing, Quantity,
    Reading, Readings, Rule, Summary,
};

use crate::condition::term::Condition;
use crate::decide::drift::dependence_of;
use crate::decide::threshold::Bar;
use crate::matrix::Row;

/// What the trials say of some metrics. The readings of each are sorted once, whoever asks.
pub(crate) struct Samples<'t> {
    trials: &'t [&'t Readings],
    /// In the catalogue's order.
    sorted: Vec<(Metric, Vec<Decimal>)>,
}

impl<'t> Samples<'t> {
    /// Of these metrics, which are in the catalogue's order.
    pub(crate) fn of(metrics: &[Metric], trials: &'t [&'t Readings]) -> Self {
        let sorted = |metric: &Metric| {
            let numbers = trials.iter().filter_map(|readings| readings.get(*metric)?.number());
            let mut values: Vec<Decimal> = numbers.map(Measured::value).collect();
            values.sort_unstable();
            (*metric, values)
        };
        Self { trials, sorted: metrics.iter().map(sorted).collect() }
    }

    /// The readings' median (the lower middle one) of every numeric metric that has any,
    /// in the catalogue's order.
    pub(crate) fn medians(&self) -> Vec<(Metric, Decimal)> {
        let median = |(metric, values): &(Metric, Vec<Decimal>)| {
            Some((*metric, *values.get(middle(values.len()))?))
        };
        self.sorted.iter().filter_map(median).collect()
    }

    /// Median, interval, range and number of readings of one of the metrics.
    pub(crate) fn summarize(&self, metric: Metric, bar: Bar) -> MetricSummary {
        let summary = match metric.domain() {
            Domain::Number(dimension) => {
                let own = self.sorted.iter().find(|(other, _)| *other == metric);
                own.and_then(|(_, values)| self.numbers(metric, dimension, values, bar))
                    .unwrap_or_else(|| missing(metric, self.trials))
            }
            Domain::Text | Domain::Version => texts(metric, self.trials),
        };
        MetricSummary { metric, summary }
    }
}

impl Samples<'_> {
    /// `sorted` are the metric's readings by size.
    fn numbers(
        &self,
        metric: Metric,
        dimension: Dimension,
        sorted: &[Decimal],
        bar: Bar,
    ) -> Option<Summary> {
        let shown = |amount| Quantity::from_amount(dimension, amount);
        // Observed metrics are decided by agreement, so no vote has an interval for them.
        let sampled = metric.kind() == Kind::Sampled;
        let interval =
            sampled.then(|| interval_of(sorted, bar, self.dependence(metric, bar))).flatten();
        Some(Summary::Number {
            median: shown(*sorted.get(middle(sorted.len()))?),
            interval: interval.map(|(low, high)| (shown(low), shown(high))),
            min: shown(*sorted.first()?),
            max: shown(*sorted.last()?),
            n: u32::try_from(sorted.len()).unwrap_or(u32::MAX),
        })
    }

    /// How much the metric's readings resemble those before them, as far as the rule asks for that.
    fn dependence(&self, metric: Metric, bar: Bar) -> f64 {
        if bar.rule() == Rule::First {
            return 0.0;
        }
        let readings = self.trials.iter().filter_map(|readings| readings.get(metric)?.number());
        dependence_of(&readings.map(Measured::value).collect::<Vec<_>>())
    }
}

const fn middle(n: usize) -> usize {
    // Of an even number the lower middle: a median is then always something that was read.
    n.saturating_sub(1) / 2
}

/// The order-statistic interval for the median restart that inverts the vote rule: from the
/// `(d+1)`-th smallest to the `(d+1)`-th largest reading, where `d` is the number of dissents that
/// are allowed. A limit outside it is told from the median by votes, unless the guard holds them
/// back.
fn interval_of(sorted: &[Decimal], bar: Bar, dependence: f64) -> Option<(Decimal, Decimal)> {
    let n = u32::try_from(sorted.len()).ok()?;
    // Where so few trials decide nothing, no interval could agree with a finding.
    let allowed = usize::try_from(bar.dissent_allowed_by(n, dependence)?).ok()?;
    let low = *sorted.get(allowed)?;
    let high = *sorted.get(sorted.len().checked_sub(allowed + 1)?)?;
    Some((low, high))
}

fn texts(metric: Metric, trials: &[&Readings]) -> Summary {
    let mut values: Vec<String> = Vec::new();
    let mut n = 0;
    for readings in trials {
        let text = match readings.get(metric) {
            Some(Reading::Text(text)) => text.clone(),
            Some(Reading::Version(version)) => version.to_string(),
            _ => continue,
        };
        n += 1;
        if !values.contains(&text) {
            values.push(text);
        }
    }
    if n == 0 { missing(metric, trials) } else { Summary::Text { values, n } }
}

fn missing(metric: Metric, trials: &[&Readings]) -> Summary {
    let told = trials.iter().find_map(|readings| match readings.get(metric) {
        Some(Reading::Missing(missing)) => Some(missing.clone()),
        _ => None,
    });
    Summary::Missing { why: told.unwrap_or_else(|| Missing::not_recorded(metric)) }
}

/// The metrics of a row, those of the decisive condition first, and first of all the one that the
/// margin is about.
pub(crate) fn ordered_metrics(
    row: &Row,
    decisive: &Condition,
    margin: Option<&Margin>,
) -> Vec<Metric> {
    let mut metrics = decisive.metrics();
    for condition in row.conditions().filter(|other| !std::ptr::eq(*other, decisive)) {
        condition.walk(&mut |metric| {
            if !metrics.contains(&metric) {
                metrics.push(metric);
            }
        });
    }
    if let Some(first) = margin.and_then(|margin| margin.changes.first()) {
        // The sort is stable: behind the first, metrics stay in the order in which they are
        // written.
        metrics.sort_by_key(|metric| *metric != first.metric);
    }
    metrics
}

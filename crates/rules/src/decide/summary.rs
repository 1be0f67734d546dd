//! What the trials say of one metric, for readers.

use phasegate_model::{
    Decimal, Dimension, Domain, Kind, Metric, MetricSummary, Missing, Quantity, Reading, Readings,
    Summary,
};

use super::columns::{Columns, Sorted};
use super::votes::dissent_allowed;

/// What the trials say of some metrics. The readings of each are sorted once, whoever asks.
pub(crate) struct Samples<'t> {
    trials: &'t [&'t Readings],
    /// In the catalogue's order.
    sorted: Vec<(Metric, Sorted)>,
}

impl<'t> Samples<'t> {
    /// Of so many of the first trials.
    pub(crate) fn of(columns: Columns<'t>, trials: usize) -> Self {
        let first = columns.trials().get(..trials).unwrap_or(columns.trials());
        Self { trials: first, sorted: columns.sorted(trials) }
    }

    /// The readings' median (the lower middle one) of every numeric metric that has any,
    /// in the catalogue's order.
    pub(crate) fn medians(&self) -> Vec<(Metric, Decimal)> {
        let median = |(metric, values): &(Metric, Sorted)| {
            Some((*metric, values.get(middle(values.len()))?))
        };
        let mut medians = Vec::with_capacity(self.sorted.len());
        medians.extend(self.sorted.iter().filter_map(median));
        medians
    }

    /// Median, interval, range and number of readings of one of the metrics.
    pub(crate) fn summarize(&self, metric: Metric, threshold: f64) -> MetricSummary {
        let summary = match metric.domain() {
            Domain::Number(dimension) => {
                let own = self.sorted.iter().find(|(other, _)| *other == metric);
                own.and_then(|(_, values)| numbers(metric, dimension, values, threshold))
                    .unwrap_or_else(|| missing(metric, self.trials))
            }
            Domain::Text | Domain::Version => texts(metric, self.trials),
        };
        MetricSummary { metric, summary }
    }
}

const fn middle(n: usize) -> usize {
    n.saturating_sub(1) / 2
}

fn numbers(
    metric: Metric,
    dimension: Dimension,
    values: &Sorted,
    threshold: f64,
) -> Option<Summary> {
    let shown = |amount| Quantity::from_amount(dimension, amount);
    Some(Summary::Number {
        median: shown(values.get(middle(values.len()))?),
        interval: interval(metric, values, threshold).map(|(low, high)| (shown(low), shown(high))),
        min: shown(values.get(0)?),
        max: shown(values.get(values.len().checked_sub(1)?)?),
        n: u32::try_from(values.len()).unwrap_or(u32::MAX),
    })
}

/// The order-statistic interval for the median restart that always agrees with the finding:
/// from the `(d+1)`-th smallest to the `(d+1)`-th largest reading, where `d` is the number of
/// dissents that are allowed.
fn interval(metric: Metric, values: &Sorted, threshold: f64) -> Option<(Decimal, Decimal)> {
    if metric.kind() != Kind::Sampled {
        return None;
    }
    let n = u32::try_from(values.len()).ok()?;
    let allowed = usize::try_from(dissent_allowed(n, threshold)?).ok()?;
    let low = values.get(allowed)?;
    let high = values.get(values.len().checked_sub(allowed + 1)?)?;
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

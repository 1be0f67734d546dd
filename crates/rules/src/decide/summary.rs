//! What the trials say of one metric, for readers.

use std::collections::BTreeMap;

use phasegate_model::{
    Decimal, Domain, Kind, Metric, MetricSummary, Missing, MissingReason, Quantity, Reading,
    Readings, Summary,
};

use super::votes::dissent_allowed;

/// The readings' median (the lower middle one) of every numeric metric among `metrics` that has
/// any.
pub(crate) fn medians(metrics: &[Metric], trials: &[&Readings]) -> BTreeMap<Metric, Decimal> {
    metrics
        .iter()
        .filter_map(|metric| {
            let values = sorted(*metric, trials);
            values.get(middle(values.len())).map(|median| (*metric, *median))
        })
        .collect()
}

const fn middle(n: usize) -> usize {
    n.saturating_sub(1) / 2
}

fn sorted(metric: Metric, trials: &[&Readings]) -> Vec<Decimal> {
    let mut values: Vec<Decimal> = trials
        .iter()
        .filter_map(|readings| readings.get(metric)?.number().map(phasegate_model::Measured::value))
        .collect();
    values.sort_unstable();
    values
}

/// Median, interval, range and number of readings.
pub(crate) fn summarize(metric: Metric, trials: &[&Readings], threshold: f64) -> MetricSummary {
    let summary = match metric.domain() {
        Domain::Number(dimension) => {
            let values = sorted(metric, trials);
            let exact = |amount: &Decimal| Quantity::from_amount(dimension, *amount);
            match (values.first(), values.get(middle(values.len())), values.last()) {
                (Some(min), Some(median), Some(max)) => Summary::Number {
                    median: exact(median),
                    interval: interval(metric, &values, threshold)
                        .map(|(low, high)| (exact(&low), exact(&high))),
                    min: exact(min),
                    max: exact(max),
                    n: u32::try_from(values.len()).unwrap_or(u32::MAX),
                },
                _ => missing(metric, trials),
            }
        }
        Domain::Text | Domain::Version => texts(metric, trials),
    };
    MetricSummary { metric, summary }
}

/// The order-statistic interval for the median restart that always agrees with the finding:
/// from the `(d+1)`-th smallest to the `(d+1)`-th largest reading, where `d` is the number of
/// dissents that are allowed.
fn interval(metric: Metric, values: &[Decimal], threshold: f64) -> Option<(Decimal, Decimal)> {
    if metric.kind() != Kind::Sampled {
        return None;
    }
    let n = u32::try_from(values.len()).ok()?;
    let allowed = usize::try_from(dissent_allowed(n, threshold)?).ok()?;
    let low = values.get(allowed)?;
    let high = values.get(values.len().checked_sub(allowed + 1)?)?;
    Some((*low, *high))
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
    let not_measured = Missing { reason: MissingReason::NotMeasured, detail: String::new() };
    Summary::Missing { why: told.unwrap_or(not_measured) }
}

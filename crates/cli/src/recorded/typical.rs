//! What a recorded phase says of a typical trial.

use phasegate_history::{Body, Entry, Medians, Store};
use phasegate_model::{Addition, Decision, Evidence, Metric, Quantity, Readings, Transcription};
use phasegate_rules::typical_readings;

use crate::recorded::decision::RecordedDecision;

/// A typical trial among those that the decision rests on, so that a figure is the same wherever
/// it is shown.
pub(crate) fn typical(decision: &Decision, evidence: Evidence) -> Readings {
    typical_and_rest(decision, evidence).0
}

/// A typical trial, and the evidence without its trials, which are most of it.
pub(crate) fn typical_and_rest(
    decision: &Decision,
    mut evidence: Evidence,
) -> (Readings, Evidence) {
    if let Ok(considered) = usize::try_from(decision.trials) {
        evidence.trials.truncate(considered);
    }
    let readings = typical_readings(&evidence);
    (readings, Evidence { trials: Vec::new(), ..evidence })
}

/// The typical readings of an entry; nothing if entries of its kind have none.
pub(crate) fn typical_of(store: &Store, entry: &Entry) -> anyhow::Result<Option<Readings>> {
    Ok(match &entry.body {
        Body::Decision(record) => {
            Some(typical(&record.decision, RecordedDecision::new(store, record).evidence()?))
        }
        Body::Transcription(record) => Some(record.transcription.typical_readings()),
        Body::Addition(record) => match &record.addition {
            Addition::Revisit(revisit) => Some(revisit.readings.clone()),
            _ => None,
        },
    })
}

/// The typical readings of these metrics. A decision has those that its rows compare; only for
/// others the evidence is read.
pub(crate) fn typical_among(
    store: &Store,
    entry: &Entry,
    metrics: &Medians,
) -> anyhow::Result<Option<Readings>> {
    let quick = entry.decision().and_then(|record| metrics.in_record(record));
    if quick.is_some() { Ok(quick) } else { typical_of(store, entry) }
}

/// A reading's amount as a quantity; nothing for texts, versions and what is missing.
pub(crate) fn quantity(metric: Metric, readings: &Readings) -> Option<Quantity> {
    let phasegate_model::Domain::Number(dimension) = metric.domain() else { return None };
    let amount = readings.get(metric)?.number()?.value();
    Some(Quantity::from_amount(dimension, amount))
}

/// A document's figure with its digits; nothing if it isn't an amount of the metric's dimension.
pub(crate) fn asserted(
    transcription: &Transcription,
    metric: Metric,
) -> (Option<Quantity>, Option<Quantity>) {
    let amount = |figures: &std::collections::BTreeMap<Metric, _>| {
        let figure: &phasegate_model::AssertedReading = figures.get(&metric)?;
        figure.reading(metric)?.number()?;
        figure.value()
    };
    (amount(&transcription.before), amount(&transcription.readings))
}

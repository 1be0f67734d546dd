//! What would a matrix decide if the readings were so?

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;
use phasegate_model::{
    Decision, End, Environment, Evidence, Metric, NextPhases, Plan, Reading, Readings, Rule,
    Target, TargetServer, Transcription, Trial, Until,
};

use crate::decide::summary::Samples;
use crate::decide::threshold::enough_trials;
use crate::matrix::Matrix;
use crate::read::plan::default_measure;

/// What evidence says of a typical trial: of every number the median over the trials, of every
/// text or version what the last trial said, and of what no trial has a reading of, why. Readings of
/// an earlier phase are among them, as `previous.*`.
#[must_use]
pub fn typical_readings(evidence: &Evidence) -> Readings {
    let trials: Vec<&Readings> = evidence.trials.iter().map(|trial| &trial.readings).collect();
    let mut typical = Readings::default();
    for (metric, reading) in trials.iter().flat_map(|readings| readings.iter()) {
        // A later reading goes before an earlier one, but not the lack of one.
        if is_there(reading) || !typical.get(metric).is_some_and(is_there) {
            insert(&mut typical, metric, reading.clone());
        }
    }
    let metrics: BTreeSet<Metric> =
        trials.iter().flat_map(|readings| readings.iter().map(|(metric, _)| metric)).collect();
    let metrics: Vec<Metric> = metrics.into_iter().collect();
    // Medians replace the last trial's numbers, which would not be typical.
    for (metric, median) in Samples::of(&metrics, &trials).medians() {
        insert(&mut typical, metric, Reading::exact(median));
    }
    let previous = evidence.previous.iter();
    for (metric, reading) in previous.flat_map(|previous| {
        let before = previous.readings.iter().filter_map(|(metric, _)| metric.as_previous());
        before.filter_map(|metric| Some((metric, previous.reading(metric)?)))
    }) {
        insert(&mut typical, metric, reading);
    }
    typical
}

const fn is_there(reading: &Reading) -> bool {
    !matches!(reading, Reading::Missing(_))
}

fn insert(readings: &mut Readings, metric: Metric, reading: Reading) {
    // Readings that come from readings fit their metric.
    let _ = readings.insert(metric, reading);
}

impl Matrix {
    /// What this matrix decides for a phase if every trial had these readings. They are taken as
    /// settled: there are as many identical trials as the votes need. A metric that isn't among
    /// the readings is missing.
    ///
    /// The decision tells of imagined trials, so it is not one to record.
    #[must_use]
    pub fn what_if(&self, plan: &Plan, readings: &Readings) -> Decision {
        // Imagined trials have no time; a fixed moment makes each call decide alike.
        let never = DateTime::UNIX_EPOCH;
        let trial = |number| Trial::of_readings(number, never, 0, readings.clone());
        let mut plan = plan.clone();
        // Every row is asked about, also those that the outcome doesn't need.
        plan.measure.until = Until::Rows;
        // Taken as settled, and so as standing, too.
        self.decide_run(
            Rule::CURRENT,
            &Evidence {
                schema: Evidence::SCHEMA,
                tool: String::new(),
                started_at: never,
                ended_at: never,
                end: End::Settled,
                target: Target {
                    server: TargetServer::Started(String::new()),
                    transport: Some(plan.measure.transport),
                    wait: Some(plan.measure.wait),
                    command: plan.measure.command.as_str().to_owned(),
                    load: None,
                },
                plan,
                environment: Environment::default(),
                previous: None,
                earlier_runs: None,
                continues: None,
                spread: None,
                baseline: None,
                // Fewer identical trials than votes need would end as too few, however clear they are.
                trials: (1..=enough_trials(self)).map(trial).collect(),
            },
        )
    }

    /// What this matrix decides if every trial had read what a document asserts of a phase's end.
    /// The figures are taken as settled, as by [`Matrix::what_if`]. A document has no facts, and no
    /// figures of an earlier phase: conditions that name such are undecided.
    #[must_use]
    pub fn what_if_asserted(&self, transcription: &Transcription) -> Decision {
        // A document has no plan: what it doesn't tell is left empty, so that nothing follows from
        // it.
        let plan = Plan {
            phase: transcription.phase.clone(),
            title: transcription.title.clone(),
            subject: transcription.subject.clone(),
            matrix: String::new(),
            next: NextPhases::default(),
            planned_effort: transcription.planned_effort,
            measure: default_measure(),
            target: None,
            baseline: None,
            next_options: Vec::new(),
            deliverables: Vec::new(),
            lessons: Vec::new(),
            facts: BTreeMap::new(),
            predictions: Vec::new(),
        };
        self.what_if(&plan, &transcription.typical_readings())
    }
}

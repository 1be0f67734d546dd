//! The ledger's runs, each with what it asked and said.

use std::collections::BTreeSet;

use phasegate_history::{Body, DecisionRecord, Entry, Store};
use phasegate_model::{Decision, EarlierRun, Evidence, Question};
use phasegate_rules::{Matrix, asked};

use crate::output::streams::{say, told};
use crate::recorded::decision::RecordedDecision;

/// A run of the ledger.
pub(crate) struct PastRun {
    /// What it asked apart from the conditions; nothing if nobody knows.
    pub(crate) question: Option<Question>,
    /// The digest of the evidence of the run that it goes on with.
    continues: Option<String>,
    /// What it said of all its rows that are voted on.
    pub(crate) run: EarlierRun,
}

impl PastRun {
    pub(crate) fn of(entry: &Entry, record: &DecisionRecord, evidence: &Evidence) -> Self {
        let decision = &record.decision;
        let run = EarlierRun {
            entry: entry.number,
            evidence: record.evidence.to_string(),
            started_at: evidence.started_at,
            machine: Question::machine(&evidence.environment),
            trials: decision.trials,
            rows: asked(decision, evidence).into_iter().map(|asked| asked.said).collect(),
        };
        let continues = evidence.continues.as_ref().map(|it| it.evidence.clone());
        Self { question: Question::of(evidence), continues, run }
    }
}

/// Adds a run; in the place of the one that it goes on with, as the two are one.
fn add(runs: &mut Vec<PastRun>, run: PastRun) {
    let is_before = |past: &&mut PastRun| run.continues.as_ref() == Some(&past.run.evidence);
    match runs.iter_mut().find(is_before) {
        Some(before) => *before = run,
        None => runs.push(run),
    }
}

/// The runs of a ledger, in its order.
#[derive(Default)]
pub(crate) struct PastRuns {
    pub(crate) runs: Vec<PastRun>,
}

impl PastRuns {
    /// Reads them. What can't be read is told and left out: damage is for `history verify` to
    /// judge, and no reason not to measure.
    ///
    /// Of those of which no row is asked for by its condition, the evidence isn't looked at.
    pub(crate) fn read<'c>(
        store: &Store,
        conditions: impl IntoIterator<Item = &'c str>,
    ) -> anyhow::Result<Self> {
        let conditions: BTreeSet<&str> = conditions.into_iter().collect();
        let mut runs = Vec::new();
        for recorded in store.entries()? {
            let read = recorded.map_err(anyhow::Error::from).and_then(|recorded| {
                let Body::Decision(record) = &recorded.entry.body else { return Ok(None) };
                let mut rows = record.decision.rows.iter();
                if !rows.any(|row| conditions.contains(&*row.normalized)) {
                    return Ok(None);
                }
                let evidence = RecordedDecision::new(store, record).evidence()?;
                Ok(Some(PastRun::of(&recorded.entry, record, &evidence)))
            });
            match read {
                Ok(Some(run)) => add(&mut runs, run),
                Ok(None) => {}
                Err(error) => say(&format!("warning: an earlier run isn't told: {}", told(&error))),
            }
        }
        Ok(Self { runs })
    }

    /// Those that may ask what this matrix asks.
    pub(crate) fn of_matrix(store: &Store, matrix: &Matrix) -> anyhow::Result<Self> {
        Self::read(store, matrix.rows.iter().map(|row| &*row.when.normalized))
    }

    /// Those before a run that goes on with one of them: the two are one run.
    pub(crate) fn without(&mut self, evidence: &str) {
        self.runs.retain(|past| past.run.evidence != evidence);
    }

    /// Those that ask at least one of the questions of this run, with the rows that both ask.
    pub(crate) fn of_the_same(&self, decision: &Decision, evidence: &Evidence) -> Vec<EarlierRun> {
        let Some(question) = Question::of(evidence) else { return Vec::new() };
        let rows = asked(decision, evidence);
        let asked: BTreeSet<&str> = rows.iter().map(|row| row.said.question.as_str()).collect();
        let same = self.runs.iter().filter(|past| past.question.as_ref() == Some(&question));
        let both = same.map(|past| {
            let mut run = past.run.clone();
            run.rows.retain(|row| asked.contains(row.question.as_str()));
            run
        });
        both.filter(|run| !run.rows.is_empty()).collect()
    }

    /// Writes into evidence what the ledger has of the same questions, so that deciding sees
    /// nothing but evidence.
    pub(crate) fn tell(&self, matrix: &Matrix, evidence: &mut Evidence) {
        let decision = matrix.decide(evidence);
        evidence.earlier_runs = Some(self.of_the_same(&decision, evidence));
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};
    use phasegate_history::{DecisionDraft, Draft, DraftBody, RenderedFile, verify};
    use phasegate_model::Finding;

    use super::*;
    use crate::recorded::replay::{SeenRuns, decide_again, must_be_as_recorded};
    use crate::testing::{PLAN, evidence, matrix, matrix_text};

    const ROWS: &str = "[[row]]\nid = \"fast\"\nwhen = \"P99 < 12us\"\nthen = \"skip\"\n\
        else = \"act: tune\"\n[[row]]\nid = \"small\"\nwhen = \"dataset > 50MB\"\n\
        then = \"revisit allocator\"\nelse = \"defer\"\n";

    /// A ledger that is written by a clock of the test's own.
    struct Weeks {
        _folder: tempfile::TempDir,
        store: Store,
        now: DateTime<Utc>,
        matrix: Matrix,
    }

    impl Weeks {
        fn begin() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(folder.path()).unwrap();
            store.prepare().unwrap();
            let now = "2026-11-02T06:00:00Z".parse().unwrap();
            Self { _folder: folder, store, now, matrix: matrix(ROWS) }
        }

        /// A run of eight trials with this P99, changed in some way, and recorded.
        fn run_with(&mut self, p99: &str, change: impl FnOnce(&mut Evidence)) -> Decision {
            let mut evidence = evidence(&vec![format!("P99={p99} dataset=1MB"); 8]);
            (evidence.started_at, evidence.ended_at) = (self.now, self.now);
            for (name, told) in [("cpu.model", "EPYC"), ("os.host", "build-7")] {
                evidence.environment.0.insert(name.to_owned(), told.to_owned());
            }
            change(&mut evidence);
            PastRuns::of_matrix(&self.store, &self.matrix)
                .unwrap()
                .tell(&self.matrix, &mut evidence);
            let decision = self.matrix.decide(&evidence);
            let draft = Draft {
                recorded_at: self.now,
                recorded_by: "ada".to_owned(),
                tool: "test".to_owned(),
                body: DraftBody::Decision(Box::new(DecisionDraft {
                    objects: phasegate_history::Objects {
                        evidence: evidence.to_json().unwrap().into_bytes(),
                        matrix: matrix_text(ROWS).into_bytes(),
                        bases: Vec::new(),
                        plan: PLAN.as_bytes().to_vec(),
                    },
                    decision: decision.clone(),
                })),
            };
            let report = |_: &phasegate_history::Upcoming| {
                Ok(vec![RenderedFile::new("report.md", "a report\n")])
            };
            self.store.append(&draft, &mut { report }).unwrap();
            decision
        }

        fn run(&mut self, p99: &str) -> Decision {
            self.run_with(p99, |_| {})
        }

        fn wait(&mut self, hours: i64) {
            self.now += TimeDelta::hours(hours);
        }

        /// What verifying finds wrong.
        fn problems(&self) -> Vec<String> {
            let mut seen = SeenRuns::default();
            let found = verify(&self.store, None, &mut |entry, objects| {
                let record = entry.decision().unwrap();
                let again = decide_again(objects, record.decision.rule).unwrap();
                must_be_as_recorded(&record.decision, &again.decision)
                    .and_then(|()| seen.must_be_told_as_they_were(&again.evidence))
                    .map_err(|error| error.to_string())?;
                seen.add(entry, record, &again.evidence);
                Ok(())
            });
            found.problems.iter().map(ToString::to_string).collect()
        }
    }

    #[test]
    fn three_weeks_of_runs_contradict_each_other_and_then_stand() {
        let mut weeks = Weeks::begin();
        let first = weeks.run("9us");
        assert!(first.runs.is_empty() && first.settled == Some(true));
        weeks.wait(24);
        let second = weeks.run("15us");
        assert!(second.is_unsettled());
        assert_eq!(second.runs[0].in_words(), "2nd run: met 1; the runs contradict each other");
        // A second look at once is told, and has no vote.
        let at_once = weeks.run("9us");
        assert_eq!((at_once.runs[0].run, at_once.runs[0].standing.runs()), (3, 2));
        let mut last = at_once;
        for _ in 0..19 {
            weeks.wait(24);
            last = weeks.run("9us");
        }
        let told = &last.runs[0];
        assert_eq!(told.standing.finding, Some(Finding::Met));
        assert!(told.contradicted && last.settled == Some(true));
        let problems = weeks.problems();
        assert!(problems.is_empty(), "{problems:?}");
    }

    #[test]
    fn another_subject_machine_or_way_begins_anew() {
        let mut weeks = Weeks::begin();
        let _ = weeks.run("9us");
        let changes: [fn(&mut Evidence); 4] = [
            |it| {
                it.environment.0.insert("server.version".to_owned(), "8.0.1".to_owned());
            },
            |it| {
                it.environment.0.insert("cpu.model".to_owned(), "Xeon".to_owned());
            },
            |it| it.plan.measure.samples = std::num::NonZeroU32::MIN,
            |it| it.target.command = "PING".to_owned(),
        ];
        for change in changes {
            weeks.wait(2);
            let decision = weeks.run_with("15us", change);
            assert!(decision.runs.is_empty(), "{:?}", decision.runs);
        }
        weeks.wait(2);
        // Another machine of the same kind asks the same.
        let host = |it: &mut Evidence| {
            it.environment.0.insert("os.host".to_owned(), "build-8".to_owned());
        };
        assert_eq!(weeks.run_with("9us", host).runs[0].met, 1);
        assert!(weeks.problems().is_empty());
    }

    #[test]
    fn a_run_that_is_told_otherwise_than_it_was_is_found() {
        for change in [
            |run: &mut EarlierRun| run.rows[0].vote = phasegate_model::RunVote::Met,
            |run: &mut EarlierRun| run.trials += 1,
            |run: &mut EarlierRun| run.evidence = "0".repeat(64),
        ] {
            let mut weeks = Weeks::begin();
            let _ = weeks.run("15us");
            weeks.wait(2);
            let mut evidence = evidence(&vec!["P99=9us dataset=1MB".to_owned(); 8]);
            evidence.environment.0.insert("cpu.model".to_owned(), "EPYC".to_owned());
            PastRuns::of_matrix(&weeks.store, &weeks.matrix)
                .unwrap()
                .tell(&weeks.matrix, &mut evidence);
            let mut seen = SeenRuns::default();
            let recorded = weeks.store.entry(1).unwrap();
            let record = recorded.entry.decision().unwrap();
            let first = RecordedDecision::new(&weeks.store, record).evidence().unwrap();
            seen.add(&recorded.entry, record, &first);
            assert!(seen.must_be_told_as_they_were(&evidence).is_ok());
            change(&mut evidence.earlier_runs.as_mut().unwrap()[0]);
            assert!(seen.must_be_told_as_they_were(&evidence).is_err());
        }
    }
}

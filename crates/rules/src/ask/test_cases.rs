//! A matrix's own test cases: given readings, the rows and the outcome must be as expected.

use phasegate_model::{Finding, Outcome, Readings};

use crate::condition::evaluate::Truth;
use crate::condition::facts::Facts;
use crate::document::code::Code;
use crate::document::diagnostic::Diagnostic;
use crate::matrix::{Matrix, Row, Test, Written};
use crate::outcome::{Asks, Possible, certain_outcome};

/// What a row says of readings that are taken as settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    /// What it finds.
    pub(crate) finding: Finding,
    /// What it could still ask for.
    pub(crate) possible: Possible,
}

impl Matrix {
    /// Runs the test cases. The given readings are taken as settled: nothing is voted on.
    ///
    /// Returns a problem for each expectation that doesn't come out, in the order of the file.
    #[must_use]
    pub fn failed_tests(&self) -> Vec<Diagnostic> {
        self.tests.iter().flat_map(|test| self.failures(test)).collect()
    }

    fn failures(&self, test: &Test) -> Vec<Diagnostic> {
        let facts = facts_of(test);
        let rows: Vec<Said> =
            self.rows.iter().map(|row| settled(row, &test.given, &facts)).collect();
        let mut failures = Vec::new();
        if let Some((expected, span)) = &test.outcome {
            let found = self.outcome_of(&rows);
            if found != *expected {
                let message = format!("test `{}`: the outcome is {found}", test.name);
                failures.push(
                    Diagnostic::new(Code::TestFailed, span.clone(), message)
                        .label(format!("expected {expected}")),
                );
            }
        }
        for expected in &test.rows {
            let row = self.rows.iter().zip(&rows).find(|(row, _)| row.id == expected.id);
            // Rows that a test names were looked up when it was read, so no expectation is lost
            // here.
            let Some((row, Said { finding, .. })) = row else { continue };
            if !comes_out(row, finding, &expected.expected) {
                let action =
                    row.action(finding).map(|action| format!(": {action}")).unwrap_or_default();
                let message = format!("test `{}`: `{}` is {finding}{action}", test.name, row.id);
                failures.push(
                    Diagnostic::new(Code::TestFailed, expected.span.clone(), message)
                        .label(format!("expected {}", expected.expected)),
                );
            }
        }
        failures
    }

    /// The outcome of what rows say of readings that are taken as settled.
    pub(crate) fn outcome_of(&self, rows: &[Said]) -> Outcome {
        let possible = rows.iter().map(|said| said.possible);
        certain_outcome(self, possible).unwrap_or(Outcome::Undecided)
    }
}

/// The facts that a test case gives.
pub(crate) fn facts_of(test: &Test) -> Facts {
    test.facts.iter().map(|(name, value)| (name.clone(), Ok(value.clone()))).collect()
}

/// What a row says of readings that are taken as settled.
pub(crate) fn settled(row: &Row, given: &Readings, facts: &Facts) -> Said {
    said_of(row, |written| {
        // Without facts the condition needn't be copied to put them in.
        if written.facts.is_empty() {
            return written.condition.holds(given);
        }
        written.condition.bound(facts).holds(given)
    })
}

/// What a row says if its conditions come out as told.
pub(crate) fn said_of(row: &Row, truth_of: impl Fn(&Written) -> Truth) -> Said {
    let finding = |written: &Written| match truth_of(written) {
        Truth::True => Finding::Met,
        Truth::False => Finding::NotMet,
        Truth::Unknown(unknown) => Finding::Undecided(unknown.into()),
    };
    let known = |finding: &Finding| match finding {
        Finding::Met => Some(true),
        Finding::NotMet => Some(false),
        Finding::NotApplicable | Finding::Undecided(_) => None,
    };
    let (given, when) = (row.given.as_ref().map(finding), finding(&row.when));
    // What isn't known to apply may still ask only for what its condition leaves open, as in a
    // decision.
    let possible = Asks::of(row).possible(given.as_ref().map_or(Some(true), known), known(&when));
    let finding = match given {
        None | Some(Finding::Met) => when,
        Some(Finding::NotMet) => Finding::NotApplicable,
        // What isn't known to apply says nothing, even if its condition is met.
        Some(undecided) => undecided,
    };
    Said { finding, possible }
}

/// An expectation is a finding's word, a verb, or a whole action.
pub(crate) fn comes_out(row: &Row, finding: &Finding, expected: &str) -> bool {
    let action = row.action(finding);
    finding.word() == expected
        || action
            .is_some_and(|action| action.as_str() == expected || action.verb().as_str() == expected)
}

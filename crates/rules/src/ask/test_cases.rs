//! A matrix's own test cases: given readings, the rows and the outcome must be as expected.

use phasegate_model::{Finding, Outcome, Readings};

use crate::condition::evaluate::Truth;
use crate::condition::facts::Facts;
use crate::document::code::Code;
use crate::document::diagnostic::Diagnostic;
use crate::matrix::{Matrix, Row, Test, Written};
use crate::outcome::Asks;

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
        let findings: Vec<Finding> =
            self.rows.iter().map(|row| settled(row, &test.given, &facts)).collect();
        let mut failures = Vec::new();
        if let Some((expected, span)) = &test.outcome {
            let found = self.outcome_of(&findings);
            if found != *expected {
                let message = format!("test `{}`: the outcome is {found}", test.name);
                failures.push(
                    Diagnostic::new(Code::TestFailed, span.clone(), message)
                        .label(format!("expected {expected}")),
                );
            }
        }
        for expected in &test.rows {
            let row = self.rows.iter().zip(&findings).find(|(row, _)| row.id == expected.id);
            // Rows that a test names were looked up when it was read, so no expectation is lost
            // here.
            let Some((row, finding)) = row else { continue };
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

    /// The outcome of findings that are taken as settled.
    pub(crate) fn outcome_of(&self, findings: &[Finding]) -> Outcome {
        let possible: Vec<_> = self
            .rows
            .iter()
            .zip(findings)
            .map(|(row, finding)| match finding {
                Finding::Undecided(_) => {
                    // Which condition is the unknown one isn't told, so a row with `given` may also
                    // not apply.
                    Asks::of(row).possible(row.given.is_none().then_some(true), None)
                }
                Finding::Met => Asks::of(row).possible(Some(true), Some(true)),
                Finding::NotMet => Asks::of(row).possible(Some(true), Some(false)),
                Finding::NotApplicable => Asks::of(row).possible(Some(false), None),
            })
            .collect();
        self.resolve(findings, &possible).outcome
    }
}

/// The facts that a test case gives.
pub(crate) fn facts_of(test: &Test) -> Facts {
    test.facts.iter().map(|(name, value)| (name.clone(), Ok(value.clone()))).collect()
}

/// What a row says of readings that are taken as settled.
pub(crate) fn settled(row: &Row, given: &Readings, facts: &Facts) -> Finding {
    finding_of(row, |written| {
        // Without facts the condition needn't be copied to put them in.
        if written.facts.is_empty() {
            return written.condition.holds(given);
        }
        written.condition.bound(facts).holds(given)
    })
}

/// What a row finds if its conditions come out as told.
pub(crate) fn finding_of(row: &Row, truth_of: impl Fn(&Written) -> Truth) -> Finding {
    let finding = |written: &Written| match truth_of(written) {
        Truth::True => Finding::Met,
        Truth::False => Finding::NotMet,
        Truth::Unknown(unknown) => Finding::Undecided(unknown.into()),
    };
    match row.given.as_ref().map(finding) {
        None | Some(Finding::Met) => finding(&row.when),
        Some(Finding::NotMet) => Finding::NotApplicable,
        // What isn't known to apply says nothing, even if its condition is met.
        Some(undecided) => undecided,
    }
}

/// An expectation is a finding's word, a verb, or a whole action.
pub(crate) fn comes_out(row: &Row, finding: &Finding, expected: &str) -> bool {
    let action = row.action(finding);
    finding.word() == expected
        || action
            .is_some_and(|action| action.as_str() == expected || action.verb().as_str() == expected)
}

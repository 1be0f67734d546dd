//! What the matrix's own test cases leave open: rows that none covers, and limits that could be
//! moved without any failing.

use std::collections::BTreeSet;

use phasegate_model::{Decimal, Finding, Metric, Reading, Readings};

use crate::ask::test_cases::{Said, comes_out, facts_of, said_of, settled};
use crate::condition::evaluate::Truth;
use crate::condition::lexer::Operator;
use crate::condition::term::TermComparison;
use crate::document::code::Code;
use crate::document::diagnostic::{Diagnostic, Witness};
use crate::matrix::{Matrix, Row, Test, Written};
use crate::verify::analysis::{Analysis, amount, says, witness};
use crate::verify::space::domain::ReadingRange;
use crate::verify::space::regions::Atom;

pub(crate) fn check(analysis: &Analysis<'_>, problems: &mut Vec<Diagnostic>) {
    let matrix = analysis.matrix;
    // Said once, or every row of the matrix would be a problem of its own.
    if matrix.tests.is_empty() {
        let witness = (0..matrix.rows.len()).find_map(|at| met(analysis, at));
        problems.push(
            Diagnostic::new(
                Code::UntestedRow,
                matrix.place.clone(),
                "the matrix has no test cases",
            )
            .label("nobody notices when a limit or an action changes")
            .witness(witness)
            .help("add a `[[test]]` with readings, and the outcome they should lead to"),
        );
        return;
    }
    let runs: Vec<TestedCase<'_>> =
        matrix.tests.iter().map(|test| TestedCase::of(matrix, test)).collect();
    for (at, row, regions) in analysis.rows() {
        // A row that is never met can't be tested, and has been reported.
        if regions.met.is_empty() {
            continue;
        }
        if runs.iter().any(|run| run.covers(at, row)) {
            limits(&RowLimits { matrix, runs: &runs, at, row }, problems);
            continue;
        }
        let message = format!("no test case covers row `{}`", row.id);
        problems.push(
            Diagnostic::new(Code::UntestedRow, row.when.place.clone(), message)
                .label("met or not met in no test that expects anything")
                .witness(met(analysis, at))
                .help("add a `[[test]]` in which it is met, and one in which it isn't"),
        );
    }
}

/// Readings for a test in which the row is met.
fn met(analysis: &Analysis<'_>, at: usize) -> Option<Witness> {
    let (row, regions) = (analysis.matrix.rows.get(at)?, analysis.regions.get(at)?);
    let point = analysis.search.hole_in_any(&regions.met, &[]).ok()??;
    let is_met = |readings: &Readings| says(row, readings).flatten() == Some(&row.then);
    let text = format!("`{}` says {}, and no test looks", row.id, row.then);
    analysis.witness(&point, is_met, &text)
}

/// A test case, run.
struct TestedCase<'m> {
    test: &'m Test,
    /// One for each row.
    rows: Vec<Said>,
    /// Whether the outcome is as the test expects.
    outcome_holds: bool,
}

impl<'m> TestedCase<'m> {
    fn of(matrix: &'m Matrix, test: &'m Test) -> Self {
        let rows: Vec<Said> =
            matrix.rows.iter().map(|row| settled(row, &test.given, &facts_of(test))).collect();
        let expected = test.outcome.as_ref().map(|(outcome, _)| *outcome);
        let outcome_holds = expected == Some(matrix.outcome_of(&rows));
        Self { test, rows, outcome_holds }
    }

    fn finding(&self, at: usize) -> Option<&Finding> {
        self.rows.get(at).map(|said| &said.finding)
    }

    fn covers(&self, at: usize, row: &Row) -> bool {
        let decided = matches!(self.finding(at), Some(Finding::Met | Finding::NotMet));
        let expects = self.test.rows.iter().any(|expected| expected.id == row.id);
        decided && (expects || self.test.outcome.is_some())
    }

    /// Whether the test fails if the row comes to this finding instead.
    fn notices(&self, matrix: &Matrix, at: usize, row: &Row, changed: &Said) -> bool {
        let Some(now) = self.rows.get(at).filter(|said| *said != changed) else {
            return false;
        };
        let mut expected = self.test.rows.iter().filter(|expected| expected.id == row.id);
        // A test that fails as it is notices nothing by failing on.
        let row_fails = expected.any(|expected| {
            comes_out(row, &now.finding, &expected.expected)
                && !comes_out(row, &changed.finding, &expected.expected)
        });
        row_fails || (self.outcome_holds && self.outcome_changes(matrix, at, changed))
    }

    fn outcome_changes(&self, matrix: &Matrix, at: usize, changed: &Said) -> bool {
        let mut rows = self.rows.clone();
        if let Some(own) = rows.get_mut(at) {
            *own = changed.clone();
        }
        self.test
            .outcome
            .as_ref()
            .is_some_and(|(expected, _)| matrix.outcome_of(&rows) != *expected)
    }
}

/// The limits of one row.
struct RowLimits<'a, 'm> {
    matrix: &'a Matrix,
    runs: &'a [TestedCase<'m>],
    at: usize,
    row: &'a Row,
}

/// In which direction a limit is moved.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Raised,
    Lowered,
}

fn limits(limits: &RowLimits<'_, '_>, problems: &mut Vec<Diagnostic>) {
    let conditions = limits.row.given.iter().chain([&limits.row.when]);
    for written in conditions.collect::<Vec<&Written>>() {
        let comparisons = written.condition.comparisons();
        for (comparison, place) in comparisons.into_iter().zip(&written.comparisons) {
            let atom = Atom::of(comparison);
            let Some((metric, limit)) = atom.number() else { continue };
            let unnoticed: Vec<Direction> = [Direction::Raised, Direction::Lowered]
                .into_iter()
                .filter(|direction| limits.may_move(comparison, &atom, *direction))
                .collect();
            // Moved either way an equality is lost, so it is noticed if one way is.
            let exact = matches!(atom.operator, Operator::Equal | Operator::NotEqual);
            let Some(first) = unnoticed.first().filter(|_| !exact || unnoticed.len() == 2) else {
                continue;
            };
            let word = match unnoticed.as_slice() {
                [_, _] => "moved",
                _ if *first == Direction::Raised => "raised",
                _ => "lowered",
            };
            let message = format!("`{comparison}` could be {word} without any test failing");
            let side = if *first == Direction::Raised { "above" } else { "below" };
            problems.push(
                Diagnostic::new(Code::UnnoticedLimit, place.clone(), message)
                    .label(format!("no test comes out otherwise for a reading {side} {}", amount(metric, limit)))
                    .witness(beyond(metric, limit, *first))
                    .help(format!("add a `[[test]]` in which {metric} lies {side} the limit, and say what `{}` should do", limits.row.id)),
            );
        }
    }
}

impl RowLimits<'_, '_> {
    /// Whether no test fails, however far the limit is moved. Only the readings of tests make a
    /// difference, so it is enough to move it to each of them, and beyond them all; but no limit
    /// belongs outside its metric's domain.
    fn may_move(&self, comparison: &TermComparison, atom: &Atom, direction: Direction) -> bool {
        let Some((metric, limit)) = atom.number() else { return false };
        let read = |run: &TestedCase<'_>| number(&run.test.given, metric);
        let readings: BTreeSet<Decimal> = self.runs.iter().filter_map(read).collect();
        let ends = readings.iter().copied().chain([limit]);
        let far = match direction {
            Direction::Raised => ends.max().and_then(|end| end.checked_add(Decimal::ONE)),
            Direction::Lowered => ends.min().and_then(|end| end.checked_sub(Decimal::ONE)),
        };
        let is_beyond = |moved: &Decimal| match direction {
            Direction::Raised => *moved > limit,
            Direction::Lowered => *moved < limit,
        };
        let bounds = ReadingRange::of(metric);
        let ends = far.into_iter().chain(bounds.low).chain(bounds.high);
        let moved = readings.iter().copied().chain(ends);
        let mut moved = moved.filter(|moved| is_beyond(moved) && bounds.contain(*moved));
        !moved.any(|moved| self.is_noticed(comparison, metric, atom.operator, moved))
    }

    fn is_noticed(
        &self,
        comparison: &TermComparison,
        metric: Metric,
        operator: Operator,
        moved: Decimal,
    ) -> bool {
        self.runs.iter().any(|run| {
            let Some(reading) = number(&run.test.given, metric) else { return false };
            let truth = if compares(reading, operator, moved) { Truth::True } else { Truth::False };
            let changed = said_if(self.row, &run.test.given, comparison, &truth);
            run.notices(self.matrix, self.at, self.row, &changed)
        })
    }
}

fn number(readings: &Readings, metric: Metric) -> Option<Decimal> {
    readings.get(metric).and_then(Reading::number).map(phasegate_model::Measured::value)
}

fn compares(left: Decimal, operator: Operator, right: Decimal) -> bool {
    match operator {
        Operator::Less => left < right,
        Operator::LessOrEqual => left <= right,
        Operator::Greater => left > right,
        Operator::GreaterOrEqual => left >= right,
        Operator::Equal => left == right,
        Operator::NotEqual => left != right,
    }
}

/// What the row says if one of its comparisons came out as told.
fn said_if(row: &Row, readings: &Readings, told: &TermComparison, truth: &Truth) -> Said {
    said_of(row, |written| {
        written.condition.evaluate(&mut |comparison: &TermComparison| {
            // By identity: the same comparison written twice has two limits, and one of them moves.
            let is_it = std::ptr::eq(comparison, told);
            if is_it { truth.clone() } else { comparison.holds(readings) }
        })
    })
}

/// A reading that would tell.
fn beyond(metric: Metric, limit: Decimal, direction: Direction) -> Option<Witness> {
    let bounds = ReadingRange::of(metric);
    let (low, high) = match direction {
        Direction::Raised => (Some(limit), bounds.high),
        Direction::Lowered => (bounds.low, Some(limit)),
    };
    let reading = bounds.between(low, high).into_iter().next()?;
    let mut readings = Readings::default();
    readings.insert(metric, Reading::exact(reading.normalize())).ok()?;
    Some(witness(readings, "no test comes out otherwise on this side of the limit"))
}

//! The checked decision matrix.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use phasegate_model::{
    Action, FactName, FactValue, Finding, MatrixId, Metric, Outcome, Plan, Quantity, Readings,
    RowId, ScopeKind,
};

use crate::condition::kinds::Kinds;
use crate::condition::term::Condition;
use crate::document::diagnostic::Source;

/// The error rate of a matrix that names none.
pub(crate) const DEFAULT_ERROR_RATE: &str = "5%";

/// A decision matrix: rows in the order of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    /// Its name.
    pub id: MatrixId,
    /// What it decides, as a question.
    pub title: String,
    /// The chance that any row of a decision is wrong, above 0 % and below 50 %.
    pub error_rate: Quantity,
    /// How rows make an outcome.
    pub hit_policy: HitPolicy,
    /// Of what rows are to be certain; nothing if the plan may say.
    pub scope: Option<ScopeKind>,
    /// The action when no row applies. Without one the outcome is then undecided.
    pub default: Option<Action>,
    /// At least one row.
    pub rows: Vec<Row>,
    /// Test cases that the file carries; those of its bases belong to them.
    pub tests: Vec<Test>,
    /// The files that it extends: its base, the base's base, and so on.
    pub bases: Vec<Base>,
    /// Where its `[matrix]` table begins: byte offsets into the file.
    pub place: Range<usize>,
}

/// A file that a matrix extends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// Its path, relative to the first file.
    pub path: String,
    /// The file as it was read.
    pub source: Source,
}

/// How rows make an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HitPolicy {
    /// The strongest action of all rows.
    Priority,
    /// The action of the first row that has one, in the order of the file.
    First,
}

/// One row: a condition and what follows from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its name.
    pub id: RowId,
    /// The base that it comes from, by its path; nothing if it is the matrix file's own.
    pub file: Option<String>,
    /// Where it begins in the file, counted from one.
    pub line: u32,
    /// The condition.
    pub when: Written,
    /// The condition that limits the row: where it isn't met, the row has no say.
    pub given: Option<Written>,
    /// What follows if `when` is met.
    pub then: Action,
    /// What follows if it isn't.
    pub otherwise: Option<Action>,
    /// Of what the row is to be certain, if not of what the others are.
    pub scope: Option<ScopeKind>,
    /// Why the row is there.
    pub why: Option<Arc<str>>,
    /// Where its parts are written.
    pub places: RowPlaces,
}

/// Where the parts of a row are written: byte offsets into the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowPlaces {
    /// Where it begins; all of it for a row written as a sentence.
    pub row: Range<usize>,
    /// Its `then`.
    pub then: Range<usize>,
    /// Its `else`.
    pub otherwise: Option<Range<usize>>,
    /// Whether it is a sentence of `rules = […]`, and not a table.
    pub sentence: bool,
}

impl Row {
    /// For a row of a base: every place in it is where the base is named, because diagnostics
    /// point into one file.
    pub(crate) fn is_brought_by(&mut self, extends: &Range<usize>) {
        let places = &mut self.places;
        (places.row, places.then) = (extends.clone(), extends.clone());
        places.otherwise = places.otherwise.as_ref().map(|_| extends.clone());
        for written in self.given.iter_mut().chain([&mut self.when]) {
            written.place = extends.clone();
            written.comparisons.iter_mut().for_each(|place| *place = extends.clone());
        }
    }

    /// Its conditions: `given`, if there is one, and `when`.
    pub fn conditions(&self) -> impl Iterator<Item = &Condition> {
        self.written().map(|written| &written.condition)
    }

    /// Its conditions as written: `given`, if there is one, and `when`.
    pub fn written(&self) -> impl Iterator<Item = &Written> {
        self.given.iter().chain([&self.when])
    }

    /// Whether one of its conditions names the metric.
    pub(crate) fn names(&self, metric: Metric) -> bool {
        self.conditions().any(|condition| condition.names(metric))
    }

    /// The action that follows from a finding.
    #[must_use]
    pub const fn action(&self, finding: &Finding) -> Option<&Action> {
        match finding {
            Finding::Met => Some(&self.then),
            Finding::NotMet => self.otherwise.as_ref(),
            Finding::NotApplicable | Finding::Undecided(_) => None,
        }
    }
}

/// A condition, and the text it was written as.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// As written.
    pub text: Arc<str>,
    /// With names, units and parentheses in full.
    pub normalized: Arc<str>,
    /// What it means.
    pub condition: Condition,
    /// Where it names facts.
    pub facts: Vec<FactUse>,
    /// Where it is written: byte offsets into the file.
    pub place: Range<usize>,
    /// Where its comparisons are written, in the order of [`Condition::comparisons`].
    pub comparisons: Vec<Range<usize>>,
}

/// A place where a condition names a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactUse {
    /// The fact.
    pub name: FactName,
    /// What it can be, as far as its condition tells.
    pub kinds: Kinds,
    /// The name of the file.
    pub file: String,
    /// Where it is in that file.
    pub span: Range<usize>,
    /// The line of that file, counted from one.
    pub line: u32,
}

/// A test case: readings, and what the matrix must make of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// Its name.
    pub name: String,
    /// The readings. A metric that isn't there is missing.
    pub given: Readings,
    /// The facts. One that isn't there is missing.
    pub facts: BTreeMap<FactName, FactValue>,
    /// The outcome that is expected.
    pub outcome: Option<(Outcome, Range<usize>)>,
    /// The rows that are expected to say something.
    pub rows: Vec<ExpectedRow>,
    /// Where it begins: byte offsets into the file.
    pub place: Range<usize>,
}

/// What a test case expects of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpectedRow {
    /// The row.
    pub id: RowId,
    /// A verb, a whole action, or a finding: `met`, `not met`, `not applicable`, `undecided`.
    pub expected: String,
    /// Where it is written.
    pub span: Range<usize>,
}

impl Matrix {
    /// Of what a row is to be certain: as it says itself, or the matrix, or else the plan.
    pub(crate) fn scope_of(&self, row: &Row, plan: &Plan) -> ScopeKind {
        row.scope.or(self.scope).or(plan.measure.scope).unwrap_or_default()
    }

    /// A matrix that nobody sees, so that rows which stand in none are treated alike. Without an
    /// error rate it has that of a matrix which states none.
    pub(crate) fn of_rows(rows: Vec<Row>, error_rate: Option<Quantity>) -> Option<Self> {
        Some(Self {
            id: "rows".parse().ok()?,
            title: String::new(),
            error_rate: error_rate.or_else(|| DEFAULT_ERROR_RATE.parse().ok())?,
            hit_policy: HitPolicy::Priority,
            scope: None,
            default: None,
            rows,
            tests: Vec::new(),
            bases: Vec::new(),
            place: 0..0,
        })
    }

    /// Every place where a condition names a fact, in the order of the rows.
    pub fn fact_uses(&self) -> impl Iterator<Item = &FactUse> {
        self.rows.iter().flat_map(Row::written).flat_map(|written| &written.facts)
    }
}

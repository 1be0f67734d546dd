//! What a condition is once it is checked: a tree of comparisons, and the terms on their sides.

use std::fmt;

use phasegate_model::{Decimal, Domain, FactName, Kind, Metric, Quantity, Timespan, Version};

use crate::condition::arithmetic::ArithmeticOperator;
use crate::condition::kinds::Kinds;
use crate::condition::lexer::Operator;

/// A checked condition: every metric exists, every comparison is between things that compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// At least one holds.
    Any(Vec<Self>),
    /// All hold.
    All(Vec<Self>),
    /// It doesn't hold.
    Not(Box<Self>),
    /// A comparison.
    Compare(TermComparison),
}

/// Two terms and how they compare. At least one is a metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermComparison {
    /// The left term.
    pub left: Term,
    /// How they compare.
    pub operator: Operator,
    /// The right term.
    pub right: Term,
}

impl TermComparison {
    /// The metrics on its sides, each once, from left to right.
    pub fn metrics(&self) -> impl Iterator<Item = Metric> {
        let mut metrics = Vec::new();
        self.walk(&mut |term| {
            metrics.extend(term.metric().filter(|metric| !metrics.contains(metric)));
        });
        metrics.into_iter()
    }

    /// Whether one of its metrics is sampled.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.left.is_sampled() || self.right.is_sampled()
    }

    /// Whether one of its sides is computed from others.
    #[must_use]
    pub const fn is_computed(&self) -> bool {
        self.left.is_computed() || self.right.is_computed()
    }

    /// Calls `visit` for each term of both sides, from left to right.
    pub(crate) fn walk<'t>(&'t self, visit: &mut impl FnMut(&'t Term)) {
        self.left.walk(visit);
        self.right.walk(visit);
    }
}

impl Condition {
    /// Its comparisons, from left to right.
    #[must_use]
    pub fn comparisons(&self) -> Vec<&TermComparison> {
        let mut found = Vec::new();
        self.visit(&mut |comparison| found.push(comparison));
        found
    }

    /// Calls `visit` for each comparison, from left to right.
    pub(crate) fn visit<'c>(&'c self, visit: &mut impl FnMut(&'c TermComparison)) {
        match self {
            Self::Any(parts) | Self::All(parts) => parts.iter().for_each(|part| part.visit(visit)),
            Self::Not(inner) => inner.visit(visit),
            Self::Compare(comparison) => visit(comparison),
        }
    }

    /// Its metrics, each once, in the order in which they are written.
    #[must_use]
    pub fn metrics(&self) -> Vec<Metric> {
        let mut metrics = Vec::new();
        self.walk(&mut |metric| {
            if !metrics.contains(&metric) {
                metrics.push(metric);
            }
        });
        metrics
    }

    /// Calls `visit` for each metric that it names, from left to right, as often as it does.
    pub(crate) fn walk(&self, visit: &mut impl FnMut(Metric)) {
        self.visit(&mut |comparison| {
            comparison.walk(&mut |term| term.metric().into_iter().for_each(&mut *visit));
        });
    }

    /// Whether it names the metric.
    pub(crate) fn names(&self, metric: Metric) -> bool {
        match self {
            Self::Any(parts) | Self::All(parts) => parts.iter().any(|part| part.names(metric)),
            Self::Not(inner) => inner.names(metric),
            Self::Compare(comparison) => {
                comparison.left.names(metric) || comparison.right.names(metric)
            }
        }
    }

    /// Whether it is decided by votes: one of its metrics is sampled.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.comparisons().into_iter().any(TermComparison::is_sampled)
    }
}

impl fmt::Display for TermComparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.left, self.operator.as_str(), self.right)
    }
}

impl fmt::Display for Condition {
    /// Canonical names and units, and only the parentheses that are needed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let join = |parts: &[Self], word: &str, f: &mut fmt::Formatter<'_>| {
            for (at, part) in parts.iter().enumerate() {
                if at > 0 {
                    f.write_str(word)?;
                }
                match part {
                    Self::Any(_) | Self::All(_) => write!(f, "({part})")?,
                    Self::Not(_) | Self::Compare(_) => part.fmt(f)?,
                }
            }
            Ok(())
        };
        match self {
            Self::Any(parts) => join(parts, " or ", f),
            Self::All(parts) => join(parts, " and ", f),
            // The grammar needs none around a comparison, but `not P99 < 12us` reads as if P99
            // alone were negated.
            Self::Not(inner) => match **inner {
                Self::Compare(_) | Self::Any(_) | Self::All(_) => write!(f, "not ({inner})"),
                Self::Not(_) => write!(f, "not {inner}"),
            },
            Self::Compare(comparison) => comparison.fmt(f),
        }
    }
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// What a trial reads of this metric.
    Metric(Metric),
    /// A constant amount.
    Number {
        /// As written.
        quantity: Quantity,
        /// In base units.
        amount: Decimal,
    },
    /// A constant text.
    Text(String),
    /// A constant version.
    Version(Version),
    /// A constant that the plan names.
    Fact(Box<FactTerm>),
    /// A term with its sign turned.
    Negated(Box<Self>),
    /// Two terms joined.
    Arithmetic(Box<Arithmetic>),
}

/// A constant that the plan names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactTerm {
    /// Its name.
    pub name: FactName,
    /// What the plan says, as a constant; or why there is none. See `Matrix::bound`.
    pub value: Result<Term, FactProblem>,
}

/// Why a fact can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactProblem {
    /// There is no plan yet, or it doesn't have the fact.
    Missing,
    /// It is not what the condition compares.
    Unfit,
    /// It was too old when the measurement began.
    Stale {
        /// How old it was.
        age: Timespan,
        /// How old it may be.
        max_age: Timespan,
    },
}

/// Two terms joined by `+`, `-`, `*` or `/`. Their dimensions fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arithmetic {
    /// The left term.
    pub left: Term,
    /// How they are joined.
    pub operator: ArithmeticOperator,
    /// The right term.
    pub right: Term,
}

impl Term {
    /// The metric's domain; nothing for what isn't a metric alone.
    #[must_use]
    pub const fn domain(&self) -> Option<Domain> {
        match self.metric() {
            Some(metric) => Some(metric.domain()),
            None => None,
        }
    }

    /// The metric, if it is one alone.
    #[must_use]
    pub const fn metric(&self) -> Option<Metric> {
        match self {
            Self::Metric(metric) => Some(*metric),
            _ => None,
        }
    }

    /// Whether it is computed from others.
    #[must_use]
    pub const fn is_computed(&self) -> bool {
        matches!(self, Self::Negated(_) | Self::Arithmetic(_))
    }

    /// What it can be; a fact whose plan isn't known can be anything.
    #[must_use]
    pub fn kinds(&self) -> Kinds {
        self.kinds_if(&|_| Kinds::ANY)
    }

    /// What it can be if the facts whose plan isn't known are of these kinds.
    pub(super) fn kinds_if(&self, facts: &impl Fn(&FactName) -> Kinds) -> Kinds {
        match self {
            Self::Metric(metric) => Kinds::of_domain(metric.domain()),
            Self::Number { quantity, .. } => Kinds::of_quantity(quantity),
            Self::Text(_) => Kinds::TEXT,
            Self::Version(_) => Kinds::VERSION,
            Self::Fact(fact) => match &fact.value {
                Ok(value) => value.kinds_if(facts),
                Err(_) => facts(&fact.name),
            },
            Self::Negated(inner) => inner.kinds_if(facts).and(Kinds::NUMBER),
            Self::Arithmetic(joined) => Kinds::of_arithmetic(
                joined.left.kinds_if(facts),
                joined.operator,
                joined.right.kinds_if(facts),
            ),
        }
    }

    /// Calls `visit` for itself and each term in it, from left to right.
    pub(crate) fn walk<'t>(&'t self, visit: &mut impl FnMut(&'t Self)) {
        visit(self);
        match self {
            Self::Negated(inner) => inner.walk(visit),
            Self::Arithmetic(joined) => {
                joined.left.walk(visit);
                joined.right.walk(visit);
            }
            Self::Metric(_)
            | Self::Number { .. }
            | Self::Text(_)
            | Self::Version(_)
            | Self::Fact(_) => {}
        }
    }

    /// Whether it names the metric.
    pub(super) fn names(&self, metric: Metric) -> bool {
        match self {
            Self::Metric(named) => *named == metric,
            Self::Negated(inner) => inner.names(metric),
            Self::Arithmetic(joined) => joined.left.names(metric) || joined.right.names(metric),
            Self::Number { .. } | Self::Text(_) | Self::Version(_) | Self::Fact(_) => false,
        }
    }

    /// Whether one of its metrics is sampled.
    pub(super) fn is_sampled(&self) -> bool {
        match self {
            Self::Metric(metric) => metric.kind() == Kind::Sampled,
            Self::Negated(inner) => inner.is_sampled(),
            Self::Arithmetic(joined) => joined.left.is_sampled() || joined.right.is_sampled(),
            Self::Number { .. } | Self::Text(_) | Self::Version(_) | Self::Fact(_) => false,
        }
    }

    /// How tightly its outermost operator binds.
    const fn rank(&self) -> u8 {
        match self {
            Self::Arithmetic(joined) => match joined.operator {
                ArithmeticOperator::Plus | ArithmeticOperator::Minus => 0,
                ArithmeticOperator::Times | ArithmeticOperator::DividedBy => 1,
            },
            Self::Negated(_) => 2,
            _ => 3,
        }
    }

    /// In parentheses if it binds less tightly than `rank`.
    fn fmt_in(&self, rank: u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rank() < rank { write!(f, "({self})") } else { fmt::Display::fmt(self, f) }
    }
}

impl fmt::Display for Term {
    /// Canonical names and units, and only the parentheses that are needed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Metric(metric) => metric.fmt(f),
            Self::Number { quantity, .. } => quantity.fmt(f),
            Self::Text(text) => {
                // A text has no escapes: whichever quote isn't in it.
                let quote = if text.contains('"') { '\'' } else { '"' };
                write!(f, "{quote}{text}{quote}")
            }
            Self::Version(version) => version.fmt(f),
            Self::Fact(fact) => fact.name.fmt(f),
            Self::Negated(inner) => {
                f.write_str("-")?;
                inner.fmt_in(2, f)
            }
            Self::Arithmetic(joined) => {
                let rank = self.rank();
                joined.left.fmt_in(rank, f)?;
                write!(f, " {} ", joined.operator.as_str())?;
                // `-` and `/` group to the left, so a right side of the same rank needs its
                // parentheses.
                joined.right.fmt_in(rank + 1, f)
            }
        }
    }
}

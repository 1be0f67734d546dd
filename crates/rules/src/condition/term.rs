//! One side of a comparison.

use std::fmt;

use phasegate_model::{Decimal, Domain, FactName, Kind, Metric, Quantity, Timespan, Version};

use super::arithmetic::ArithmeticOperator;
use super::kinds::Kinds;

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
                joined.right.fmt_in(rank + 1, f)
            }
        }
    }
}

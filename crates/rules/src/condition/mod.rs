//! Conditions: `P99 < 12us and dataset >= 10MB`, checked and ready to be evaluated.

mod check;
mod evaluate;
mod lexer;
mod parser;
mod places;

use std::fmt;

use phasegate_model::{Decimal, Domain, Kind, Metric, Quantity, Version};

pub(crate) use check::checked;
pub use evaluate::{Truth, Unknown};
pub use lexer::Operator;
pub(crate) use places::places;

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
    Compare(Comparison),
}

/// Two terms and how they compare. At least one is a metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The left term.
    pub left: Term,
    /// How they compare.
    pub operator: Operator,
    /// The right term.
    pub right: Term,
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
}

impl Term {
    /// The metric's domain; nothing for a constant.
    #[must_use]
    pub const fn domain(&self) -> Option<Domain> {
        match self {
            Self::Metric(metric) => Some(metric.domain()),
            Self::Number { .. } | Self::Text(_) | Self::Version(_) => None,
        }
    }

    /// The metric, if it is one.
    #[must_use]
    pub const fn metric(&self) -> Option<Metric> {
        match self {
            Self::Metric(metric) => Some(*metric),
            Self::Number { .. } | Self::Text(_) | Self::Version(_) => None,
        }
    }
}

impl Comparison {
    /// The metrics on its sides: one or two.
    pub fn metrics(&self) -> impl Iterator<Item = Metric> {
        self.left.metric().into_iter().chain(self.right.metric())
    }

    /// Whether one of its metrics is sampled.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.metrics().any(|metric| metric.kind() == Kind::Sampled)
    }
}

impl Condition {
    /// Its comparisons, from left to right.
    #[must_use]
    pub fn comparisons(&self) -> Vec<&Comparison> {
        let mut found = Vec::new();
        self.collect(&mut found);
        found
    }

    fn collect<'c>(&'c self, found: &mut Vec<&'c Comparison>) {
        match self {
            Self::Any(parts) | Self::All(parts) => {
                for part in parts {
                    part.collect(found);
                }
            }
            Self::Not(inner) => inner.collect(found),
            Self::Compare(comparison) => found.push(comparison),
        }
    }

    /// Its metrics, each once, in the order in which they are written.
    #[must_use]
    pub fn metrics(&self) -> Vec<Metric> {
        let mut metrics = Vec::new();
        for metric in self.comparisons().into_iter().flat_map(Comparison::metrics) {
            if !metrics.contains(&metric) {
                metrics.push(metric);
            }
        }
        metrics
    }

    /// Whether it is decided by votes: one of its metrics is sampled.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.comparisons().into_iter().any(Comparison::is_sampled)
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Metric(metric) => metric.fmt(f),
            Self::Number { quantity, .. } => quantity.fmt(f),
            Self::Text(text) => write!(f, "\"{text}\""),
            Self::Version(version) => version.fmt(f),
        }
    }
}

impl fmt::Display for Comparison {
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
            Self::Not(inner) => match **inner {
                Self::Compare(_) | Self::Any(_) | Self::All(_) => write!(f, "not ({inner})"),
                Self::Not(_) => write!(f, "not {inner}"),
            },
            Self::Compare(comparison) => comparison.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalized(text: &str) -> String {
        checked(text).unwrap().to_string()
    }

    fn problems(text: &str) -> Vec<String> {
        let problem = |p: crate::Diagnostic| {
            let help = p.help.map(|help| format!(" ({help})")).unwrap_or_default();
            format!("{} {:?}: {}{help}", p.code, &text[p.span], p.message)
        };
        checked(text).unwrap_err().into_iter().map(problem).collect()
    }

    #[test]
    fn conditions_print_in_full_and_parse_back_to_themselves() {
        for (written, full) in [
            ("P99 < 12μs", "rtt.p99 < 12us"),
            ("12 us > p99", "12us > rtt.p99"),
            ("P99 in 9us..12us", "rtt.p99 >= 9us and rtt.p99 <= 12us"),
            (
                "frag > 1.5 AND dataset ≥ 10MB",
                "memory.allocator_frag_ratio > 1.5 and memory.dataset >= 10MB",
            ),
            ("not (P50 < 1us or P99 < 2us)", "not (rtt.p50 < 1us or rtt.p99 < 2us)"),
            (
                "P50 < 1us or P90 < 1us and P99 < 2us",
                "rtt.p50 < 1us or (rtt.p90 < 1us and rtt.p99 < 2us)",
            ),
            ("server.version >= 7.0.15", "server.version >= 7.0.15"),
            ("allocator == 'libc'", "memory.allocator == \"libc\""),
            ("rtt.p99 < baseline.p99", "rtt.p99 < baseline.p99"),
            ("headroom.exec >= 5%", "headroom.exec >= 5%"),
            ("throughput > 20000/s", "rtt.throughput > 20000/s"),
        ] {
            assert_eq!(normalized(written), full);
            assert_eq!(checked(&normalized(written)).unwrap(), checked(written).unwrap());
        }
    }

    #[test]
    fn what_does_not_compare_is_named_in_its_place() {
        assert_eq!(
            problems("P99 < 12"),
            ["missing-unit \"12\": `12` has no unit (write a unit, such as `12us`)"]
        );
        assert_eq!(
            problems("P99 < 50MB"),
            [
                "wrong-dimension \"50MB\": rtt.p99 is a time, such as `12us`; `50MB` can't be compared with it"
            ]
        );
        assert_eq!(
            problems("P99 < 12 usec"),
            ["bad-quantity \"12 usec\": unknown unit `usec`; did you mean `us`?"]
        );
        assert_eq!(
            problems("P99x < 12us or datset > 1MB"),
            [
                "unknown-metric \"P99x\": unknown metric `P99x` (did you mean `p99`?)",
                "unknown-metric \"datset\": unknown metric `datset` (did you mean `dataset`?)"
            ]
        );
        assert_eq!(
            problems("1us < 2us"),
            [
                "constant-comparison \"1us < 2us\": this compares two constants; nothing is measured (name a metric on one side, such as `P99 < 12us`)"
            ]
        );
        assert_eq!(
            problems("allocator < 'libc'"),
            [
                "wrong-dimension \"allocator < 'libc'\": texts have no order, so `<` says nothing (use `==` or `!=`)"
            ]
        );
        assert_eq!(
            problems("P99 < dataset"),
            [
                "wrong-dimension \"P99 < dataset\": rtt.p99 is a time, such as `12us`, but memory.dataset is an amount of memory, such as `50MB`"
            ]
        );
        assert_eq!(
            problems("server.keys > 5%"),
            [
                "wrong-dimension \"5%\": server.keys is a count, such as `1000`; `5%` can't be compared with it"
            ]
        );
    }
}

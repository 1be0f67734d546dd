//! Comparisons of one metric with a constant: the shape that can be reasoned about exactly.

use phasegate_model::{Decimal, Metric, Readings};

use crate::condition::evaluate::TermValue;
use crate::condition::lexer::Operator;
use crate::condition::term::{Term, TermComparison};

/// A metric compared with a constant amount, the metric on the left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The metric.
    pub metric: Metric,
    /// How it compares with the amount.
    pub operator: Operator,
    /// In base units.
    pub amount: Decimal,
}

impl Operator {
    /// The operator that says the same with the sides exchanged.
    #[must_use]
    pub const fn mirrored(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            Self::Equal | Self::NotEqual => self,
        }
    }
}

impl TermComparison {
    /// The metric and its limit, if one side is a metric alone and the other a constant amount
    /// (constants may be computed, as in `P99 < 2 * 6us`).
    #[must_use]
    pub fn limit(&self) -> Option<Limit> {
        let (metric, operator, constant) = match (self.left.metric(), self.right.metric()) {
            (Some(metric), None) => (metric, self.operator, &self.right),
            // Turned round it is the same limit, so whoever reasons about limits knows one shape
            // only.
            (None, Some(metric)) => (metric, self.operator.mirrored(), &self.left),
            _ => return None,
        };
        Some(Limit { metric, operator, amount: constant.constant()? })
    }
}

impl Term {
    /// The exact amount of a term that needs no reading; nothing if there is no such amount.
    #[must_use]
    pub fn constant(&self) -> Option<Decimal> {
        // Nearly all constants are plain numbers, for which no readings have to be laid out.
        if let Self::Number { amount, .. } = self {
            return Some(*amount);
        }
        match self.value(&Readings::default()) {
            // What had to be rounded is no exact amount, and regions are cut at exact ones.
            Ok(TermValue::Number(_, measured)) if measured.low() == measured.high() => {
                Some(measured.value())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::check::checked;
    use crate::condition::term::Condition;

    fn limit(text: &str) -> Option<String> {
        let Condition::Compare(comparison) = checked(text).unwrap() else { panic!("{text}") };
        let Limit { metric, operator, amount } = comparison.limit()?;
        Some(format!("{metric} {} {}", operator.as_str(), amount.normalize()))
    }

    #[test]
    fn a_metric_beside_a_constant_has_a_limit() {
        assert_eq!(limit("P99 < 12us").as_deref(), Some("rtt.p99 < 12000"));
        assert_eq!(limit("12us < P99").as_deref(), Some("rtt.p99 > 12000"));
        assert_eq!(limit("P99 <= 2 * 6us - 500ns").as_deref(), Some("rtt.p99 <= 11500"));
        assert_eq!(limit("P99 < floor.p99"), None);
        assert_eq!(limit("P99 - 1us < 12us"), None);
        assert_eq!(limit("P99 < 1us / 3"), None, "a third is not exact");
        assert_eq!(limit("allocator == 'libc'"), None);
    }
}

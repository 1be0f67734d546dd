//! Facts in conditions: what they must be, and how a plan's values take their places.

use std::collections::BTreeMap;

use phasegate_model::{FactName, FactValue};

use crate::condition::kinds::Kinds;
use crate::condition::lexer::Operator;
use crate::condition::term::{Arithmetic, FactProblem, FactTerm};
use crate::condition::term::{Condition, Term, TermComparison};

/// What is known of each fact that a plan, or a test case, has.
pub(crate) type Facts = BTreeMap<FactName, Result<FactValue, FactProblem>>;

impl Kinds {
    /// What a fact's value can be.
    #[must_use]
    pub fn of_fact(value: &FactValue) -> Self {
        let version = if value.version().is_some() { Self::VERSION } else { Self::NONE };
        match value {
            FactValue::Quantity(quantity) => Self::of_quantity(quantity).or(version),
            FactValue::Version(_) => version,
            FactValue::Text(_) => Self::TEXT,
        }
    }
}

impl Condition {
    /// The facts that it names, and what each must be so that every comparison means something.
    #[must_use]
    pub fn facts(&self) -> BTreeMap<&FactName, Kinds> {
        let mut facts = BTreeMap::new();
        for comparison in self.comparisons() {
            let mut names = comparison.facts();
            // Named twice in a comparison, a fact has to be one thing, so it is asked about once.
            names.sort_unstable();
            names.dedup();
            for name in names {
                let kinds = facts.entry(name).or_insert(Kinds::ANY);
                *kinds = kinds.and(comparison.kinds_of(name));
            }
        }
        facts
    }

    /// The same condition with the facts' values in their places.
    pub(crate) fn bound(&self, facts: &Facts) -> Self {
        let all = |parts: &[Self]| parts.iter().map(|part| part.bound(facts)).collect();
        match self {
            Self::Any(parts) => Self::Any(all(parts)),
            Self::All(parts) => Self::All(all(parts)),
            Self::Not(inner) => Self::Not(Box::new(inner.bound(facts))),
            Self::Compare(comparison) => Self::Compare(comparison.bound(facts)),
        }
    }
}

impl TermComparison {
    fn facts(&self) -> Vec<&FactName> {
        let mut names = Vec::new();
        self.walk(&mut |term| {
            if let Term::Fact(fact) = term {
                names.push(&fact.name);
            }
        });
        names
    }

    /// Whether it means something if its facts are of these kinds.
    fn compares(&self, facts: &impl Fn(&FactName) -> Kinds) -> bool {
        let both = self.left.kinds_if(facts).and(self.right.kinds_if(facts));
        let ordered = !matches!(self.operator, Operator::Equal | Operator::NotEqual);
        !(both.is_none() || (ordered && both == Kinds::TEXT))
    }

    /// What a fact that it names must be.
    fn kinds_of(&self, name: &FactName) -> Kinds {
        let possible =
            |kind: &Kinds| self.compares(&|other| if other == name { *kind } else { Kinds::ANY });
        Kinds::EACH.into_iter().filter(possible).fold(Kinds::NONE, Kinds::or)
    }

    /// Whether the values of its facts fit each other, too.
    pub(crate) fn suits(&self, facts: &Facts) -> bool {
        self.compares(&|name| match facts.get(name) {
            Some(Ok(value)) => Kinds::of_fact(value),
            _ => Kinds::ANY,
        })
    }

    fn bound(&self, facts: &Facts) -> Self {
        // Without facts nothing is put in, and asking what suits would be work for nothing.
        if self.facts().is_empty() {
            return self.clone();
        }
        let suits = self.suits(facts);
        let value = |name: &FactName| match facts.get(name) {
            None => Err(FactProblem::Missing),
            Some(Err(problem)) => Err(*problem),
            Some(Ok(value)) if suits => {
                constant(value, self.kinds_of(name)).ok_or(FactProblem::Unfit)
            }
            // Values that fit alone but not each other are all refused: none of them is the wrong
            // one.
            Some(Ok(_)) => Err(FactProblem::Unfit),
        };
        Self {
            left: self.left.with(&value),
            operator: self.operator,
            right: self.right.with(&value),
        }
    }
}

/// The value as a constant of one of the wanted kinds.
fn constant(value: &FactValue, wanted: Kinds) -> Option<Term> {
    match value {
        FactValue::Quantity(quantity) if Kinds::of_quantity(quantity).meets(wanted) => {
            Some(Term::Number { quantity: *quantity, amount: quantity.amount() })
        }
        FactValue::Text(text) if wanted.meets(Kinds::TEXT) => Some(Term::Text(text.clone())),
        // `7.2` is read as a number, but is a version where one is wanted.
        other if wanted.meets(Kinds::VERSION) => other.version().map(Term::Version),
        _ => None,
    }
}

impl Term {
    /// The same term with values for its facts.
    fn with(&self, value: &impl Fn(&FactName) -> Result<Self, FactProblem>) -> Self {
        match self {
            Self::Fact(fact) => {
                let (name, value) = (fact.name.clone(), value(&fact.name));
                Self::Fact(Box::new(FactTerm { name, value }))
            }
            Self::Negated(inner) => Self::Negated(Box::new(inner.with(value))),
            Self::Arithmetic(joined) => Self::Arithmetic(Box::new(Arithmetic {
                left: joined.left.with(value),
                operator: joined.operator,
                right: joined.right.with(value),
            })),
            Self::Metric(_) | Self::Number { .. } | Self::Text(_) | Self::Version(_) => {
                self.clone()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use phasegate_model::{Reading, Readings, Reason};

    use super::*;
    use crate::condition::check::checked;
    use crate::condition::evaluate::Truth;

    fn kinds(text: &str) -> String {
        checked(text).unwrap().facts()[&"x".parse::<FactName>().unwrap()].to_string()
    }

    #[test]
    fn what_stands_beside_a_fact_tells_what_it_is() {
        assert_eq!(kinds("P99 < fact.x"), Kinds::TIME.to_string());
        assert_eq!(kinds("P99 - fact.x < 5us"), Kinds::TIME.to_string());
        assert_eq!(kinds("P99 < fact.x * floor.p99"), Kinds::BARE.to_string());
        assert_eq!(kinds("P99 < 1.1 * fact.x"), Kinds::TIME.to_string());
        assert_eq!(kinds("dataset / fact.x > 100"), Kinds::BYTES.to_string());
        assert_eq!(kinds("dataset / fact.x > 100B"), Kinds::BARE.to_string());
        assert_eq!(kinds("allocator == fact.x"), Kinds::TEXT.to_string());
        assert_eq!(kinds("server.version >= fact.x"), Kinds::VERSION.to_string());
        assert_eq!(
            kinds("fact.x < fact.y"),
            "a time or bytes or a ratio or a count or a rate or a version"
        );
        assert_eq!(kinds("P99 < 1us or dataset > fact.x"), Kinds::BYTES.to_string());
    }

    #[test]
    fn uses_that_contradict_each_other_are_a_conflict() {
        for text in [
            "P99 < fact.x or dataset > fact.x",
            "fact.x * fact.x < P99",
            "allocator < fact.x",
            "fact.x * fact.x in 1us..fact.x",
        ] {
            let codes: Vec<&str> =
                checked(text).unwrap_err().iter().map(|problem| problem.code.as_str()).collect();
            assert!(
                matches!(codes[..], ["fact-conflict" | "wrong-dimension"]),
                "{text}: {codes:?}"
            );
        }
    }

    fn truth(text: &str, facts: &[(&str, &str)]) -> String {
        let mut readings = Readings::default();
        for (name, reading) in [("P99", "10us"), ("allocator", "libc"), ("server.version", "7.2.1")]
        {
            let metric: phasegate_model::Metric = name.parse().unwrap();
            readings.insert(metric, Reading::parse(metric, reading).unwrap()).unwrap();
        }
        let facts = facts.iter().map(|(name, value)| (name.parse().unwrap(), Ok((*value).into())));
        match checked(text).unwrap().bound(&facts.collect()).holds(&readings) {
            Truth::True => "true".to_owned(),
            Truth::False => "false".to_owned(),
            Truth::Unknown(unknown) => Reason::from(unknown).to_string(),
        }
    }

    #[test]
    fn a_bound_fact_is_its_value() {
        assert_eq!(truth("P99 < fact.x", &[("x", "12us")]), "true");
        assert_eq!(truth("P99 < 2 * -fact.x", &[("x", "12us")]), "false");
        assert_eq!(truth("allocator == fact.x", &[("x", "libc")]), "true");
        assert_eq!(truth("server.version >= fact.x", &[("x", "7.2")]), "true");
        assert_eq!(truth("server.version >= fact.x", &[("x", "7.10.0")]), "false");
        assert_eq!(truth("fact.x < fact.y", &[("x", "5us"), ("y", "1ms")]), "true");
        assert_eq!(truth("fact.x < 7.3", &[("x", "7.2")]), "true");
    }

    #[test]
    fn a_fact_that_is_missing_or_something_else_decides_nothing() {
        assert_eq!(truth("P99 < fact.x", &[]), "the plan has no fact.x");
        let unfit = "fact.x is not what the condition compares";
        assert_eq!(truth("P99 < fact.x", &[("x", "12MB")]), unfit);
        assert_eq!(truth("P99 < fact.x", &[("x", "12")]), unfit);
        assert_eq!(truth("P99 < fact.x", &[("x", "12 sheep")]), unfit);
        assert_eq!(truth("fact.x < fact.y", &[("x", "5us"), ("y", "1MB")]), unfit);
        assert_eq!(truth("fact.x < fact.y", &[("x", "a"), ("y", "b")]), unfit);
        assert_eq!(truth("not P99 < fact.x", &[]), "the plan has no fact.x");
        assert_eq!(truth("P99 < fact.x or P99 > 1us", &[]), "true");
    }
}

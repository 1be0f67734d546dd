//! What a term can be, and which dimensions arithmetic joins.

use std::fmt;

use phasegate_model::{Decimal, Dimension, Domain, Quantity, Unit};

use crate::condition::arithmetic::ArithmeticOperator;

/// A set of things that a term can be. Most terms are one thing; a number without a unit is a
/// ratio or a count, and a fact can be anything until its plan is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kinds(u8);

impl Kinds {
    /// Nothing: the term has no meaning.
    pub const NONE: Self = Self(0);
    /// A time.
    pub const TIME: Self = Self(1);
    /// An amount of memory.
    pub const BYTES: Self = Self(1 << 1);
    /// A ratio.
    pub const RATIO: Self = Self(1 << 2);
    /// A count.
    pub const COUNT: Self = Self(1 << 3);
    /// A rate.
    pub const RATE: Self = Self(1 << 4);
    /// A text.
    pub const TEXT: Self = Self(1 << 5);
    /// A version.
    pub const VERSION: Self = Self(1 << 6);
    /// A number without a unit.
    pub const BARE: Self = Self(Self::RATIO.0 | Self::COUNT.0);
    /// Any number.
    pub const NUMBER: Self = Self(Self::BARE.0 | Self::TIME.0 | Self::BYTES.0 | Self::RATE.0);
    /// Anything.
    pub const ANY: Self = Self(Self::NUMBER.0 | Self::TEXT.0 | Self::VERSION.0);

    /// Each thing on its own.
    pub const EACH: [Self; 7] =
        [Self::TIME, Self::BYTES, Self::RATIO, Self::COUNT, Self::RATE, Self::TEXT, Self::VERSION];

    /// What a metric of this domain is.
    #[must_use]
    pub const fn of_domain(domain: Domain) -> Self {
        match domain {
            Domain::Number(dimension) => Self::of_dimension(dimension),
            Domain::Text => Self::TEXT,
            Domain::Version => Self::VERSION,
        }
    }

    const fn of_dimension(dimension: Dimension) -> Self {
        match dimension {
            Dimension::Time => Self::TIME,
            Dimension::Bytes => Self::BYTES,
            Dimension::Ratio => Self::RATIO,
            Dimension::Count => Self::COUNT,
            Dimension::Rate => Self::RATE,
        }
    }

    /// What a quantity can be: without a unit, a ratio or a count.
    #[must_use]
    pub fn of_quantity(quantity: &Quantity) -> Self {
        match quantity.unit() {
            Unit::One => Self::BARE,
            _ => Self::of_dimension(quantity.dimension()),
        }
    }

    /// What both can be.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What either can be.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether there is something that both can be.
    #[must_use]
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether it can be nothing at all.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// What arithmetic makes of two terms; nothing if it has no meaning. This is the whole table:
    ///
    /// | | |
    /// |---|---|
    /// | X + X, X - X | X |
    /// | X * ratio, X * count, either way round | X |
    /// | X / ratio, X / count | X |
    /// | X / X | ratio |
    /// | count / time | rate |
    /// | rate * time, either way round | count |
    #[must_use]
    pub fn of_arithmetic(left: Self, operator: ArithmeticOperator, right: Self) -> Self {
        // Texts and versions take no part in arithmetic, nor does a fact as far as it could be one.
        let (left, right) = (left.and(Self::NUMBER), right.and(Self::NUMBER));
        let when = |condition: bool, kinds: Self| if condition { kinds } else { Self::NONE };
        match operator {
            ArithmeticOperator::Plus | ArithmeticOperator::Minus => left.and(right),
            ArithmeticOperator::Times => {
                let rate = (left.meets(Self::RATE) && right.meets(Self::TIME))
                    || (left.meets(Self::TIME) && right.meets(Self::RATE));
                when(right.meets(Self::BARE), left)
                    .or(when(left.meets(Self::BARE), right))
                    .or(when(rate, Self::COUNT))
            }
            ArithmeticOperator::DividedBy => {
                let rate = left.meets(Self::COUNT) && right.meets(Self::TIME);
                when(right.meets(Self::BARE), left)
                    .or(when(left.meets(right), Self::RATIO))
                    .or(when(rate, Self::RATE))
            }
        }
    }

    /// What the result of arithmetic has to be multiplied by, where base units don't fit together:
    /// times are held in nanoseconds, rates per second.
    pub(crate) fn scaling(
        left: Self,
        operator: ArithmeticOperator,
        right: Self,
    ) -> Option<Decimal> {
        let per = |one: Self, other: Self| one.meets(Self::RATE) && other.meets(Self::TIME);
        match operator {
            ArithmeticOperator::Times if per(left, right) || per(right, left) => {
                Some(Decimal::new(1, 9))
            }
            ArithmeticOperator::DividedBy if left.meets(Self::COUNT) && right.meets(Self::TIME) => {
                Some(Decimal::from(1_000_000_000))
            }
            _ => None,
        }
    }

    /// How an example of it is written after a number, for advice.
    pub(super) fn unit_example(self) -> Option<&'static str> {
        match self {
            Self::TIME => Some("us"),
            Self::BYTES => Some("MB"),
            Self::RATE => Some("/s"),
            _ => None,
        }
    }
}

impl fmt::Display for Kinds {
    /// With its article and an example, for messages.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Self::TIME => Dimension::Time.describe(),
            Self::BYTES => Dimension::Bytes.describe(),
            Self::RATIO => Dimension::Ratio.describe(),
            Self::COUNT => Dimension::Count.describe(),
            Self::RATE => Dimension::Rate.describe(),
            Self::TEXT => Domain::Text.describe(),
            Self::VERSION => Domain::Version.describe(),
            Self::BARE => "a number without a unit",
            Self::NONE => "nothing",
            many => return many.list(f),
        })
    }
}

impl Kinds {
    fn list(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = ["a time", "bytes", "a ratio", "a count", "a rate", "a text", "a version"];
        let each = Self::EACH.into_iter().zip(words).filter(|(kind, _)| self.meets(*kind));
        for (at, (_, word)) in each.enumerate() {
            write!(f, "{}{word}", if at > 0 { " or " } else { "" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ArithmeticOperator::{DividedBy, Minus, Plus, Times};

    /// The table as the brief has it, one kind at a time.
    fn by_hand(left: Kinds, operator: ArithmeticOperator, right: Kinds) -> Vec<Kinds> {
        let scalar = |kind| kind == Kinds::RATIO || kind == Kinds::COUNT;
        let mut found = Vec::new();
        match operator {
            Plus | Minus if left == right => found.push(left),
            Plus | Minus => {}
            Times => {
                found.extend(scalar(right).then_some(left));
                found.extend(scalar(left).then_some(right));
                let pair = [left, right];
                found.extend(
                    (pair.contains(&Kinds::RATE) && pair.contains(&Kinds::TIME))
                        .then_some(Kinds::COUNT),
                );
            }
            DividedBy => {
                found.extend(scalar(right).then_some(left));
                found.extend((left == right).then_some(Kinds::RATIO));
                found.extend((left == Kinds::COUNT && right == Kinds::TIME).then_some(Kinds::RATE));
            }
        }
        found
    }

    #[test]
    fn the_table_is_closed() {
        for left in &Kinds::EACH[..5] {
            for right in &Kinds::EACH[..5] {
                for operator in [Plus, Minus, Times, DividedBy] {
                    let expected =
                        by_hand(*left, operator, *right).into_iter().fold(Kinds::NONE, Kinds::or);
                    let found = Kinds::of_arithmetic(*left, operator, *right);
                    assert_eq!(found, expected, "{left} {} {right}", operator.as_str());
                }
            }
        }
    }

    #[test]
    fn texts_and_versions_have_no_arithmetic() {
        for other in Kinds::EACH {
            for operator in [Plus, Minus, Times, DividedBy] {
                assert!(Kinds::of_arithmetic(Kinds::TEXT, operator, other).is_none());
                assert!(Kinds::of_arithmetic(other, operator, Kinds::VERSION).is_none());
            }
        }
    }
}

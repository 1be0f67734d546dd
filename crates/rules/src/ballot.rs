//! One trial's votes, as fast as readings can be compared. Deciding counts them; looking at very
//! many recorded trials can do with them alone.

use phasegate_model::{Decimal, Metric, Outcome, Reading, Readings, Verb};

use crate::condition::{Comparison, Condition, Operator, Truth};
use crate::matrix::{HitPolicy, Matrix, Row};

/// A matrix made ready for voting. Facts have to be in their places; one that isn't leaves its
/// rows unknown.
pub struct Ballot<'m> {
    rows: Vec<RowBallot<'m>>,
    policy: HitPolicy,
    default: Option<Verb>,
}

struct RowBallot<'m> {
    row: &'m Row,
    when: Node<'m>,
    given: Option<Node<'m>>,
}

/// A condition, with comparisons of a metric and a constant taken apart.
pub(crate) enum Node<'m> {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Limit { metric: Metric, operator: Operator, amount: Decimal },
    Other(&'m Comparison),
}

/// What one trial says of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vote {
    /// Whether the condition holds; nothing if the readings don't tell.
    pub holds: Option<bool>,
    /// Whether the row has a say; nothing if the readings don't tell.
    pub applies: Option<bool>,
    /// How far the reading is from the limit that decided, in the metric's base unit; nothing if
    /// no limit did.
    pub margin: Option<Decimal>,
}

impl Matrix {
    /// Makes the matrix ready for voting on very many trials.
    #[must_use]
    pub fn ballot(&self) -> Ballot<'_> {
        Ballot {
            rows: self.rows.iter().map(RowBallot::of).collect(),
            policy: self.hit_policy,
            default: self.default.as_ref().map(phasegate_model::Action::verb),
        }
    }
}

impl<'m> RowBallot<'m> {
    fn of(row: &'m Row) -> Self {
        let given = row.given.as_ref().map(|given| Node::of(&given.condition));
        Self { row, when: Node::of(&row.when.condition), given }
    }
}

impl Ballot<'_> {
    /// One trial's votes, one for each row in the matrix's order. `votes` is filled anew, so that
    /// its room can be used again.
    pub fn vote(&self, readings: &Readings, votes: &mut Vec<Vote>) {
        votes.clear();
        votes.extend(self.rows.iter().map(|row| {
            let (holds, margin) = row.when.holds(readings);
            let applies = row.given.as_ref().map_or(Some(true), |given| given.holds(readings).0);
            Vote { holds, applies, margin }
        }));
    }

    /// The outcome if every trial voted so; undecided if the readings don't tell.
    #[must_use]
    pub fn outcome(&self, votes: &[Vote]) -> Outcome {
        let mut fired: Option<Verb> = None;
        for (RowBallot { row, .. }, vote) in self.rows.iter().zip(votes) {
            let action = match (vote.applies, vote.holds) {
                (Some(false), _) => None,
                (Some(true), Some(true)) => Some(&row.then),
                (Some(true), Some(false)) => row.otherwise.as_ref(),
                _ => return Outcome::Undecided,
            };
            fired = fired.max(action.map(phasegate_model::Action::verb));
            if self.policy == HitPolicy::First && fired.is_some() {
                break;
            }
        }
        fired.or(self.default).map_or(Outcome::Undecided, Outcome::Decided)
    }
}

impl<'m> Node<'m> {
    pub(crate) fn of(condition: &'m Condition) -> Self {
        match condition {
            Condition::All(parts) => Self::All(parts.iter().map(Self::of).collect()),
            Condition::Any(parts) => Self::Any(parts.iter().map(Self::of).collect()),
            Condition::Not(inner) => Self::Not(Box::new(Self::of(inner))),
            Condition::Compare(comparison) => match comparison.limit() {
                Some(limit) => Self::Limit {
                    metric: limit.metric,
                    operator: limit.operator,
                    // Fewer digits compare faster; the amount is the same.
                    amount: limit.amount.normalize(),
                },
                None => Self::Other(comparison),
            },
        }
    }

    /// Whether it holds, and how far the limit is that decided.
    pub(crate) fn holds(&self, readings: &Readings) -> (Option<bool>, Option<Decimal>) {
        match self {
            Self::Limit { metric, operator, amount } => {
                limit(readings.get(*metric), *operator, *amount)
            }
            Self::Other(comparison) => match comparison.holds(readings) {
                Truth::True => (Some(true), None),
                Truth::False => (Some(false), None),
                Truth::Unknown(_) => (None, None),
            },
            Self::Not(inner) => {
                let (holds, margin) = inner.holds(readings);
                (holds.map(|holds| !holds), margin)
            }
            Self::All(parts) => joined(parts, readings, false),
            Self::Any(parts) => joined(parts, readings, true),
        }
    }
}

/// Strong Kleene: the first part that decides does so alone.
fn joined(
    parts: &[Node<'_>],
    readings: &Readings,
    decisive: bool,
) -> (Option<bool>, Option<Decimal>) {
    let mut last = (Some(!decisive), None);
    for part in parts {
        match part.holds(readings) {
            (Some(holds), margin) if holds == decisive => return (Some(holds), margin),
            (Some(_), margin) if last.0.is_some() => last.1 = margin,
            (Some(_), _) => {}
            (None, _) => last = (None, None),
        }
    }
    last
}

fn limit(
    reading: Option<&Reading>,
    operator: Operator,
    amount: Decimal,
) -> (Option<bool>, Option<Decimal>) {
    let Some(Reading::Number(measured)) = reading else { return (None, None) };
    let margin = measured.value().checked_sub(amount).map(|distance| distance.abs());
    // Known only if both ends of the interval agree with each other.
    let low = measured.low().cmp(&amount);
    let high = if measured.low() == measured.high() { low } else { measured.high().cmp(&amount) };
    let holds = match operator {
        // Of an interval around the limit neither is known.
        Operator::Equal | Operator::NotEqual if low != high => None,
        _ => Some((operator.holds(low), operator.holds(high))),
    };
    match holds {
        Some((at_low, at_high)) if at_low == at_high => (Some(at_low), margin),
        _ => (None, None),
    }
}

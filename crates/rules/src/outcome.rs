//! From actions to an outcome, with what is undecided taken in every way it could come out.

use phasegate_model::{Action, Outcome, Verb};

use crate::matrix::{HitPolicy, Matrix, Row};

/// What a row could still ask for: a set of verbs, and of no say. One bit each, the weakest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Possible(u8);

/// Having no say is less than any verb.
const NO_SAY: u8 = 1;

const fn bit(verb: Option<Verb>) -> u8 {
    match verb {
        None => NO_SAY,
        // The lowest bit is taken by having no say, so verbs begin at the second.
        Some(verb) => 2 << verb as u8,
    }
}

/// What a row asks for if its condition is met, and if it isn't.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asks {
    then: u8,
    otherwise: u8,
}

impl Asks {
    pub(crate) fn of(row: &Row) -> Self {
        let verb = row.otherwise.as_ref().map(Action::verb);
        Self { then: bit(Some(row.then.verb())), otherwise: bit(verb) }
    }

    /// What is asked for, by whether the row has a say and whether its condition holds; what isn't
    /// known is taken both ways.
    pub(crate) const fn possible(self, applies: Option<bool>, holds: Option<bool>) -> Possible {
        let asked = match holds {
            Some(true) => self.then,
            Some(false) => self.otherwise,
            None => self.then | self.otherwise,
        };
        Possible(match applies {
            Some(true) => asked,
            Some(false) => NO_SAY,
            None => asked | NO_SAY,
        })
    }
}

impl Possible {
    /// What not even having no say is part of.
    pub(crate) const NOTHING: Self = Self(0);

    /// Either of the two.
    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether it is sure that this verb is asked for.
    pub(crate) fn is_surely(self, verb: Verb) -> bool {
        self.0 == bit(Some(verb))
    }

    /// The way it could come out that leads to the outcome sooner than any other: by asking for it,
    /// or else for as little as it can.
    pub(crate) const fn in_favour_of(self, outcome: Outcome) -> Self {
        let asked = match outcome {
            Outcome::Decided(verb) => bit(Some(verb)),
            Outcome::Undecided => NO_SAY,
        };
        Self(if self.0 & asked != 0 { asked } else { self.0 & self.0.wrapping_neg() })
    }

    /// Whether this verb may be asked for.
    pub(crate) fn may_be(self, verb: Verb) -> bool {
        self.0 & bit(Some(verb)) != 0
    }
}

/// Every outcome that is still possible, strongest first. [`Outcome::Undecided`] in the list means
/// that no row may apply. With one entry the outcome is certain.
pub(crate) fn possible_outcomes(
    policy: HitPolicy,
    default: Option<Verb>,
    rows: impl Iterator<Item = Possible>,
) -> Vec<Outcome> {
    let asked = asked_in_the_end(policy, default, rows);
    let verbs = Verb::ALL.into_iter().filter(|verb| asked.may_be(*verb)).map(Outcome::Decided);
    verbs.chain((asked.0 & NO_SAY != 0).then_some(Outcome::Undecided)).collect()
}

/// The outcome that follows whatever comes of what is undecided; nothing if several could.
pub(crate) fn certain_outcome(
    matrix: &Matrix,
    rows: impl Iterator<Item = Possible>,
) -> Option<Outcome> {
    let default = matrix.default.as_ref().map(Action::verb);
    let asked = asked_in_the_end(matrix.hit_policy, default, rows);
    if asked.0 == NO_SAY {
        return Some(Outcome::Undecided);
    }
    // Several bits are several outcomes.
    asked.0.is_power_of_two().then_some(())?;
    Verb::ALL.into_iter().find(|verb| asked.is_surely(*verb)).map(Outcome::Decided)
}

fn asked_in_the_end(
    policy: HitPolicy,
    default: Option<Verb>,
    rows: impl Iterator<Item = Possible>,
) -> Possible {
    let fired = match policy {
        HitPolicy::Priority => strongest(rows),
        HitPolicy::First => first(rows),
    };
    match default {
        // The default speaks only where no row does: it takes that bit's place.
        Some(verb) if fired & NO_SAY != 0 => Possible(fired & !NO_SAY | bit(Some(verb))),
        _ => Possible(fired),
    }
}

/// A verb is possible if some row could ask for it while no row has to ask for a stronger one.
fn strongest(rows: impl Iterator<Item = Possible>) -> u8 {
    let (mut any, mut strongest_certain) = (NO_SAY, NO_SAY);
    for row in rows {
        any |= row.0;
        // The least that the row can ask for is its lowest bit.
        strongest_certain = strongest_certain.max(row.0 & row.0.wrapping_neg());
    }
    // What is weaker than the least that some row asks for can't be the outcome any more.
    any & !(strongest_certain - 1)
}

/// A verb is possible if some row could ask for it while every row before it could have no say.
fn first(rows: impl Iterator<Item = Possible>) -> u8 {
    let mut fired = 0;
    for row in rows {
        fired |= row.0 & !NO_SAY;
        // A row that speaks in any case ends it: those behind are never asked.
        if row.0 & NO_SAY == 0 {
            return fired;
        }
    }
    fired | NO_SAY
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verb::{Act, Defer, NoAction, Skip};

    fn possible(row: &[Option<Verb>]) -> Possible {
        Possible(row.iter().map(|verb| bit(*verb)).sum())
    }

    fn outcomes(policy: HitPolicy, rows: &[&[Option<Verb>]]) -> String {
        let outcomes = possible_outcomes(policy, None, rows.iter().map(|row| possible(row)));
        outcomes.iter().map(|outcome| outcome.as_str()).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn the_strongest_action_is_the_outcome() {
        let rows: [&[_]; 3] = [&[Some(NoAction)], &[Some(Skip)], &[Some(Defer)]];
        assert_eq!(outcomes(HitPolicy::Priority, &rows), "skip");
        assert_eq!(outcomes(HitPolicy::First, &rows), "no action");
    }

    #[test]
    fn an_undecided_row_that_cannot_change_the_outcome_does_not_leave_it_open() {
        let rows: [&[_]; 2] = [&[Some(Act)], &[Some(Skip), Some(NoAction)]];
        assert_eq!(outcomes(HitPolicy::Priority, &rows), "act");
        let rows: [&[_]; 2] = [&[Some(Skip)], &[Some(Act), Some(NoAction)]];
        assert_eq!(outcomes(HitPolicy::Priority, &rows), "act, skip");
    }

    #[test]
    fn no_row_that_applies_is_undecided_never_skip() {
        assert_eq!(outcomes(HitPolicy::Priority, &[&[None]]), "undecided");
        assert_eq!(outcomes(HitPolicy::Priority, &[]), "undecided");
        assert_eq!(outcomes(HitPolicy::First, &[&[None], &[None, Some(Act)]]), "act, undecided");
        let default =
            possible_outcomes(HitPolicy::Priority, Some(NoAction), [possible(&[None])].into_iter());
        assert_eq!(default, [Outcome::Decided(NoAction)]);
    }

    /// What the rows could ask for, taken one way after another.
    fn tried(policy: HitPolicy, rows: &[Possible]) -> Vec<Outcome> {
        let verbs = |row: Possible| {
            let all = [None].into_iter().chain(Verb::ALL.map(Some));
            all.filter(move |verb| row.0 & bit(*verb) != 0)
        };
        let mut ways: Vec<Vec<Option<Verb>>> = vec![vec![]];
        for row in rows {
            ways = ways
                .into_iter()
                .flat_map(|way| {
                    verbs(*row).map(move |verb| way.iter().copied().chain([verb]).collect())
                })
                .collect();
        }
        let outcome = |way: Vec<Option<Verb>>| {
            let verb = match policy {
                HitPolicy::Priority => way.into_iter().max().flatten(),
                HitPolicy::First => way.into_iter().flatten().next(),
            };
            verb.map_or(Outcome::Undecided, Outcome::Decided)
        };
        let mut outcomes: Vec<Outcome> = ways.into_iter().map(outcome).collect();
        outcomes.sort_unstable_by(|a, b| b.cmp(a));
        outcomes.dedup();
        outcomes
    }

    #[test]
    fn sets_of_verbs_come_out_as_every_way_that_they_could() {
        for policy in [HitPolicy::Priority, HitPolicy::First] {
            for pair in 0..127_u32 * 127 {
                let set = |number: u32| Possible(u8::try_from(number % 127).unwrap() + 1);
                let rows = [set(pair), set(pair / 127), set(pair / 7)];
                let outcomes = possible_outcomes(policy, None, rows.into_iter());
                assert_eq!(outcomes, tried(policy, &rows), "{policy:?} {rows:?}");
            }
        }
    }
}

//! From actions to an outcome, with what is undecided taken in every way it could come out.

use phasegate_model::{Outcome, Verb};

use crate::matrix::HitPolicy;

/// What each row could still ask for; `None` stands for no say.
pub(crate) type Possible = Vec<Option<Verb>>;

/// Every outcome that is still possible, strongest first. [`Outcome::Undecided`] in the list means
/// that no row may apply. With one entry the outcome is certain.
pub(crate) fn possible_outcomes(
    policy: HitPolicy,
    default: Option<Verb>,
    rows: &[Possible],
) -> Vec<Outcome> {
    let fired = match policy {
        HitPolicy::Priority => priority(rows),
        HitPolicy::First => first(rows),
    };
    let outcome =
        |verb: Option<Verb>| verb.or(default).map_or(Outcome::Undecided, Outcome::Decided);
    let mut outcomes: Vec<Outcome> = fired.into_iter().map(outcome).collect();
    outcomes.sort_unstable_by(|a, b| b.cmp(a));
    outcomes.dedup();
    outcomes
}

/// A verb is possible if some row could ask for it while no row has to ask for a stronger one.
fn priority(rows: &[Possible]) -> Vec<Option<Verb>> {
    // The least that each row can ask for; `None` is less than any verb.
    let strongest_certain = rows.iter().filter_map(|row| row.iter().min()).max().copied().flatten();
    let candidates = [None].into_iter().chain(Verb::ALL.map(Some));
    candidates
        .filter(|verb| *verb >= strongest_certain)
        .filter(|verb| match verb {
            Some(_) => rows.iter().any(|row| row.contains(verb)),
            None => rows.iter().all(|row| row.contains(&None)),
        })
        .collect()
}

/// A verb is possible if some row could ask for it while every row before it could have no say.
fn first(rows: &[Possible]) -> Vec<Option<Verb>> {
    let mut fired = Vec::new();
    for row in rows {
        fired.extend(row.iter().filter(|verb| verb.is_some()));
        if !row.contains(&None) {
            return fired;
        }
    }
    fired.push(None);
    fired
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verb::{Act, Defer, NoAction, Skip};

    fn outcomes(policy: HitPolicy, rows: &[&[Option<Verb>]]) -> String {
        let rows: Vec<Possible> = rows.iter().map(|row| row.to_vec()).collect();
        let outcomes = possible_outcomes(policy, None, &rows);
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
        let default = possible_outcomes(HitPolicy::Priority, Some(NoAction), &[vec![None]]);
        assert_eq!(default, [Outcome::Decided(NoAction)]);
    }
}

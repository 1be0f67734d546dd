//! What would settle an undecided outcome, and about how many more trials that takes.

use phasegate_model::{Decision, Finding, Outcome, Reason, RowDecision, RowId};
use phasegate_report::needs;
use phasegate_rules::expected_more_trials;
use serde::Serialize;

/// What would settle an outcome; empty for one that is decided.
#[derive(Debug, Serialize)]
pub(crate) struct Settling<'d> {
    /// The rows that could still change the outcome.
    pub(crate) rows: Vec<RowSettling<'d>>,
    /// About how many more trials settle all of them.
    #[serde(flatten)]
    pub(crate) more: More,
}

/// What would settle a row.
#[derive(Debug, Serialize)]
pub(crate) struct RowSettling<'d> {
    pub(crate) row: &'d RowId,
    pub(crate) needs: String,
    #[serde(flatten)]
    pub(crate) more: More,
}

/// About how many more trials are needed, if they vote as those so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case", tag = "by_trials", content = "more_trials")]
pub(crate) enum More {
    /// This many.
    About(u32),
    /// Trials might do, but their number can't be said.
    Unknown,
    /// However many there are, something else is needed.
    Never,
}

impl<'d> Settling<'d> {
    pub(crate) fn of(decision: &'d Decision) -> Self {
        let open: &[RowId] = match decision.outcome {
            Outcome::Undecided => &decision.deciding,
            Outcome::Decided(_) => &[],
        };
        let rows: Vec<RowSettling<'d>> =
            open.iter().filter_map(|id| decision.row(id)).map(RowSettling::of).collect();
        // All of them have to be settled, so the one that takes longest counts.
        let more = rows.iter().map(|row| row.more).max().unwrap_or(More::Never);
        Self { rows, more }
    }
}

impl RowSettling<'_> {
    /// In words: the number of trials, or what else is needed.
    pub(crate) fn in_words(&self) -> String {
        match self.more {
            More::About(1) => format!("{}: about 1 more trial", self.row),
            More::About(more) => format!("{}: about {more} more trials", self.row),
            More::Unknown | More::Never => format!("{}: {}", self.row, self.needs),
        }
    }
}

impl<'d> RowSettling<'d> {
    fn of(row: &'d RowDecision) -> Self {
        let needs = needs(row).unwrap_or_else(|| "nothing more".to_owned());
        Self { row: &row.id, needs, more: more_trials(row) }
    }
}

fn more_trials(row: &RowDecision) -> More {
    let Finding::Undecided(reason) = &row.finding else { return More::About(0) };
    match reason {
        Reason::TooFewTrials | Reason::InsideNoise => {}
        Reason::NotNeeded => return More::About(0),
        Reason::Drifting
        | Reason::ReadingMissing { .. }
        | Reason::TooFewRuns { .. }
        | Reason::ReadingsDisagree
        | Reason::LimitFinerThanResolution
        | Reason::DivisionByZero
        | Reason::TooLarge
        | Reason::NotComparable { .. }
        | Reason::ConditionUnreadable { .. }
        | Reason::FactMissing { .. }
        | Reason::FactUnfit { .. }
        | Reason::StaleFact { .. } => return More::Never,
    }
    // If `when` is settled, it is `given` that isn't, and its votes aren't recorded.
    let open = row.votes.as_ref().filter(|votes| votes.settled_at.is_none());
    open.and_then(expected_more_trials).map_or(More::Unknown, More::About)
}

impl More {
    /// In words, with the trials that there are.
    pub(crate) fn in_words(self, trials: u32) -> String {
        match self {
            Self::About(more) => format!(
                "about {more} more if they vote as those so far: a run of about {}",
                trials.saturating_add(more)
            ),
            Self::Unknown => {
                "how many more can't be said: those so far are too few or disagree too much"
                    .to_owned()
            }
            Self::Never => "more of the same don't settle it".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{decision, matrix};

    fn more(row: &str, trials: &[&str]) -> More {
        let trials: Vec<String> = trials.iter().map(|&trial| trial.to_owned()).collect();
        Settling::of(&decision(&matrix(row), &trials)).more
    }

    const ROW: &str =
        "[[row]]\nid = \"a\"\nwhen = \"P99 < 12us\"\nthen = \"act\"\nelse = \"skip\"\n";

    #[test]
    fn few_votes_that_agree_need_a_few_more() {
        assert_eq!(more(ROW, &["P99=9us"; 5]), More::About(3));
        assert_eq!(more(ROW, &[]), More::Unknown);
        assert_eq!(more(ROW, &["P99=9us", "P99=13us", "P99=9us", "P99=13us"]), More::Unknown);
    }

    #[test]
    fn what_is_never_measured_is_not_settled_by_trials() {
        assert_eq!(more(&ROW.replace("P99", "floor.p99"), &["P99=9us"; 5]), More::Never);
    }

    #[test]
    fn all_open_rows_have_to_be_settled() {
        let other = ROW.replace("\"a\"", "\"b\"").replace("P99", "floor.p99");
        assert_eq!(more(&format!("{ROW}{other}"), &["P99=9us"; 5]), More::Never);
    }

    #[test]
    fn a_decided_outcome_needs_nothing() {
        let decided = decision(&matrix(ROW), &vec!["P99=9us".to_owned(); 9]);
        assert!(Settling::of(&decided).rows.is_empty());
    }

    #[test]
    fn a_given_that_is_open_has_no_recorded_votes() {
        let row = ROW.replace("when =", "given = \"P50 < 5us\"\nwhen =");
        let trials: Vec<String> =
            (0..12).map(|n| format!("P99=9us P50={}us", if n % 2 == 0 { 4 } else { 6 })).collect();
        let decided = decision(&matrix(&row), &trials);
        assert_eq!(Settling::of(&decided).more, More::Unknown);
    }

    #[test]
    fn programs_get_a_number_or_a_word() {
        let json = |more: More| serde_json::to_string(&more).unwrap();
        assert_eq!(json(More::About(3)), r#"{"by_trials":"about","more_trials":3}"#);
        assert_eq!(json(More::Never), r#"{"by_trials":"never"}"#);
    }
}

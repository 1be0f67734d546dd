//! What a row makes a phase do, and what the phase does in the end.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::suggest::nearest;

/// The word that an action begins with. The order is the order of strength, weakest first: the
/// outcome of a phase is the strongest verb among the actions of its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// Nothing needs to be done.
    NoAction,
    /// Not now: leaves an obligation. Weaker than `skip`, because it is not a verdict.
    Defer,
    /// The phase isn't worth it.
    Skip,
    /// Find out more first.
    Investigate,
    /// Take an earlier decision up again.
    Revisit,
    /// Do the work.
    Act,
}

impl Verb {
    /// All verbs, strongest first.
    pub const ALL: [Self; 6] =
        [Self::Act, Self::Revisit, Self::Investigate, Self::Skip, Self::Defer, Self::NoAction];

    /// The word as written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Act => "act",
            Self::Revisit => "revisit",
            Self::Investigate => "investigate",
            Self::Skip => "skip",
            Self::Defer => "defer",
            Self::NoAction => "no action",
        }
    }

    /// Whether work goes on (act, revisit, investigate) or the gate stays closed.
    #[must_use]
    pub const fn gate(self) -> Gate {
        match self {
            Self::Act | Self::Revisit | Self::Investigate => Gate::Open,
            Self::Skip | Self::Defer | Self::NoAction => Gate::Closed,
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Whether the phase's work may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// The work is worth it.
    Open,
    /// It isn't.
    Closed,
}

/// What a row asks for: a verb and free text after it, `act: tune the transport`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    verb: Verb,
    /// Shared, because every decision repeats the actions of its matrix.
    written: Arc<str>,
}

impl Action {
    /// The word that it begins with.
    #[must_use]
    pub const fn verb(&self) -> Verb {
        self.verb
    }

    /// The whole action as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// What follows the verb; may be empty.
    #[must_use]
    pub fn subject(&self) -> &str {
        let rest = self.written.get(self.verb.as_str().len()..).unwrap_or_default();
        rest.trim_start_matches(':').trim()
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.written)
    }
}

/// An action doesn't begin with one of the verbs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{written}` does not begin with a verb; use act, revisit, investigate, skip, defer or no action{}",
    suggestion.map(|s| format!("; did you mean `{s}`?")).unwrap_or_default()
)]
pub struct ActionError {
    written: String,
    /// The nearest verb.
    pub suggestion: Option<&'static str>,
}

impl FromStr for Action {
    type Err = ActionError;

    fn from_str(text: &str) -> Result<Self, ActionError> {
        let written = text.trim();
        let begins_with = |verb: &Verb| {
            written.strip_prefix(verb.as_str()).is_some_and(|rest| {
                rest.is_empty() || rest.starts_with(|c: char| c == ':' || c.is_whitespace())
            })
        };
        if let Some(verb) = Verb::ALL.into_iter().find(begins_with) {
            Ok(Self { verb, written: written.into() })
        } else {
            let first = written.split([' ', ':']).next().unwrap_or_default();
            let verbs = Verb::ALL.map(Verb::as_str);
            let suggestion = nearest(first, verbs).or_else(|| nearest(written, verbs));
            Err(ActionError { written: written.to_owned(), suggestion })
        }
    }
}

/// What the phase does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The evidence doesn't tell, or no row applied.
    Undecided,
    /// The evidence tells.
    Decided(Verb),
}

impl Outcome {
    /// The gate, if the outcome is decided.
    #[must_use]
    pub const fn gate(self) -> Option<Gate> {
        match self {
            Self::Decided(verb) => Some(verb.gate()),
            Self::Undecided => None,
        }
    }

    /// The word as written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Decided(verb) => verb.as_str(),
            Self::Undecided => "undecided",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text is not an outcome.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not an outcome; use act, revisit, investigate, skip, defer, no action or undecided"
)]
pub struct OutcomeError(String);

impl FromStr for Outcome {
    type Err = OutcomeError;

    fn from_str(text: &str) -> Result<Self, OutcomeError> {
        let verb = Verb::ALL.into_iter().find(|verb| verb.as_str() == text);
        match verb {
            Some(verb) => Ok(Self::Decided(verb)),
            None if text == "undecided" => Ok(Self::Undecided),
            None => Err(OutcomeError(text.to_owned())),
        }
    }
}

crate::amount::serde_as_text!(Action);
crate::amount::serde_as_text!(Outcome);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_a_verb_and_free_text() {
        let action: Action = "act: tune the transport".parse().unwrap();
        assert_eq!((action.verb(), action.subject()), (Verb::Act, "tune the transport"));
        let action: Action = "revisit allocator".parse().unwrap();
        assert_eq!((action.verb(), action.subject()), (Verb::Revisit, "allocator"));
        assert_eq!("no action needed".parse::<Action>().unwrap().verb(), Verb::NoAction);
        assert_eq!("skip".parse::<Action>().unwrap().subject(), "");
    }

    #[test]
    fn another_verb_is_an_error_with_the_nearest_one() {
        let error = "skp optimization".parse::<Action>().unwrap_err();
        assert_eq!(error.suggestion, Some("skip"));
        assert!("actual".parse::<Action>().is_err());
        assert!("".parse::<Action>().is_err());
    }

    #[test]
    fn act_is_the_strongest_and_defer_is_weaker_than_skip() {
        let mut verbs = Verb::ALL;
        verbs.sort_unstable_by(|a, b| b.cmp(a));
        assert_eq!(verbs, Verb::ALL);
        assert!(Verb::Defer < Verb::Skip);
    }
}

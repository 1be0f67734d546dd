//! What is wrong with a file, and where.

use std::fmt;
use std::ops::Range;

/// A file's name and text, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The name that messages show.
    pub name: String,
    /// The whole text.
    pub text: String,
}

impl Source {
    /// The line of a byte offset, counted from one.
    #[must_use]
    pub fn line(&self, offset: usize) -> u32 {
        let before = self.text.as_bytes().iter().take(offset);
        let breaks = before.filter(|byte| **byte == b'\n').count();
        u32::try_from(breaks).unwrap_or(u32::MAX).saturating_add(1)
    }
}

/// The kind of a problem. The name in parentheses is stable: users may filter by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// The file is not TOML (`toml-syntax`).
    TomlSyntax,
    /// The file is of a schema that this phasegate doesn't know (`unknown-schema`).
    UnknownSchema,
    /// A key that has no meaning there (`unknown-key`).
    UnknownKey,
    /// A key that must be there isn't (`missing-key`).
    MissingKey,
    /// A value of another type than is wanted (`wrong-type`).
    WrongType,
    /// A value of the right type that can't be (`bad-value`).
    BadValue,
    /// Two rows of one name (`duplicate-id`).
    DuplicateId,
    /// There is nothing to decide with (`no-rows`).
    NoRows,
    /// A condition that can't be read (`condition-syntax`).
    ConditionSyntax,
    /// A name that is not in the metric catalogue (`unknown-metric`).
    UnknownMetric,
    /// A number or unit that can't be read (`bad-quantity`).
    BadQuantity,
    /// A bare number where a unit is needed (`missing-unit`).
    MissingUnit,
    /// Two things that can't be compared (`wrong-dimension`).
    WrongDimension,
    /// A comparison that needs no measurement (`constant-comparison`).
    ConstantComparison,
    /// An action without one of the verbs (`unknown-verb`).
    UnknownVerb,
    /// A test case that doesn't come out as it says (`test-failed`).
    TestFailed,
    /// A fact that would have to be two things at once (`fact-conflict`).
    FactConflict,
    /// A fact that a condition names and the plan doesn't have (`missing-fact`).
    MissingFact,
    /// A fact that no condition names (`unused-fact`).
    UnusedFact,
    /// The base of a matrix can't be read (`base-unreadable`).
    BaseUnreadable,
    /// A matrix that extends itself, or too many others (`base-cycle`).
    BaseCycle,
    /// A row that overrides its base's without saying how (`override-unmarked`).
    OverrideUnmarked,
    /// A row that says it tightens, but loosens, or the other way round (`override-mismatch`).
    OverrideMismatch,
    /// A row that loosens its base's without a reason (`override-unexplained`).
    OverrideUnexplained,
    /// A row that says it changes one of a base, which has none of that name (`override-nothing`).
    OverrideNothing,
}

impl Code {
    /// All codes.
    pub const ALL: [Self; 25] = [
        Self::TomlSyntax,
        Self::UnknownSchema,
        Self::UnknownKey,
        Self::MissingKey,
        Self::WrongType,
        Self::BadValue,
        Self::DuplicateId,
        Self::NoRows,
        Self::ConditionSyntax,
        Self::UnknownMetric,
        Self::BadQuantity,
        Self::MissingUnit,
        Self::WrongDimension,
        Self::ConstantComparison,
        Self::UnknownVerb,
        Self::TestFailed,
        Self::FactConflict,
        Self::MissingFact,
        Self::UnusedFact,
        Self::BaseUnreadable,
        Self::BaseCycle,
        Self::OverrideUnmarked,
        Self::OverrideMismatch,
        Self::OverrideUnexplained,
        Self::OverrideNothing,
    ];

    /// The stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TomlSyntax => "toml-syntax",
            Self::UnknownSchema => "unknown-schema",
            Self::UnknownKey => "unknown-key",
            Self::MissingKey => "missing-key",
            Self::WrongType => "wrong-type",
            Self::BadValue => "bad-value",
            Self::DuplicateId => "duplicate-id",
            Self::NoRows => "no-rows",
            Self::ConditionSyntax => "condition-syntax",
            Self::UnknownMetric => "unknown-metric",
            Self::BadQuantity => "bad-quantity",
            Self::MissingUnit => "missing-unit",
            Self::WrongDimension => "wrong-dimension",
            Self::ConstantComparison => "constant-comparison",
            Self::UnknownVerb => "unknown-verb",
            Self::TestFailed => "test-failed",
            Self::FactConflict => "fact-conflict",
            Self::MissingFact => "missing-fact",
            Self::UnusedFact => "unused-fact",
            Self::BaseUnreadable => "base-unreadable",
            Self::BaseCycle => "base-cycle",
            Self::OverrideUnmarked => "override-unmarked",
            Self::OverrideMismatch => "override-mismatch",
            Self::OverrideUnexplained => "override-unexplained",
            Self::OverrideNothing => "override-nothing",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its kind.
    pub code: Code,
    /// What is wrong, in one line.
    pub message: String,
    /// Where: byte offsets into the source's text.
    pub span: Range<usize>,
    /// What to say at that place; may be empty.
    pub label: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The name of the source that the span is of; nothing for the one file that was given.
    pub file: Option<String>,
}

impl Diagnostic {
    /// A problem without label and help.
    #[must_use]
    pub fn new(code: Code, span: Range<usize>, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), span, label: String::new(), help: None, file: None }
    }

    /// The same with words at the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The same in a source of that name.
    #[must_use]
    pub fn file(mut self, file: impl Into<String>) -> Self {
        self.file = Some(file.into());
        self
    }

    /// The same with advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

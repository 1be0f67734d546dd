//! What is wrong with a file, and where.

use std::fmt;
use std::ops::Range;

use phasegate_model::Readings;

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
        let text = self.text.as_bytes();
        let before = text.get(..offset).unwrap_or(text);
        // Every row of a long file asks: counted in bytes, many are compared at a time.
        let breaks_in = |part: &[u8]| part.iter().map(|byte| u8::from(*byte == b'\n')).sum::<u8>();
        // A byte counts to 255, so a part may have no more line breaks than that.
        let breaks: usize = before.chunks(255).map(|part| usize::from(breaks_in(part))).sum();
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
    /// A limit that no reading of the metric can reach (`limit-outside-domain`).
    LimitOutsideDomain,
    /// A condition that no reading meets (`never-met`).
    NeverMet,
    /// A condition that every reading meets (`always-met`).
    AlwaysMet,
    /// A row that never has its turn, because earlier rows always decide first (`shadowed-row`).
    ShadowedRow,
    /// A `defer` that nothing ever takes up again (`defer-without-return`).
    DeferWithoutReturn,
    /// A plan whose trials or budget can't reach a decision (`plan-cannot-decide`).
    PlanCannotDecide,
    /// Two rows that ask for opposite things of the same readings (`contradicting-rows`).
    ContradictingRows,
    /// A row that changes no outcome (`row-without-effect`).
    RowWithoutEffect,
    /// Readings of which no row says anything (`gap`).
    Gap,
    /// Work that is asked for when a metric is good (`inverted-polarity`).
    InvertedPolarity,
    /// Bands over one metric that overlap (`overlapping-bands`).
    OverlappingBands,
    /// Bands over one metric that leave readings between them out (`gap-between-bands`).
    GapBetweenBands,
    /// A quantile that the plan's samples can't support (`quantile-needs-samples`).
    QuantileNeedsSamples,
    /// A limit finer than can be measured (`limit-below-resolution`).
    LimitBelowResolution,
    /// An exact comparison with something that scatters (`equality-on-samples`).
    EqualityOnSamples,
    /// A row that no test case covers (`untested-row`).
    UntestedRow,
    /// A limit that could be moved without any test case failing (`unnoticed-limit`).
    UnnoticedLimit,
    /// Conditions with too many cases to be verified exactly (`too-complex`).
    TooComplex,
    /// A row that compares with a baseline which the plan doesn't have (`no-baseline`).
    NoBaseline,
    /// A metric that what the plan measures doesn't have (`not-of-subject`).
    NotOfSubject,
}

impl Code {
    /// All codes.
    pub const ALL: [Self; 45] = [
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
        Self::LimitOutsideDomain,
        Self::NeverMet,
        Self::AlwaysMet,
        Self::ShadowedRow,
        Self::DeferWithoutReturn,
        Self::PlanCannotDecide,
        Self::ContradictingRows,
        Self::RowWithoutEffect,
        Self::Gap,
        Self::InvertedPolarity,
        Self::OverlappingBands,
        Self::GapBetweenBands,
        Self::QuantileNeedsSamples,
        Self::LimitBelowResolution,
        Self::EqualityOnSamples,
        Self::UntestedRow,
        Self::UnnoticedLimit,
        Self::TooComplex,
        Self::NoBaseline,
        Self::NotOfSubject,
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
            Self::LimitOutsideDomain => "limit-outside-domain",
            Self::NeverMet => "never-met",
            Self::AlwaysMet => "always-met",
            Self::ShadowedRow => "shadowed-row",
            Self::DeferWithoutReturn => "defer-without-return",
            Self::PlanCannotDecide => "plan-cannot-decide",
            Self::ContradictingRows => "contradicting-rows",
            Self::RowWithoutEffect => "row-without-effect",
            Self::Gap => "gap",
            Self::InvertedPolarity => "inverted-polarity",
            Self::OverlappingBands => "overlapping-bands",
            Self::GapBetweenBands => "gap-between-bands",
            Self::QuantileNeedsSamples => "quantile-needs-samples",
            Self::LimitBelowResolution => "limit-below-resolution",
            Self::EqualityOnSamples => "equality-on-samples",
            Self::UntestedRow => "untested-row",
            Self::UnnoticedLimit => "unnoticed-limit",
            Self::TooComplex => "too-complex",
            Self::NoBaseline => "no-baseline",
            Self::NotOfSubject => "not-of-subject",
        }
    }
}

impl Code {
    /// How bad it is. What certainly is a mistake is an error; what may be meant is a warning.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Self::ContradictingRows
            | Self::RowWithoutEffect
            | Self::Gap
            | Self::InvertedPolarity
            | Self::OverlappingBands
            | Self::GapBetweenBands
            | Self::QuantileNeedsSamples
            | Self::LimitBelowResolution
            | Self::EqualityOnSamples
            | Self::UntestedRow
            | Self::UnnoticedLimit
            | Self::TooComplex
            | Self::NoBaseline => Severity::Warning,
            // A new code is an error until somebody says that it may be meant.
            _ => Severity::Error,
        }
    }
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It may be meant.
    Warning,
    /// It can't be meant.
    Error,
}

impl Severity {
    /// The word in messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Readings that show a problem.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Witness {
    /// The readings, no more than are needed; none if the problem isn't one of readings.
    pub readings: Readings,
    /// In one line: the readings, and what comes of them.
    pub text: String,
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
    /// Other places that have to do with it, and what to say there.
    pub related: Vec<(Range<usize>, String)>,
    /// Readings that show it.
    pub witness: Option<Witness>,
    /// What to do about it.
    pub help: Option<String>,
    /// The name of the source that the span is of; nothing for the one file that was given.
    pub file: Option<String>,
}

impl Diagnostic {
    /// A problem without label and help.
    #[must_use]
    pub fn new(code: Code, span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            span,
            label: String::new(),
            related: Vec::new(),
            witness: None,
            help: None,
            file: None,
        }
    }

    /// How bad it is.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.code.severity()
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

    /// The same with another place.
    #[must_use]
    pub fn related(mut self, span: Range<usize>, label: impl Into<String>) -> Self {
        self.related.push((span, label.into()));
        self
    }

    /// The same with readings that show it.
    #[must_use]
    pub fn witness(mut self, witness: impl Into<Option<Witness>>) -> Self {
        self.witness = witness.into();
        self
    }

    /// The same with advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_more_than_the_breaks_before_it() {
        for text in ["", "\n", "a\n\nb", &"\n".repeat(1_000), &"ab\n".repeat(1_000)] {
            let source = Source { name: String::new(), text: text.to_owned() };
            for offset in 0..=text.len() + 1 {
                let before = text.get(..offset).unwrap_or(text);
                let expected = u32::try_from(before.matches('\n').count()).unwrap() + 1;
                assert_eq!(source.line(offset), expected, "{offset} of {}", text.len());
            }
        }
    }
}

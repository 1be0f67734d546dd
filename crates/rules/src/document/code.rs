//! Every kind of problem that a file can have: one row each. `document/pages/` has its page.

use std::fmt;

/// One table for all that is said of a code, so that none of it can be forgotten.
macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident, $name:literal, $severity:ident;)*) => {
        /// The kind of a problem. Its name is stable: users may filter by it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code { $($(#[$doc])* $code,)* }

        impl Code {
            /// All codes.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$code),*];

            /// The stable name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$code => $name,)* }
            }

            /// How bad it is. What certainly is a mistake is an error; what may be meant is a
            /// warning.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$code => Severity::$severity,)* }
            }
        }

        /// The page of a code, in Markdown: what it means, an example, why it matters, how to mend
        /// it. Its first example is a file that has the problem.
        #[must_use]
        pub const fn explain(code: Code) -> &'static str {
            match code { $(Code::$code => include_str!(concat!("pages/", $name, ".md")),)* }
        }
    };
}

codes! {
    /// The file is not TOML.
    TomlSyntax, "toml-syntax", Error;
    /// The file is of a schema that this phasegate doesn't know.
    UnknownSchema, "unknown-schema", Error;
    /// A key that has no meaning there.
    UnknownKey, "unknown-key", Error;
    /// A key that must be there isn't.
    MissingKey, "missing-key", Error;
    /// A value of another type than is wanted.
    WrongType, "wrong-type", Error;
    /// A value of the right type that can't be.
    BadValue, "bad-value", Error;
    /// Two rows of one name.
    DuplicateId, "duplicate-id", Error;
    /// There is nothing to decide with.
    NoRows, "no-rows", Error;
    /// A condition that can't be read.
    ConditionSyntax, "condition-syntax", Error;
    /// A name that is not in the metric catalogue.
    UnknownMetric, "unknown-metric", Error;
    /// A number or unit that can't be read.
    BadQuantity, "bad-quantity", Error;
    /// A bare number where a unit is needed.
    MissingUnit, "missing-unit", Error;
    /// Two things that can't be compared.
    WrongDimension, "wrong-dimension", Error;
    /// A comparison that needs no measurement.
    ConstantComparison, "constant-comparison", Error;
    /// An action without one of the verbs.
    UnknownVerb, "unknown-verb", Error;
    /// A test case that doesn't come out as it says.
    TestFailed, "test-failed", Error;
    /// A fact that would have to be two things at once.
    FactConflict, "fact-conflict", Error;
    /// A fact that a condition names and the plan doesn't have.
    MissingFact, "missing-fact", Error;
    /// A fact that no condition names.
    UnusedFact, "unused-fact", Error;
    /// The base of a matrix can't be read.
    BaseUnreadable, "base-unreadable", Error;
    /// A matrix that extends itself, or too many others.
    BaseCycle, "base-cycle", Error;
    /// A row that overrides its base's without saying how.
    OverrideUnmarked, "override-unmarked", Error;
    /// A row that says it tightens, but loosens, or the other way round.
    OverrideMismatch, "override-mismatch", Error;
    /// A row that loosens its base's without a reason.
    OverrideUnexplained, "override-unexplained", Error;
    /// A row that says it changes one of a base, which has none of that name.
    OverrideNothing, "override-nothing", Error;
    /// A limit that no reading of the metric can reach.
    LimitOutsideDomain, "limit-outside-domain", Error;
    /// A condition that no reading meets.
    NeverMet, "never-met", Error;
    /// A condition that every reading meets.
    AlwaysMet, "always-met", Error;
    /// A row that never has its turn, because earlier rows always decide first.
    ShadowedRow, "shadowed-row", Error;
    /// Sentences beside tables where the order of rows decides.
    MixedRows, "mixed-rows", Error;
    /// A `defer` that nothing ever takes up again.
    DeferWithoutReturn, "defer-without-return", Error;
    /// A plan whose trials or budget can't reach a decision.
    PlanCannotDecide, "plan-cannot-decide", Error;
    /// Two rows that ask for opposite things of the same readings.
    ContradictingRows, "contradicting-rows", Warning;
    /// A row that changes no outcome.
    RowWithoutEffect, "row-without-effect", Warning;
    /// Readings of which no row says anything.
    Gap, "gap", Warning;
    /// Work that is asked for when a metric is good.
    InvertedPolarity, "inverted-polarity", Warning;
    /// Bands over one metric that overlap.
    OverlappingBands, "overlapping-bands", Warning;
    /// Bands over one metric that leave readings between them out.
    GapBetweenBands, "gap-between-bands", Warning;
    /// A quantile that the plan's samples can't support.
    QuantileNeedsSamples, "quantile-needs-samples", Warning;
    /// A limit finer than can be measured.
    LimitBelowResolution, "limit-below-resolution", Warning;
    /// An exact comparison with something that scatters.
    EqualityOnSamples, "equality-on-samples", Warning;
    /// A row that no test case covers.
    UntestedRow, "untested-row", Warning;
    /// A limit that could be moved without any test case failing.
    UnnoticedLimit, "unnoticed-limit", Warning;
    /// Conditions with too many cases to be verified exactly.
    TooComplex, "too-complex", Warning;
    /// A row that compares with a baseline which the plan doesn't have.
    NoBaseline, "no-baseline", Warning;
    /// A metric that what the plan measures doesn't have.
    NotOfSubject, "not-of-subject", Error;
    /// A metric that is only shown, in a condition.
    OnlyShown, "only-shown", Error;
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
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

//! A page for each code: what it means, an example, why it matters, how to mend it.

use crate::document::diagnostic::Code;

/// The page of a code, in Markdown. Its first example is a file that has the problem.
#[must_use]
pub const fn explain(code: Code) -> &'static str {
    match code {
        Code::TomlSyntax => include_str!("pages/toml-syntax.md"),
        Code::UnknownSchema => include_str!("pages/unknown-schema.md"),
        Code::UnknownKey => include_str!("pages/unknown-key.md"),
        Code::MissingKey => include_str!("pages/missing-key.md"),
        Code::WrongType => include_str!("pages/wrong-type.md"),
        Code::BadValue => include_str!("pages/bad-value.md"),
        Code::DuplicateId => include_str!("pages/duplicate-id.md"),
        Code::NoRows => include_str!("pages/no-rows.md"),
        Code::ConditionSyntax => include_str!("pages/condition-syntax.md"),
        Code::UnknownMetric => include_str!("pages/unknown-metric.md"),
        Code::BadQuantity => include_str!("pages/bad-quantity.md"),
        Code::MissingUnit => include_str!("pages/missing-unit.md"),
        Code::WrongDimension => include_str!("pages/wrong-dimension.md"),
        Code::ConstantComparison => include_str!("pages/constant-comparison.md"),
        Code::UnknownVerb => include_str!("pages/unknown-verb.md"),
        Code::TestFailed => include_str!("pages/test-failed.md"),
        Code::FactConflict => include_str!("pages/fact-conflict.md"),
        Code::MissingFact => include_str!("pages/missing-fact.md"),
        Code::UnusedFact => include_str!("pages/unused-fact.md"),
        Code::BaseUnreadable => include_str!("pages/base-unreadable.md"),
        Code::BaseCycle => include_str!("pages/base-cycle.md"),
        Code::OverrideUnmarked => include_str!("pages/override-unmarked.md"),
        Code::OverrideMismatch => include_str!("pages/override-mismatch.md"),
        Code::OverrideUnexplained => include_str!("pages/override-unexplained.md"),
        Code::OverrideNothing => include_str!("pages/override-nothing.md"),
        Code::LimitOutsideDomain => include_str!("pages/limit-outside-domain.md"),
        Code::NeverMet => include_str!("pages/never-met.md"),
        Code::AlwaysMet => include_str!("pages/always-met.md"),
        Code::ShadowedRow => include_str!("pages/shadowed-row.md"),
        Code::DeferWithoutReturn => include_str!("pages/defer-without-return.md"),
        Code::PlanCannotDecide => include_str!("pages/plan-cannot-decide.md"),
        Code::ContradictingRows => include_str!("pages/contradicting-rows.md"),
        Code::RowWithoutEffect => include_str!("pages/row-without-effect.md"),
        Code::Gap => include_str!("pages/gap.md"),
        Code::InvertedPolarity => include_str!("pages/inverted-polarity.md"),
        Code::OverlappingBands => include_str!("pages/overlapping-bands.md"),
        Code::GapBetweenBands => include_str!("pages/gap-between-bands.md"),
        Code::QuantileNeedsSamples => include_str!("pages/quantile-needs-samples.md"),
        Code::LimitBelowResolution => include_str!("pages/limit-below-resolution.md"),
        Code::EqualityOnSamples => include_str!("pages/equality-on-samples.md"),
        Code::UntestedRow => include_str!("pages/untested-row.md"),
        Code::UnnoticedLimit => include_str!("pages/unnoticed-limit.md"),
        Code::TooComplex => include_str!("pages/too-complex.md"),
        Code::NoBaseline => include_str!("pages/no-baseline.md"),
    }
}

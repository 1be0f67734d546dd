//! "Did you mean": the nearest of the names that exist.

/// The candidate that is most like `text`, if one is near enough to be a likely typo of it: at
/// most a third of the letters differ (optimal string alignment distance), and at least one may.
pub fn nearest<'a>(text: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lowered = text.to_lowercase();
    let length = lowered.chars().count();
    let differ_at_most = |candidate: &str| (candidate.chars().count().max(length) / 3).max(1);
    candidates
        .into_iter()
        // What is much longer or shorter differs too much; the distance would take its time to say so.
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= differ_at_most(candidate))
        .map(|candidate| (strsim::osa_distance(&lowered, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= differ_at_most(candidate))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_typo_finds_its_word_and_nonsense_finds_none() {
        assert_eq!(nearest("memry.dataset", ["memory.dataset", "rtt.p99"]), Some("memory.dataset"));
        assert_eq!(nearest("bananas", ["memory.dataset", "rtt.p99"]), None);
    }
}

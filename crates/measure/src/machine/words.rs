//! The system's words in our own sentences.

/// The system's words as the middle of a sentence: `connection refused`.
pub(crate) fn words_of_system(error: &impl ToString) -> String {
    let words = error.to_string();
    // The number of an error tells readers nothing that the words don't.
    let words = words.split(" (os error").next().unwrap_or_default();
    let mut letters = words.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

//! What was noted after an entry was recorded: lessons, deliverables, a corrected time saved.

use phasegate_model::{NaiveDate, Note};
use serde::Serialize;

use crate::text::figures::text;

/// A note of the history.
#[derive(Clone, Copy, Debug)]
pub struct RecordedNote<'a> {
    /// The number of its own entry.
    pub entry: u64,
    /// Who recorded it.
    pub recorded_by: &'a str,
    /// The day on which it was recorded.
    pub recorded_on: NaiveDate,
    /// What it says.
    pub note: &'a Note,
}

/// The notes on an entry, for templates, by the section that each belongs to; all of it is empty
/// in the report that is kept with the entry, which is from before there could be any.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NoteSection {
    /// What was said in words.
    pub words: Vec<NoteLine>,
    /// What was learned.
    pub lessons: Vec<NoteLine>,
    /// What the phase delivered.
    pub deliverables: Vec<NoteLine>,
    /// The time saved, corrected.
    pub time_saved: Vec<NoteLine>,
}

/// A line of a note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NoteLine {
    /// What it says.
    pub text: String,
    /// The number of the note's entry.
    pub entry: String,
    /// Who recorded it.
    pub by: String,
    /// The day on which it was recorded.
    pub on: String,
}

/// The notes in the order in which they were recorded.
pub(crate) fn section(notes: &[RecordedNote<'_>]) -> NoteSection {
    let mut section = NoteSection::default();
    for noted in notes {
        let line = |said: &str| NoteLine {
            text: text(said),
            entry: noted.entry.to_string(),
            by: text(noted.recorded_by),
            on: noted.recorded_on.to_string(),
        };
        // Taken apart by name, so that a new part of a note can't be forgotten here.
        let Note { text: words, lessons, deliverables, time_saved } = noted.note;
        section.words.extend(words.iter().map(|words| line(words)));
        section.lessons.extend(lessons.iter().map(|lesson| line(lesson)));
        section.deliverables.extend(deliverables.iter().map(|thing| line(thing)));
        section.time_saved.extend(time_saved.iter().map(|time| line(&time.to_string())));
    }
    section
}

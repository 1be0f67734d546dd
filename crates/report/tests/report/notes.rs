//! What was noted after an entry was recorded.

use phasegate_model::Note;
use phasegate_report::{Context, Form, Material, RecordedNote, ReportKind, render};

use crate::hostile::HOSTILE;
use crate::phase_3a::{self, material};

/// A note that says this in every place where it can say anything.
pub(crate) fn note(words: &str) -> Note {
    Note {
        text: Some(words.to_owned()),
        lessons: vec![words.to_owned()],
        deliverables: vec![words.to_owned()],
        time_saved: Some("9d".parse().unwrap()),
    }
}

pub(crate) fn notes(note: &Note) -> [RecordedNote<'_>; 1] {
    let recorded_on = "2026-12-01".parse().unwrap();
    [RecordedNote { entry: 5, recorded_by: "a \"team\"", recorded_on, note }]
}

fn report(notes: &[RecordedNote<'_>], form: Form) -> String {
    let (mut decision, mut evidence) = (phase_3a::decision(), phase_3a::evidence());
    decision.outcome = "act".parse().unwrap();
    evidence.plan.deliverables.clear();
    evidence.plan.lessons.clear();
    let material = Material { notes, ..material(&decision, &evidence) };
    render(&Context::of(&material), form, ReportKind::Decision.built_in(form)).unwrap()
}

#[test]
fn a_section_that_only_notes_fill_is_there() {
    let note = note("ask *earlier*");
    let with = report(&notes(&note), Form::Markdown);
    crate::reports::is_well_set(&with);
    let line = "\n\n- ask \\*earlier\\* (noted by a \"team\" on 2026-12-01, entry 5)\n\n";
    for section in ["## Deliverables", "## Lessons", "## Notes"] {
        assert!(with.contains(&format!("{section}{line}")), "{section}: {with}");
    }
    assert!(with.contains("- Time saved, corrected: 9d (noted by"), "{with}");
    let without = report(&[], Form::Markdown);
    assert!(!without.contains("## Notes") && !without.contains("## Lessons"), "{without}");
}

#[test]
fn hostile_notes_are_text() {
    let elements = |page: &str| page.matches('<').count();
    let plain = note("harmless");
    let expected = elements(&report(&notes(&plain), Form::Html));
    for words in HOSTILE {
        let note = note(words);
        assert_eq!(elements(&report(&notes(&note), Form::Html)), expected, "{words}");
        crate::reports::is_well_set(&report(&notes(&note), Form::Markdown));
    }
}

//! What entries say of earlier ones: refused when it isn't so, and found afterwards.

use std::fs;

use phasegate_model::{Addition, PhaseId, Waiver};

use crate::tests::recording::kinds::{note, revisit, transcription, waiver};
use crate::tests::{draft_of, owing, render, replace};
use crate::{
    AdditionRecord, AppendError, Digest, DraftBody, Head, Problem, Recorded, Store, verify,
};

/// A history with a decision that owes something, and a transcription.
fn history() -> (tempfile::TempDir, Store, Recorded, Recorded) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let first = store.append(&owing("ada"), &mut render).unwrap();
    let second = store.append(&draft_of(transcription()), &mut render).unwrap();
    (folder, store, first, second)
}

fn refused(store: &Store, body: DraftBody) -> String {
    let error = store.append(&draft_of(body), &mut render).unwrap_err();
    assert!(matches!(error, AppendError::Reference(_)), "{error}");
    let message = error.to_string();
    message.strip_prefix("nothing was recorded: ").unwrap().split(';').next().unwrap().to_owned()
}

fn waiver_of(of: Head, change: impl Fn(&mut PhaseId, &mut Waiver)) -> DraftBody {
    let (_folder, _store, first, _) = history();
    let DraftBody::Addition(mut record) = waiver(&first) else { panic!() };
    let (Some(about), Addition::Waiver(waiver)) = (&mut record.about, &mut record.addition) else {
        panic!()
    };
    about.of = of;
    change(&mut about.phase, waiver);
    DraftBody::Addition(record)
}

fn names(store: &Store) -> Vec<&'static str> {
    let problems = verify(store, None, &mut |_, _| Ok(())).problems;
    problems.iter().map(Problem::name).collect()
}

#[test]
fn a_waiver_that_is_wrong_about_its_decision_is_refused() {
    let (_folder, store, first, second) = history();
    let head = first.head();
    let digest = Digest::of(b"another");
    for (body, message) in [
        (
            waiver_of(Head { number: 3, digest }, |_, _| ()),
            "it names entry 3, and no entry before it has that number",
        ),
        (
            waiver_of(Head { digest, ..head }, |_, _| ()),
            "it names entry 1, but with the digest of another: that one was edited or replaced",
        ),
        (
            waiver_of(head, |_, waiver| waiver.row = "reach".parse().unwrap()),
            "it names row `reach` of entry 1, which has no such row",
        ),
        (
            waiver_of(head, |phase, _| *phase = "3B".parse().unwrap()),
            "it is about phase 3B, and names entry 1, which is about another",
        ),
        (
            waiver_of(second.head(), |phase, _| *phase = "2".parse().unwrap()),
            "it names row `rtt` of entry 2, which has no such row",
        ),
    ] {
        assert_eq!(refused(&store, body), message);
    }
    assert_eq!(store.head().unwrap(), Some(second.head()), "nothing was recorded");
    let granted = store.append(&draft_of(waiver(&first)), &mut render).unwrap();
    assert_eq!(
        refused(&store, waiver(&granted)),
        "it names entry 3, which is a waiver and decides nothing"
    );
}

#[test]
fn a_note_may_be_about_any_entry_of_its_phase() {
    let (_folder, store, first, second) = history();
    let on_waiver = store.append(&draft_of(waiver(&first)), &mut render).unwrap();
    assert!(store.append(&draft_of(note(&on_waiver)), &mut render).is_ok());
    assert_eq!(
        refused(&store, note(&second)),
        "it is about phase 3A, and names entry 2, which is about another"
    );
    assert_eq!(names(&store), [""; 0]);
}

#[test]
fn a_later_look_is_only_at_what_is_owed() {
    let (_folder, store, ..) = history();
    let look = |from: &str, to: &str| {
        let DraftBody::Addition(record) = revisit() else { panic!() };
        let Addition::Revisit(look) = record.addition else { panic!() };
        let text = serde_json::to_string(&look).unwrap();
        assert!(text.contains(from), "{text}");
        let addition = Addition::Revisit(serde_json::from_str(&text.replace(from, to)).unwrap());
        DraftBody::Addition(AdditionRecord { about: None, addition })
    };
    assert_eq!(
        refused(&store, look("\"entry\":1", "\"entry\":7")),
        "it names entry 7, and no entry before it has that number"
    );
    assert_eq!(
        refused(&store, look("\"row\":\"rtt\"", "\"row\":\"scale\"")),
        "it names row `scale` of entry 1, by which nothing is owed"
    );
    assert!(store.append(&draft_of(revisit()), &mut render).is_ok());
    assert_eq!(names(&store), [""; 0]);
}

#[test]
fn an_earlier_entry_that_can_t_be_read_is_an_error_of_its_own() {
    let (folder, store, first, _) = history();
    fs::write(folder.path().join("ledger/000001.json"), "{").unwrap();
    let error = store.append(&draft_of(waiver(&first)), &mut render).unwrap_err().to_string();
    assert!(error.starts_with("nothing was recorded: can't use `"), "{error}");
}

/// A newest entry that was edited, so that nothing but the reference itself can tell.
#[test]
fn verify_names_what_an_entry_has_wrong_about_earlier_ones() {
    let edited = |body: fn(&Recorded) -> DraftBody, from: &str, to: &str| {
        let (folder, store, first, _) = history();
        store.append(&draft_of(body(&first)), &mut render).unwrap();
        assert_eq!(names(&store), [""; 0]);
        replace(&folder.path().join("ledger/000003.json"), from, to);
        names(&store)
    };
    assert_eq!(edited(waiver, "\"of\":\"1:", "\"of\":\"9:"), ["reference-to-no-entry"]);
    assert_eq!(edited(waiver, "\"of\":\"1:", "\"of\":\"3:"), ["reference-to-no-entry"]);
    assert_eq!(edited(note, "\"of\":\"1:", "\"of\":\"2:"), ["reference-to-other-entry"]);
    assert_eq!(edited(note, "\"phase\":\"3A\"", "\"phase\":\"4\""), ["reference-to-other-phase"]);
    assert_eq!(edited(waiver, "\"row\":\"rtt\"", "\"row\":\"reach\""), ["reference-to-no-row"]);
    let look = |_: &Recorded| revisit();
    assert_eq!(edited(look, "\"row\":\"rtt\"", "\"row\":\"reach\""), ["reference-to-no-row"]);
    assert_eq!(edited(look, "\"entry\":1", "\"entry\":3"), ["reference-to-no-entry"]);
}

#[test]
fn an_edited_decision_shows_in_the_exceptions_to_it_as_well() {
    let (folder, store, first, _) = history();
    store.append(&draft_of(waiver(&first)), &mut render).unwrap();
    replace(&folder.path().join("ledger/000001.json"), "ada", "eve");
    assert_eq!(names(&store), ["edited", "reference-to-other-entry"]);
}

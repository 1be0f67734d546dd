//! Matrices that extend others: their files are objects, too.

use std::fs;

use crate::tests::{decision_draft, draft_of, render};
use crate::{DecisionDraft, Digest, DraftBody, Entry, Objects, Problem, Store, verify};

const BASES: [&[u8]; 2] = [b"# base\n", b"# the base's base\n"];

fn written() -> (tempfile::TempDir, Entry) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let bases = BASES.map(<[u8]>::to_vec).to_vec();
    let draft = decision_draft("ada");
    let draft = DecisionDraft { objects: Objects { bases, ..draft.objects }, ..draft };
    let draft = draft_of(DraftBody::Decision(Box::new(draft)));
    let recorded = store.append(&draft, &mut render).unwrap();
    assert_eq!(store.entry(1).unwrap(), recorded);
    (folder, recorded.entry)
}

/// What verifying finds, and the bases that replaying was given.
fn verified(folder: &tempfile::TempDir) -> (Vec<&'static str>, Vec<Vec<u8>>) {
    let store = Store::open(folder.path()).unwrap();
    let mut given = Vec::new();
    let mut replay = |_: &Entry, objects: &Objects| {
        given.clone_from(&objects.bases);
        Ok(())
    };
    let verification = verify(&store, None, &mut replay);
    (verification.problems.iter().map(Problem::name).collect(), given)
}

#[test]
fn bases_are_kept_in_their_order_and_given_to_the_replay() {
    let (folder, entry) = written();
    assert_eq!(entry.decision().unwrap().bases, BASES.map(Digest::of));
    let line = fs::read_to_string(folder.path().join("ledger/000001.json")).unwrap();
    assert!(line.contains(&format!(r#""bases":["sha256:{}","#, Digest::of(BASES[0]))), "{line}");
    assert_eq!(verified(&folder), (vec![], BASES.map(<[u8]>::to_vec).to_vec()));
}

#[test]
fn a_base_that_is_edited_or_missing_is_found() {
    let (folder, entry) = written();
    let path = folder.path().join(format!("objects/{}.toml", entry.decision().unwrap().bases[1]));
    fs::write(&path, "# another\n").unwrap();
    assert_eq!(verified(&folder), (vec!["object-edited"], vec![]));
    fs::remove_file(&path).unwrap();
    assert_eq!(verified(&folder), (vec!["object-missing"], vec![]));
}

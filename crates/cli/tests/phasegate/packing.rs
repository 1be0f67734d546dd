//! `phasegate history pack`, with a history that is long enough.

use std::fs;

use phasegate_history::{Digest, Entry, Store};

use crate::scene::{Scene, json};

/// A decision, a note on it that was recorded again and again, and another decision.
fn long(entries: u64) -> Scene {
    let scene = Scene::quick();
    let done = |command: &[&str]| assert_eq!(scene.run(command).status, 0);
    done(&["run", "q1", "-q"]);
    done(&["history", "note", "1", "--text", "seen in review"]);
    let note = Store::open(&scene.path("reports")).unwrap().entry(2).unwrap();
    let mut previous = Some(note.digest);
    for number in 3..entries {
        let line = Entry { number, previous, ..note.entry.clone() }.to_line().unwrap();
        previous = Some(Digest::of(&line));
        fs::write(scene.path(&format!("reports/ledger/{number:06}.json")), line).unwrap();
    }
    done(&["run", "q1", "-q"]);
    scene
}

#[test]
fn a_long_history_is_packed_and_read_as_before() {
    let scene = long(10_002);
    let read = || {
        let commands: [&[&str]; 6] = [
            &["history", "verify", "--chain-only"],
            &["history", "list", "--limit", "3"],
            &["history", "list", "--where", "rtt.p50 < 1h"],
            &["history", "show", "7"],
            &["history", "diff", "1", "10002"],
            &["trajectory", "P50", "--format", "json"],
        ];
        commands.map(|command| scene.run(command)).map(|said| (said.status, said.out, said.err))
    };
    let before = read();
    assert!(before.iter().all(|(status, ..)| *status == 0), "{before:?}");
    let tried = scene.run(&["history", "pack", "--dry-run"]);
    assert_eq!(tried.out, "would pack entries 1 to 10000: 10000 files\n", "{}", tried.err);
    let names = || fs::read_dir(scene.path("reports/ledger")).unwrap().count();
    assert_eq!(names(), 10_002);
    let kept = scene.read("reports/ledger/000042.json");

    let packed = scene.run(&["history", "pack"]);
    assert_eq!(
        (packed.status, packed.out.as_str()),
        (0, "packed entries 1 to 10000: 10000 files\n")
    );
    assert_eq!(names(), 3);
    assert_eq!(read(), before);
    let again = scene.run(&["history", "pack"]);
    assert_eq!((again.status, again.out.as_str()), (0, ""));
    assert!(again.err.contains("there is nothing to pack"), "{}", again.err);

    // As if it had been interrupted.
    scene.write("reports/ledger/000042.json", &kept);
    let found = scene.run(&["history", "verify", "--chain-only"]);
    assert_eq!(found.status, 0);
    let warning = "warning: packing the entries 1 to 10000 was not finished, 1 file is still there \
                   as well; run `phasegate history pack`\n";
    assert!(found.out.contains(warning), "{}", found.out);
    scene.write("reports/ledger/000042.json", kept.replace("tester", "nobody"));
    let refused = scene.run(&["history", "pack"]);
    assert_eq!(refused.status, 2);
    assert!(refused.err.contains("000042.json` differs from its pack"), "{}", refused.err);
    let found = json(&scene.run(&["history", "verify", "--chain-only", "--format", "json"]));
    assert_eq!(found["names"], serde_json::json!(["differs-from-pack"]));
    scene.write("reports/ledger/000042.json", &kept);
    let finished = json(&scene.run(&["history", "pack", "--format", "json"]));
    let expected = serde_json::json!({
        "dry_run": false,
        "packed": [{ "first": 1, "last": 10_000, "files": 1, "resumed": true }],
    });
    assert_eq!(finished, expected);
    assert_eq!(read(), before);
}

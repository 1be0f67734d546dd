//! What fuzzing has found to be worth trying, tried again: see CONTRIBUTING.md, "Fuzzing".
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "tests read the files beside them")]

#[path = "../../../fuzz/readers.rs"]
mod readers;

use std::path::Path;

use proptest::prelude::*;

/// Tries every file of a folder.
fn replay(target: &str, read: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let mut tried = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        read(&std::fs::read(file.unwrap().path()).unwrap());
        tried += 1;
    }
    assert!(tried > 0, "there is nothing to try");
}

#[test]
fn conditions_that_fuzzing_found_are_refused_or_mean_something() {
    replay("condition", readers::condition);
}

#[test]
fn matrices_that_fuzzing_found_are_refused_or_decide() {
    replay("matrix", readers::matrix);
}

#[test]
fn plans_that_fuzzing_found_are_refused_or_checked() {
    replay("plan", readers::plan);
}

#[test]
fn evidence_that_fuzzing_found_is_refused_or_decided() {
    replay("evidence", readers::evidence);
}

/// Bytes, and the pieces that files are made of.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let pieces = [
        "schema = 1\n",
        "[matrix]\n",
        "id = \"t\"\n",
        "title = \"t\"\n",
        "[[row]]\n",
        "when = \"",
        "P99",
        " < ",
        "12us",
        " and ",
        "not ",
        "(",
        ")",
        "-",
        " / ",
        "99999999999999999999999999999",
        "\"\n",
        "then = \"act\"\n",
        "[phase]\n",
        "[fact.x]\n",
        "{\"schema\":1,",
        "[",
        "]",
        "}",
        "µ",
    ];
    let piece = prop_oneof![
        4 => proptest::sample::select(pieces.to_vec()).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..20),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_refused_or_read(bytes in bytes()) {
        readers::condition(&bytes);
        readers::matrix(&bytes);
        readers::plan(&bytes);
        readers::evidence(&bytes);
    }
}

/// Deep nesting, long lists and long numbers: what would grow without limits grows here.
#[test]
fn what_is_huge_is_answered_like_what_is_small() {
    for (piece, times) in [
        ("(", 100_000),
        ("not ", 100_000),
        ("-", 100_000),
        ("9", 100_000),
        ("P99 + ", 20_000),
        ("P99 < 1us or ", 20_000),
        ("1us..", 20_000),
        ("'", 100_000),
        ("µ", 100_000),
    ] {
        readers::condition(format!("P99 < {}", piece.repeat(times)).as_bytes());
        readers::condition(format!("{}P99 < 1us", piece.repeat(times)).as_bytes());
    }
    for (piece, times) in [
        ("[", 100_000),
        ("{a=", 100_000),
        ("a.", 100_000),
        ("[[row]]\n", 5_000),
        ("# \n", 50_000),
        ("\"", 100_000),
        ("rules = [", 20_000),
    ] {
        let text = format!("schema = 1\nx = {0}\n{0}", piece.repeat(times));
        readers::matrix(text.as_bytes());
        readers::plan(text.as_bytes());
    }
    for piece in ["[", "{\"plan\":", "9", "\"\\u0000"] {
        readers::evidence(
            format!("{{\"schema\":1,\"trials\":{}", piece.repeat(100_000)).as_bytes(),
        );
    }
}

//! `phasegate history verify`: whether the history is as it was recorded.

use std::fs::File;
use std::io::{BufReader, stdin};
use std::path::Path;

use anyhow::Context as _;
use phasegate_history::{
    Entry, Head, Objects, Problem, Store, Unsigned, Verification, verify_chain, verify_lines,
    verify_objects, verify_signatures,
};
use phasegate_measure::contradictions;
use serde::Serialize;

use crate::args::{Format, VerifyArgs};
use crate::commands::history::sign::allowed_signers;
use crate::output::streams::{Exit, object, print, print_json, say, told};
use crate::program::now;
use crate::recorded::decision::decision_of;
use crate::recorded::replay::{
    SeenRuns, decide_again, must_be_as_recorded, must_begin_with_what_it_continues,
    must_compare_with_its_entry,
};

pub(crate) fn verify(args: &VerifyArgs) -> anyhow::Result<Exit> {
    let (mut found, sound) = found(args)?;
    // Nothing to verify is not the same as nothing wrong: mostly it is the wrong folder.
    if found.entries == 0 && found.problems.is_empty() {
        return Err(nothing_recorded(args));
    }
    let signed = signed(args, &mut found)?;
    let problems: Vec<String> = found.problems.iter().map(ToString::to_string).collect();
    let warnings: Vec<String> = found.warnings.iter().map(ToString::to_string).collect();
    let head = found.head.as_ref().map(ToString::to_string);
    match args.history.format {
        Format::Json => print_json(&object! {
            entries: found.entries,
            head: head.as_deref(),
            problems: &problems,
            // Of each problem the name that stays the same.
            names: found.problems.iter().map(Problem::name).collect::<Vec<_>>(),
            warnings: &warnings,
            // The good signatures, if they were asked for.
            signed: &signed,
        })?,
        Format::Text => {
            for problem in &problems {
                print(&format!("problem: {problem}\n"))?;
            }
            for warning in &warnings {
                print(&format!("warning: {warning}\n"))?;
            }
            for SignedJson { entry, by } in &signed {
                print(&format!("entry {entry} is signed by {by}\n"))?;
            }
            let verdict =
                if found.is_sound() { sound } else { "the history is not as it was recorded" };
            let entries = if found.entries == 1 { "entry" } else { "entries" };
            print(&format!("{} {entries}: {verdict}\n", found.entries))?;
            if let Some(head) = &head {
                print(&format!("head {head}\n"))?;
            }
            if found.problems.iter().any(is_of_a_merge) {
                say(
                    "if two branches were merged, `phasegate history rebase` puts one behind the other",
                );
            }
        }
    }
    Ok(if problems.is_empty() { Exit::Done } else { Exit::Error })
}

/// That no entry came in, and where the entries might be.
fn nothing_recorded(args: &VerifyArgs) -> anyhow::Error {
    match (&args.jsonl, args.history.place.location()) {
        (Some(lines), _) => anyhow::anyhow!(
            "there is no entry in `{}`, so there is nothing to verify; give the lines of \
             `ledger`, packs first",
            lines.display()
        ),
        (None, Ok(location)) => anyhow::anyhow!(
            "nothing is recorded in `{location}`, so there is nothing to verify; --reports names \
             the folder that has `ledger` in it"
        ),
        (None, Err(error)) => error,
    }
}

/// Whether a merge of two branches that both recorded leaves such a problem.
fn is_of_a_merge(problem: &Problem) -> bool {
    matches!(
        problem,
        Problem::MergeConflict { .. } | Problem::Forked { .. } | Problem::Edited { .. }
    )
}

/// What verifying finds as far as it is to go, and what can be said if that is nothing.
fn found(args: &VerifyArgs) -> anyhow::Result<(Verification, &'static str)> {
    let head = args.head.as_ref();
    if let Some(path) = &args.jsonl {
        return Ok((lines(path, head)?, CHAIN_SOUND));
    }
    let store = args.history.place.open_present()?;
    Ok(if args.chain_only {
        (verify_chain(&store, head), CHAIN_SOUND)
    } else if args.no_replay {
        (verify_objects(&store, head), "every digest, link, object and report.md is as recorded")
    } else {
        let mut seen = SeenRuns::default();
        let mut contradicting = Vec::new();
        let mut found = phasegate_history::verify(&store, head, &mut |entry, objects| {
            replay(&store, entry, objects, &mut seen, &mut contradicting)
                .map_err(|error| told(&error))
        });
        // A decision replays whatever its evidence is, so that is a problem beside it.
        found.problems.extend(contradicting);
        let sound =
            "every digest, link, object and report.md is as recorded, every decision replays";
        (found, sound)
    })
}

/// Who signed, if it is asked for; what is wrong about signatures becomes a problem of the history.
fn signed(args: &VerifyArgs, found: &mut Verification) -> anyhow::Result<Vec<SignedJson>> {
    let Some(path) = &args.allowed_signers else { return Ok(Vec::new()) };
    let allowed = allowed_signers(path)?;
    let unsigned = if args.require_signatures { Unsigned::Refused } else { Unsigned::Allowed };
    let store = args.history.place.open_present()?;
    let signatures = verify_signatures(&store, &allowed, unsigned);
    // As the history's own, so that a bad signature has the same exit status as an edit.
    found.problems.extend(signatures.problems);
    let signed = |(entry, by)| SignedJson { entry, by };
    Ok(signatures.signed.into_iter().map(signed).collect())
}

const CHAIN_SOUND: &str =
    "every digest and link is as recorded; objects, reports and decisions weren't looked at";

fn lines(path: &Path, head: Option<&Head>) -> anyhow::Result<Verification> {
    if path == Path::new("-") {
        return Ok(verify_lines(&mut stdin().lock(), path, head));
    }
    let file = File::open(path).with_context(|| format!("can't read `{}`", path.display()))?;
    Ok(verify_lines(&mut BufReader::with_capacity(1 << 16, file), path, head))
}

/// A good signature.
#[derive(Serialize)]
struct SignedJson {
    entry: u64,
    by: String,
}

/// Decides again on the recorded evidence and matrix: the same bytes must come out.
fn replay(
    store: &Store,
    entry: &Entry,
    objects: &Objects,
    seen: &mut SeenRuns,
    contradicting: &mut Vec<Problem>,
) -> anyhow::Result<()> {
    let record = decision_of(entry)?;
    let again = decide_again(objects, record.decision.rule)?;
    // Not by the time of recording: a clock that was wrong then is a warning.
    let found = contradictions(&again.evidence, now());
    let problem = |what| Problem::EvidenceContradicts { number: entry.number, what };
    contradicting.extend(found.into_iter().map(problem));
    must_be_as_recorded(&record.decision, &again.decision)?;
    seen.must_be_told_as_they_were(&again.evidence)?;
    must_begin_with_what_it_continues(store, entry.number, &again.evidence)?;
    seen.add(entry, record, &again.evidence);
    again
        .evidence
        .previous
        .iter()
        .try_for_each(|previous| must_compare_with_its_entry(store, entry.number, previous))
}

//! `phasegate standing`: which findings hold beyond one run, and what is missing until they do.

use std::collections::BTreeMap;

use phasegate_history::{Body, Store};
use phasegate_model::{Evidence, PhaseId, Question, RowStanding};
use phasegate_rules::{RowAsked, RunOfRow, StandingRule, asked, runs_of};
use serde::Serialize;

use crate::args::{Format, HistoryPlace, StandingArgs};
use crate::output::layout::Layout;
use crate::output::streams::{Exit, print, print_json};
use crate::recorded::decision::{RecordedDecision, decision_of};
use crate::recorded::earlier_runs::PastRuns;
use crate::recorded::history_place::nothing_recorded;

pub(crate) fn run(args: &StandingArgs) -> anyhow::Result<Exit> {
    let place = &args.history.place;
    let store = place.open_present()?;
    let newest = newest(&store, args.phase.as_ref())?;
    if newest.is_empty() {
        match &args.phase {
            Some(phase) => anyhow::bail!("no decision of phase {phase} is recorded"),
            None => anyhow::bail!(nothing_recorded(&place.location()?)),
        }
    }
    let unrecorded = |phase: &PhaseId| unrecorded(place, phase);
    let phases: anyhow::Result<Vec<PhaseStanding>> =
        newest.into_values().map(|entry| PhaseStanding::of(&store, entry, unrecorded)).collect();
    let phases = phases?;
    let stands = phases.iter().flat_map(|phase| &phase.rows).all(|row| row.stands.is_some());
    match args.history.format {
        Format::Json => print_json(&StandingJson { stands, phases: &phases })?,
        Format::Text => {
            let layout = Layout::of_stdout();
            let told: Vec<String> = phases.iter().map(|phase| phase.in_words(layout)).collect();
            print(&told.join("\n"))?;
        }
    }
    Ok(if stands { Exit::Done } else { Exit::Undecided })
}

/// The newest decision of each phase, or of one.
fn newest(store: &Store, of: Option<&PhaseId>) -> anyhow::Result<BTreeMap<PhaseId, u64>> {
    let mut newest = BTreeMap::new();
    for recorded in store.entries()? {
        let entry = recorded?.entry;
        let (Body::Decision(_), Some(phase)) = (&entry.body, entry.phase()) else { continue };
        let is_asked = of.is_none_or(|of| of.as_str().eq_ignore_ascii_case(phase.as_str()));
        if is_asked {
            newest.insert(phase.clone(), entry.number);
        }
    }
    Ok(newest)
}

/// How many runs of the phase were begun and never recorded, as far as their evidence was kept.
fn unrecorded(place: &HistoryPlace, phase: &PhaseId) -> usize {
    let begin = format!("{}-", phase.as_str().to_lowercase());
    let kept = std::fs::read_dir(place.folder().join("unfinished"));
    let names = kept.into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.filter(|name| name.to_str().is_some_and(|name| name.starts_with(&begin))).count()
}

/// What programs are given. Fields are only ever added.
#[derive(Serialize)]
struct StandingJson<'a> {
    stands: bool,
    phases: &'a [PhaseStanding],
}

/// A phase, by the questions of its newest decision.
#[derive(Serialize)]
struct PhaseStanding {
    phase: PhaseId,
    /// The number of that decision.
    entry: u64,
    /// What runs must have in common with it, part by part.
    question: Option<Question>,
    /// Runs that were begun and never recorded, as far as their evidence was kept.
    unrecorded: usize,
    rows: Vec<RowOfRuns>,
}

/// A row with its runs.
#[derive(Serialize)]
struct RowOfRuns {
    row: String,
    asks: String,
    /// What stands; nothing while it doesn't.
    stands: Option<&'static str>,
    standing: RowStanding,
    /// How many hours it takes at least until enough runs can have voted.
    hours: u32,
    runs: Vec<RunTold>,
}

/// A run that asked the row's question.
#[derive(Serialize)]
struct RunTold {
    entry: u64,
    started_at: String,
    machine: String,
    finding: &'static str,
    vote: &'static str,
    median: Option<String>,
    /// Whether its vote counts: it began at least an hour after the one before that counts.
    counts: bool,
}

impl PhaseStanding {
    fn of(
        store: &Store,
        number: u64,
        unrecorded: impl Fn(&PhaseId) -> usize,
    ) -> anyhow::Result<Self> {
        let recorded = store.entry(number)?;
        let record = decision_of(&recorded.entry)?;
        let inputs = RecordedDecision::new(store, record);
        let (evidence, matrix): (Evidence, _) = (inputs.evidence()?, inputs.matrix()?);
        let rule = StandingRule::of(&matrix);
        let conditions = record.decision.rows.iter().map(|row| &*row.normalized);
        let same = PastRuns::read(store, conditions)?.of_the_same(&record.decision, &evidence);
        let row = |asked: RowAsked| {
            let runs = runs_of(&asked.said.question, &same);
            let votes = runs.iter().filter(|run| run.counts).map(|run| run.said.vote);
            let standing = rule.stands(votes);
            RowOfRuns {
                row: asked.row.to_string(),
                stands: standing.finding.as_ref().map(phasegate_model::Finding::word),
                hours: standing.missing,
                standing,
                runs: runs.iter().map(told).collect(),
                asks: asked.said.question,
            }
        };
        let rows = asked(&record.decision, &evidence).into_iter().map(row).collect();
        let phase = record.decision.phase.clone();
        let unrecorded = unrecorded(&phase);
        Ok(Self { phase, entry: number, question: Question::of(&evidence), unrecorded, rows })
    }

    fn in_words(&self, layout: Layout) -> String {
        let mut text = layout.paragraph(&format!(
            "phase {}, as entry {} asked it: one vote a run, runs at least an hour apart",
            self.phase, self.entry
        ));
        if self.rows.is_empty() {
            text +=
                &layout.paragraph("no row of its matrix is voted on, so that nothing can stand");
        }
        for row in &self.rows {
            text.push('\n');
            text += &row.in_words(layout);
        }
        if self.unrecorded > 0 {
            text += &layout.paragraph(&format!(
                "{} of its runs were begun and never recorded",
                self.unrecorded
            ));
        }
        if let Some(Question(parts)) = &self.question {
            text += "\nthe same question, as long as none of this changes:\n";
            for (name, told) in parts {
                text += &layout.paragraph(&format!("  {name}: {told}"));
            }
        }
        text
    }
}

impl RowOfRuns {
    fn in_words(&self, layout: Layout) -> String {
        let mut text = layout.paragraph(&format!("{}: {}", self.row, self.standing.in_words()));
        text += &layout.field("asks", &self.asks);
        let votes = &self.standing.votes;
        let (most, side) = if votes.met >= votes.not_met {
            (&votes.evidence_met, "met")
        } else {
            (&votes.evidence_not_met, "not met")
        };
        text += &layout.field(
            "votes",
            &format!(
                "{} met, {} not met, {} neither; evidence for {side} {most}, needed {}",
                votes.met, votes.not_met, votes.neither, votes.threshold
            ),
        );
        if self.standing.finding.is_none() {
            let runs = if self.standing.missing == 1 { "run" } else { "runs" };
            text += &layout.field(
                "missing",
                &format!(
                    "{} more {runs} that agree, which takes {} h at least",
                    self.standing.missing, self.hours
                ),
            );
        }
        for run in &self.runs {
            let median = run.median.as_ref().map(|median| format!(", {median}"));
            let counts =
                if run.counts { "" } else { " (doesn't count: within an hour of another)" };
            text += &layout.field(
                "run",
                &format!(
                    "entry {} on {}: found {}{}, votes {}{counts}",
                    run.entry,
                    run.started_at,
                    run.finding,
                    median.unwrap_or_default(),
                    run.vote
                ),
            );
        }
        text
    }
}

fn told(run: &RunOfRow<'_>) -> RunTold {
    RunTold {
        entry: run.run.entry,
        started_at: run.run.started_at.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        machine: run.run.machine.clone(),
        finding: run.said.finding.word(),
        vote: run.said.vote.word(),
        median: run.said.median.map(|median| median.human()),
        counts: run.counts,
    }
}

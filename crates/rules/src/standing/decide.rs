//! A decision with what other runs say of it.

use std::collections::BTreeMap;

use phasegate_model::{
    Action, Decision, EarlierRun, Evidence, Finding, Outcome, Reason, RowDecision, RowId, RowRuns,
    RowStanding, Rule, RunRow, RunVote, Scope, ScopeKind, TargetServer, Trial, TrialUnit,
};

use crate::matrix::{Matrix, Row};
use crate::outcome::{Asks, Possible, possible_outcomes};
use crate::standing::asked::asked;
use crate::standing::votes::{RunOfRow, StandingRule, runs_of};

/// The property of the environment that names the machine.
const HOST: &str = "os.host";

impl Matrix {
    /// Decides on the evidence: a pure and total function, so that the same matrix and evidence
    /// give the same bytes whenever and wherever it is called.
    ///
    /// Trials are taken in their order; once every row is settled, those that follow change
    /// nothing, so a decision that was settled is the same on every extension of its evidence.
    /// What earlier runs said is read from the evidence, too.
    #[must_use]
    pub fn decide(&self, evidence: &Evidence) -> Decision {
        self.decide_under(Rule::CURRENT, evidence)
    }

    /// The same by the rule of then, so that a recorded decision comes out as it was recorded.
    #[must_use]
    pub fn decide_under(&self, rule: Rule, evidence: &Evidence) -> Decision {
        let mut decision = self.decide_run(rule, evidence);
        // The first rule knew nothing of other runs.
        if rule == Rule::First {
            return decision;
        }
        // Evidence that tells of none is that of a first run, so that it never passes for several.
        let earlier = evidence.earlier_runs.as_deref().unwrap_or_default();
        let own: BTreeMap<RowId, RunRow> =
            asked(&decision, evidence).into_iter().map(|asked| (asked.row, asked.said)).collect();
        let this = EarlierRun {
            entry: 0,
            evidence: String::new(),
            started_at: evidence.started_at,
            machine: String::new(),
            trials: decision.trials,
            rows: own.values().cloned().collect(),
        };
        let rule = StandingRule::of(self);
        let runs = |(row, said): (&RowId, &RunRow)| {
            (row.clone(), runs_of(&said.question, earlier.iter().chain([&this])))
        };
        let runs: BTreeMap<RowId, Vec<RunOfRow<'_>>> = own.iter().map(runs).collect();
        let mut kind = ScopeKind::Run;
        // In the matrix's order, as everything of its rows.
        for row in &self.rows {
            let Some(found) = runs.get(&row.id) else { continue };
            let is_standing = self.scope_of(row, &evidence.plan) == ScopeKind::Standing;
            if found.len() < 2 && !is_standing {
                continue;
            }
            let mut told = row_runs(row.id.clone(), found, rule);
            let decided = decision.rows.iter_mut().find(|decided| decided.id == row.id);
            if let Some(decided) = decided.filter(|_| is_standing) {
                kind = ScopeKind::Standing;
                let stands = what_stands(&told.standing);
                told.found = Some(std::mem::replace(&mut decided.finding, stands));
                decided.action = row.action(&decided.finding).cloned();
            }
            decision.runs.push(told);
        }
        if kind == ScopeKind::Standing {
            self.conclude_again(evidence, &mut decision);
        }
        decision.settled = Some(self.is_settled(&decision, &runs));
        decision.continues = evidence.continues.as_ref().map(|it| it.entry);
        decision.scope = Some(scope(kind, evidence, &decision));
        decision
    }

    /// What follows from findings that aren't all the run's own.
    fn conclude_again(&self, evidence: &Evidence, decision: &mut Decision) {
        let findings: Vec<Finding> = decision.rows.iter().map(|row| row.finding.clone()).collect();
        let rows = self.rows.iter().zip(&decision.rows);
        let could_be: Vec<Possible> = rows.map(|(row, it)| possible(Asks::of(row), it)).collect();
        let resolution = self.resolve(&findings, &could_be);
        if resolution.outcome != decision.outcome {
            // It was of the readings of this run, and of their outcome.
            decision.closest_flip = None;
        }
        let gate = resolution.outcome.gate();
        decision.next = gate.and_then(|gate| evidence.plan.next.after(gate)).cloned();
        decision.outcome = resolution.outcome;
        decision.possible = resolution.possible;
        decision.deciding = resolution.deciding;
        decision.obligations = self.obligations(&findings);
    }

    /// Whether the outcome is the same whatever comes of the rows whose runs contradict each other.
    fn is_settled(&self, decision: &Decision, runs: &BTreeMap<RowId, Vec<RunOfRow<'_>>>) -> bool {
        let could_be = |row: &Row| {
            let Some(recorded) = decision.row(&row.id) else { return Possible::default() };
            let asks = Asks::of(row);
            let own = possible(asks, recorded);
            let others = runs.get(&row.id).into_iter().flatten().map(|run| run.said.finding);
            match decision.runs_of(&row.id) {
                Some(told) if told.contradicted && !stands(told, recorded) => {
                    others.fold(own, |all, found| all.or(could_ask(asks, found)))
                }
                _ => own,
            }
        };
        let default = self.default.as_ref().map(Action::verb);
        let all = possible_outcomes(self.hit_policy, default, self.rows.iter().map(could_be));
        decision.outcome != Outcome::Undecided && all.len() == 1
    }
}

/// Whether a standing verdict has settled that the row's finding is right.
fn stands(runs: &RowRuns, row: &RowDecision) -> bool {
    runs.standing.finding.as_ref() == Some(&row.finding)
}

/// What a row of this decision asks for, or could.
fn possible(asks: Asks, row: &RowDecision) -> Possible {
    match &row.finding {
        Finding::Met => could_ask(asks, RunVote::Met),
        Finding::NotMet => could_ask(asks, RunVote::NotMet),
        Finding::NotApplicable => could_ask(asks, RunVote::NotApplicable),
        Finding::Undecided(_) => {
            let given = row.given_verdict.as_ref().map(|given| &given.finding);
            asks.possible(matches!(given, None | Some(Finding::Met)).then_some(true), None)
        }
    }
}

/// What a row asks for by what a run found; by one that found nothing, nothing is added.
const fn could_ask(asks: Asks, found: RunVote) -> Possible {
    match found {
        RunVote::Met => asks.possible(Some(true), Some(true)),
        RunVote::NotMet => asks.possible(Some(true), Some(false)),
        RunVote::NotApplicable => asks.possible(Some(false), None),
        RunVote::Undecided => Possible::NOTHING,
    }
}

/// The earlier runs of a row, and this one, which is the last.
fn row_runs(row: RowId, runs: &[RunOfRow<'_>], rule: StandingRule) -> RowRuns {
    let before = runs.split_last().map_or(runs, |(_, before)| before);
    let count = |runs: &[RunOfRow<'_>], found| {
        let found = runs.iter().filter(|run| run.said.finding == found);
        u32::try_from(found.count()).unwrap_or(u32::MAX)
    };
    let decided = [RunVote::Met, RunVote::NotMet, RunVote::NotApplicable];
    let different = decided.iter().filter(|found| count(runs, **found) > 0);
    let votes = runs.iter().filter(|run| run.counts).map(|run| run.said.vote);
    RowRuns {
        row,
        run: u32::try_from(runs.len()).unwrap_or(u32::MAX),
        met: count(before, RunVote::Met),
        not_met: count(before, RunVote::NotMet),
        not_applicable: count(before, RunVote::NotApplicable),
        undecided: count(before, RunVote::Undecided),
        contradicted: different.count() > 1,
        found: None,
        standing: rule.stands(votes),
    }
}

/// The finding of a row that runs decide.
fn what_stands(standing: &RowStanding) -> Finding {
    let too_few = || Reason::TooFewRuns { runs: standing.runs(), least: standing.fewest() };
    standing.finding.clone().unwrap_or_else(|| Finding::Undecided(too_few()))
}

/// What the decision's certainty is about.
fn scope(kind: ScopeKind, evidence: &Evidence, decision: &Decision) -> Scope {
    // Trials that follow the one that settled all are not among those that it is certain of.
    let trials = usize::try_from(decision.trials).ok();
    let trials = trials.and_then(|n| evidence.trials.get(..n)).unwrap_or(&evidence.trials);
    let end = |trial: &Trial| {
        let took =
            i64::try_from(trial.duration_ms).ok().and_then(chrono::TimeDelta::try_milliseconds);
        took.and_then(|took| trial.started_at.checked_add_signed(took))
    };
    let seconds = trials.first().zip(trials.last().and_then(end)).map(|(first, end)| {
        let milliseconds = end.signed_duration_since(first.started_at).num_milliseconds();
        // A clock that was set back leaves no time at all.
        u64::try_from(milliseconds).unwrap_or(0).saturating_add(500) / 1000
    });
    Scope {
        kind,
        trials: decision.trials,
        seconds: seconds.unwrap_or(0),
        spread: evidence.spread.clone(),
        host: evidence.environment.0.get(HOST).cloned(),
        unit: match evidence.target.server {
            TargetServer::Running(_) => TrialUnit::Connections,
            TargetServer::Imported(_) => TrialUnit::Imported,
            TargetServer::Started(_) | TargetServer::Restarted(_) | TargetServer::Command(_) => {
                TrialUnit::Restarts
            }
        },
    }
}

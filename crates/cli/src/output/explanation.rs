//! Why each row is as it is, for people.
//!
//! A pure function of what the ledger has: it works without evidence and matrix.

use phasegate_history::Entry;
use phasegate_model::{
    Change, Decision, Finding, GivenVerdict, Margin, Metric, MetricSummary, Outcome, Quantity,
    RowDecision, Summary, Votes,
};
use phasegate_report::needs;

use crate::output::layout::Layout;
use crate::output::margin_picture::picture_in;
use crate::output::settled_at::Settling;
use crate::output::table::{certainty, change, distance, human, outcome, symbol};

/// The whole explanation of an entry.
pub(crate) fn explanation(entry: &Entry, decision: &Decision, layout: Layout) -> String {
    let mut text = layout.paragraph(&format!(
        "entry {}: phase {}, {}",
        entry.number,
        decision.phase,
        outcome(decision)
    ));
    text += &layout.paragraph(&format!(
        "recorded {} by {}; decided by the matrix {} on {}",
        entry.recorded_at.format("%Y-%m-%d %H:%M:%SZ"),
        entry.recorded_by,
        decision.matrix,
        trials(decision.trials)
    ));
    for row in &decision.rows {
        text.push('\n');
        text += &explained_row(row, layout);
    }
    text.push('\n');
    text += &conclusion(decision, layout);
    let picture = picture_in(layout, decision);
    if !picture.is_empty() {
        text.push('\n');
        text += &picture;
    }
    text
}

fn trials(number: u32) -> String {
    format!("{number} {}", if number == 1 { "trial" } else { "trials" })
}

fn explained_row(row: &RowDecision, layout: Layout) -> String {
    let symbol = symbol(&row.finding);
    let action = row.action.as_ref().map(|action| format!(" → {action}")).unwrap_or_default();
    let mut text = layout.paragraph(&format!("{symbol} {}: {}{action}", row.id, row.finding));
    let mut field = |name: &str, value: &str| text += &layout.field(name, value);
    field("condition", &row.when);
    for text in given(row) {
        field("given", &text);
    }
    if let Some(why) = &row.why {
        field("why", why);
    }
    for summary in &row.readings {
        field("reading", &format!("{}: {}", summary.metric, reading(summary)));
    }
    for fact in &row.facts {
        field("reading", &format!("{}: {}, {}", fact.name, fact.value, fact.asserted()));
    }
    if let Some(votes) = &row.votes {
        field("votes", &votes_in_words(votes, &row.finding));
    }
    if let Some(margin) = &row.margin {
        field("margin", &to_limits(margin));
    }
    if let Some(needs) = needs(row) {
        field("needs", &needs);
    }
    for (name, action) in other_actions(row) {
        field(name, action.as_str());
    }
    text
}

/// The actions that don't follow from the finding, with what they would follow from.
fn other_actions(row: &RowDecision) -> Vec<(&'static str, &phasegate_model::Action)> {
    let met = ("if met", Some(&row.then));
    let not_met = ("if not met", row.otherwise.as_ref());
    let others = match row.finding {
        Finding::Met => vec![not_met],
        Finding::NotMet => vec![met],
        Finding::NotApplicable | Finding::Undecided(_) => vec![met, not_met],
    };
    others.into_iter().filter_map(|(name, action)| Some((name, action?))).collect()
}

/// `42.3 us; interval 41.0 us to 45.2 us; all 8 trials 40.9 us to 46.0 us`
fn reading(summary: &MetricSummary) -> String {
    let range = |low: &Quantity, high: &Quantity| range(summary.metric, low, high);
    match &summary.summary {
        Summary::Number { median, interval, min, max, n } => {
            let interval = interval
                .as_ref()
                .map(|(low, high)| format!("; interval {}", range(low, high)))
                .unwrap_or_default();
            let median = human(summary.metric, median);
            format!("{median}{interval}; {} {}", trials(*n), range(min, max))
        }
        Summary::Text { values, n } => format!("{} in {}", values.join(", "), trials(*n)),
        Summary::Missing { why } => format!("none: {why}"),
    }
}

fn range(metric: Metric, low: &Quantity, high: &Quantity) -> String {
    let (low, high) = (human(metric, low), human(metric, high));
    if low == high { format!("at {low}") } else { format!("from {low} to {high}") }
}

/// `0 met, 8 not met; evidence 160 of the 100 that are needed, from trial 8 on`
fn votes_in_words(votes: &Votes, finding: &Finding) -> String {
    let for_met = match finding {
        Finding::Met => true,
        Finding::NotMet => false,
        Finding::NotApplicable | Finding::Undecided(_) => votes.met >= votes.not_met,
    };
    let evidence = if for_met { &votes.evidence_met } else { &votes.evidence_not_met };
    let neither = match votes.neither {
        0 => String::new(),
        some => format!(", {some} neither"),
    };
    let settled = votes.settled_at.map(|at| format!(", settled by trial {at}"));
    format!(
        "{} met, {} not met{neither}; evidence for {} {evidence}, needed {}{}",
        votes.met,
        votes.not_met,
        if for_met { "met" } else { "not met" },
        votes.threshold,
        settled.unwrap_or_default()
    )
}

/// The condition that limits the row, in how many trials it held, the votes on it, and how far its
/// limit is. The margin of a row without a say is that one already. Decisions of earlier versions
/// tell the condition only.
fn given(row: &RowDecision) -> Vec<String> {
    let Some(given) = &row.given else { return Vec::new() };
    let Some(verdict) = &row.given_verdict else { return vec![given.to_string()] };
    let votes = verdict.votes.iter();
    let votes = votes.map(|votes| format!("votes {}", votes_in_words(votes, &verdict.finding)));
    let margin = verdict.margin.iter().filter(|_| row.finding != Finding::NotApplicable);
    let margin = margin.map(|margin| format!("margin {}", to_limits(margin)));
    let held = format!("{given}: {}", held(verdict));
    std::iter::once(held).chain(votes).chain(margin).collect()
}

/// `met, held in 7 of 8 trials (in 1 the readings don't tell)`
fn held(verdict: &GivenVerdict) -> String {
    let all = verdict.met + verdict.not_met + verdict.neither;
    let neither = match verdict.neither {
        0 => String::new(),
        some => format!(" (in {some} the readings don't tell)"),
    };
    format!("{}, held in {} of {}{neither}", verdict.finding.word(), verdict.met, trials(all))
}

fn to_limits(margin: &Margin) -> String {
    let changes: Vec<String> = margin.changes.iter().map(to_limit).collect();
    changes.join(", and ")
}

/// `28.6 us (238 %) until it flips: rtt.p99 from 40.6 us to 12.0 us`
fn to_limit(change: &Change) -> String {
    let (from, to) = (human(change.metric, &change.from), human(change.metric, &change.to));
    format!("{} from {from} to {to}, {}", change.metric, distance(change))
}

fn conclusion(decision: &Decision, layout: Layout) -> String {
    let mut text = layout.line("outcome", &outcome(decision));
    let mut line = |name: &str, value: &str| text += &layout.line(name, value);
    match (&decision.closest_flip, decision.outcome) {
        (Some(flip), _) => {
            line("closest", &format!("{}: then {}", change(&flip.change), flip.outcome));
        }
        (None, Outcome::Decided(_)) => {
            line("closest", "no change of one metric changes the outcome");
        }
        (None, Outcome::Undecided) => {}
    }
    for owed in &decision.obligations {
        line("owed", &format!("{} when {}", owed.action, owed.condition));
    }
    for (name, value) in certainty(decision) {
        line(name, &value);
    }
    let settling = Settling::of(decision);
    for row in &settling.rows {
        line("settle", &row.in_words());
    }
    if !settling.rows.is_empty() {
        line("trials", &settling.more.in_words(decision.trials));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{decision, matrix, recorded};

    const ROWS: &str = r#"
[[row]]
id = "rtt-target"
when = "P99 < 12us"
then = "no action needed"
else = "act: tune"
why = "the budget"
[[row]]
id = "scale"
given = "frag > 1"
when = "dataset > 50MB"
then = "revisit allocator"
else = "defer"
"#;

    fn explained(trials: &[&str]) -> String {
        let trials: Vec<String> = trials.iter().map(|&trial| trial.to_owned()).collect();
        let decision = decision(&matrix(ROWS), &trials);
        explanation(&recorded(decision.clone()).entry, &decision, Layout::endless())
    }

    #[test]
    fn a_decided_outcome_has_its_reasons_and_its_closest_flip() {
        let trials =
            ["P99=9us dataset=1.8MB frag=1.2", "P99=10us dataset=1.8MB frag=1.2"].repeat(4);
        assert_eq!(
            explained(&trials),
            "\
entry 7: phase 3A, defer, next phase 4 (by scale)
recorded 2026-11-23 05:00:00Z by ada; decided by the matrix m on 8 trials

✓ rtt-target: met → no action needed
    condition  P99 < 12us
    why        the budget
    reading    rtt.p99: 9.00 us; interval from 9.00 us to 10.0 us; 8 trials from 9.00 us to 10.0 us
    votes      8 met, 0 not met; evidence for met 159, needed 6.13, settled by trial 8
    margin     rtt.p99 from 9.00 us to 12.0 us, 3.00 us (25.0 %)
    if not met act: tune

✗ scale: not met → defer
    condition  dataset > 50MB
    given      frag > 1: met, held in 8 of 8 trials
    given      margin memory.allocator_frag_ratio from 1.20 to 1.00, 0.2 (20.0 %)
    reading    memory.dataset: 1.80 MB; 8 trials at 1.80 MB
    reading    memory.allocator_frag_ratio: 1.20; 8 trials at 1.20
    margin     memory.dataset from 1.80 MB to 50.0 MB, 48.2 MB (96.4 %)
    if met     revisit allocator

outcome  defer, next phase 4 (by scale)
closest  memory.allocator_frag_ratio from 1.20 to 1.00 (20.0 %): then no action
owed     revisit allocator when memory.dataset > 50MB
certain  at most 5% chance of a wrong finding in this run (8 restarts in 1 s)
votes    8 of 8 speak for at least 69 % of restarts (rtt-target)

each row to its own scale: ● median, ├─┤ its interval, · all trials, │ limit
rtt-target 9.00 us ●─────────────┤                          │ 12.0 us  │ 12.0 us
scale      1.80 MB ●                                        │ 50.0 MB  │ 50.0 MB
"
        );
    }

    #[test]
    fn an_undecided_outcome_says_what_would_settle_it() {
        assert_eq!(
            explained(&["P99=9us dataset=1.8MB", "P99=9us dataset=1.8MB"]),
            "\
entry 7: phase 3A, undecided: act or defer or no action, depending on rtt-target, scale
recorded 2026-11-23 05:00:00Z by ada; decided by the matrix m on 2 trials

? rtt-target: undecided: too few trials
    condition  P99 < 12us
    why        the budget
    reading    rtt.p99: 9.00 us; 2 trials at 9.00 us
    votes      2 met, 0 not met; evidence for met 3.32, needed 6.13
    margin     rtt.p99 from 9.00 us to 12.0 us, 3.00 us (25.0 %)
    needs      more trials, as 2 of 2 agree so far: evidence of 3.32 where 6.13 is needed
    if met     no action needed
    if not met act: tune

? scale: undecided: no reading of memory.allocator_frag_ratio (not measured)
    condition  dataset > 50MB
    given      frag > 1: undecided, held in 0 of 2 trials (in 2 the readings don't tell)
    reading    memory.dataset: 1.80 MB; 2 trials at 1.80 MB
    reading    memory.allocator_frag_ratio: none: not measured
    margin     memory.dataset from 1.80 MB to 50.0 MB, 48.2 MB (96.4 %)
    needs      a reading of memory.allocator_frag_ratio, which is missing (not measured)
    if met     revisit allocator
    if not met defer

outcome  undecided: act or defer or no action, depending on rtt-target, scale
certain  at most 5% chance of a wrong finding in this run (2 restarts in 1 s)
settle   rtt-target: about 6 more trials
settle   scale: a reading of memory.allocator_frag_ratio, which is missing (not measured)
trials   more of the same don't settle it

each row to its own scale: ● median, ├─┤ its interval, · all trials, │ limit
rtt-target 9.00 us ●                                        │ 12.0 us  │ 12.0 us
scale      1.80 MB ●                                        │ 50.0 MB  │ 50.0 MB
"
        );
    }

    #[test]
    fn a_given_that_is_put_to_the_vote_tells_its_votes() {
        let matrix = matrix(
            "[[row]]\nid = \"a\"\ngiven = \"P99 > 12us\"\nwhen = \"frag > 2\"\nthen = \"act\"\n",
        );
        let mut trials = vec!["P99=9us frag=1.2".to_owned(); 10];
        trials.insert(3, "P99=13us frag=1.2".to_owned());
        let mut decision = decision(&matrix, &trials);
        let explained = |decision: &Decision| {
            explanation(&recorded(decision.clone()).entry, decision, Layout::endless())
        };
        let text = explained(&decision);
        let given = "    given      P99 > 12us: not met, held in 1 of 10 trials\n    given      votes 1 met, \
            9 not met; evidence for not met 15.2, needed 6.13, settled by trial 10\n    reading ";
        assert!(text.contains(given), "{text}");
        assert!(text.contains("    margin     rtt.p99 from 9.00 us to 12.0 us"), "{text}");
        // As earlier versions recorded it.
        decision.rows[0].given_verdict = None;
        let text = explained(&decision);
        assert!(text.contains("    given      P99 > 12us\n    reading "), "{text}");
    }

    #[test]
    fn one_trial_of_each_kind_says_that_nothing_can_be_said() {
        let text =
            explained(&["P99=9us dataset=1.8MB frag=1.2", "P99=13us dataset=1.8MB frag=1.2"]);
        assert!(text.contains("\ntrials   how many more can't be said"), "{text}");
    }
}

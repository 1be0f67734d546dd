//! Which entries `history list` has to look at, by what can be told of them at a glance.

use phasegate_history::{EntrySummary, Store};
use phasegate_model::{EntryKind, PhaseId};

use crate::args::ListArgs;
use crate::output::listing::Problems;
use crate::recorded::waivers::RecordedWaivers;

/// The entries that may be asked for; the waivers are read on the way, because they come after what
/// they are about. A number is all that is kept of an entry.
pub(crate) struct Candidates {
    pub(crate) numbers: Vec<u64>,
    pub(crate) waivers: RecordedWaivers,
    /// How many entries there are.
    pub(crate) all: usize,
}

impl Candidates {
    pub(crate) fn find(
        args: &ListArgs,
        store: &Store,
        problems: &mut Problems,
    ) -> anyhow::Result<Self> {
        let (mut numbers, mut waived_only) = (Vec::new(), Vec::new());
        let mut waivers = RecordedWaivers::default();
        let mut all = 0;
        let found = store.entries_that(|summary| {
            all += 1;
            if is_asked_for(args, summary) {
                let as_recorded = args.outcome.is_none_or(|of| summary.outcome == Some(of));
                if as_recorded { &mut numbers } else { &mut waived_only }.push(summary.number);
            }
            summary.kind == EntryKind::Waiver
        })?;
        for waiver in found {
            if let Some(waiver) = problems.tell(waiver) {
                waivers.add(&waiver);
            }
        }
        // What isn't of that outcome may be with its waivers.
        waived_only.retain(|number| waivers.concern(*number));
        if !waived_only.is_empty() {
            numbers.append(&mut waived_only);
            numbers.sort_unstable();
        }
        // Every candidate is surely asked for, unless more than a glance tells whether it is.
        let is_enough = args.by.is_none() && args.condition.is_none() && args.outcome.is_none();
        if let Some(limit) = args.limit.filter(|_| is_enough) {
            numbers.drain(..numbers.len().saturating_sub(limit.get()));
        }
        Ok(Self { numbers, waivers, all })
    }
}

fn is_asked_for(args: &ListArgs, summary: &EntrySummary) -> bool {
    let day = summary.recorded_at.date_naive();
    let phase = |phase: &PhaseId| {
        summary.phase.as_ref().is_some_and(|of| of.as_str().eq_ignore_ascii_case(phase.as_str()))
    };
    args.phase.as_ref().is_none_or(phase)
        && args.kind.is_none_or(|kind| kind == summary.kind)
        && args.since.is_none_or(|since| since.0 <= day)
        && args.until.is_none_or(|until| day <= until.0)
}

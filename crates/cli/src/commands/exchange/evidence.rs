//! `phasegate evidence`: what was measured, for others' tools.

use std::num::NonZeroU32;
use std::path::Path;

use anyhow::Context as _;
use phasegate_measure::{histogram_log, percentile_distribution};
use phasegate_model::Evidence;

use crate::args::{EvidenceArgs, EvidenceFormat};
use crate::input::files::{evidence_in, write_whole};
use crate::output::streams::{Exit, print};
use crate::recorded::decision::RecordedDecision;

pub(crate) fn run(args: &EvidenceArgs) -> anyhow::Result<Exit> {
    let evidence = evidence(args)?;
    let text = match args.format {
        EvidenceFormat::Json => evidence.to_json()?,
        EvidenceFormat::Hlog => histogram_log(&evidence)?,
        EvidenceFormat::Hgrm => {
            let trial = args.trial.map(NonZeroU32::get);
            percentile_distribution(&evidence, args.of.histogram(), trial)?
        }
    };
    if args.output == Path::new("-") {
        print(&text)?;
    } else {
        write_whole(&args.output, &text)?;
    }
    Ok(Exit::Done)
}

fn evidence(args: &EvidenceArgs) -> anyhow::Result<Evidence> {
    match (args.entry, &args.file) {
        (Some(number), _) => {
            let store = args.place.open()?;
            let recorded = store.entry(number)?;
            RecordedDecision::of(&store, &recorded.entry)
                .and_then(RecordedDecision::evidence)
                .with_context(|| format!("can't read the evidence of entry {number}"))
        }
        (None, Some(path)) => evidence_in(path),
        // The arguments' own rules see to it.
        (None, None) => anyhow::bail!("give an evidence file or --entry N"),
    }
}

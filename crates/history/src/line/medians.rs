//! The medians that a decision's rows have of some metrics, read without building the entry.

use memchr::memmem::Finder;
use phasegate_model::{Metric, Quantity, Reading, Readings, Summary};

use crate::entry::body::{DecisionRecord, Kind};
use crate::line::scan::{after, plain};
use crate::line::text::Line;

/// Some metrics whose medians are looked for in many entries.
#[derive(Debug)]
pub struct Medians {
    metrics: Vec<(Metric, Finder<'static>)>,
}

impl Medians {
    /// Those of these metrics.
    #[must_use]
    pub fn of(metrics: &[Metric]) -> Self {
        // The beginning of a summary; it is never found in a text, whose quotation marks have
        // backslashes before them.
        let summary = |metric: &Metric| format!("{{\"metric\":\"{metric}\",\"kind\":\"");
        let finder = |metric: &Metric| (*metric, Finder::new(&summary(metric)).into_owned());
        Self { metrics: metrics.iter().map(finder).collect() }
    }

    /// The medians in a decision's rows; nothing if a metric isn't in them, or has none.
    #[must_use]
    pub fn in_record(&self, record: &DecisionRecord) -> Option<Readings> {
        self.readings(|(metric, _)| {
            let mut summaries = record.decision.rows.iter().flat_map(|row| &row.readings);
            match &summaries.find(|summary| summary.metric == *metric)?.summary {
                Summary::Number { median, .. } => Some(*median),
                Summary::Text { .. } | Summary::Missing { .. } => None,
            }
        })
    }

    /// The medians in the rows of an entry's line. Nothing also for a line that phasegate didn't
    /// write, and for an entry that is no decision.
    #[must_use]
    pub fn in_line(&self, line: &Line<'_>) -> Option<Readings> {
        let opening = line.opening().filter(|opening| opening.kind == Kind::Decision)?;
        let body =
            after(opening.rest, b",\"decision\":{")?.strip_prefix(b"\"schema\":1,\"phase\":\"")?;
        let (phase, body) = plain(body)?;
        opening.phase.filter(|of| *of == phase)?;
        let rows = after(body, b",\"rows\":[")?;
        let end = memchr::memmem::find(rows, b",\"obligations\":[")?;
        let rows = rows.get(..end)?;
        self.readings(|(_, finder)| {
            let summary = rows.get(finder.find(rows)? + finder.needle().len()..)?;
            let (median, _) = plain(summary.strip_prefix(b"number\",\"median\":\"")?)?;
            median.parse().ok()
        })
    }

    fn readings(
        &self,
        median: impl Fn(&(Metric, Finder<'static>)) -> Option<Quantity>,
    ) -> Option<Readings> {
        let mut readings = Readings::default();
        for wanted in &self.metrics {
            readings.insert(wanted.0, Reading::exact(median(wanted)?.amount())).ok()?;
        }
        Some(readings)
    }
}

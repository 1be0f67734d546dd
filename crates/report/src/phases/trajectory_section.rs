//! A trajectory for readers: all figures are text.

use phasegate_model::{Better, Decimal, Quantity, Unit};
use serde::Serialize;

use crate::phases::trajectory::{Effect, Step, Trajectory};
use crate::text::figures::text;

/// A metric across phases, for templates and pages. All figures are formatted text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrajectorySection {
    /// The metric's name, `rtt.p99`.
    pub metric: String,
    /// The phases, in the order of their entries.
    pub rows: Vec<TrajectoryLine>,
    /// Each unbroken part of the line.
    pub totals: Vec<TrajectoryTotal>,
    /// Whether a figure is a document's, not measured.
    pub has_asserted: bool,
}

/// A phase's part in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrajectoryLine {
    /// The number of its entry.
    pub entry: String,
    /// The phase.
    pub phase: String,
    /// What it would do.
    pub title: String,
    /// What was decided.
    pub outcome: String,
    /// `measured` or `asserted`.
    pub basis: String,
    /// Before its work; empty if nobody knows.
    pub from: String,
    /// After it; empty if that isn't measured.
    pub to: String,
    /// What its work changed, `2.1 % better`, or why nobody knows.
    pub change: String,
    /// What changed since the line began or was broken.
    pub cumulative: String,
    /// Why the line is broken before this phase.
    pub broken: Option<String>,
}

/// An unbroken part of the line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrajectoryTotal {
    /// The phases, `phases 1 to 3A`.
    pub phases: String,
    /// The figure where it begins.
    pub from: String,
    /// The figure where it ends.
    pub to: String,
    /// What changed, `10.2 % better`.
    pub change: String,
}

impl Trajectory {
    /// The same for readers.
    #[must_use]
    pub fn section(&self) -> TrajectorySection {
        let unit = self.unit();
        let figure = |quantity: Option<Quantity>| {
            quantity.map_or_else(String::new, |quantity| figure(quantity, unit))
        };
        let rows = self.steps.iter().map(|step| TrajectoryLine {
            entry: step.entry.to_string(),
            phase: step.phase.to_string(),
            title: text(&step.title),
            outcome: step.outcome.to_string(),
            basis: if step.asserted { "asserted" } else { "measured" }.to_owned(),
            from: figure(step.from),
            to: figure(step.to),
            change: self.effect(step),
            cumulative: step.cumulative.map_or_else(String::new, |share| self.words(share)),
            broken: step.broken.as_deref().map(text),
        });
        let totals = self.totals.iter().map(|total| {
            let (from, to) = (figure(Some(total.from)), figure(Some(total.to)));
            let change =
                total.share.map_or_else(|| total.unknown.to_owned(), |share| self.words(share));
            let phases = if total.first == total.last {
                format!("phase {}", total.first)
            } else {
                format!("phases {} to {}", total.first, total.last)
            };
            TrajectoryTotal { phases, from, to, change }
        });
        TrajectorySection {
            metric: self.metric.to_string(),
            rows: rows.collect(),
            totals: totals.collect(),
            has_asserted: self.steps.iter().any(|step| step.asserted),
        }
    }

    fn effect(&self, step: &Step) -> String {
        match &step.effect {
            Effect::NothingDone => format!("no change: {}", step.outcome),
            Effect::Share(share) => self.words(*share),
            Effect::Unknown(why) => (*why).to_owned(),
        }
    }

    /// A change with one decimal, and whether it is for the better.
    fn words(&self, share: Decimal) -> String {
        // Words tell the direction, and a sign beside them could be taken for its opposite.
        let percent = (share * Decimal::ONE_HUNDRED).abs();
        let rounded = percent.round_dp(1);
        if percent.is_zero() {
            return "no change".to_owned();
        }
        let direction = match (self.metric.better(), share.is_sign_negative()) {
            (Better::Lower, true) | (Better::Higher, false) => "better",
            (Better::Lower, false) | (Better::Higher, true) => "worse",
            (Better::Neither, true) => "less",
            (Better::Neither, false) => "more",
        };
        // Something did change, which `0.0 %` would deny.
        if rounded.is_zero() {
            return format!("less than 0.1 % {direction}");
        }
        format!("{rounded:.1} % {direction}")
    }
}

/// Two decimals in the table's unit: percentages are computed from more digits than three, and
/// readers compute them again.
fn figure(quantity: Quantity, unit: Unit) -> String {
    let one = Quantity::new(Decimal::ONE, unit).map_or(Decimal::ONE, |one| one.amount());
    match quantity.amount().checked_div(one) {
        Some(number) if number.abs() >= Decimal::ONE => match unit.symbol() {
            "" => format!("{:.2}", number.round_dp(2)),
            symbol => format!("{:.2} {symbol}", number.round_dp(2)),
        },
        // Below one, two decimals are too few digits to compute a percentage again.
        _ => quantity.human_in(unit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phases::trajectory::{Figures, Stage};

    fn q(text: &str) -> Quantity {
        text.parse().unwrap()
    }

    fn asserted(phase: &str, outcome: &str, before: Option<&str>, end: &str) -> Stage {
        let figures = Figures::Asserted { before: before.map(q), end: q(end) };
        stage(phase, outcome, figures)
    }

    fn measured(phase: &str, outcome: &str, reading: &str, differing: &[&str]) -> Stage {
        let differing = differing.iter().map(|name| (*name).to_owned()).collect();
        stage(phase, outcome, Figures::Measured { reading: q(reading), differing })
    }

    fn stage(phase: &str, outcome: &str, figures: Figures) -> Stage {
        let (phase, outcome) = (phase.parse().unwrap(), outcome.parse().unwrap());
        Stage { entry: 1, phase, title: String::new(), outcome, figures }
    }

    /// Each phase's change and the changes in all, then the totals.
    fn told(metric: &str, stages: &[Stage]) -> Vec<String> {
        let section = Trajectory::of(metric.parse().unwrap(), stages).section();
        let row = |row: &TrajectoryLine| {
            let broken = row.broken.as_ref().map(|why| format!("[{why}] ")).unwrap_or_default();
            format!(
                "{broken}{}: {} > {}, {}, {}",
                row.phase, row.from, row.to, row.change, row.cumulative
            )
        };
        let total = |total: &TrajectoryTotal| {
            format!("{}: {} > {}, {}", total.phases, total.from, total.to, total.change)
        };
        section.rows.iter().map(row).chain(section.totals.iter().map(total)).collect()
    }

    /// The phases of a real report.
    fn phases() -> Vec<Stage> {
        vec![
            asserted("1", "act", Some("11.06us"), "10.83us"),
            asserted("2", "act", Some("10.83us"), "9.93us"),
            asserted("3A", "skip", Some("9.93us"), "9.93us"),
        ]
    }

    #[test]
    fn figures_below_zero_have_no_percentage() {
        let stages = [
            measured("1", "act", "-40%", &[]),
            measured("2", "act", "10%", &[]),
            measured("3", "act", "15%", &[]),
        ];
        assert_eq!(
            told("improvement.rtt.p99", &stages),
            [
                "1: -40.00 % > 10.00 %, no percentage of zero or less, ",
                "2: 10.00 % > 15.00 %, 50.0 % better, ",
                "3: 15.00 % > , not measured yet, ",
                "phases 1 to 3: -40.00 % > 15.00 %, no percentage of zero or less",
            ]
        );
    }

    #[test]
    fn the_phases_of_a_real_report_come_out_right() {
        assert_eq!(
            told("P99", &phases()),
            [
                "1: 11.06 us > 10.83 us, 2.1 % better, 2.1 % better",
                "2: 10.83 us > 9.93 us, 8.3 % better, 10.2 % better",
                "3A: 9.93 us > 9.93 us, no change: skip, 10.2 % better",
                "phases 1 to 3A: 11.06 us > 9.93 us, 10.2 % better",
            ]
        );
    }

    #[test]
    fn where_a_document_has_no_figure_before_the_phase_before_has_it() {
        let mut stages = phases();
        for stage in &mut stages {
            if let Figures::Asserted { before, .. } = &mut stage.figures {
                *before = None;
            }
        }
        assert_eq!(
            told("P99", &stages),
            [
                "1:  > 10.83 us, no figure before, no change",
                "2: 10.83 us > 9.93 us, 8.3 % better, 8.3 % better",
                "3A: 9.93 us > 9.93 us, no change: skip, 8.3 % better",
                "phases 1 to 3A: 10.83 us > 9.93 us, 8.3 % better",
            ]
        );
    }

    #[test]
    fn what_a_measured_phase_brought_the_next_one_shows() {
        let stages = [
            measured("4", "act", "10us", &[]),
            measured("5", "skip", "8us", &[]),
            measured("6", "undecided", "8.1us", &[]),
            measured("7", "act", "8.1us", &[]),
        ];
        assert_eq!(
            told("P99", &stages),
            [
                "4: 10.00 us > 8.00 us, 20.0 % better, 20.0 % better",
                "5: 8.00 us > 8.00 us, no change: skip, 20.0 % better",
                "6: 8.10 us > 8.10 us, no change: undecided, 19.0 % better",
                "7: 8.10 us > , not measured yet, 19.0 % better",
                "phases 4 to 7: 10.00 us > 8.10 us, 19.0 % better",
            ]
        );
    }

    #[test]
    fn another_environment_breaks_the_line() {
        let mut stages = phases();
        stages.push(measured("4", "act", "45us", &[]));
        stages.push(measured("5", "skip", "30us", &["cpu.model"]));
        assert_eq!(
            told("P99", &stages)[3..],
            [
                "[asserted figures have no environment to compare] 4: 45.00 us > , \
                 not comparable with what follows, ",
                "[the environments differ in cpu.model] 5: 30.00 us > 30.00 us, no change: skip, no change",
                "phases 1 to 3A: 11.06 us > 9.93 us, 10.2 % better",
                "phase 4: 45.00 us > 45.00 us, not comparable with what follows",
                "phase 5: 30.00 us > 30.00 us, no change",
            ]
        );
    }

    #[test]
    fn more_is_better_or_worse_or_only_more() {
        let change = |metric: &str, from: &str, to: &str| {
            told(metric, &[asserted("1", "act", Some(from), to)])[0].clone()
        };
        assert!(change("throughput", "100/s", "110/s").contains("10.0 % better"));
        assert!(change("P99", "10us", "11us").contains("10.0 % worse"));
        assert!(change("server.keys", "100", "110").contains("10.0 % more"));
        assert!(change("P99", "1s", "999.9ms").contains("less than 0.1 % better"));
        assert!(change("server.keys", "0", "110").contains("no percentage of zero or less"));
    }
}
